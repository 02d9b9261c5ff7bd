"""Held-out splits by item: what is learnt from and what is measured on share no item.

A split by part would leave one photo of a product on either side: the learner would be
asked about what it has seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Split:
    """Ids in two halves that share none: to learn from, and held out to measure on."""

    learnt: tuple[str, ...]
    held_out: tuple[str, ...]


def split_items(
    ids: Iterable[str],
    share: float = 0.3,
    seed: int = 0,
    *,
    groups: Mapping[str, object] | None = None,
) -> Split:
    """Return items in two halves, drawn by chance; both keep the order of `ids`.

    Parameters
    ----------
    ids
        The items; one that comes again counts once.
    share
        The share of the items that is held out, above 0 and below 1.
    seed
        The same seed gives the same halves, whatever the order of `ids`.
    groups
        The group of an item; those of one group stay together (the views of one product).
        An item without one is a group of its own.

    Raises
    ------
    QueryError
        `share` is not between 0 and 1, or there are fewer than two groups to split.
    """
    if not 0 < share < 1:
        raise QueryError(f"The share to hold out is {share}; give a number between 0 and 1.")
    items = list(dict.fromkeys(ids))
    own = groups or {}
    # Items without a group must not meet one that is called like them.
    keys = {one: ("group", str(own[one])) if one in own else ("item", one) for one in items}
    drawn = sorted(set(keys.values()))
    if len(drawn) < 2:  # noqa: PLR2004 - one for each half
        what = "that belong together" if groups and len(items) > 1 else "in all"
        raise QueryError(
            f"{len(items):,} {what} cannot be split in two: there must be 2 that share nothing."
        )
    np.random.default_rng(seed).shuffle(drawn)
    number = min(max(round(share * len(drawn)), 1), len(drawn) - 1)
    held = set(drawn[:number])
    return Split(
        tuple(one for one in items if keys[one] not in held),
        tuple(one for one in items if keys[one] in held),
    )


def split_queries(
    qrels: Mapping[str, Mapping[str, float]], share: float = 0.3, seed: int = 0
) -> Split:
    """Return queries in two halves whose judged items are disjoint.

    Queries that share an item, directly or through others, stay together.

    Raises
    ------
    QueryError
        All queries hang together by the items that they share, so that no split is honest.
    """
    return split_items(qrels, share, seed, groups=_bound(qrels))


def within(
    qrels: Mapping[str, Mapping[str, float]], items: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Return the judgements of some items only; queries that have none left are dropped.

    A query whose items fall on both sides of a split of items is in both halves, each time
    with the items of that half.
    """
    kept = set(items)
    some = {
        query: {one: grade for one, grade in judged.items() if one in kept}
        for query, judged in qrels.items()
    }
    return {query: judged for query, judged in some.items() if judged}


def _bound(qrels: Mapping[str, Mapping[str, float]]) -> dict[str, str]:
    """Return for each query the first of all that it hangs together with."""
    parent: dict[str, str] = {query: query for query in qrels}

    def root(query: str) -> str:
        while parent[query] != query:
            parent[query] = parent[parent[query]]
            query = parent[query]
        return query

    first: dict[str, str] = {}
    for query, judged in qrels.items():
        for item in judged:
            parent[root(query)] = root(first.setdefault(item, query))
    return {query: root(query) for query in qrels}
