"""Vectors of one byte a number: each has a scale of its own, and is read as float32."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Matrix = npt.NDArray[np.float32]

_LARGEST = 127


def row_type(dim: int) -> np.dtype[np.void]:
    """Return how a vector lies in the file: what a step is worth, and so many steps."""
    return np.dtype([("scale", "<f4"), ("steps", "i1", (dim,))])


def quantized(vectors: Matrix) -> npt.NDArray[np.void]:
    """Return vectors, shape (n, dim), as rows for the file, shape (n,).

    The largest number of each becomes 127 steps, so that a number is off by at most half a
    step: of 512 numbers the cosine with another vector by some ten-thousandths. What was read
    from such a file comes out as it was.
    """
    rows = np.empty(len(vectors), row_type(vectors.shape[1]))
    largest = np.abs(vectors).max(axis=1, initial=0.0)
    rows["scale"] = scale = (largest / _LARGEST).astype(np.float32)
    steps = np.divide(vectors, scale[:, None], where=scale[:, None] > 0, out=np.zeros_like(vectors))
    rows["steps"] = np.clip(np.rint(steps), -_LARGEST, _LARGEST)
    return rows


class Quantized:
    """The rows of a file, shape (n,), read like a matrix of float32, shape (n, dim)."""

    dtype = np.dtype(np.int8)

    def __init__(self, rows: npt.NDArray[np.void]) -> None:
        self._rows = rows
        self.shape: tuple[int, int] = rows["steps"].shape

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, rows: slice | npt.NDArray[np.int64]) -> Matrix:
        some = self._rows[rows]
        found: Matrix = some["steps"].astype(np.float32)
        with np.errstate(invalid="ignore", over="ignore"):  # what is damaged is found later
            found *= some["scale"][:, None]
        return found
