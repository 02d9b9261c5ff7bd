"""The few vectors that stand for each part in the first stage of a search, as FAISS takes them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np

from mmrag_jupyter.store.tokens import FEW, widened

if TYPE_CHECKING:
    import numpy.typing as npt

    from mmrag_jupyter.store.nearest import View
    from mmrag_jupyter.store.vectors import Vectors

    Matrix = npt.NDArray[np.float32]


def few_of(view: View) -> View:
    """Return a space with tokens as one of single vectors, `FEW` rows a part; others as it is."""
    if not view.space.token_dim:
        return view
    alive = view.rows.alive
    rows = replace(view.rows, alive=None if alive is None else np.repeat(alive, FEW))
    # It is read like an array, block by block, which is all that searches do.
    single = cast("Vectors", _Single(view.vectors, view.space.token_dim))
    return replace(view, vectors=single, rows=rows)


class _Single:
    """Vectors of length 1, read from rows in which `FEW` of them are joined to one of length 1."""

    dtype = np.dtype(np.float16)

    def __init__(self, joined: Vectors, dim: int) -> None:
        self._stored = joined.reshape(-1, dim)
        self.shape = self._stored.shape

    def __len__(self) -> int:
        return len(self._stored)

    def __getitem__(self, rows: slice | npt.NDArray[np.int64]) -> Matrix:
        # Copied, since PyTorch warns of what is mapped for reading alone.
        found = widened(np.array(self._stored[rows], np.float16))
        found *= np.sqrt(np.float32(FEW))
        return found
