"""Stock LlamaIndex: a `MultiModalVectorStoreIndex` with a CLIP class of one's own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from llama_index.core import StorageContext, load_index_from_storage
from llama_index.core.embeddings import MultiModalEmbedding
from llama_index.core.indices import MultiModalVectorStoreIndex
from llama_index.core.schema import ImageDocument
from llama_index.core.vector_stores import (
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    SimpleVectorStore,
)
from llama_index.vector_stores.qdrant import QdrantVectorStore
from peers_data import CHUNK, K, Peer, shrunk
from PIL import Image
from pydantic import PrivateAttr
from qdrant_client import QdrantClient
from transformers import CLIPModel, CLIPProcessor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from peers_data import Job


class Clip(MultiModalEmbedding):
    """The class that the documentation asks for: a query, a text and a picture at a time."""

    _model: Any = PrivateAttr()
    _processor: Any = PrivateAttr()

    def __init__(self, folder: str, *, dtype: str = "float32", **options: Any) -> None:  # noqa: ANN401
        super().__init__(**options)
        self._model = CLIPModel.from_pretrained(folder, dtype=getattr(torch, dtype)).eval()
        self._processor = CLIPProcessor.from_pretrained(folder)

    def _get_query_embedding(self, query: str) -> list[float]:
        inputs = self._processor(text=[query], return_tensors="pt", truncation=True)
        return self._vectors(self._model.get_text_features, inputs)[0]

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_query_embedding(text)

    def _get_image_embedding(self, img_file_path: Any) -> list[float]:  # noqa: ANN401
        return self._embedded([Image.open(img_file_path)])[0]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)

    async def _aget_image_embedding(self, img_file_path: Any) -> list[float]:  # noqa: ANN401
        return self._get_image_embedding(img_file_path)

    def _embedded(self, pictures: Sequence[Image.Image]) -> list[list[float]]:
        inputs = self._processor(images=pictures, return_tensors="pt")
        inputs["pixel_values"] = inputs["pixel_values"].to(self._model.dtype)
        return self._vectors(self._model.get_image_features, inputs)

    def _vectors(self, encode: Callable[..., Any], inputs: Any) -> list[list[float]]:  # noqa: ANN401
        with torch.inference_mode():
            vectors = encode(**inputs).pooler_output.float()
        return torch.nn.functional.normalize(vectors).tolist()


class Batched(Clip):
    """The same with batches: bfloat16, and photos decoded small by threads."""

    _threads: Any = PrivateAttr(default_factory=ThreadPoolExecutor)

    def _get_image_embeddings(self, img_file_paths: list[Any]) -> list[list[float]]:
        return self._embedded(list(self._threads.map(shrunk, img_file_paths)))


class Arm(Peer):
    """Two stores, one a modality: LlamaIndex's own; tuned: Qdrant's local mode, and `Batched`."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self._model = (
            Batched(job.model, dtype="bfloat16", embed_batch_size=CHUNK)
            if job.tuned
            else Clip(job.model)
        )
        self._models = {"embed_model": self._model, "image_embed_model": self._model}
        self._client: QdrantClient | None = None

    def ingest(self) -> None:
        """Embed the photos and keep them."""
        documents = [
            ImageDocument(
                id_=id_, image_path=path, metadata={"path": path, "brand": brand, "price": price}
            )
            for id_, path, brand, price in self.job.rows()
        ]
        stores = self._qdrant() if self.job.tuned else {}
        storage = StorageContext.from_defaults(**stores)
        MultiModalVectorStoreIndex.from_documents(
            documents, storage_context=storage, **self._models
        )
        storage.persist(str(self.job.folder / "index"))

    def open(self) -> None:
        """Open what was kept."""
        if self.job.tuned:
            stores = self._qdrant()
            self._index = MultiModalVectorStoreIndex.from_vector_store(
                stores["vector_store"], image_vector_store=stores["image_store"], **self._models
            )
            return
        storage = StorageContext.from_defaults(persist_dir=str(self.job.folder / "index"))
        self._index = load_index_from_storage(storage, **self._models)

    def search(self, text: str, limit: float | None) -> list[str]:
        """Return the ids of the nearest photos."""
        filters = None
        if limit is not None:
            cheap = MetadataFilter(key="price", value=limit, operator=FilterOperator.LT)
            filters = MetadataFilters(filters=[cheap])
        retriever = self._index.as_retriever(image_similarity_top_k=K, filters=filters)
        return [hit.node.ref_doc_id for hit in retriever.text_to_image_retrieve(text)]

    def embed(self, text: str) -> np.ndarray:
        """Return a text's vector."""
        return np.array(self._model.get_query_embedding(text))

    def vectors(self) -> tuple[list[str], np.ndarray]:
        """Return the ids and vectors that are kept."""
        store = self._index.image_vector_store
        if isinstance(store, SimpleVectorStore):
            kept = {
                store.data.text_id_to_ref_doc_id[node]: vector
                for node, vector in store.data.embedding_dict.items()
            }
        else:
            points, _ = store.client.scroll("images", limit=len(self.job.ids), with_vectors=True)
            kept = {point.payload["ref_doc_id"]: point.vector for point in points}
        return list(kept), np.array(list(kept.values()))

    def close(self) -> None:
        """Let go of the files."""
        if self._client is not None:
            self._client.close()

    def _qdrant(self) -> dict[str, QdrantVectorStore]:
        self._client = QdrantClient(path=str(self.job.folder / "qdrant"))
        return {
            name: QdrantVectorStore(client=self._client, collection_name=collection)
            for name, collection in (("vector_store", "texts"), ("image_store", "images"))
        }
