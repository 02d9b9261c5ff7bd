"""The collection's own search as LlamaIndex asks for it: single parts, whatever their item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.models.late import is_late
from mmrag_jupyter.search.fusion import fuse
from mmrag_jupyter.search.llama_index import CollectionIndex
from mmrag_jupyter.search.query import Query
from mmrag_jupyter.search.signals import Ranker
from mmrag_jupyter.search.terms import pictures

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llama_index.core.schema import QueryBundle

    from mmrag_jupyter.search.llama_retriever import Search
    from mmrag_jupyter.search.signals import Serving
    from mmrag_jupyter.store import Selection, Store
    from mmrag_jupyter.store.llama import CollectionVectorStore


def index_of(
    vector_store: CollectionVectorStore, serving: Callable[[], Serving]
) -> CollectionIndex:
    """Return the index over a collection that searches and embeds as the collection does.

    Late-interaction models search, but LlamaIndex has no place for many vectors a node.
    """
    embedders = {
        modality: embedder for modality, (_, embedder) in serving().items() if not is_late(embedder)
    }
    return CollectionIndex.over(
        vector_store,
        embedders.get("text"),
        embedders.get("image"),
        search_of(vector_store.client, serving),
    )


def search_of(store: Store, serving: Callable[[], Serving]) -> Search:
    """Return the search over a store that a `CollectionIndex` retrieves with."""

    def search(query: QueryBundle, k: int, within: Selection | None) -> Sequence[tuple[int, float]]:
        asked = Query(text=query.query_str or "", images=pictures(query.image_path), k=k)
        signals = Ranker(asked, store, serving(), (), within).signals(k)
        every_part = {part: part for signal in signals for part in signal.parts}
        return [(found.item, found.score) for found in fuse(signals, every_part)[:k]]

    return search
