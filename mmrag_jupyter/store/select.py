"""Which items a condition selects, and how many a selection has."""

from __future__ import annotations

import sqlite3
import time
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.errors import WhereError
from mmrag_jupyter.store import schema, where_joined
from mmrag_jupyter.store.failures import DAMAGE_CODES, explained, primary_code
from mmrag_jupyter.store.pool import Pool
from mmrag_jupyter.store.where import VERSION, authorizer, compiled, where_authorizer
from mmrag_jupyter.store.where_joined import Chosen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt

    from mmrag_jupyter.items import Column
    from mmrag_jupyter.store.coded_columns import CodedColumns
    from mmrag_jupyter.store.selection import Selection
    from mmrag_jupyter.store.where import Authorizer
    from mmrag_jupyter.store.where_joined import JoinedNames

# A condition over a million rows takes a second or two; one that takes longer than this
# multiplies huge texts, and would hold the notebook up for ever.
_SECONDS = 30.0
_STEPS_BETWEEN_LOOKS = 20_000
# To look at every item of a million takes longer than the search: it is done once, not for each
# of the queries that have the same condition.
_MOST_REMEMBERED = 8


class Conditions:
    """Runs users' conditions, on connections that can read items and nothing else.

    Those that name joined tables run on connections that can read these and their items.
    """

    def __init__(self, folder: Path, mode: str, columns: CodedColumns) -> None:
        self._folder = folder
        self._columns = columns
        records = folder / schema.RECORDS
        self._pool = Pool(folder, partial(_connect, records, mode))
        self._chosen: dict[str, npt.NDArray[np.int64]] = {}
        self._version: tuple[int, ...] = ()
        read = authorizer(where_joined.READ)
        self._joined = Pool(folder, partial(_connect, records, mode, read))

    def close(self) -> None:
        """Let go of the files."""
        self._pool.close()
        self._joined.close()

    def items(
        self, expression: str, names: Mapping[str, tuple[str, Column]]
    ) -> npt.NDArray[np.int64]:
        """Return the numbers of the items for which `expression` holds, in order.

        Raises
        ------
        WhereError
            It cannot be understood, or takes too long.
        """
        condition = compiled(expression, names)
        version = self._current()
        known = self._chosen.get(condition.sql)
        if known is not None:
            return known

        def looked_at(which: str) -> npt.NDArray[np.int64]:
            rows = self._run(expression, f"SELECT item FROM items WHERE {which}", self._pool)
            return np.sort(np.fromiter((item for (item,) in rows), np.int64, len(rows)))

        found = self._columns.items(condition, looked_at)
        if found is None:
            found = looked_at(condition.sql)
        found.flags.writeable = False  # it is given out again
        if version == self._version:
            self._remember(condition.sql, found)
        return found

    def _current(self) -> tuple[int, ...]:
        """Return which commit there is, and forget what was chosen of an older one."""
        with explained(self._folder), self._pool.snapshot() as db:
            version = (id(db), *db.execute(f"PRAGMA {VERSION}").fetchone())
        if version != self._version:
            self._chosen.clear()
            self._version = version
        return version

    def _remember(self, condition: str, items: npt.NDArray[np.int64]) -> None:
        # The oldest makes way: of half of a million items, 4 MB are kept.
        while len(self._chosen) >= _MOST_REMEMBERED:
            self._chosen.pop(next(iter(self._chosen)), None)
        self._chosen[condition] = items

    def joined(self, expression: str, names: JoinedNames) -> Chosen | None:
        """Return the items and rows of joined tables for which `expression` holds.

        None where it names no column of a joined table.

        Raises
        ------
        WhereError
            It cannot be understood, or takes too long.
        """
        condition, used, _ = compiled(expression, names.columns, names.dotted)
        tables = where_joined.tables_in(used)
        if not tables:
            return None
        where_joined.refuse_many(expression, tables)
        if where_joined.is_alone(used, tables):
            # Without the items, whose rows would be looked up one by one.
            held, empty = where_joined.alone(condition, tables[0])
            found = self._run(expression, held, self._joined)
            rows = np.fromiter((row for (row,) in found), np.int64, len(found))
            without = bool(self._run(expression, empty, self._joined))
            return Chosen(None, without, tables, [rows])
        found = self._run(expression, where_joined.statement(condition, tables), self._joined)
        items = np.unique(np.fromiter((row[0] for row in found), np.int64, len(found)))
        return Chosen(items, False, tables, list(where_joined.pairs_of(found, tables)))

    def _run(self, expression: str, statement: str, pool: Pool) -> list[tuple[int, ...]]:
        with explained(self._folder), pool.snapshot() as db:
            return run(db, expression, statement)


def run(db: sqlite3.Connection, expression: str, statement: str) -> list[tuple[int, ...]]:
    """Return what a statement finds that stands for a user's expression.

    Raises
    ------
    WhereError
        It takes too long, or is too much for SQLite.
    """
    until = time.monotonic() + _SECONDS
    db.set_progress_handler(lambda: time.monotonic() > until, _STEPS_BETWEEN_LOOKS)
    try:
        return db.execute(statement).fetchall()
    except sqlite3.DatabaseError as error:
        if primary_code(error) in DAMAGE_CODES:
            raise
        reason = str(error)
        if primary_code(error) == sqlite3.SQLITE_INTERRUPT:
            reason = f"it takes longer than {_SECONDS:.0f} seconds; ask for less"
        raise WhereError(f"where: {expression[:80]!r}: {reason}") from error
    finally:
        db.set_progress_handler(None, 0)


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


def _connect(path: Path, mode: str, authorize: Authorizer = where_authorizer) -> sqlite3.Connection:
    db = schema.reader(path, mode)
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1 << 28)
    db.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    db.set_authorizer(authorize)
    return db
