"""Stock LlamaIndex: a MultiModalVectorStoreIndex over two stores of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llama_index.core import StorageContext, load_index_from_storage
from llama_index.core.embeddings import MultiModalEmbedding
from llama_index.core.indices import MultiModalVectorStoreIndex
from llama_index.core.schema import ImageNode, QueryBundle, TextNode
from llama_index.core.vector_stores import SimpleVectorStore
from pydantic import PrivateAttr
from store_data import DIM

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from store_data import Data


class Instant(MultiModalEmbedding):
    """An embedder that knows the query's vector already."""

    _vector: list[float] = PrivateAttr(default_factory=list)

    def know(self, vector: np.ndarray) -> None:
        """Set the vector of the next query."""
        self._vector = vector.tolist()

    def _get_query_embedding(self, query: str) -> list[float]:  # noqa: ARG002
        return self._vector

    def _get_text_embedding(self, text: str) -> list[float]:  # noqa: ARG002
        return self._vector

    def _get_image_embedding(self, img_file_path: Any) -> list[float]:  # noqa: ANN401, ARG002
        return self._vector

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)

    async def _aget_image_embedding(self, img_file_path: Any) -> list[float]:  # noqa: ANN401
        return self._get_image_embedding(img_file_path)


def faiss_stores() -> dict[str, Any]:
    """Return a pair of empty FAISS stores, one a modality."""
    import faiss
    from llama_index.vector_stores.faiss import FaissVectorStore

    return {
        name: FaissVectorStore(faiss_index=faiss.IndexFlatIP(DIM))
        for name in ("vector_store", "image_store")
    }


def simple_stores() -> dict[str, Any]:
    """Return a pair of LlamaIndex's default stores."""
    return {"vector_store": SimpleVectorStore(), "image_store": SimpleVectorStore()}


def build(folder: Path, data: Data, stores: dict[str, Any]) -> None:
    """Make the nodes, index them and persist the index, as LlamaIndex documents it."""
    half = len(data.texts)
    nodes = [
        TextNode(id_=f"t{at}", text=text, embedding=vector.tolist(), metadata=metadata)
        for at, (text, vector, metadata) in enumerate(
            zip(data.texts, data.text_vectors, _metadata(data, slice(0, half)), strict=True)
        )
    ] + [
        ImageNode(id_=f"i{at}", image_path=path, embedding=vector.tolist(), metadata=metadata)
        for at, (path, vector, metadata) in enumerate(
            zip(data.paths, data.image_vectors, _metadata(data, slice(half, None)), strict=True)
        )
    ]
    storage = StorageContext.from_defaults(**stores)
    index = MultiModalVectorStoreIndex(
        nodes, storage_context=storage, embed_model=Instant(), image_embed_model=Instant()
    )
    index.storage_context.persist(str(folder))


def _metadata(data: Data, columns: slice) -> list[dict[str, Any]]:
    pairs = zip(data.brands[columns], data.prices[columns], strict=True)
    return [{"brand": brand, "price": price} for brand, price in pairs]


class Opened:
    """The persisted index, loaded again."""

    def __init__(self, folder: Path, data: Data, *, faiss: bool) -> None:
        self._data = data
        self._text, self._image = Instant(), Instant()
        stores: dict[str, Any] = {}
        if faiss:
            from llama_index.vector_stores.faiss import FaissVectorStore

            # The folder cannot be read as a whole: FAISS files are not the JSON it expects.
            stores = {
                argument: FaissVectorStore.from_persist_path(
                    str(folder / f"{name}__vector_store.json")
                )
                for argument, name in (("vector_store", "default"), ("image_store", "image"))
            }
        storage = StorageContext.from_defaults(persist_dir=str(folder), **stores)
        index: Any = load_index_from_storage(
            storage, embed_model=self._text, image_embed_model=self._image
        )
        self._retriever = index.as_retriever()

    def dense(self, query: int, k: int) -> list[str]:
        """Return the ids nearest to a query in both spaces."""
        self._text.know(self._data.text_queries[query])
        self._image.know(self._data.image_queries[query])
        self._retriever.similarity_top_k = self._retriever.image_similarity_top_k = k
        found = self._retriever.retrieve(QueryBundle(self._data.queries[query]))
        return [hit.node.node_id for hit in found]
