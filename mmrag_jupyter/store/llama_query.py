"""The query modes of a LlamaIndex vector store: default, text_search, sparse, hybrid, mmr."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
from llama_index.core.vector_stores.types import VectorStoreQueryMode as Mode

from mmrag_jupyter.errors import QueryError
from mmrag_jupyter.store.llama_select import node_id_of, select
from mmrag_jupyter.store.llama_spaces import finished

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt
    from llama_index.core.vector_stores.types import VectorStoreQuery

    from mmrag_jupyter.store.llama_add import Face
    from mmrag_jupyter.store.selection import Selection
    from mmrag_jupyter.store.store import Store
    from mmrag_jupyter.store.values import PartRow

    Vectors: TypeAlias = npt.NDArray[np.float32]

_ALPHA = 0.5
_MMR_THRESHOLD = 0.5
# The nearest nodes among which mmr chooses; more would be further from the query than diverse.
_MMR_CANDIDATES = 20
_MMR_LEAST = 500


class Ranked(NamedTuple):
    """A part with its score, and the space of its vector (0 where words found it)."""

    part: int
    score: float
    space: int


class Scored(NamedTuple):
    """A node that was found: the part it stands for, its score, and the space of its vector."""

    row: PartRow
    score: float
    space: int


def run(store: Store, query: VectorStoreQuery, face: Face | None) -> dict[str, Scored]:
    """Return the nodes that a query finds, best first, by their ids.

    Parameters
    ----------
    face
        Which parts may be found: texts, pictures, or with None all.

    Raises
    ------
    QueryError
        The mode is not supported, or the query lacks what it needs.
    """
    modes: Mapping[Mode, Callable[[_Query], dict[str, Scored]]] = {
        Mode.DEFAULT: lambda one: one.dense(query.similarity_top_k),
        Mode.TEXT_SEARCH: lambda one: one.lexical(query.similarity_top_k),
        Mode.SPARSE: lambda one: one.lexical(query.sparse_top_k or query.similarity_top_k),
        Mode.HYBRID: lambda one: one.hybrid(),
        Mode.MMR: lambda one: one.diverse(),
    }
    mode = Mode(query.mode)
    if mode not in modes:
        known = ", ".join(one.value for one in modes)
        raise QueryError(f"Query mode {mode.value!r} is not supported; use {known}.")
    return modes[mode](_Query(store, query, face))


class _Query:
    """One query over one store, with its restrictions worked out."""

    def __init__(self, store: Store, query: VectorStoreQuery, face: Face | None) -> None:
        self._store = store
        self._query = query
        self._face = face
        self._within: Selection | None = select(
            store,
            filters=query.filters,
            node_ids=query.node_ids,
            doc_ids=query.doc_ids,
            face=face,
        )
        # No ranking is longer, however many nodes are asked for.
        parts, spaces = sum(store.part_counts().values()), len(store.spaces())
        self._most = max(parts, 1) * max(spaces, 1)

    def dense(self, k: int) -> dict[str, Scored]:
        """Return the nodes nearest to the query's embedding, by cosine."""
        vector = self._vector()
        spaces = self._spaces(vector.shape[1])

        def nearest(depth: int) -> list[Ranked]:
            found: list[Ranked] = []
            for space in spaces:
                parts, scores = self._store.nearest(space, vector, depth, self._within)
                pairs = zip(parts[0].tolist(), scores[0].tolist(), strict=True)
                found += [Ranked(part, score, space) for part, score in pairs if part >= 0]
            return sorted(found, key=lambda one: -one.score)[:depth]

        return self._distinct(nearest, k)

    def lexical(self, k: int) -> dict[str, Scored]:
        """Return the nodes whose words match the query's best, by BM25."""
        text = self._query.query_str
        if text is None:
            raise QueryError(f"Query mode {Mode(self._query.mode).value!r} needs query_str.")

        def matching(depth: int) -> list[Ranked]:
            parts, scores = self._store.lexical(text, depth, self._within)
            pairs = zip(parts.tolist(), scores.tolist(), strict=True)
            return [Ranked(part, score, 0) for part, score in pairs]

        return self._distinct(matching, k)

    def hybrid(self) -> dict[str, Scored]:
        """Return the weighted sum of both rankings, each scaled to scores from 0 to 1."""
        query = self._query
        alpha = _ALPHA if query.alpha is None else query.alpha
        if not 0 <= alpha <= 1:
            raise QueryError(f"alpha is {alpha}; it lies between 0 (words) and 1 (vectors).")
        dense = self.dense(query.similarity_top_k)
        lexical = self.lexical(query.sparse_top_k or query.similarity_top_k)
        fused: dict[str, Scored] = {}
        for weight, found in ((alpha, dense), (1 - alpha, lexical)):
            for node_id, (one, share) in zip(found, _scaled(found), strict=True):
                before = fused.get(node_id)
                score = weight * share + (before.score if before is not None else 0.0)
                fused[node_id] = (before or one)._replace(score=score)
        best = sorted(fused, key=lambda node_id: -fused[node_id].score)
        return {one: fused[one] for one in best[: query.hybrid_top_k or query.similarity_top_k]}

    def diverse(self) -> dict[str, Scored]:
        """Return nodes near to the query and unlike each other: maximal marginal relevance.

        Carbonell and Goldstein, "The Use of MMR" (SIGIR 1998). Each next node has the largest
        threshold * cosine to the query - (1 - threshold) * largest cosine to one already
        chosen; that is its score.
        """
        threshold = self._query.mmr_threshold
        threshold = _MMR_THRESHOLD if threshold is None else threshold
        if not 0 <= threshold <= 1:
            raise QueryError(f"mmr_threshold is {threshold}; it lies between 0 and 1.")
        k = self._query.similarity_top_k
        candidates = self.dense(max(_MMR_CANDIDATES * k, _MMR_LEAST))
        if not candidates:
            return {}
        names = list(candidates)
        vectors = self._vectors([candidates[name] for name in names])
        relevance = threshold * np.array([candidates[name].score for name in names])
        overlap = np.full(len(names), -np.inf)
        chosen: dict[str, Scored] = {}
        score = relevance
        while len(chosen) < min(k, len(names)):
            best = int(np.argmax(score))
            chosen[names[best]] = candidates[names[best]]._replace(score=float(score[best]))
            relevance[best] = -np.inf
            overlap = np.maximum(overlap, vectors @ vectors[best])
            score = relevance - (1 - threshold) * overlap
        return chosen

    def _vector(self) -> Vectors:
        embedding = self._query.query_embedding
        if embedding is None:
            raise QueryError(f"Query mode {Mode(self._query.mode).value!r} needs query_embedding.")
        vector = np.asarray(embedding, np.float32)
        length = float(np.linalg.norm(vector))
        if vector.ndim != 1 or not np.isfinite(length) or length == 0:
            raise QueryError("The query's embedding is zero or not finite.")
        return (vector / np.float32(length))[None, :]

    def _spaces(self, dim: int) -> list[int]:
        spaces = [
            one
            for one in finished(self._store)
            if self._face is None or self._face in one.modalities
        ]
        fit = [one.number for one in spaces if one.dim == dim]
        if not fit and any(one.rows > one.dead for one in spaces):
            known = ", ".join(f"{one.name} ({one.dim})" for one in spaces)
            raise QueryError(
                f"The query's embedding has {dim} numbers; collection {self._store.name!r} has "
                f"the spaces {known}."
            )
        return fit

    def _vectors(self, found: Sequence[Scored]) -> Vectors:
        vectors = np.zeros((len(found), len(self._query.query_embedding or ())), np.float32)
        for space in {one.space for one in found}:
            at = [number for number, one in enumerate(found) if one.space == space]
            vectors[at] = self._store.vectors(space, [found[number].row.part for number in at])
        return vectors

    def _distinct(self, ranking: Callable[[int], list[Ranked]], k: int) -> dict[str, Scored]:
        """Return the k best nodes of a ranking of parts: several parts may be one node's."""
        depth = min(k, self._most)
        while True:
            ranked = ranking(depth) if depth > 0 else []
            rows = {row.part: row for row in self._store.parts([one.part for one in ranked])}
            nodes = self._store.nodes(list(dict.fromkeys(row.item for row in rows.values())))
            found: dict[str, Scored] = {}
            for part, score, space in ranked:
                if part in rows:
                    row = rows[part]
                    found.setdefault(node_id_of(row, nodes), Scored(row, score, space))
            if len(found) >= k or len(ranked) < depth or depth == self._most:
                return dict(list(found.items())[:k])
            depth = min(2 * depth, self._most)


def _scaled(found: Mapping[str, Scored]) -> list[tuple[Scored, float]]:
    scores = [one.score for one in found.values()]
    least, span = min(scores, default=0.0), max(scores, default=0.0) - min(scores, default=0.0)
    return [(one, (one.score - least) / span if span > 0 else 1.0) for one in found.values()]
