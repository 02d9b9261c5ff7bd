"""Items in groups of their like: k-means, with a number of groups that suits them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.errors import QueryError
from mmrag_jupyter.exploring.geometry import projected
from mmrag_jupyter.exploring.threads import few_threads

if TYPE_CHECKING:
    import numpy.typing as npt

    from mmrag_jupyter.exploring.cloud import Cloud
    from mmrag_jupyter.exploring.work import Work

    Integers = npt.NDArray[np.int64]
    Vectors = npt.NDArray[np.float32]
    Floats = npt.NDArray[np.float64]

_MOST = 20
_ITERATIONS, _ATTEMPTS = 25, 3
_JUDGED = 2_000  # items that a number of groups is judged by
_DIRECTIONS = 64
_BLOCK = 8_192


@dataclass(frozen=True, slots=True, eq=False)
class Grouped:
    """The group of each item, in the order of the cloud, the largest group numbered 0.

    `distance` is the cosine distance to the middle of its group; shape (n,) each.
    """

    groups: Integers
    distance: Floats
    count: int


def grouped(cloud: Cloud, k: int | None, work: Work) -> Grouped:
    """Return the items of a cloud in `k` groups, or in as many as suit them.

    The number is that of the best simplified silhouette (Hruschka et al., 2006), tried from 2
    to the square root of their number, 20 at most: of very small groups it is always good.
    Groups that would be empty are left out.

    Raises
    ------
    QueryError
        `k` is less than 1 or more than there are items.
    """
    count = len(cloud)
    if k is not None and not 1 <= k <= count:
        items = "1 item" if count == 1 else f"{count:,} items"
        raise QueryError(f"{items} can be in 1 to {count:,} clusters, not in {k:,}.")
    few = cloud.vectors
    if few.shape[1] > _DIRECTIONS and count > _DIRECTIONS:
        few = projected(few, _DIRECTIONS)
    different = len(np.unique(few.round(5), axis=0)) if count <= _JUDGED else count
    if k is None:
        work.start(f"grouping {count:,} items", count)
        k = _suiting(few, min(_MOST, different, math.isqrt(count - 1) + 1), work)
    labels = _means(few, min(k, different), work)
    return _ordered(cloud.vectors, labels)


def _suiting(vectors: Vectors, most: int, work: Work) -> int:
    some = vectors
    if len(vectors) > _JUDGED:
        some = vectors[np.random.default_rng(0).choice(len(vectors), _JUDGED, replace=False)]
    best, found = -np.inf, 1
    for k in range(2, most + 1):
        fit = _silhouette(some, _means(some, k, None))
        work.advance(len(vectors) * k // (most + 1))
        if fit > best + 1e-6:
            best, found = fit, k
    return found


def _means(vectors: Vectors, k: int, work: Work | None) -> Integers:
    """Return the group of each vector, by k-means with seeded starts."""
    import faiss

    count = len(vectors)
    if k <= 1:
        return np.zeros(count, np.int64)
    vectors = np.ascontiguousarray(vectors)
    if work is not None:
        work.start(f"grouping {count:,} items", count)
    means = faiss.Kmeans(
        vectors.shape[1], k, niter=_ITERATIONS, nredo=_ATTEMPTS, seed=1,
        min_points_per_centroid=1, max_points_per_centroid=4_096,
    )  # fmt: skip
    with few_threads(count):
        means.train(vectors)
        found: Integers = means.index.search(vectors, 1)[1][:, 0]
    return found


def _silhouette(vectors: Vectors, labels: Integers) -> float:
    """Return how much nearer the items are to their own middle than to the next one."""
    numbers, labels = np.unique(labels, return_inverse=True)
    if len(numbers) < 2:  # noqa: PLR2004
        return -1.0
    sizes = np.bincount(labels)
    middles = np.zeros((len(numbers), vectors.shape[1]), np.float32)
    np.add.at(middles, labels, vectors)
    middles /= sizes[:, None]
    squares = (vectors**2).sum(1)[:, None] - 2 * vectors @ middles.T + (middles**2).sum(1)
    apart = np.sqrt(np.maximum(squares, 0))
    rows = np.arange(len(labels))
    own = apart[rows, labels]
    apart[rows, labels] = np.inf
    next_ = apart.min(axis=1)
    # An item alone in its group is its own middle, and tells nothing.
    fits = np.where(sizes[labels] > 1, (next_ - own) / np.maximum(next_, 1e-12), 0)
    return float(fits.mean())


def _ordered(vectors: Vectors, labels: Integers) -> Grouped:
    _, first, labels, sizes = np.unique(
        labels, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.lexsort((first, -sizes))
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    groups = rank[labels]
    middles = np.zeros((len(order), vectors.shape[1]), np.float32)
    np.add.at(middles, groups, vectors)
    middles /= np.maximum(np.linalg.norm(middles, axis=1, keepdims=True), 1e-12)
    distance = np.empty(len(vectors))
    for start in range(0, len(vectors), _BLOCK):
        block = slice(start, start + _BLOCK)
        distance[block] = 1 - np.einsum("ij,ij->i", vectors[block], middles[groups[block]])
    return Grouped(groups.astype(np.int64), np.maximum(distance, 0), len(order))
