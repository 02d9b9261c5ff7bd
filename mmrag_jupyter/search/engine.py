"""Run a query: its signals, fused, at most k items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmrag_jupyter.search.feedback import judged
from mmrag_jupyter.search.fusion import Fused, fuse
from mmrag_jupyter.search.named import numbers_of
from mmrag_jupyter.search.signals import Ranker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mmrag_jupyter.search.adapters import Adapters
    from mmrag_jupyter.search.fusion import Signal
    from mmrag_jupyter.search.query import Query
    from mmrag_jupyter.search.signals import Serving
    from mmrag_jupyter.store import PartRow, Selection, Store

# Parts to fetch from each signal: several parts of one item may match, and an item deep in
# one ranking can still rise by another.
DEPTH_FACTOR = 4
LEAST_DEPTH = 50


@dataclass(frozen=True, slots=True)
class Found:
    """The fused items, at most k, best first, and what was seen on the way: parts, signals."""

    items: list[Fused]
    parts: Mapping[int, PartRow]
    signals: Sequence[Signal] = ()


class Search:
    """A query of a store, embedded once and ranked as deep as it is asked.

    Parameters
    ----------
    serving
        The space and the embedder of each modality; those of the others have none.
    base, adapters
        As `Ranker` takes them.

    Raises
    ------
    NotFoundError
        An item to be like, or liked, is not in the collection.
    WhereError
        The condition cannot be understood.
    """

    def __init__(
        self,
        query: Query,
        store: Store,
        serving: Serving,
        base: Selection | None = None,
        *,
        adapters: Adapters | None = None,
    ) -> None:
        self._store = store
        like = store.parts_of(list(numbers_of(store, query.like).values()))
        self._own = {row.item for row in like}
        self._ranker = Ranker(
            query, store, serving, like, base, judged=judged(query, store), adapters=adapters
        )

    @property
    def total(self) -> int:
        """How many items the condition leaves."""
        return self._ranker.total

    def best(self, k: int) -> Found:
        """Return at most `k` items, best first."""
        parts = max(1, sum(self._store.part_counts().values()))
        depth = max(DEPTH_FACTOR * k, LEAST_DEPTH)
        while True:
            depth = min(depth, parts)
            signals = self._ranker.signals(depth)
            seen = {part for signal in signals for part in signal.parts}
            rows = {row.part: row for row in self._store.parts(sorted(seen))}
            fused = fuse(signals, {part: row.item for part, row in rows.items()})
            fused = [hit for hit in fused if hit.item not in self._own]
            exhausted = depth == parts or all(len(signal.parts) < depth for signal in signals)
            # Items of very many parts can fill a ranking; look deeper until k items are found.
            if len(fused) >= k or exhausted:
                return Found(fused[:k], rows, signals)
            depth *= 4


def run(query: Query, store: Store, serving: Serving) -> Found:
    """Search a store for the `query.k` best items; as `Search`, which says more."""
    return Search(query, store, serving).best(query.k)
