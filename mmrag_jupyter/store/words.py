"""Search the words of a collection: by FTS5, or by tantivy where texts are many."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, suppress
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.store import lexical, schema, word_index
from mmrag_jupyter.store.background import Background
from mmrag_jupyter.store.lookup import counter
from mmrag_jupyter.store.numbers import among
from mmrag_jupyter.store.word_index import WordIndex, WordIndexError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from mmrag_jupyter.store.background import Told
    from mmrag_jupyter.store.pool import Pool
    from mmrag_jupyter.store.selection import Selection

    Ranked = tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]

# Parts with text from which on FTS5 takes too long over common words.
INDEX_ABOVE = 5_000
# Items in a selection from which on the best parts are ranked first and sifted then.
_MANY = 2_000
# Where parts are sifted, so many times more are ranked than should do; then so many times more.
_SPARE = 1.5
_MORE = 8
# An index with so many more texts than there are is made anew.
_OUTGROWN = 1.25


class Words:
    """Ranks parts by the words that they share with a text."""

    def __init__(self, folder: Path, readers: Pool, notices: list[str]) -> None:
        self._folder = folder
        self._readers = readers
        self._notices = notices
        self._background = Background()
        self._opened: tuple[object, WordIndex | None] = (None, None)

    def close(self) -> None:
        """Let go of the files."""
        self._background.close()
        self._opened = (None, None)

    def wait(self) -> None:
        """Wait until the index that is being built is there."""
        self._background.wait()

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
            found = self._indexed(db, text, k, within, unfinished=terms.endswith("*"))
            if found is not None:
                return found
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

    def refresh(self, db: sqlite3.Connection) -> None:
        """Begin to build the index where texts are many and not all are in it."""
        self._index(db)

    def _indexed(
        self, db: sqlite3.Connection, text: str, k: int, within: Selection | None, *,
        unfinished: bool,
    ) -> Ranked | None:  # fmt: skip
        """Search the index of many texts; None where there is none, or it does not tell."""
        index = self._index(db)
        words = word_index.terms(text)
        if index is None or not words:
            return None
        look = partial(index.search, words, unfinished=unfinished)
        try:
            few = _few(db, within)
            if few is not None:
                return look(k, within=few)
            for limit in _limits(db, k, within, len(index)):
                ranked = look(limit, within=None)
                found = _kept(db, ranked, k, within)
                if len(found[0]) == k or len(ranked[0]) < limit:
                    return found
        except WordIndexError as error:
            word_index.remove(self._folder)
            self._say(f"the index of words {error}: it is built anew in the background")
        return None

    def _index(self, db: sqlite3.Connection) -> WordIndex | None:
        """Return the index, where it has all texts; otherwise it is begun, if they are many."""
        if counter(db, "text") + counter(db, "page") <= INDEX_ABOVE:
            return None
        last = counter(db, "next_part")
        path = self._folder / word_index.FOLDER
        state: object = None
        with suppress(OSError):
            stat = (path / word_index.STAMP).stat()
            state = stat.st_ino, stat.st_mtime_ns
        if state is None or state != self._opened[0]:
            self._opened = state, self._open()
        index = self._opened[1]
        if index is None or index.covered < last:
            self._background.start(path, last, self._build, self._in_vain)
            return None
        return index

    def _open(self) -> WordIndex | None:
        try:
            return WordIndex(self._folder)
        except (ImportError, WordIndexError):
            return None

    def _build(self, told: Told) -> None:
        with self._readers.snapshot() as db:
            last = counter(db, "next_part")
            total = counter(db, "text") + counter(db, "page")
            index = self._open()
            if index is None or len(index) > _OUTGROWN * total:
                texts = _texts(db, 0)
                word_index.build(self._folder, texts, last, partial(told, 0, total))
            else:
                texts = _texts(db, index.covered)
                word_index.extend(self._folder, texts, last, partial(told, 0, total))

    def _in_vain(self, reason: str) -> None:
        self._say(
            f"the index of words could not be built ({reason}): searching words goes on without "
            "it, but more slowly"
        )

    def _say(self, line: str) -> None:
        if line not in self._notices:
            self._notices.append(line)


def _texts(db: sqlite3.Connection, after: int) -> sqlite3.Cursor:
    return db.execute(
        "SELECT part, text FROM parts WHERE part > ? AND text IS NOT NULL ORDER BY part", (after,)
    )


def _few(db: sqlite3.Connection, within: Selection | None) -> npt.NDArray[np.int64] | None:
    """Return the parts that a selection lets through, where its items or parts are few."""
    if within is None:
        return None
    if within.parts is not None and len(within.parts) <= _MANY:
        parts = within.parts
    elif within.items is None or len(within.items) > _MANY:
        return None
    else:
        query = (
            "SELECT p.part FROM json_each(?) j JOIN items i ON i.item = j.value"
            " JOIN parts p ON p.part BETWEEN i.part AND i.part + i.parts - 1"
        )
        rows = db.execute(query, (json.dumps(within.items.tolist()),)).fetchall()
        parts = np.fromiter((part for (part,) in rows), np.int64, len(rows))
    # Sifted before they are ranked, or fewer than k would come back where there are k.
    asked = (within.items, within.parts, within.modality)
    alone = sum(one is not None for one in asked) == 1
    return parts if alone else parts[_allowed(db, parts, within)]


def _limits(
    db: sqlite3.Connection, k: int, within: Selection | None, indexed: int
) -> tuple[int, int]:
    """Return how many parts to rank so that k of them are probably there, and in a selection."""
    if within is None and indexed <= counter(db, "text") + counter(db, "page"):
        return k, _MORE * k
    share = 1.0
    if within is not None and within.items is not None:
        share = len(within.items) / max(1, counter(db, "items"))
    enough = int(_SPARE * k / max(share, 1e-3)) + k
    return enough, _MORE * enough


def _kept(db: sqlite3.Connection, ranked: Ranked, k: int, within: Selection | None) -> Ranked:
    """Return the best k that are there and that a selection lets through."""
    parts, scores = ranked
    kept = _allowed(db, parts, within)
    return parts[kept][:k], scores[kept][:k]


def _search(db: sqlite3.Connection, terms: str, k: int, within: Selection | None) -> Ranked:
    if within is not None and max(_count(within.items), _count(within.parts)) > _MANY:
        # To hand over so many items costs more than to rank some that may not be returned.
        for limit in (2 * k, 16 * k):
            ranked = _search_within(db, terms, limit, None)
            found = _kept(db, ranked, k, within)
            if len(found[0]) == k or len(ranked[0]) < limit:
                return found
    return _search_within(db, terms, k, within)


def _count(numbers: npt.NDArray[np.int64] | None) -> int:
    return 0 if numbers is None else len(numbers)


def _allowed(
    db: sqlite3.Connection, parts: npt.NDArray[np.int64], within: Selection | None
) -> npt.NDArray[np.bool_]:
    """Tell which parts are there, and let through by a selection."""
    if not len(parts):
        return np.zeros(0, np.bool_)
    query = "SELECT part, item, modality FROM parts WHERE part IN (SELECT value FROM json_each(?))"
    found = {part: rest for part, *rest in db.execute(query, (json.dumps(parts.tolist()),))}
    items, kinds = zip(*(found.get(part, (-1, "")) for part in parts.tolist()), strict=True)
    kept = np.array(items, np.int64) >= 0
    if within is None:
        return kept
    if within.items is not None:
        kept &= among(np.array(items, np.int64), within.items)
    if within.parts is not None:
        kept &= among(parts, within.parts)
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
