"""Exact nearest neighbours, straight over the mapped vectors: nothing is copied or built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from mmrag_jupyter.store.vectors import Vectors

    Queries = npt.NDArray[np.float32]
    Mask = npt.NDArray[np.bool_]
    Found = tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]

# Below this share of allowed rows it is faster to visit them one by one than to pass by the rest.
_FEW = 0.2
# From this many queries on, FAISS multiplies matrices, which needs all rows.
_MANY_QUERIES = 20
_BLOCK_BYTES = 32 << 20


def nearest(queries: Queries, vectors: Vectors, k: int, allowed: Mask | None) -> Found:
    """Return the k allowed rows of `vectors` with the largest inner products, best first.

    Parameters
    ----------
    queries
        Shape (n, dim) float32.
    vectors
        Shape (rows, dim), float32 or float16.
    allowed
        Shape (rows,), or None for all rows.

    Returns
    -------
    Scores and row numbers, shape (n, k) each; -inf and -1 where there are fewer than k.
    """
    if not len(vectors) or not len(queries) or not k:
        return empty(len(queries), k)
    if vectors.dtype == np.float32:
        return _nearest(queries, vectors, k, allowed)
    best = empty(len(queries), k)
    few = np.flatnonzero(allowed) if allowed is not None else None
    step = max(1, _BLOCK_BYTES // (4 * vectors.shape[1]))
    for start in range(0, len(vectors if few is None else few), step):
        block = slice(start, start + step) if few is None else few[start : start + step]
        scores, found = _nearest(queries, vectors[block].astype(np.float32), k, None)
        rows = found + start if few is None else few[start + np.maximum(found, 0)]
        best = merged(best, (scores, np.where(found >= 0, rows, -1)), k)
    return best


def merged(first: Found, second: Found, k: int) -> Found:
    """Return the k best of two results."""
    scores = np.concatenate([first[0], second[0]], axis=1)
    rows = np.concatenate([first[1], second[1]], axis=1)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(scores, order, 1), np.take_along_axis(rows, order, 1)


def empty(queries: int, k: int) -> Found:
    """Return the result of a search that finds nothing."""
    return np.full((queries, k), -np.inf, np.float32), np.full((queries, k), -1, np.int64)


def _nearest(queries: Queries, vectors: Vectors, k: int, allowed: Mask | None) -> Found:
    faiss = _faiss()
    scores, rows = empty(len(queries), k)
    if allowed is None:
        # Without a selector FAISS splits even one query over threads, which costs more than
        # it gains, and much more where other processes keep the cores busy.
        selector = faiss.IDSelectorAll() if len(queries) < _MANY_QUERIES else None
    else:
        few = np.flatnonzero(allowed)
        if len(few) < _FEW * len(allowed):
            return _nearest_of(queries, vectors, k, few)
        bits = np.packbits(allowed, bitorder="little")  # must live as long as the selector
        selector = faiss.IDSelectorBitmap(bits)
    faiss.knn_inner_product(
        faiss.swig_ptr(queries), faiss.swig_ptr(vectors), vectors.shape[1],
        len(queries), len(vectors), k, faiss.swig_ptr(scores), faiss.swig_ptr(rows), selector,
    )  # fmt: skip
    scores[rows < 0] = -np.inf
    return scores, rows


def _faiss() -> Any:  # noqa: ANN401 - FAISS does not describe the half of what it has
    import faiss

    return faiss


def _nearest_of(queries: Queries, vectors: Vectors, k: int, rows: npt.NDArray[np.int64]) -> Found:
    faiss = _faiss()
    scores, found = empty(len(queries), k)
    if len(rows):
        faiss.knn_inner_products_by_idx(
            faiss.swig_ptr(queries), faiss.swig_ptr(vectors), faiss.swig_ptr(rows),
            vectors.shape[1], len(queries), len(vectors), len(rows), k,
            faiss.swig_ptr(scores), faiss.swig_ptr(found), 0,
        )  # fmt: skip
        scores[found < 0] = -np.inf
    return scores, found
