"""Recommend items from those that a user likes and dislikes, over everything they are made of.

Each liked item is a search of its own, so that a user of two tastes gets some of both and not
what lies between. Of each signal (pictures, texts, words, sound) the rankings of all liked items
are fused into one, and these as the signals of a query are: by reciprocal ranks. What is like a
disliked item counts less by the same rule. Item-based neighbours as in M. Deshpande and
G. Karypis, "Item-based top-N recommendation algorithms" (TOIS 22, 2004).
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.errors import QueryError
from mmrag_jupyter.search.alike import likeness
from mmrag_jupyter.search.diversity import diversified
from mmrag_jupyter.search.engine import Found
from mmrag_jupyter.search.fusion import RRF_CONSTANT, Fused, Signal, fuse
from mmrag_jupyter.search.query import Query
from mmrag_jupyter.search.reasons import reasons
from mmrag_jupyter.search.signals import Ranker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mmrag_jupyter.search.signals import Serving
    from mmrag_jupyter.search.taste import Taste
    from mmrag_jupyter.store import PartRow, Store

# What is disliked says less than what is liked: an item may be like it in all but one thing.
DISLIKED_WEIGHT = 0.5
# Of these many items the most diverse are chosen.
_POOL, _POOL_FACTOR = 50, 5
_LEAST_DEPTH, _DEEPER = 100, 4


@dataclass(frozen=True, slots=True)
class Recommended:
    """What is recommended, best first, and for each item's number why."""

    found: Found
    reasons: Mapping[int, str]


@dataclass(slots=True)
class _Vote:
    """What the judged items say of one item in one signal; `part` is what the nearest one saw."""

    points: float
    best: float
    part: int
    score: float
    by: int


@dataclass(frozen=True, slots=True, eq=False)
class _Asking:
    """A judged item, its parts, and what ranks all others by them."""

    item: int
    weight: float
    own: Sequence[PartRow]
    ranker: Ranker


# By signal and item.
_Votes = dict[str, dict[int, _Vote]]


def recommend(
    taste: Taste, store: Store, serving: Serving, query: Query, diverse: float
) -> Recommended:
    """Return the items that fit a taste best; never one that was judged.

    Parameters
    ----------
    query
        Which items may be recommended, how many, and what each signal weighs: of it, `k`,
        `where`, `modality` and `weights` are read.
    diverse
        From 0, the best fits, to 1, as different from each other as can be.

    Raises
    ------
    QueryError
        `diverse` is not within 0 to 1.
    WhereError
        The condition cannot be understood.
    """
    if not (isinstance(diverse, Real) and 0 <= diverse <= 1):
        raise QueryError(f"diverse is {str(diverse)[:40]}; give a number from 0 (best fit) to 1.")
    numbers = store.find([*taste.given])
    base = store.select(where=query.where)

    def ranker(item_id: str, like: Sequence[PartRow]) -> Ranker:
        asked = Query(like=(item_id,), modality=query.modality, weights=query.weights)
        return Ranker(asked, store, serving, like, base)

    asking = [_asking(judged, numbers, store, ranker) for judged in (taste.likes, taste.dislikes)]
    given = set(numbers.values())
    wanted, most = max(_POOL, _POOL_FACTOR * query.k), sum(store.part_counts().values())
    depth = max(_LEAST_DEPTH, _POOL_FACTOR * query.k) + sum(
        len(one.own) for judged in asking for one in judged
    )
    while True:
        rows: dict[int, PartRow] = {}
        likes, dislikes = (_votes(judged, store, depth, rows) for judged in asking)
        signals = [_merged(name, found, query) for name, found in likes.items()]
        signals += [_merged(name, found, query, avoid=True) for name, found in dislikes.items()]
        fused = fuse(signals, {part: row.item for part, row in rows.items()})
        fused = [one for one in fused if one.item not in given]
        if len(fused) >= wanted or depth >= most:
            break
        # Whoever has rated thousands has rated most of what is near to what they like.
        depth *= _DEEPER
    best = _chosen(fused, store, serving, query.k, diverse)
    names = {number: item_id for item_id, number in numbers.items()}
    told = reasons(best, {name: _by(found) for name, found in likes.items()}, names, store)
    return Recommended(Found(best, rows, signals), told)


def _asking(
    judged: Mapping[str, float],
    numbers: Mapping[str, int],
    store: Store,
    ranker: Callable[[str, Sequence[PartRow]], Ranker],
) -> list[_Asking]:
    """Return what ranks the collection by each of the judged items."""
    own: dict[int, list[PartRow]] = {}
    for row in store.parts_of([numbers[item_id] for item_id in judged]):
        own.setdefault(row.item, []).append(row)
    likes = {item_id: own.get(numbers[item_id], []) for item_id in judged}
    return [
        _Asking(numbers[item_id], weight, likes[item_id], ranker(item_id, likes[item_id]))
        for item_id, weight in judged.items()
    ]


def _votes(asking: Sequence[_Asking], store: Store, depth: int, rows: dict[int, PartRow]) -> _Votes:
    """Return what judged items say of all others; the parts that they name are put into `rows`."""
    votes: _Votes = {}
    for one in asking:
        signals = one.ranker.signals(depth)
        seen = {part for signal in signals for part in signal.parts} - rows.keys()
        rows.update({row.part: row for row in store.parts(sorted(seen))})
        for signal in signals:
            if signal.weight > 0:
                _count(votes.setdefault(signal.name, {}), signal, one.item, one.weight, rows)
    return votes


def _count(
    votes: dict[int, _Vote], signal: Signal, by: int, weight: float, rows: Mapping[int, PartRow]
) -> None:
    """Add what one judged item says of all others in one signal."""
    seen: set[int] = set()
    for part, score in zip(signal.parts, signal.scores, strict=True):
        row = rows.get(part)
        if row is None or row.item == by or row.item in seen:
            continue
        seen.add(row.item)
        points = weight / (RRF_CONSTANT + len(seen))
        vote = votes.setdefault(row.item, _Vote(0.0, 0.0, part, score, by))
        vote.points += points
        if points > vote.best:
            vote.best, vote.part, vote.score, vote.by = points, part, score, by


def _merged(name: str, votes: Mapping[int, _Vote], query: Query, *, avoid: bool = False) -> Signal:
    best = sorted(votes.items(), key=lambda one: (-one[1].points, one[0]))
    weight = query.weights.get(name, 1.0) * (DISLIKED_WEIGHT if avoid else 1.0)
    return Signal(
        name, [vote.part for _, vote in best], [vote.score for _, vote in best], weight, avoid
    )


def _by(votes: Mapping[int, _Vote]) -> dict[int, int]:
    return {item: vote.by for item, vote in votes.items()}


def _chosen(
    fused: list[Fused], store: Store, serving: Serving, k: int, diverse: float
) -> list[Fused]:
    if diverse == 0:
        return fused[:k]
    pool = fused[: max(_POOL, _POOL_FACTOR * k)]
    if not pool:
        return []
    relevance = np.array([one.score for one in pool])
    low, high = relevance.min(), relevance.max()
    # From 0 to 1 as likeness is: raw sums of reciprocal ranks lie close together.
    scaled = (relevance - low) / (high - low) if high > low else np.ones(len(pool))
    alike = likeness([one.item for one in pool], store, serving)
    return [pool[at] for at in diversified(scaled, alike, k, diverse)]
