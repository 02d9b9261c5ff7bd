"""Add LlamaIndex nodes to a collection: in bulk, their vectors in the spaces that they fit."""

from __future__ import annotations

import numpy as np

from mmrag_jupyter.errors import QueryError
from mmrag_jupyter.store.catalogue import read_catalogue
from mmrag_jupyter.store.llama_spaces import MODALITIES, fitting, name_of
from mmrag_jupyter.store.nodecolumns import with_metadata
from mmrag_jupyter.store.nodes import to_stored

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt
    from llama_index.core.schema import BaseNode

    from mmrag_jupyter.items import NewPart
    from mmrag_jupyter.store.nodes import StoredNode
    from mmrag_jupyter.store.store import Store
    from mmrag_jupyter.store.values import Space
    from mmrag_jupyter.store.writer import Writer

Face: TypeAlias = Literal["text", "image"]
Vector: TypeAlias = "npt.NDArray[np.float32]"

SOURCE = "llama-index"
LABEL = "LlamaIndex nodes"


def add(store: Store, nodes: Sequence[BaseNode], face: Face | None) -> list[str]:
    """Store nodes with their embeddings; return their ids.

    A node that is there already is replaced. The vectors of those of its parts that have
    not changed are kept: `MultiModalVectorStoreIndex` adds a picture with a caption twice,
    once with the embedding of the caption and once with that of the picture.

    Parameters
    ----------
    face
        What the embeddings are of; None where it is not known, and is told from the node
        and the dimension.

    Raises
    ------
    QueryError
        An embedding is not finite or zero.
    """
    # Of nodes with the same id in one call the last one counts, as when added in turn.
    latest = {node.node_id: node for node in nodes}
    if latest:
        _Adding(store, list(latest.values()), face).run()
    return [node.node_id for node in nodes]


class _Adding:
    """One call of `add`: rows and vectors are gathered, and written in one commit."""

    def __init__(self, store: Store, nodes: Sequence[BaseNode], face: Face | None) -> None:
        self._store = store
        self._nodes = nodes
        self._face = face
        self._stored = [to_stored(node) for node in nodes]
        self._first: list[int] = []  # of each node, the ordinal of its first part
        count = 0
        for one in self._stored:
            self._first.append(count)
            count += len(one.item.parts)

    def run(self) -> None:
        with self._store.writer() as writer:
            spaces = self._store.spaces()
            # By space, from the ordinal of a part to its vector.
            vectors = {space.number: self._kept(space) for space in spaces}
            for at, node in enumerate(self._nodes):
                if node.embedding is not None:
                    self._place(at, node, spaces, vectors, writer)
            self._declare(writer)
            writer.put(
                [one.item for one in self._stored],
                {space: _stacked(found) for space, found in vectors.items() if found},
                source=SOURCE,
                nodes={one.item.id: one.row for one in self._stored},
            )

    def _kept(self, space: Space) -> dict[int, Vector]:
        digests = {
            part.digest: first + number
            for first, one in zip(self._first, self._stored, strict=True)
            for number, part in enumerate(one.item.parts)
        }
        found = self._store.vectors_of(space.number, list(digests))
        return {digests[digest]: vector for digest, vector in found.items()}

    def _place(
        self,
        at: int,
        node: BaseNode,
        spaces: list[Space],
        vectors: dict[int, dict[int, Vector]],
        writer: Writer,
    ) -> None:
        vector = _unit(node)
        numbers = _numbers(self._stored[at])
        known = {modality: self._first[at] + number for modality, number in numbers.items()}
        modality = self._modality(known, len(vector), spaces, vectors)
        space = fitting(spaces, modality, len(vector))
        if space is None:
            writer.add_space(name_of(len(vector)), None, len(vector), MODALITIES)
            spaces[:] = self._store.spaces()
            space = fitting(spaces, modality, len(vector))
            assert space is not None  # noqa: S101 - it has just been made
        vectors.setdefault(space.number, {})[known[modality]] = vector

    def _modality(
        self,
        known: Mapping[str, int],
        dim: int,
        spaces: Sequence[Space],
        vectors: Mapping[int, dict[int, Vector]],
    ) -> str:
        """Tell which part of a node its embedding is of."""
        if self._face in known:
            return str(self._face)
        if not {"text", "image"} <= known.keys():
            return next(iter(known))
        fits = [one for one in ("text", "image") if fitting(spaces, one, dim) is not None]
        if len(fits) == 1:
            return fits[0]
        # Both or none fit. LlamaIndex adds the caption's embedding first, the picture's second.
        has = {
            modality: any(known[modality] in found for found in vectors.values())
            for modality in ("text", "image")
        }
        if has["text"] and not has["image"]:
            return "image"
        for found in vectors.values():
            found.pop(known["image"], None)
        return "text"

    def _declare(self, writer: Writer) -> None:
        with self._store._reading() as db:  # noqa: SLF001 - one room
            own = read_catalogue(db).by_key(SOURCE)
        before = [physical.column for physical in own.columns] if own is not None else []
        after = with_metadata(before, (one.item.metadata for one in self._stored))
        if own is None or after != before:
            writer.add_source(SOURCE, LABEL, after)


def _numbers(one: StoredNode) -> dict[str, int]:
    """Return the number of a node's part of each modality."""
    parts: Sequence[NewPart] = one.item.parts
    return {part.modality: number for number, part in enumerate(parts)}


def _unit(node: BaseNode) -> Vector:
    vector = np.asarray(node.embedding, np.float32)
    length = float(np.linalg.norm(vector)) if vector.ndim == 1 else 0.0
    if not np.isfinite(length) or length == 0:
        raise QueryError(f"The embedding of node {node.node_id!r} is zero or not finite.")
    return vector / np.float32(length)


def _stacked(found: Mapping[int, Vector]) -> tuple[npt.NDArray[np.int64], Vector]:
    ordinals = sorted(found)
    return np.array(ordinals, np.int64), np.stack([found[one] for one in ordinals])
