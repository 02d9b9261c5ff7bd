"""Which of n things belong together: disjoint sets that grow pair by pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Integers = npt.NDArray[np.int64]


class Sets:
    """`count` things, each in a set of its own at first."""

    def __init__(self, count: int) -> None:
        self._labels: Integers = np.arange(count)

    def apart(self, one: Integers, other: Integers) -> npt.NDArray[np.bool_]:
        """Tell of each pair whether its two are in different sets."""
        different: npt.NDArray[np.bool_] = self._labels[one] != self._labels[other]
        return different

    def join(self, one: Integers, other: Integers) -> None:
        """Join the sets of each pair."""
        if not len(one):
            return
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        touched, places = np.unique(self._labels[np.concatenate([one, other])], return_inverse=True)
        halves = places[: len(one)], places[len(one) :]
        links = coo_array((np.ones(len(one), np.int8), halves), shape=(len(touched),) * 2)
        count, found = connected_components(links, directed=False)
        # A set keeps the least of the labels that it had.
        least = np.full(count, len(self._labels), np.int64)
        np.minimum.at(least, found, touched)
        renamed = np.arange(len(self._labels))
        renamed[touched] = least[found]
        self._labels = renamed[self._labels]

    def groups(self) -> list[Integers]:
        """Return the sets of at least two things, sorted, in the order of their first ones."""
        order = np.argsort(self._labels, kind="stable")
        starts = np.flatnonzero(np.diff(self._labels[order], prepend=-1))
        found = np.split(order, starts[1:]) if len(order) else []
        return sorted((one for one in found if len(one) > 1), key=lambda one: int(one[0]))
