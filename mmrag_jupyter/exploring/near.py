"""All pairs of vectors that are nearer than a limit: exact, block by block, without an index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.exploring.geometry import projected, usual_cosine

if TYPE_CHECKING:
    import numpy.typing as npt

    from mmrag_jupyter.exploring.sets import Sets
    from mmrag_jupyter.exploring.work import Work

    Vectors = npt.NDArray[np.float32]

# Two vectors are near where they are closer than this share of the usual distance of two. Of
# 470 shop photos, seen by colours and layout, 98% of the copies that were scaled down, cropped
# by a tenth or saved with a quality of 40 are, and 2% have another photo that near.
NEAR = 0.03
# What float32 adds to or takes from a cosine.
_ROUNDING = 2e-6
_MOST_NEAR, _LEAST_NEAR = 0.99, 0.95
# Of few items nothing usual can be told: a guess stands for so many pairs.
_GUESS, _GUESSED = 0.5, 45
_DIRECTIONS = 48
_ROWS, _COLUMNS = 1_024, 8_192
_AT_ONCE = 65_536  # pairs that are looked at in full


def default_limit(vectors: Vectors) -> float:
    """Return the cosine from which on two of these vectors are near-duplicates.

    Spaces differ in how far apart anything is: in some, two random pictures have a cosine of
    0.1, in others one of 0.8. So it is measured against the usual cosine of this very space.
    """
    pairs = len(vectors) * (len(vectors) - 1) / 2
    usual = (usual_cosine(vectors) * pairs + _GUESS * _GUESSED) / (pairs + _GUESSED)
    return min(max(1 - NEAR * (1 - usual), _LEAST_NEAR), _MOST_NEAR)


def join_near(vectors: Vectors, limit: float, sets: Sets, work: Work) -> None:
    """Join all pairs of unit vectors, shape (n, dim), whose cosine is at least `limit`.

    A pair of near vectors is near in any projection too, so that the few main directions
    tell which pairs are worth a look: nothing is missed, and most are never compared in full.
    """
    count = len(vectors)
    few = projected(vectors, min(_DIRECTIONS, vectors.shape[1]))
    # Sorted along the first direction, what is further behind than the limit is too far away.
    order = np.argsort(few[:, 0], kind="stable")
    few = few[order]
    firsts = np.ascontiguousarray(few[:, 0])
    lengths, ones = np.einsum("ij,ij->i", few, few)[:, None], np.ones((count, 1), np.float32)
    # One product gives |x - y|² = |x|² - 2xy + |y|², which is 2 - 2 cos(x, y) in full.
    here = np.hstack([few * -2, lengths, ones])
    there = np.hstack([few, ones, lengths])
    most = np.float32(2 * (1 - limit) + 4 * _ROUNDING)
    work.start(f"comparing {count:,} items", count)
    for top in range(0, count, _ROWS):
        bottom = min(top + _ROWS, count)
        reach = int(np.searchsorted(firsts, firsts[bottom - 1] + np.sqrt(most), "right"))
        for left in range(top, reach, _COLUMNS):
            right = min(left + _COLUMNS, reach)
            close = np.flatnonzero(here[top:bottom] @ there[left:right].T <= most)
            if not len(close):
                continue
            rows, columns = np.divmod(close, right - left)
            rows, columns = rows + top, columns + left
            later = columns > rows
            _join(vectors, order[rows[later]], order[columns[later]], limit, sets)
        work.advance(bottom)


def cosines(
    vectors: Vectors, one: npt.NDArray[np.int64], other: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Return the cosine of each pair of unit vectors, shape (len(one),) float64, at most 1."""
    found = np.zeros(len(one))
    for at in range(0, len(one), _ROWS):
        here, there = vectors[one[at : at + _ROWS]], vectors[other[at : at + _ROWS]]
        found[at : at + _ROWS] = np.einsum("ij,ij->i", here, there)
    return np.minimum(found, 1.0)


def _join(
    vectors: Vectors,
    one: npt.NDArray[np.int64],
    other: npt.NDArray[np.int64],
    limit: float,
    sets: Sets,
) -> None:
    for start in range(0, len(one), _AT_ONCE):
        some, against = one[start : start + _AT_ONCE], other[start : start + _AT_ONCE]
        # In a dense crowd nearly all pairs are joined already by others.
        apart = sets.apart(some, against)
        some, against = some[apart], against[apart]
        close = cosines(vectors, some, against) >= limit - _ROUNDING
        sets.join(some[close], against[close])
