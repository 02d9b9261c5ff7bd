"""Principal components, and how far apart points usually are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Vectors = npt.NDArray[np.float32]

_BLOCK = 8_192


def projected(vectors: Vectors, components: int) -> Vectors:
    """Return points on their first principal components, the one of most variance first.

    The sign of a component is such that its largest loading is positive.

    Parameters
    ----------
    vectors
        Shape (n, dim) float32.

    Returns
    -------
    Shape (n, components) float32; zeros where there are fewer directions than that.
    """
    count, dim = vectors.shape
    found = np.zeros((count, components), np.float32)
    if not count:
        return found
    mean = vectors.mean(axis=0, dtype=np.float64)
    spread = np.zeros((dim, dim))
    for start in range(0, count, _BLOCK):
        # Centred first: the difference of two large sums would lose what is small.
        block = vectors[start : start + _BLOCK] - mean.astype(np.float32)
        spread += block.T @ block
    sizes, axes = np.linalg.eigh(spread)
    axes = axes[:, ::-1][:, :components]
    # Where all points are the same, what is left is the error of rounding.
    real = sizes[::-1][: axes.shape[1]] > 1e-9 * max(count, 1)
    axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])] < 0, -1, 1)
    axes = (axes * real).astype(np.float32)
    for start in range(0, count, _BLOCK):
        block = vectors[start : start + _BLOCK] - mean.astype(np.float32)
        found[start : start + _BLOCK, : axes.shape[1]] = block @ axes
    return found


def usual_cosine(vectors: Vectors) -> float:
    """Return the mean cosine of two different ones of these unit vectors, shape (n, dim)."""
    count = len(vectors)
    if count < 2:  # noqa: PLR2004
        return 0.0
    total = vectors.sum(axis=0, dtype=np.float64)
    # Of all n² pairs, n are of a vector with itself.
    return float((total @ total - count) / (count * (count - 1)))
