"""Rank whole items by their words: a long document by all of its parts together.

BM25 of parts finds the passage; which document answers is told better by BM25 of the whole
(Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009).
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections import Counter, defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.store.itemrows import in_chunks
from mmrag_jupyter.store.lexical import words
from mmrag_jupyter.store.lookup import counter

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    Integers = npt.NDArray[np.int64]

_SATURATION = 1.2  # k1
_LENGTH = 0.75  # b


def whole_scores(
    db: sqlite3.Connection, text: str, items: Sequence[int], parts: Integers | None = None
) -> dict[int, float]:
    """Return the BM25 of each item as one text; empty where no item has several texts.

    Then the ranking of parts is that of items already. Where some `parts` only may be found,
    sorted numbers, an item is the text of these.
    """
    if not _any_has_several(db, items):
        return {}
    lengths: dict[int, int] = {}
    most = 0
    with _without(db, items, parts) as test:
        for marks, some in in_chunks(items):
            for item, count, length in db.execute(
                "SELECT i.item, count(*), sum(length(p.text)) FROM items i"
                " JOIN parts p ON p.part BETWEEN i.part AND i.part + i.parts - 1"
                f" WHERE i.item IN ({marks}) AND p.text IS NOT NULL{test} GROUP BY i.item",
                some,
            ):
                lengths[item] = length
                most = max(most, count)
        if most <= 1:
            return {}
        return scores(_counts(db, text, test), lengths, counter(db, "items"))


def _any_has_several(db: sqlite3.Connection, items: Sequence[int]) -> bool:
    """Tell whether one of the items has several parts, which takes less time than to read them."""
    query = (
        "SELECT 1 FROM json_each(?) j CROSS JOIN items i ON i.item = j.value"
        " WHERE i.parts > 1 LIMIT 1"
    )
    return db.execute(query, (json.dumps(items),)).fetchone() is not None


@contextmanager
def _without(db: sqlite3.Connection, items: Sequence[int], parts: Integers | None) -> Iterator[str]:
    """Give the test of a part `p` that leaves out those of `items` that may not be found."""
    if parts is None:
        yield ""
        return
    barred: list[int] = []
    for marks, some in in_chunks(items):
        query = f"SELECT part, parts FROM items WHERE item IN ({marks})"
        for first, count in db.execute(query, some):
            own = range(first, first + count)
            low, high = np.searchsorted(parts, (first, first + count))
            barred += sorted(set(own) - set(parts[low:high].tolist()))
    # A temporary table is no change to the collection.
    db.execute("PRAGMA query_only = OFF")
    try:
        db.execute("CREATE TEMP TABLE IF NOT EXISTS barred (part INTEGER PRIMARY KEY)")
        db.execute("DELETE FROM temp.barred")
        db.executemany("INSERT INTO temp.barred VALUES (?)", ((one,) for one in barred))
    finally:
        db.execute("PRAGMA query_only = ON")
    yield " AND p.part NOT IN temp.barred"


def _counts(db: sqlite3.Connection, text: str, test: str) -> dict[str, Counter[int]]:
    """Return how often each word of `text` occurs in each item."""
    # A temporary view of the index of words is no change to the collection.
    db.execute("PRAGMA query_only = OFF")
    db.execute(
        "CREATE VIRTUAL TABLE IF NOT EXISTS temp.places USING fts5vocab(main, texts, instance)"
    )
    db.execute("PRAGMA query_only = ON")
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    for word in words(text):
        found = db.execute(
            "SELECT p.item, count(*) FROM temp.places w JOIN parts p ON p.part = w.doc"
            f" WHERE w.term = ?{test} GROUP BY p.item",
            (_as_indexed(word),),
        )
        counts[word].update(dict(found))
    return counts


def scores(
    counts: Mapping[str, Counter[int]],
    lengths: Mapping[int, int],
    number: int,
    having: Mapping[str, int] | None = None,
) -> dict[int, float]:
    """Return the BM25 of each item as one text.

    Parameters
    ----------
    counts
        How often each word occurs in each item.
    lengths
        The characters of each item that competes.
    number
        How many items there are.
    having
        How many of all items have each word; otherwise those of `counts`.
    """
    # Only the lengths of the items that compete matter, and only to each other.
    mean = sum(lengths.values()) / len(lengths)
    found = dict.fromkeys(lengths, 0.0)
    for word, occurs in counts.items():
        often = len(occurs) if having is None else having.get(word, 1)
        rarity = math.log(1 + (number - often + 0.5) / (often + 0.5))
        for item, length in lengths.items():
            if count := occurs[item]:
                damped = count + _SATURATION * (1 - _LENGTH + _LENGTH * length / mean)
                found[item] += rarity * count * (_SATURATION + 1) / damped
    return found


def _as_indexed(word: str) -> str:
    """Fold a word as the index does: SQLite's unicode61 lowers it and drops its accents."""
    apart = unicodedata.normalize("NFD", word.lower())
    return "".join(char for char in apart if not unicodedata.combining(char))
