"""The LlamaIndex index over a collection."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self

from llama_index.core.data_structs.data_structs import MultiModelIndexDict
from llama_index.core.embeddings.utils import resolve_embed_model
from llama_index.core.indices.multi_modal.base import MultiModalVectorStoreIndex
from llama_index.core.storage.storage_context import StorageContext
from llama_index.core.utils import iter_batch

from mmrag_jupyter.errors import QueryError
from mmrag_jupyter.models.llama_embedding import CollectionEmbedding, as_llama
from mmrag_jupyter.search import llama_engines
from mmrag_jupyter.search.llama_content import opened, work
from mmrag_jupyter.search.llama_retriever import CollectionRetriever
from mmrag_jupyter.store.llama import CollectionVectorStore
from mmrag_jupyter.store.llama_add import add
from mmrag_jupyter.store.llama_select import document_hash

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llama_index.core.base.base_query_engine import BaseQueryEngine
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.chat_engine.types import BaseChatEngine
    from llama_index.core.data_structs.data_structs import IndexDict
    from llama_index.core.embeddings.utils import EmbedType
    from llama_index.core.schema import BaseNode, Document, ImageType
    from llama_index.core.vector_stores.types import BasePydanticVectorStore

    from mmrag_jupyter.models.base import Embedder
    from mmrag_jupyter.search.llama_content import Work
    from mmrag_jupyter.search.llama_retriever import Search

# The signatures below follow LlamaIndex's: its flags are positional, its options open.


class CollectionIndex(MultiModalVectorStoreIndex):
    """A `MultiModalVectorStoreIndex` over a collection, with the collection's own models.

    Nothing is kept beside the collection: every insertion and deletion is on disk when the
    call returns, and there is nothing to persist.

    Parameters
    ----------
    nodes
        Nodes to insert at once.
    vector_store
        The collection; may come in the `storage_context` too.
    embed_model
        Embeds texts; without it texts are found by their words alone.
    image_embed_model
        Embeds pictures, and texts that look for them.
    search
        The collection's own search; without it the retriever searches the vector store.

    Raises
    ------
    QueryError
        The vector store is not a `CollectionVectorStore`.
    """

    def __init__(
        self,
        nodes: Sequence[BaseNode] | None = None,
        *,
        vector_store: BasePydanticVectorStore | None = None,
        embed_model: EmbedType | None = None,
        image_embed_model: EmbedType | None = None,
        search: Search | None = None,
        storage_context: StorageContext | None = None,
        **options: Any,  # noqa: ANN401
    ) -> None:
        if vector_store is None and storage_context is not None:
            vector_store = storage_context.vector_store
        if not isinstance(vector_store, CollectionVectorStore):
            raise QueryError("Give the collection: vector_store=collection.vector_store.")
        self.search = search
        super().__init__(
            nodes=list(nodes or ()),
            embed_model=_resolved(embed_model),
            image_embed_model=_resolved(image_embed_model),
            storage_context=StorageContext.from_defaults(
                docstore=storage_context.docstore if storage_context is not None else None,
                vector_store=vector_store.of("text"),
                image_store=vector_store.of("image"),
            ),
            **options,
        )

    @classmethod
    def over(
        cls,
        vector_store: CollectionVectorStore,
        text: Embedder | None,
        image: Embedder | None,
        search: Search | None = None,
    ) -> Self:
        """Return the index over a collection with the collection's own embedders.

        Parameters
        ----------
        text
            Embeds texts; None where they are found by their words alone.
        image
            Embeds pictures; None where there is no model for them. Texts look for pictures
            where it embeds texts too.
        """
        reader = image if image is not None and "text" in image.modalities else None
        return cls(
            vector_store=vector_store,
            embed_model=as_llama(text, image, opened),
            image_embed_model=as_llama(reader, image, opened),
            search=search,
        )

    @classmethod
    def from_vector_store(
        cls,
        vector_store: BasePydanticVectorStore,
        embed_model: EmbedType | None = None,
        image_vector_store: BasePydanticVectorStore | None = None,
        image_embed_model: EmbedType | None = None,
        **options: Any,  # noqa: ANN401
    ) -> Self:
        """Return the index over what a collection holds already.

        Raises
        ------
        QueryError
            A vector store is not a collection's, or the two are not of the same one.
        """
        if image_vector_store is not None and (
            not isinstance(image_vector_store, CollectionVectorStore)
            or image_vector_store.folder != getattr(vector_store, "folder", None)
        ):
            raise QueryError("A collection keeps its own pictures: leave image_vector_store out.")
        return cls(
            vector_store=vector_store,
            embed_model=embed_model,
            image_embed_model=image_embed_model,
            **options,
        )

    @property
    def vector_store(self) -> CollectionVectorStore:
        """The collection's texts; `vector_store.client` is the whole collection."""
        store = self._vector_store
        assert isinstance(store, CollectionVectorStore)  # noqa: S101 - the constructor made it
        return store

    @property
    def embed_model(self) -> BaseEmbedding:
        """The model for texts."""
        return self._embed_model

    @property
    def embeds_text(self) -> bool:
        """Whether there is a model for texts; without one they are found by their words."""
        return _embeds_text(self._embed_model)

    @property
    def finds_pictures_by_text(self) -> bool:
        """Whether the model for pictures embeds texts too."""
        return _embeds_text(self._image_embed_model)

    @property
    def is_text_vector_store_empty(self) -> bool:
        """Whether the collection has no texts."""
        return not self.vector_store.client.part_counts().get("text")

    @property
    def is_image_vector_store_empty(self) -> bool:
        """Whether the collection has no pictures."""
        counts = self.vector_store.client.part_counts()
        return not (counts.get("image") or counts.get("page"))

    def as_retriever(self, **options: Any) -> CollectionRetriever:  # type: ignore[override]  # noqa: ANN401
        """Return a retriever; its options are those of `CollectionRetriever`."""
        options.setdefault("callback_manager", self._callback_manager)
        return CollectionRetriever(self, object_map=self._object_map, **options)

    def as_query_engine(self, llm: object = None, **options: Any) -> BaseQueryEngine:  # type: ignore[override]  # noqa: ANN401
        """Return an engine that answers questions; pictures reach chat models as pictures.

        Parameters
        ----------
        llm
            The language model; if left out, the one in `Settings`.
        options
            Those of `CollectionRetriever` and of `RetrieverQueryEngine.from_args`.

        Raises
        ------
        QueryError
            There is no language model, or an option is unknown.
        """
        return llama_engines.query_engine(self, llm, options)

    def as_citation_engine(self, llm: object = None, **options: Any) -> BaseQueryEngine:  # noqa: ANN401
        """Return a `CitationQueryEngine` whose numbered sources keep the parts' own ids.

        Raises
        ------
        QueryError
            There is no language model, or an option is unknown.
        """
        return llama_engines.citation_engine(self, llm, options)

    def as_chat_engine(
        self,
        chat_mode: str = "best",
        llm: object = None,
        **options: Any,  # noqa: ANN401
    ) -> BaseChatEngine:
        """Return an engine to chat with; pictures reach chat models as pictures.

        Raises
        ------
        QueryError
            There is no language model, or the mode or an option is unknown.
        """
        return llama_engines.chat_engine(self, chat_mode, llm, options)

    def build_index_from_nodes(self, nodes: Sequence[BaseNode], **_: object) -> IndexDict:
        """Insert nodes, those without text too; the structure that LlamaIndex keeps stays empty."""
        struct = MultiModelIndexDict()
        self._add_nodes_to_index(struct, nodes, self._show_progress)
        return struct

    def delete_ref_doc(
        self,
        ref_doc_id: str,
        delete_from_docstore: bool = False,  # noqa: FBT001, FBT002
        **_: object,
    ) -> None:
        """Delete the nodes of a source document."""
        self._vector_store.delete(ref_doc_id)
        if delete_from_docstore:
            self._docstore.delete_ref_doc(ref_doc_id, raise_error=False)

    def refresh_ref_docs(
        self,
        documents: Sequence[Document],
        **options: Any,  # noqa: ANN401
    ) -> list[bool]:
        """Insert documents that are new, and again those that have changed; tell which.

        What is there is known from the collection, in later sessions too.
        """
        self._remember(documents)
        return super().refresh_ref_docs(documents, **options)

    async def arefresh_ref_docs(
        self,
        documents: Sequence[Document],
        **options: Any,  # noqa: ANN401
    ) -> list[bool]:
        """Insert documents that are new or have changed, without holding up the event loop."""
        await asyncio.to_thread(self._remember, documents)
        return await super().arefresh_ref_docs(documents, **options)

    def _add_nodes_to_index(
        self,
        index_struct: IndexDict,  # noqa: ARG002 - it stays empty: the store keeps the nodes
        nodes: Sequence[BaseNode],
        show_progress: bool = False,  # noqa: FBT001, FBT002
        **_: object,
    ) -> None:
        for todo, texts, images in self._batches(nodes):
            self._write(
                todo,
                self._embed_model.get_text_embedding_batch(texts, show_progress),
                self._image_embed_model.get_image_embedding_batch(images, show_progress),
            )

    async def _async_add_nodes_to_index(
        self,
        index_struct: IndexDict,  # noqa: ARG002 - it stays empty: the store keeps the nodes
        nodes: Sequence[BaseNode],
        show_progress: bool = False,  # noqa: FBT001, FBT002
        **_: object,
    ) -> None:
        for todo, texts, images in self._batches(nodes):
            await asyncio.to_thread(
                self._write,
                todo,
                await self._embed_model.aget_text_embedding_batch(texts, show_progress),
                await self._image_embed_model.aget_image_embedding_batch(images, show_progress),
            )

    def _batches(
        self, nodes: Sequence[BaseNode]
    ) -> Iterator[tuple[Work, list[str], list[ImageType]]]:
        """Yield what is to be done for nodes, batch by batch: the texts and pictures to embed."""
        for batch in iter_batch(nodes, self._insert_batch_size):
            todo = work(list(batch), text=self.embeds_text)
            yield todo, list(todo.text.values()), list(todo.image.values())

    def _write(
        self, done: Work, texts: Sequence[list[float]], images: Sequence[list[float]]
    ) -> None:
        text = {**done.given_text, **dict(zip(done.text, texts, strict=True))}
        image = {**done.given_image, **dict(zip(done.image, images, strict=True))}
        add(self.vector_store.client, done.nodes, {"text": text, "image": image})

    def _remember(self, documents: Sequence[Document]) -> None:
        """Tell LlamaIndex's document store the hashes of documents of earlier sessions."""
        for document in documents:
            if self._docstore.get_document_hash(document.id_) is None:
                known = document_hash(self.vector_store.client, document.id_)
                if known is not None:
                    self._docstore.set_document_hash(document.id_, known)


def _resolved(model: EmbedType | None) -> BaseEmbedding:
    # None would make LlamaIndex ask for OpenAI's package or for CLIP's.
    return resolve_embed_model(model) if model is not None else as_llama(None, None, opened)


def _embeds_text(model: BaseEmbedding) -> bool:
    return model.embeds_text if isinstance(model, CollectionEmbedding) else True
