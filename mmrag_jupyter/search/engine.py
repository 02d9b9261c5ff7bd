"""Run a query: its signals, fused, at most k items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmrag_jupyter.search.fusion import Fused, fuse
from mmrag_jupyter.search.named import numbers_of
from mmrag_jupyter.search.signals import Ranker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mmrag_jupyter.search.query import Query
    from mmrag_jupyter.search.signals import Serving
    from mmrag_jupyter.store import PartRow, Store

# Parts to fetch from each signal: several parts of one item may match, and an item deep in
# one ranking can still rise by another.
DEPTH_FACTOR = 4
LEAST_DEPTH = 50


@dataclass(frozen=True, slots=True)
class Found:
    """The fused items, at most k, best first, and the parts that were seen on the way."""

    items: list[Fused]
    parts: Mapping[int, PartRow]


def run(query: Query, store: Store, serving: Serving) -> Found:
    """Search a store.

    Parameters
    ----------
    serving
        The space and the embedder of each modality; those of the others have none.

    Raises
    ------
    NotFoundError
        An item to be like is not in the collection.
    WhereError
        The condition cannot be understood.
    """
    like = store.parts_of(list(numbers_of(store, query.like).values()))
    own = {row.item for row in like}
    ranker = Ranker(query, store, serving, like)
    parts = max(1, sum(store.part_counts().values()))
    depth = max(DEPTH_FACTOR * query.k, LEAST_DEPTH)
    while True:
        depth = min(depth, parts)
        signals = ranker.signals(depth)
        seen = {part for signal in signals for part in signal.parts}
        rows = {row.part: row for row in store.parts(sorted(seen))}
        fused = fuse(signals, {part: row.item for part, row in rows.items()})
        fused = [hit for hit in fused if hit.item not in own]
        exhausted = depth == parts or all(len(signal.parts) < depth for signal in signals)
        # Items of very many parts can fill a ranking; look deeper until k items are found.
        if len(fused) >= query.k or exhausted:
            return Found(fused[: query.k], rows)
        depth *= 4
