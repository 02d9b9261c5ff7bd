"""A second look at pictures whose vectors are near: whether they are one or only look alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.errors import MmragError
from mmrag_jupyter.exploring.sketches import SIZE, flat, same, sketch
from mmrag_jupyter.search.build import media_of
from mmrag_jupyter.sources.images import open_image

if TYPE_CHECKING:
    import numpy.typing as npt

    from mmrag_jupyter.items import Modality
    from mmrag_jupyter.store import PartRow, Store

    Bytes = npt.NDArray[np.uint8]
    Integers = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]
    Flags = npt.NDArray[np.bool_]

_EDGE = 64  # pixels of the shorter side that are enough
_MOST = 4  # pictures of an item: the first pages of a document tell it from others


class Looking:
    """Opens the pictures of items when they are asked for, and says which of them are the same.

    Where there is nothing to look at (a file that is gone, a plain colour), the vectors decide,
    by a stricter limit.

    Parameters
    ----------
    items
        The numbers of the items, shape (n,) int64; they are spoken of by their places in it.
    strict
        The cosine from which on two are the same that cannot be looked at.
    """

    def __init__(self, store: Store, items: Integers, modality: Modality, strict: float) -> None:
        self._store, self._items = store, items
        self._modality, self._strict = modality, strict
        self._looked = np.zeros(len(items), bool)
        # Where the pictures of each item are among the sketches; -1 where it has no more.
        self._places = np.full((len(items), _MOST), -1, np.int64)
        self._sketches: Bytes = np.empty((0, SIZE), np.uint8)
        self._flat: Flags = np.empty(0, bool)

    @property
    def unseen(self) -> int:
        """How many of the items that were asked for have no picture that can be opened."""
        return int((self._looked & (self._places < 0).all(axis=1)).sum())

    def same(self, one: Integers, other: Integers, cosines: Floats) -> Flags:
        """Tell of each pair of items, with the cosine of their vectors, whether they are the same.

        Of items with several pictures, each of the one that has fewer is to be among the other's.
        """
        self._look(np.unique(np.concatenate([one, other])))
        here, there = self._places[one], self._places[other]
        swap = ((here >= 0).sum(axis=1) > (there >= 0).sum(axis=1))[:, None]
        fewer, more = np.where(swap, there, here), np.where(swap, here, there)
        near = cosines >= self._strict
        pairs, at, against = np.nonzero((fewer >= 0)[:, :, None] & (more >= 0)[:, None, :])
        own, others = fewer[pairs, at], more[pairs, against]
        alike = np.zeros((len(one), _MOST, _MOST), bool)
        plain = self._flat[own] & self._flat[others] & near[pairs]
        alike[pairs, at, against] = plain | same(self._sketches[own], self._sketches[others])
        seen = (fewer >= 0).any(axis=1)
        found: Flags = np.where(seen, (alike.any(axis=2) | (fewer < 0)).all(axis=1), near)
        return found

    def _look(self, places: Integers) -> None:
        """Open the pictures of those items that were not looked at yet."""
        places = places[~self._looked[places]]
        if not len(places):
            return
        at = dict(zip(self._items[places].tolist(), places.tolist(), strict=True))
        known = np.zeros(len(self._items), np.int64)
        made: list[Bytes] = []
        for row in self._store.parts_of(list(at)):
            place = at[row.item]
            if row.modality != self._modality or known[place] == _MOST:
                continue
            drawn = self._drawn(row)
            if drawn is not None:
                self._places[place, known[place]] = len(self._sketches) + len(made)
                known[place] += 1
                made.append(drawn)
        if made:
            new = np.stack(made)
            self._sketches = np.concatenate([self._sketches, new])
            self._flat = np.concatenate([self._flat, flat(new)])
        self._looked[places] = True

    def _drawn(self, row: PartRow) -> Bytes | None:
        try:
            media = media_of(row, self._store)
            return None if media is None else sketch(open_image(media, edge=_EDGE))
        except MmragError:
            return None
