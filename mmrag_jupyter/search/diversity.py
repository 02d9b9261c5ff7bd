"""Choose hits that are good and not all alike (maximal marginal relevance)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]


def diversified(relevance: Numbers, likeness: Numbers, k: int, diverse: float) -> list[int]:
    """Return the positions of at most `k` candidates, the best choice first.

    Each next one has the most of (1 - diverse) * relevance - diverse * its greatest likeness
    to one that is chosen already: J. Carbonell and J. Goldstein, "The use of MMR,
    diversity-based reranking" (SIGIR 1998), with 1 - lambda called `diverse`.

    Parameters
    ----------
    relevance
        Shape (n,), from 0 to 1, best first.
    likeness
        Shape (n, n), symmetric, from 0 (nothing alike) to 1 (the same).
    diverse
        From 0, which keeps the order of relevance, to 1, which looks at likeness alone.
    """
    left = np.ones(len(relevance), bool)
    nearest = np.zeros(len(relevance))
    chosen: list[int] = []
    while left.any() and len(chosen) < k:
        gain = (1 - diverse) * relevance - diverse * nearest
        # The first is the most relevant, whatever is asked: nothing is chosen yet to differ from.
        gain = relevance if not chosen else gain
        best = int(np.argmax(np.where(left, gain, -np.inf)))
        chosen.append(best)
        left[best] = False
        nearest = np.maximum(nearest, likeness[best])
    return chosen


def spread(cosines: Numbers) -> Numbers:
    """Return pairwise cosines, shape (n, n), stretched to 0 (least alike) to 1 (most alike).

    Spaces differ in how near everything lies to everything; NaN, where one of two has no
    vector, stays.
    """
    apart = cosines[~np.eye(len(cosines), dtype=bool)]
    if not np.isfinite(apart).any():
        return np.full_like(cosines, np.nan)
    low, high = np.nanmin(apart), np.nanmax(apart)
    scale = high - low
    stretched: Numbers = np.clip((cosines - low) / scale if scale > 0 else cosines * 0, 0, 1)
    return stretched
