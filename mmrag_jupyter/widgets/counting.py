"""Facets of a collection under what a page asks, each column without its own filter."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from mmrag_jupyter.widgets import wire
from mmrag_jupyter.widgets.filters import condition, expression

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from mmrag_jupyter.store import Store
    from mmrag_jupyter.store.facets import Facets
    from mmrag_jupyter.widgets.asking import Searches
    from mmrag_jupyter.widgets.provider import Searchable
    from mmrag_jupyter.widgets.questions import Asked

    Items = npt.NDArray[np.int64]

# Among so many of the best hits it is counted how many have a value: those that the first
# page has ranked anyway.
BEST = 64


class Counting:
    """Counts what pages ask for; the columns of a collection are read once a commit."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._facets: WeakKeyDictionary[Store, Facets] = WeakKeyDictionary()

    def answer(
        self, collection: Searchable, asked: Asked, searches: Searches
    ) -> Mapping[str, object]:
        """Return the facets, and how many items all conditions leave."""
        store = collection.store
        facets = self._of(store)
        search = searches.run(collection, asked, again=False)
        hits = search.ranking.best(BEST) if search.query is not None else None
        own = {text: _items(store, text) for one in asked.filters if (text := expression(one))}
        rest = _items(store, condition(asked.where, ()))
        within: dict[str, Items | None] = {}
        for column in facets.columns():
            others = [expression(one) for one in asked.filters if one.column != column]
            within[column] = _all_of([rest, *(own[text] for text in others if text)])
        chosen = {one.column for one in asked.filters}
        # The hits are under all filters: they say nothing of the values that a column's own
        # filter has shut out.
        counted = [
            *facets.count({name: one for name, one in within.items() if name in chosen}),
            *facets.count({name: one for name, one in within.items() if name not in chosen}, hits),
        ]
        counted.sort(key=lambda one: list(within).index(one.column))
        return {"items": search.ranking.total, "facets": [wire.facet(one) for one in counted]}

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            for facets in self._facets.values():
                facets.close()
            self._facets.clear()

    def _of(self, store: Store) -> Facets:
        with self._lock:
            if store not in self._facets:
                self._facets[store] = store.facets()
            return self._facets[store]


def _items(store: Store, where: str | None) -> Items | None:
    return None if where is None else np.array(store.matching(where), np.int64)


def _all_of(several: list[Items | None]) -> Items | None:
    found: Items | None = None
    for items in several:
        if items is not None:
            found = items if found is None else np.intersect1d(found, items, assume_unique=True)
    return found
