"""A query's hits, page by page: what was ranked stays as it was, and more is ranked on demand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mmrag_jupyter.search import build
from mmrag_jupyter.search.engine import Found, Search
from mmrag_jupyter.search.explain import Explainer

if TYPE_CHECKING:
    from mmrag_jupyter.search.fusion import Fused
    from mmrag_jupyter.search.hits import Hit
    from mmrag_jupyter.search.query import Query
    from mmrag_jupyter.search.signals import Serving
    from mmrag_jupyter.store import PartRow, Snapshot, Store

# How many items are ranked at first, and how many times as many when these are used up.
_FIRST = 64
_GROWTH = 4


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """Some hits, and the items behind them; `more` says whether others follow."""

    hits: tuple[Hit, ...]
    items: Snapshot
    more: bool


class Ranking(Protocol):
    """Items in order. `total` counts those that a condition leaves."""

    total: int

    def page(self, offset: int, limit: int) -> Page:
        """Return at most `limit` hits after the first `offset`."""

    def best(self, count: int) -> list[int]:
        """Return the numbers of the first `count` items."""


class Ranked:
    """What a query finds, best first.

    The order of what was given out stays, although items that are ranked more deeply could
    come between: a page never repeats a hit of the one before, nor leaves one out.
    """

    def __init__(self, query: Query, store: Store, serving: Serving) -> None:
        self._store = store
        self._search = Search(query, store, serving)
        self._explainer = Explainer(query, serving, store)
        self._order: list[Fused] = []
        self._parts: dict[int, PartRow] = {}
        self._ended = False
        self.total = self._search.total

    def page(self, offset: int, limit: int) -> Page:
        """Return at most `limit` hits after the first `offset`."""
        self._reach(offset + limit + 1)
        found = Found(self._order[offset : offset + limit], self._parts)
        hits, items = build.build(found, self._store, first=offset + 1, pictured=True)
        return Page(self._explainer.explaining(hits), items, more=len(self._order) > offset + limit)

    def best(self, count: int) -> list[int]:
        """Return the numbers of the first `count` items."""
        self._reach(count)
        return [fused.item for fused in self._order[:count]]

    def _reach(self, count: int) -> None:
        if self._ended or len(self._order) >= count:
            return
        wanted = _FIRST
        while wanted < count:
            wanted *= _GROWTH
        found = self._search.best(wanted)
        known = {fused.item for fused in self._order}
        self._order += [fused for fused in found.items if fused.item not in known]
        self._parts.update(found.parts)
        self._ended = len(found.items) < wanted


class InOrder:
    """All items, or those for which a condition holds, in the order in which they came."""

    def __init__(self, store: Store, where: str | None) -> None:
        self._store = store
        self._numbers = store.numbers() if where is None else store.matching(where)
        self.total = len(self._numbers)

    def page(self, offset: int, limit: int) -> Page:
        """Return at most `limit` items after the first `offset`."""
        some = self._numbers[offset : offset + limit]
        hits, items = build.in_order(some, self._store, first=offset + 1)
        return Page(tuple(hits), items, more=self.total > offset + limit)

    def best(self, count: int) -> list[int]:
        """Return the numbers of the first `count` items."""
        return self._numbers[:count]
