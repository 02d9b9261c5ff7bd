"""The nearest neighbours of all points among themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mmrag_jupyter.exploring.threads import few_threads

if TYPE_CHECKING:
    import numpy.typing as npt

    from mmrag_jupyter.exploring.work import Work

    Vectors = npt.NDArray[np.float32]
    Integers = npt.NDArray[np.int64]

_EXACT_UP_TO = 20_000
_VISITED = 8  # lists of the index, a query
_BLOCK = 2_048


def nearest(vectors: Vectors, k: int, work: Work) -> tuple[Vectors, Integers]:
    """Return the `k` nearest others of each unit vector.

    Exact up to 20,000 vectors; of more, through an index that finds nearly all of them.

    Parameters
    ----------
    vectors
        Shape (n, dim) float32.

    Returns
    -------
    Cosines, shape (n, k) float32, best first, and places, shape (n, k) int64.
    """
    count, dim = vectors.shape
    cosines = np.zeros((count, k), np.float32)
    places = np.zeros((count, k), np.int64)
    if not k:
        return cosines, places
    import faiss

    vectors = np.ascontiguousarray(vectors)
    index: Any = faiss.IndexFlatIP(dim)
    if count > _EXACT_UP_TO:
        lists = int(2 * np.sqrt(count))
        flat = index  # it must live as long as the index
        index = faiss.IndexIVFFlat(flat, dim, lists, faiss.METRIC_INNER_PRODUCT)
        index.cp.seed, index.cp.niter, index.nprobe = 1, 6, _VISITED
        index.cp.max_points_per_centroid = 64
        work.start(f"sorting {count:,} items", count)
        index.train(vectors)
    for start in range(0, count, 1 << 16):
        index.add(vectors[start : start + (1 << 16)])
    work.start(f"comparing {count:,} items", count)
    for start in range(0, count, _BLOCK):
        stop = min(start + _BLOCK, count)
        with few_threads(count):
            scores, found = index.search(vectors[start:stop], k + 1)
        cosines[start:stop], places[start:stop] = _others(scores, found, start, k)
        work.advance(stop)
    return cosines, places


def _others(scores: Vectors, found: Integers, start: int, k: int) -> tuple[Vectors, Integers]:
    """Return what was found without each point itself, which need not come first."""
    own = np.arange(start, start + len(found))[:, None]
    # Among points that are the same, it may not be there at all: then the last goes.
    drop = found == own
    drop[~drop.any(axis=1), -1] = True
    kept = ~drop
    cosines, places = scores[kept].reshape(-1, k), found[kept].reshape(-1, k)
    # Where the lists that were visited hold fewer, the last one found stands for the rest.
    lost = places < 0
    if lost.any():
        last = np.maximum((~lost).sum(axis=1) - 1, 0)
        rows = np.arange(len(places))
        cosines = np.where(lost, np.maximum(cosines[rows, last], -1)[:, None], cosines)
        places = np.where(lost, places[rows, last][:, None], places)
    return cosines, places
