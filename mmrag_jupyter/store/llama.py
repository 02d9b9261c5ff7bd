"""A collection as a LlamaIndex vector store."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.vector_stores.types import (
    BasePydanticVectorStore,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryResult,
)

from mmrag_jupyter.errors import QueryError
from mmrag_jupyter.store import llama_add, llama_query, llama_select
from mmrag_jupyter.store.llama_build import build
from mmrag_jupyter.store.llama_writing import writing
from mmrag_jupyter.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llama_index.core.schema import BaseNode

_log = logging.getLogger(__name__)


class CollectionVectorStore(BasePydanticVectorStore):
    """The LlamaIndex vector store over a collection.

    It keeps texts, pictures in memory and metadata with the vectors; every change is on
    disk when the call returns. Items that the collection loaded are answered as nodes too:
    one a part, whose source document is the item. `node_ids` and `doc_ids` that are empty
    restrict nothing.

    Parameters
    ----------
    store
        The collection on disk.
    face
        `"text"` and `"image"` find, and take embeddings of, texts or pictures only: give
        one of each to a `MultiModalVectorStoreIndex`. None finds everything.
    """

    stores_text: bool = True
    face: Literal["text", "image"] | None = None
    folder: str

    _store: Store = PrivateAttr()

    def __init__(self, store: Store, face: Literal["text", "image"] | None = None) -> None:
        fields: dict[str, Any] = {"face": face, "folder": str(store.folder)}
        super().__init__(**fields)
        self._store = store

    @classmethod
    def class_name(cls) -> str:
        """Return the name under which LlamaIndex knows the class."""
        return "CollectionVectorStore"

    @classmethod
    def from_persist_dir(cls, persist_dir: str, **_: object) -> Self:
        """Open the collection in a folder.

        Raises
        ------
        NotFoundError
            There is none.
        """
        return cls(Store.open(Path(persist_dir)))

    @classmethod
    def from_persist_path(cls, persist_path: str, **_: object) -> Self:
        """Open the collection in a folder, or in the folder of a file."""
        path = Path(persist_path)
        return cls.from_persist_dir(str(path if path.is_dir() else path.parent))

    @property
    def client(self) -> Store:
        """The collection on disk."""
        return self._store

    def of(self, face: Literal["text", "image"]) -> CollectionVectorStore:
        """Return the same collection with only its texts or only its pictures to be found."""
        return CollectionVectorStore(self._store, face)

    def add(self, nodes: Sequence[BaseNode], **_: object) -> list[str]:
        """Store nodes with their embeddings, in place of those with the same ids.

        Their embeddings go to the space of their modality and dimension; if there is none,
        to one of that dimension alone. Nodes without embedding are found by their words.
        A call is one commit: all of it or nothing.

        Raises
        ------
        QueryError
            An embedding is zero or not finite.
        """
        embeddings = {node.node_id: node.embedding for node in nodes if node.embedding is not None}
        return llama_add.add(self._store, nodes, {self.face: embeddings})

    def delete(self, ref_doc_id: str, **_: object) -> None:
        """Delete the nodes of a source document, and the item of that id."""
        self._remove(llama_select.items_of(self._store, [ref_doc_id]))

    def delete_nodes(
        self,
        node_ids: list[str] | None = None,
        filters: MetadataFilters | None = None,
        **_: object,
    ) -> None:
        """Delete the nodes with these ids whose metadata pass the filters.

        Raises
        ------
        QueryError
            Neither is given (`clear` deletes everything), or a node is one part of an item
            that the collection loaded and another part of it would stay.
        """
        if node_ids is None and filters is None:
            raise QueryError("Say which nodes to delete; clear() deletes all.")
        if node_ids is None:
            items = llama_select.passing(self._store, filters)
            self._remove(items.tolist() if items is not None else [])
        elif node_ids:
            self._remove_nodes(node_ids, filters)

    def clear(self) -> None:
        """Delete all nodes and items; the spaces stay."""
        with writing(self._store) as writer:
            writer.delete(self._store.ids())

    def get_nodes(
        self, node_ids: list[str] | None = None, filters: MetadataFilters | None = None
    ) -> list[BaseNode]:
        """Return the nodes with these ids (all, where none are given) that pass the filters."""
        items = llama_select.passing(self._store, filters)
        if node_ids:
            rows = llama_select.parts_of_nodes(self._store, node_ids)
        else:
            chosen = items.tolist() if items is not None else self._all_items()
            rows = self._store.parts_of(chosen)
        if items is not None:
            allowed = set(items.tolist())
            rows = [row for row in rows if row.item in allowed]
        return list(build(self._store, rows).values())

    def query(
        self, query: VectorStoreQuery, mmr_threshold: float | None = None, **_: object
    ) -> VectorStoreQueryResult:
        """Find nodes in the mode that the query names.

        Modes: default (cosine), text_search and sparse (BM25), hybrid (`alpha`,
        `sparse_top_k`, `hybrid_top_k`), and mmr (`mmr_threshold`).

        Raises
        ------
        QueryError
            The query cannot be answered as it is.
        """
        if mmr_threshold is not None:  # SimpleVectorStore takes it from here
            query = replace(query, mmr_threshold=mmr_threshold)
        found = llama_query.run(self._store, query, self.face)
        nodes = build(self._store, [one.row for one in found.values()])
        ids = [node_id for node_id in found if node_id in nodes]
        return VectorStoreQueryResult(
            nodes=[nodes[node_id] for node_id in ids],
            similarities=[found[node_id].score for node_id in ids],
            ids=ids,
        )

    def persist(self, persist_path: str = "", fs: object = None) -> None:  # noqa: ARG002
        """Do nothing: a collection is on disk already, in its own folder."""
        _log.info(
            "nothing to persist: collection %r is durable in %s", self._store.name, self.folder
        )

    async def async_add(self, nodes: Sequence[BaseNode], **kwargs: object) -> list[str]:
        """Store nodes without holding up the event loop."""
        return await asyncio.to_thread(self.add, nodes, **kwargs)

    async def adelete(self, ref_doc_id: str, **kwargs: object) -> None:
        """Delete the nodes of a source document without holding up the event loop."""
        await asyncio.to_thread(self.delete, ref_doc_id, **kwargs)

    async def adelete_nodes(
        self,
        node_ids: list[str] | None = None,
        filters: MetadataFilters | None = None,
        **kwargs: object,
    ) -> None:
        """Delete nodes without holding up the event loop."""
        await asyncio.to_thread(self.delete_nodes, node_ids, filters, **kwargs)

    async def aclear(self) -> None:
        """Delete everything without holding up the event loop."""
        await asyncio.to_thread(self.clear)

    async def aget_nodes(
        self, node_ids: list[str] | None = None, filters: MetadataFilters | None = None
    ) -> list[BaseNode]:
        """Return nodes without holding up the event loop."""
        return await asyncio.to_thread(self.get_nodes, node_ids, filters)

    async def aquery(
        self, query: VectorStoreQuery, mmr_threshold: float | None = None, **_: object
    ) -> VectorStoreQueryResult:
        """Find nodes without holding up the event loop."""
        return await asyncio.to_thread(self.query, query, mmr_threshold)

    def _remove_nodes(self, node_ids: list[str], filters: MetadataFilters | None) -> None:
        rows = llama_select.parts_of_nodes(self._store, node_ids)
        allowed = llama_select.passing(self._store, filters)
        if allowed is not None:
            passed = set(allowed.tolist())
            rows = [row for row in rows if row.item in passed]
        named = {row.part for row in rows}
        items = list(dict.fromkeys(row.item for row in rows))
        for part in self._store.parts_of(items):
            if part.part not in named:
                raise QueryError(
                    f"Item {part.item_id!r} has parts beside those named, such as "
                    f"{part.node_id!r}; delete it whole: delete({part.item_id!r})."
                )
        self._remove(items)

    def _remove(self, items: Sequence[int]) -> None:
        ids = [item.id for item in self._store.items(items)]
        if ids:
            with writing(self._store) as writer:
                writer.delete(ids)

    def _all_items(self) -> list[int]:
        return list(self._store.find(self._store.ids()).values())
