"""The LlamaIndex retriever over a collection."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from llama_index.core.base.base_multi_modal_retriever import MultiModalRetriever
from llama_index.core.constants import DEFAULT_SIMILARITY_TOP_K
from llama_index.core.schema import NodeWithScore, QueryBundle
from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryMode

from mmrag_jupyter.errors import QueryError, did_you_mean
from mmrag_jupyter.search.fusion import RRF_CONSTANT
from mmrag_jupyter.search.llama_seen import seen
from mmrag_jupyter.store.llama_build import build, node_ids
from mmrag_jupyter.store.llama_select import select

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llama_index.core.callbacks.base import CallbackManager
    from llama_index.core.schema import QueryType
    from llama_index.core.vector_stores.types import MetadataFilters

    from mmrag_jupyter.search.llama_index import CollectionIndex
    from mmrag_jupyter.store.llama_add import Face
    from mmrag_jupyter.store.selection import Selection

_DEPTH_FACTOR = 4
_LEAST_DEPTH = 50
_MODE = VectorStoreQueryMode.DEFAULT


class Search(Protocol):
    """The collection's own search, as the retriever calls it."""

    def __call__(
        self, query: QueryBundle, k: int, within: Selection | None
    ) -> Sequence[tuple[int, float]]:
        """Return at most `k` parts with their scores, best first, of those in `within`."""
        ...


class CollectionRetriever(MultiModalRetriever):
    """Finds the nodes of a collection that answer a text, a picture, or both.

    A text searches texts (by their embeddings, or by words where the collection has no text
    model) and pictures (where its image model reads text); a picture searches pictures. The
    rankings are fused by reciprocal rank and each node is returned once; the score is 1.0
    for a node that every ranking puts first. With one ranking only, scores are its own.

    Parameters
    ----------
    similarity_top_k, image_similarity_top_k
        How many nodes of text and of pictures to return at most.
    vector_store_query_mode
        How texts are searched: "default", "text_search", "sparse", "hybrid" or "mmr".
    filters, node_ids, doc_ids
        Which nodes may be found; empty lists restrict nothing.
    alpha, sparse_top_k, hybrid_top_k, mmr_threshold
        As in `VectorStoreQuery`.
    """

    def __init__(
        self,
        index: CollectionIndex,
        *,
        similarity_top_k: int = DEFAULT_SIMILARITY_TOP_K,
        image_similarity_top_k: int = DEFAULT_SIMILARITY_TOP_K,
        vector_store_query_mode: VectorStoreQueryMode | str = _MODE,
        filters: MetadataFilters | None = None,
        node_ids: list[str] | None = None,
        doc_ids: list[str] | None = None,
        alpha: float | None = None,
        sparse_top_k: int | None = None,
        hybrid_top_k: int | None = None,
        mmr_threshold: float | None = None,
        callback_manager: CallbackManager | None = None,
        object_map: dict[str, object] | None = None,
        verbose: bool = False,
    ) -> None:
        super().__init__(callback_manager, object_map, verbose=verbose)
        self._index = index
        self.similarity_top_k = similarity_top_k
        self.image_similarity_top_k = image_similarity_top_k
        self._query = VectorStoreQuery(
            filters=filters,
            node_ids=node_ids,
            doc_ids=doc_ids,
            mode=_mode(vector_store_query_mode),
            alpha=alpha,
            sparse_top_k=sparse_top_k,
            hybrid_top_k=hybrid_top_k,
            mmr_threshold=mmr_threshold,
        )

    def text_retrieve(self, str_or_query_bundle: QueryType) -> list[NodeWithScore]:
        """Return the texts that answer a text."""
        return self._text(_bundle(str_or_query_bundle))

    def text_to_image_retrieve(self, str_or_query_bundle: QueryType) -> list[NodeWithScore]:
        """Return the pictures that answer a text."""
        return self._text_to_image_retrieve(_bundle(str_or_query_bundle))

    def image_to_image_retrieve(self, str_or_query_bundle: QueryType) -> list[NodeWithScore]:
        """Return the pictures like a picture, given by its path or address."""
        if isinstance(str_or_query_bundle, str):
            return self._image_to_image_retrieve(QueryBundle("", image_path=str_or_query_bundle))
        return self._image_to_image_retrieve(str_or_query_bundle)

    async def atext_retrieve(self, str_or_query_bundle: QueryType) -> list[NodeWithScore]:
        """Return the texts that answer a text, without holding up the event loop."""
        return await asyncio.to_thread(self.text_retrieve, str_or_query_bundle)

    async def atext_to_image_retrieve(self, str_or_query_bundle: QueryType) -> list[NodeWithScore]:
        """Return the pictures that answer a text, without holding up the event loop."""
        return await asyncio.to_thread(self.text_to_image_retrieve, str_or_query_bundle)

    async def aimage_to_image_retrieve(self, str_or_query_bundle: QueryType) -> list[NodeWithScore]:
        """Return the pictures like a picture, without holding up the event loop."""
        return await asyncio.to_thread(self.image_to_image_retrieve, str_or_query_bundle)

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        search = self._index.search
        if search is not None and query_bundle.embedding is None and self._query.mode == _MODE:
            return self._searched(search, query_bundle)
        pictures = fuse(
            [
                self._text_to_image_retrieve(query_bundle),
                self._image_to_image_retrieve(query_bundle),
            ]
        )
        return fuse([self._text(query_bundle), pictures[: self.image_similarity_top_k]])

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await asyncio.to_thread(self._retrieve, query_bundle)

    async def _atext_to_image_retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await asyncio.to_thread(self._text_to_image_retrieve, query_bundle)

    async def _aimage_to_image_retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await asyncio.to_thread(self._image_to_image_retrieve, query_bundle)

    def _text(self, query: QueryBundle) -> list[NodeWithScore]:
        texts = query.embedding_strs
        if not self.similarity_top_k or not (texts or query.embedding):
            return []
        mode, embedding = self._query.mode, query.embedding
        by_words = mode in {VectorStoreQueryMode.TEXT_SEARCH, VectorStoreQueryMode.SPARSE}
        if embedding is None and not by_words:
            if self._index.embeds_text:
                embedding = self._index.embed_model.get_agg_embedding_from_queries(texts)
            elif mode == _MODE:
                mode = VectorStoreQueryMode.TEXT_SEARCH
        asked = replace(
            self._query,
            query_embedding=embedding,
            query_str=query.query_str,
            similarity_top_k=self.similarity_top_k,
            mode=mode,
        )
        return self._found(asked, "text")

    def _text_to_image_retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        texts = query_bundle.embedding_strs
        if not self.image_similarity_top_k or not texts or not self._index.finds_pictures_by_text:
            return []
        embedding = self._index.image_embed_model.get_agg_embedding_from_queries(texts)
        return self._pictures(embedding)

    def _image_to_image_retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        pictures = query_bundle.embedding_image
        if not self.image_similarity_top_k or not pictures:
            return []
        return self._pictures(self._index.image_embed_model.get_image_embedding(pictures[0]))

    def _pictures(self, embedding: list[float]) -> list[NodeWithScore]:
        mmr = self._query.mode == VectorStoreQueryMode.MMR
        asked = replace(
            self._query,
            query_embedding=embedding,
            similarity_top_k=self.image_similarity_top_k,
            mode=VectorStoreQueryMode.MMR if mmr else _MODE,
        )
        return self._found(asked, "image")

    def _found(self, query: VectorStoreQuery, face: Face) -> list[NodeWithScore]:
        result = self._index.vector_store.of(face).query(query)
        pairs = zip(result.nodes or (), result.similarities or (), strict=True)
        return [NodeWithScore(node=seen(node), score=score) for node, score in pairs]

    def _searched(self, search: Search, query: QueryBundle) -> list[NodeWithScore]:
        """Ask the collection's own search; texts and pictures each have their own number."""
        left = {"text": self.similarity_top_k, "image": self.image_similarity_top_k}
        faces: list[Face] = [face for face in ("text", "image") if left[face] > 0]
        if not faces:
            return []
        store = self._index.vector_store.client
        within = select(
            store,
            filters=self._query.filters,
            node_ids=self._query.node_ids,
            doc_ids=self._query.doc_ids,
            face=faces[0] if len(faces) == 1 else None,
        )
        # Further than is wanted: the first places may all be of one kind.
        depth = max(_LEAST_DEPTH, _DEPTH_FACTOR * sum(left.values()))
        depth = min(depth, max(1, sum(store.part_counts().values())))
        scores = dict(search(query, depth, within))
        rows = []
        for row in store.parts(list(scores)):
            face = "image" if row.modality in {"image", "page"} else "text"
            if left[face] > 0:
                left[face] -= 1
                rows.append(row)
        nodes = build(store, rows)
        best: dict[str, float] = {}
        for row, node_id in zip(rows, node_ids(store, rows), strict=True):
            best.setdefault(node_id, scores[row.part])
        return [NodeWithScore(node=seen(node), score=best[at]) for at, node in nodes.items()]


def fuse(rankings: Sequence[Sequence[NodeWithScore]]) -> list[NodeWithScore]:
    """Fuse rankings by reciprocal rank; a node that several have found occurs once.

    A ranking alone stays as it is. The score is the sum of 1 / (60 + rank), divided by the
    most that it could be.
    """
    present = [ranking for ranking in rankings if ranking]
    if len(present) <= 1:
        return [found for ranking in present for found in ranking]
    best = len(present) / (RRF_CONSTANT + 1)
    fused: dict[str, NodeWithScore] = {}
    for ranking in present:
        for rank, found in enumerate(ranking, start=1):
            one = fused.setdefault(found.node_id, NodeWithScore(node=found.node, score=0.0))
            one.score = one.get_score() + 1 / (RRF_CONSTANT + rank) / best
    return sorted(fused.values(), key=lambda found: -found.get_score())


def _bundle(query: QueryType) -> QueryBundle:
    return QueryBundle(query) if isinstance(query, str) else query


def _mode(mode: VectorStoreQueryMode | str) -> VectorStoreQueryMode:
    try:
        return VectorStoreQueryMode(mode)
    except ValueError:
        known = [one.value for one in VectorStoreQueryMode]
        raise QueryError(
            f"Unknown query mode {mode!r}; known are {', '.join(known)}."
            f"{did_you_mean(str(mode), known)}"
        ) from None
