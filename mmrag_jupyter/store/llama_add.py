"""Add LlamaIndex nodes to a collection: in bulk, their vectors in the spaces that they fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from mmrag_jupyter.errors import QueryError
from mmrag_jupyter.store.catalogue import read_catalogue
from mmrag_jupyter.store.llama_spaces import MODALITIES, finished, fitting, name_of
from mmrag_jupyter.store.llama_writing import writing
from mmrag_jupyter.store.nodecolumns import with_metadata
from mmrag_jupyter.store.nodes import to_stored

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt
    from llama_index.core.schema import BaseNode

    from mmrag_jupyter.store.nodes import StoredNode
    from mmrag_jupyter.store.store import Store
    from mmrag_jupyter.store.writer import Writer

    Vector: TypeAlias = npt.NDArray[np.float32]

Face: TypeAlias = Literal["text", "image"]
Embeddings: TypeAlias = "Mapping[Face | None, Mapping[str, Sequence[float]]]"

SOURCE = "llama-index"
LABEL = "LlamaIndex nodes"


def add(store: Store, nodes: Sequence[BaseNode], embeddings: Embeddings) -> list[str]:
    """Store nodes, in place of those with the same ids; return their ids.

    The vectors of those parts of a node that have not changed are kept:
    `MultiModalVectorStoreIndex` adds a picture with a caption twice, once with the
    embedding of the caption and once with that of the picture.

    Parameters
    ----------
    embeddings
        By what they are of, from the ids of nodes to their embeddings. What those under
        None are of is told from the node and the dimension. The embeddings that the nodes
        carry themselves are passed over.

    Raises
    ------
    QueryError
        An embedding is not finite or zero.
    """
    # Of nodes with the same id in one call the last one counts, as when added in turn.
    latest = {node.node_id: node for node in nodes}
    if latest:
        stored = [to_stored(node) for node in latest.values()]
        with writing(store) as writer:
            _Addition(store, writer, stored).commit(embeddings)
    return [node.node_id for node in nodes]


class _Addition:
    """One call of `add`: rows and vectors are gathered, and written in one commit."""

    def __init__(self, store: Store, writer: Writer, stored: Sequence[StoredNode]) -> None:
        self._store = store
        self._writer = writer
        self._stored = stored
        # Of each node, the ordinals of its parts in this call by their modality.
        self._ordinals: list[dict[str, int]] = []
        # By part, in the order of ordinals.
        self._digests: list[bytes] = []
        for one in stored:
            start = len(self._digests)
            parts = one.item.parts
            self._ordinals.append({part.modality: start + at for at, part in enumerate(parts)})
            self._digests += [part.digest for part in parts]
        self._spaces = finished(store)
        # By space, from the ordinal of a part to its vector.
        self._vectors = {space.number: self._kept(space.number) for space in self._spaces}

    def commit(self, embeddings: Embeddings) -> None:
        for face, given in embeddings.items():
            for one, ordinals in zip(self._stored, self._ordinals, strict=True):
                embedding = given.get(one.item.id)
                if embedding is not None:
                    self._place(ordinals, face, _unit(one.item.id, embedding))
        self._declare_columns()
        self._writer.put(
            [one.item for one in self._stored],
            {space: _stacked(found) for space, found in self._vectors.items() if found},
            source=SOURCE,
            nodes={one.item.id: one.row for one in self._stored},
        )

    def _kept(self, space: int) -> dict[int, Vector]:
        """Return the vectors of parts that are stored already, and have not changed."""
        ordinals = {digest: at for at, digest in enumerate(self._digests)}
        found = self._store.vectors_of(space, self._digests)
        return {ordinals[digest]: vector for digest, vector in found.items()}

    def _place(self, ordinals: Mapping[str, int], face: Face | None, vector: Vector) -> None:
        dim = len(vector)
        modality = str(face) if face in ordinals else self._modality(ordinals, dim)
        space = fitting(self._spaces, modality, dim)
        if space is None:
            self._writer.add_space(name_of(dim), None, dim, MODALITIES)
            self._spaces = finished(self._store)
            space = fitting(self._spaces, modality, dim)
            assert space is not None  # noqa: S101 - it has just been made
        self._vectors.setdefault(space.number, {})[ordinals[modality]] = vector

    def _modality(self, ordinals: Mapping[str, int], dim: int) -> str:
        """Tell which part of a node an embedding of unknown origin is of."""
        if not {"text", "image"} <= ordinals.keys():
            return next(iter(ordinals))
        fits = [one for one in ("text", "image") if fitting(self._spaces, one, dim) is not None]
        if len(fits) == 1:
            return fits[0]
        # Both or none fit. LlamaIndex adds the caption's embedding first, the picture's second.
        has_text, has_image = (
            any(ordinals[modality] in found for found in self._vectors.values())
            for modality in ("text", "image")
        )
        if has_text and not has_image:
            return "image"
        for found in self._vectors.values():
            found.pop(ordinals["image"], None)
        return "text"

    def _declare_columns(self) -> None:
        with self._store._reading() as db:  # noqa: SLF001 - one room
            own = read_catalogue(db).by_key(SOURCE)
        before = [physical.column for physical in own.columns] if own is not None else []
        after = with_metadata(before, (one.item.metadata for one in self._stored))
        if own is None or after != before:
            self._writer.add_source(SOURCE, LABEL, after)


def _unit(node_id: str, embedding: Sequence[float]) -> Vector:
    vector = np.asarray(embedding, np.float32)
    length = float(np.linalg.norm(vector)) if vector.ndim == 1 else 0.0
    if not np.isfinite(length) or length == 0:
        raise QueryError(f"The embedding of node {node_id!r} is zero or not finite.")
    return vector / np.float32(length)


def _stacked(found: Mapping[int, Vector]) -> tuple[npt.NDArray[np.int64], Vector]:
    ordinals = sorted(found)
    return np.array(ordinals, np.int64), np.stack([found[one] for one in ordinals])
