"""Search the index of words, and make it anew where it is damaged."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.store import lexical, schema

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from mmrag_jupyter.store.pool import Pool
    from mmrag_jupyter.store.selection import Selection

    Ranked = tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]


# Items in a selection from which on the best parts are ranked first and sifted then.
_MANY = 2_000


class Words:
    """Ranks parts by the words that they share with a text."""

    def __init__(self, folder: Path, readers: Pool, notices: list[str]) -> None:
        self._folder = folder
        self._readers = readers
        self._notices = notices

    def search(
        self, text: str, k: int, within: Selection | None, *, unfinished: bool = False
    ) -> Ranked:
        """Return at most k parts, best first, and their scores.

        The last word of an `unfinished` text stands for all words that begin so.

        Raises
        ------
        sqlite3.Error
            The records cannot be read.
        """
        terms = lexical.match_expression(text, unfinished=unfinished)
        if not terms or (within is not None and within.without_text):
            return np.empty(0, np.int64), np.empty(0, np.float32)
        with self._readers.snapshot() as db:
            try:
                return _search(db, terms, k, within)
            except sqlite3.DatabaseError as error:
                if not lexical.is_broken(db, error):
                    raise
        with closing(schema.writer(self._folder / schema.RECORDS)) as db:
            lexical.rebuild(db)
        self._notices.append("rebuilt the index of words: it was damaged")
        with self._readers.snapshot() as db:
            return _search(db, terms, k, within)


def _search(db: sqlite3.Connection, terms: str, k: int, within: Selection | None) -> Ranked:
    if within is not None and max(_count(within.items), _count(within.parts)) > _MANY:
        # To hand over so many items costs more than to rank some that may not be returned.
        for limit in (2 * k, 16 * k):
            parts, scores = _search_within(db, terms, limit, None)
            if not len(parts):
                return parts, scores
            kept = _allowed(db, parts, within)
            if np.count_nonzero(kept) >= k or len(parts) < limit:
                return parts[kept][:k], scores[kept][:k]
    return _search_within(db, terms, k, within)


def _count(numbers: npt.NDArray[np.int64] | None) -> int:
    return 0 if numbers is None else len(numbers)


def _allowed(
    db: sqlite3.Connection, parts: npt.NDArray[np.int64], within: Selection
) -> npt.NDArray[np.bool_]:
    """Tell which parts a selection lets through."""
    query = "SELECT part, item, modality FROM parts WHERE part IN (SELECT value FROM json_each(?))"
    found = {part: rest for part, *rest in db.execute(query, (json.dumps(parts.tolist()),))}
    items, kinds = zip(*(found.get(part, (-1, "")) for part in parts.tolist()), strict=True)
    kept = np.ones(len(parts), np.bool_)
    if within.items is not None:
        kept &= np.isin(np.array(items, np.int64), within.items)
    if within.parts is not None:
        kept &= np.isin(parts, within.parts)
    if within.modality is not None:
        kept &= np.array([kind in within.modality for kind in kinds], np.bool_)
    return kept


def _search_within(db: sqlite3.Connection, terms: str, k: int, within: Selection | None) -> Ranked:
    tests, values = [], []
    if within is not None and within.modality is not None:
        names = ", ".join(f"'{name}'" for name in sorted(within.modality))
        tests.append(f"p.modality IN ({names})")
    for name in ("item", "part"):
        allowed: npt.NDArray[np.int64] | None = getattr(within, f"{name}s", None)
        if allowed is not None:
            tests.append(f"p.{name} IN (SELECT value FROM json_each(?))")
            values.append(json.dumps(allowed.tolist()))
    source = "texts"
    if tests:
        source += " JOIN parts p ON p.part = texts.rowid"
    query = (
        f"SELECT texts.rowid, texts.rank FROM {source} WHERE"
        f" {' AND '.join(['texts MATCH ?', *tests])} ORDER BY texts.rank, texts.rowid LIMIT ?"
    )
    rows = db.execute(query, (terms, *values, k)).fetchall()
    parts = np.fromiter((part for part, _ in rows), np.int64, len(rows))
    scores = np.fromiter((-rank for _, rank in rows), np.float32, len(rows))
    return parts, scores
