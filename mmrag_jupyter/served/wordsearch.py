"""Ask a store for the parts that have some words, and rank them."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from itertools import islice
from typing import TYPE_CHECKING

from mmrag_jupyter.served.conditions import Every, Has, Some, both
from mmrag_jupyter.served.partrows import READ, part_of
from mmrag_jupyter.served.selection import WORDS, looked_at, test_of
from mmrag_jupyter.served.words import rarity, score, terms, tokens
from mmrag_jupyter.store.whole import scores

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from mmrag_jupyter.served.conditions import Test
    from mmrag_jupyter.served.reading import Reading
    from mmrag_jupyter.served.rows import Row, Table
    from mmrag_jupyter.store.selection import Selection

    Terms = Sequence[tuple[str, ...]]

STATS = "stats"
# Rows that are fetched to be ranked; where more have the words, those with the rarest.
_MOST_ROWS = 2000
# Rows that are looked at to count the items that have a word.
_MOST_COUNTED = 5_000


def stats(store: Reading) -> tuple[int, int]:
    """Return how many parts have a text, and how many words these have together."""
    kept = json.loads(store.state.get(STATS) or "[0, 0]")
    return int(kept[0]), int(kept[1])


def search(store: Reading, text: str, k: int, within: Selection | None) -> list[tuple[int, float]]:
    """Return the k parts whose words match a text best, by BM25, with their scores."""
    having = _having(store, terms(text))
    if not having:
        return []
    texts, length = stats(store)
    weights = {term: rarity(max(texts, count), count) for term, count in having.items()}
    rows: list[Row] = []
    for table, test in _asked(store, having):
        most = _MOST_ROWS - len(rows)
        if most > 0:
            rows += _found(store, table, test, within, most)
    parts = {one.part: one for one in map(part_of, rows)}
    store.remember(parts.values())
    there = store.valid({part: row.item for part, row in parts.items()})
    mean = length / texts if texts else 1.0
    found = [(part, score(tokens(parts[part].text), weights, mean)) for part in there]
    found.sort(key=lambda one: (-one[1], one[0]))
    return [one for one in found if one[1] > 0][:k]


def _found(
    store: Reading, table: Table, test: Test, within: Selection | None, most: int
) -> list[Row]:
    asked, allows = both(test, test_of(within)), looked_at(within)
    if allows is None:
        return list(store.engine.scan(table, asked, READ, limit=most))
    return list(islice(filter(allows, store.engine.scan(table, asked, READ)), most))


def whole_scores(
    store: Reading, text: str, items: Sequence[int], within: Selection | None = None
) -> dict[int, float]:
    """Return the BM25 of each item as one text; empty where no item has several texts.

    Of what was joined to an item, only that counts which may be found.
    """
    rows = [row for row in store.parts_of(items, looked_at(within)) if row.text]
    often = Counter(row.item for row in rows)
    if max(often.values(), default=0) <= 1:
        return {}
    lengths: Counter[int] = Counter()
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    asked = {term[0] for term in terms(text) if len(term) == 1}
    for row in rows:
        lengths[row.item] += len(row.text)
        for word in tokens(row.text):
            if word in asked:
                counts[word][row.item] += 1
    having = {}
    for word, own in counts.items():
        # Of those that compete, only those count in which it may be found.
        having[word] = len(own) + _items_having(store, word, lengths.keys())
    return scores(counts, lengths, len(store), having)


def _items_having(store: Reading, word: str, without: Container[int]) -> int:
    """Return how many items have a word, but for some; of very many it is estimated."""
    rows = [
        row.number("item")
        for table in store.part_tables()
        for row in store.engine.scan(table, _test([(word,)]), ("item",), limit=_MOST_COUNTED)
    ]
    found = {item for item in rows if item not in without}
    if len(rows) < _MOST_COUNTED:
        return len(found)
    parts = sum(store.engine.count(table, _test([(word,)])) for table in store.part_tables())
    return round(len(found) * parts / len(rows))


def _having(store: Reading, asked: Terms) -> Mapping[tuple[str, ...], int]:
    """Return for each term that there is how many parts have it, the rarest first."""
    tables = store.part_tables()
    found = {
        term: sum(store.engine.count(table, _test([term])) for table in tables) for term in asked
    }
    return {term: found[term] for term in sorted(found, key=lambda one: found[one]) if found[term]}


def _asked(store: Reading, having: Mapping[tuple[str, ...], int]) -> list[tuple[Table, Test]]:
    tables = store.part_tables()
    if sum(having.values()) <= _MOST_ROWS:
        return [(table, _test(list(having))) for table in tables]
    return [(table, _test([term])) for term in having for table in tables]


def _test(asked: Terms) -> Test:
    tests = tuple(Every(tuple(Has(WORDS, word) for word in term)) for term in asked)
    return tests[0] if len(tests) == 1 else Some(tests)
