"""All pairs of vectors that are nearer than a limit: exact, block by block, without an index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.exploring.geometry import projected, usual_cosine

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from mmrag_jupyter.exploring.sets import Sets
    from mmrag_jupyter.exploring.work import Work

    Vectors = npt.NDArray[np.float32]
    Integers = npt.NDArray[np.int64]
    Judge = Callable[[Integers, Integers, npt.NDArray[np.float64]], npt.NDArray[np.bool_]]

# Two vectors are near where they are closer than this share of the usual distance of two; and
# where a second look at the pictures decides, than this larger one. Both were measured on photos
# of groceries and goods, seen by colours and layout (docs/exploring.md).
NEAR, WORTH_A_LOOK = 0.03, 0.15
# However much alike all vectors are, two random ones are taken to be at least so far apart.
_LEAST_USUAL = 1 / 3
# What float32 adds to or takes from a cosine.
_ROUNDING = 2e-6
# Of few items nothing usual can be told: a guess stands for so many pairs.
_GUESS, _GUESSED = 0.5, 45
_DIRECTIONS = 48
_LOOKED_AT = 20  # others that an item is looked at beside, on average
_ASKED = 256  # items by which their number is estimated
_ROWS, _COLUMNS = 1_024, 8_192
# Pairs that are compared in full at once; fewer where each costs more.
_AT_ONCE, _JUDGED_AT_ONCE = 65_536, 1_024


def default_limit(vectors: Vectors, share: float = NEAR) -> float:
    """Return the cosine from which on two of these vectors are near-duplicates.

    Spaces differ in how far apart anything is: in some, two random pictures have a cosine of
    0.1, in others one of 0.8. So it is a `share` of the usual distance in this very space.
    """
    pairs = len(vectors) * (len(vectors) - 1) / 2
    usual = (usual_cosine(vectors) * pairs + _GUESS * _GUESSED) / (pairs + _GUESSED)
    return 1 - share * max(1 - usual, _LEAST_USUAL)


def raised_limit(vectors: Vectors, limit: float) -> float:
    """Return a limit that so few pairs reach, 20 an item on average, that each can be looked at.

    Where everything looks alike (goods on white), half of all pairs may reach the usual one. A
    copy is nearer than what only looks alike, so that hardly any is lost. Estimated from some
    of the items.
    """
    count = len(vectors)
    some = np.random.default_rng(0).choice(count, min(count, _ASKED), replace=False)
    found = vectors[np.sort(some)] @ vectors.T
    # What is there twice to the letter is joined before anything is looked at.
    found = found[(found >= limit) & (found < 1 - _ROUNDING)]
    most = _LOOKED_AT * len(some)
    if len(found) <= most:
        return limit
    return float(np.partition(found, len(found) - most)[len(found) - most])


def join_near(
    vectors: Vectors, limit: float, sets: Sets, work: Work, judge: Judge | None = None
) -> None:
    """Join all pairs of unit vectors, shape (n, dim), whose cosine is at least `limit`.

    A pair of near vectors is near in any projection too, so that the few main directions
    tell which pairs are worth a look: nothing is missed, and most are never compared in full.

    Parameters
    ----------
    judge
        Says of such pairs, by their places and cosines, which of them are to be joined; all
        are where there is none.
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
            one, other = order[rows[later]], order[columns[later]]
            _join(vectors, (one, other), limit, sets, judge)
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
    pairs: tuple[Integers, Integers],
    limit: float,
    sets: Sets,
    judge: Judge | None,
) -> None:
    step = _AT_ONCE if judge is None else _JUDGED_AT_ONCE
    for start in range(0, len(pairs[0]), step):
        one, other = (some[start : start + step] for some in pairs)
        # In a dense crowd nearly all pairs are joined already by others.
        apart = sets.apart(one, other)
        one, other = one[apart], other[apart]
        found = cosines(vectors, one, other)
        close = found >= limit - _ROUNDING
        one, other, found = one[close], other[close], found[close]
        if judge is not None and len(one):
            same = judge(one, other, found)
            one, other = one[same], other[same]
        sets.join(one, other)
