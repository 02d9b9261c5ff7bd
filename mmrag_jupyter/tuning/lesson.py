"""What a map is learnt from, and the map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What is learnt from in one space.

    Attributes
    ----------
    queries
        Shape (n, f) float32: the texts' vectors, of length 1.
    parts
        Shape (m, d) float32: the vectors of judged parts, of length 1.
    owners
        Shape (m,): the item of each part.
    good, bad
        For each query the items that are right, and those that were judged wrong.
    keeps
        Whether queries and parts are of one space, so that a query's own vector is a start.
    """

    queries: Array
    parts: Array
    owners: npt.NDArray[np.int64]
    good: Sequence[frozenset[int]]
    bad: Sequence[frozenset[int]]
    keeps: bool

    def positives(self) -> npt.NDArray[np.bool_]:
        """Return which parts are right for which query, shape (n, m)."""
        return _of(self.good, self.owners)

    def negatives(self) -> npt.NDArray[np.bool_]:
        """Return which parts were judged wrong for which query, shape (n, m)."""
        return _of(self.bad, self.owners)

    def some(self, queries: npt.NDArray[np.int64], items: frozenset[int]) -> Lesson:
        """Return the lesson of some queries and some items."""
        kept = np.isin(self.owners, list(items))
        good = [self.good[at] & items for at in queries.tolist()]
        alive = [place for place, own in enumerate(good) if own]
        return Lesson(
            self.queries[queries[alive]],
            self.parts[kept],
            self.owners[kept],
            [good[place] for place in alive],
            [self.bad[queries[place]] & items for place in alive],
            self.keeps,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """Texts' vectors q, shape (n, f), to `base` q + `up` `down` q, shape (n, d)."""

    base: float
    down: Array
    up: Array

    def __call__(self, queries: Array) -> Array:
        """Return shape (n, d), not normalised."""
        moved = np.asarray(queries @ self.down.T @ self.up.T, np.float32)
        return queries + moved if self.base else moved


def _of(items: Sequence[frozenset[int]], owners: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    made = np.zeros((len(items), len(owners)), np.bool_)
    for row, own in zip(made, items, strict=True):
        if own:
            row[:] = np.isin(owners, list(own))
    return made
