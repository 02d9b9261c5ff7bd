"""All vectors of a space, or those of a selection, to be read block by block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.store.nearest import overwritten
from mmrag_jupyter.store.soundness import UnsoundError
from mmrag_jupyter.store.tokens import FEW

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from mmrag_jupyter.store.nearest import View
    from mmrag_jupyter.store.selection import Selection

    Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """Vectors as of one commit: `parts` and `items` say whose each is, shape (n,) int64.

    They are in the order of the items. Where parts have many vectors each, the mean direction
    of those few that stand for them in a search is taken.
    """

    parts: Integers
    items: Integers
    _folder: Path
    _view: View
    _rows: Integers

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def dim(self) -> int:
        """How many numbers a vector has."""
        return self._view.space.token_dim or self._view.space.dim

    def read(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Return the vectors from `start` to before `stop`, shape (n, dim) float32.

        Raises
        ------
        StoreDamagedError
            What was read was no vector.
        """
        try:
            found = self._view.read(self._rows[start:stop])
        except UnsoundError:
            raise overwritten(self._folder, self._view.space) from None
        if not self._view.space.token_dim:
            return found
        joined: npt.NDArray[np.float32] = found.reshape(len(found), FEW, -1).sum(axis=1)
        joined /= np.maximum(np.linalg.norm(joined, axis=1, keepdims=True), 1e-12)
        return joined


def matrix_of(folder: Path, view: View, within: Selection | None) -> Matrix:
    """Return the alive vectors of a space that a selection lets through."""
    allowed = view.rows.allowed(within)
    rows = np.arange(len(view.rows.parts)) if allowed is None else np.flatnonzero(allowed)
    items = view.rows.items[rows]
    if (np.diff(items) < 0).any():
        order = np.argsort(items, kind="stable")
        rows, items = rows[order], items[order]
    return Matrix(view.rows.parts[rows], items, folder, view, rows)
