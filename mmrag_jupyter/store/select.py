"""Which items a condition selects, and how many a selection has."""

from __future__ import annotations

import sqlite3
import time
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.errors import WhereError
from mmrag_jupyter.store import schema
from mmrag_jupyter.store.failures import DAMAGE_CODES, explained, primary_code
from mmrag_jupyter.store.pool import Pool
from mmrag_jupyter.store.where import compile_where, where_authorizer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt

    from mmrag_jupyter.items import Column
    from mmrag_jupyter.store.selection import Selection

# A condition over a million rows takes a second or two; one that takes longer than this
# multiplies huge texts, and would hold the notebook up for ever.
_SECONDS = 30.0
_STEPS_BETWEEN_LOOKS = 20_000


class Conditions:
    """Runs users' conditions, on connections that can read items and nothing else."""

    def __init__(self, folder: Path, mode: str) -> None:
        self._folder = folder
        self._pool = Pool(folder, partial(_connect, folder / schema.RECORDS, mode))

    def close(self) -> None:
        """Let go of the files."""
        self._pool.close()

    def items(
        self, expression: str, names: Mapping[str, tuple[str, Column]]
    ) -> npt.NDArray[np.int64]:
        """Return the numbers of the items for which `expression` holds, in order.

        Raises
        ------
        WhereError
            It cannot be understood, or takes too long.
        """
        condition = compile_where(expression, names)
        until = time.monotonic() + _SECONDS
        with explained(self._folder), self._pool.snapshot() as db:
            db.set_progress_handler(lambda: time.monotonic() > until, _STEPS_BETWEEN_LOOKS)
            try:
                rows = db.execute(f"SELECT item FROM items WHERE {condition}").fetchall()
            except sqlite3.DatabaseError as error:
                if primary_code(error) in DAMAGE_CODES:
                    raise
                reason = str(error)
                if primary_code(error) == sqlite3.SQLITE_INTERRUPT:
                    reason = f"it takes longer than {_SECONDS:.0f} seconds; ask for less"
                raise WhereError(f"where: {expression[:80]!r}: {reason}") from error
            finally:
                db.set_progress_handler(None, 0)
        return np.sort(np.fromiter((item for (item,) in rows), np.int64, len(rows)))


def count_items(db: sqlite3.Connection, selection: Selection) -> int:
    """Return how many items have a part that a selection lets through."""
    tests = []
    if selection.modality is not None:
        names = ", ".join(f"'{name}'" for name in sorted(selection.modality))
        tests.append(f"modality IN ({names})")
    if selection.without_text:
        tests.append("item NOT IN (SELECT item FROM parts WHERE text IS NOT NULL)")
    if not tests and selection.parts is None and selection.items is not None:
        return len(selection.items)
    query = f"SELECT part, item FROM parts WHERE {' AND '.join(tests) or 'TRUE'}"
    found = np.fromiter(db.execute(query), np.dtype([("part", np.int64), ("item", np.int64)]))
    chosen = np.ones(len(found), np.bool_)
    if selection.parts is not None:
        chosen &= np.isin(found["part"], selection.parts)
    if selection.items is not None:
        chosen &= np.isin(found["item"], selection.items)
    return len(np.unique(found["item"][chosen]))


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    db = schema.reader(path, mode)
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1 << 28)
    db.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    db.set_authorizer(where_authorizer)
    return db
