"""Items that are far from all others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.exploring.neighbours import nearest

if TYPE_CHECKING:
    import numpy.typing as npt

    from mmrag_jupyter.exploring.cloud import Cloud
    from mmrag_jupyter.exploring.work import Work

    Floats = npt.NDArray[np.float64]

# Makes the median of the deviations a standard deviation where they are normal.
_NORMAL = 1.4826


@dataclass(frozen=True, slots=True, eq=False)
class Far:
    """How far each item is from its neighbours, in the order of the cloud; shape (n,) each.

    `distance` is the mean cosine distance to the nearest ones, `score` by how many (robust)
    standard deviations that is above the usual.
    """

    distance: Floats
    score: Floats


def far(cloud: Cloud, work: Work, neighbours: int = 10) -> Far:
    """Return how far each item of a cloud is from its nearest neighbours.

    The score is the modified z-score of Iglewicz and Hoaglin, "How to detect and handle
    outliers" (1993). Where more than half are equally far, the median deviation tells nothing:
    the root mean square stands for it; where all are, the score is 0.
    """
    cosines, _ = nearest(cloud.vectors, min(neighbours, len(cloud) - 1), work)
    distance = 1 - cosines.mean(axis=1) if cosines.shape[1] else np.zeros(len(cloud))
    distance = np.maximum(distance, 0).astype(np.float64)
    deviation = distance - np.median(distance)
    spread = _NORMAL * float(np.median(np.abs(deviation)))
    if spread < 1e-9:  # noqa: PLR2004 - what rounding leaves
        spread = float(np.sqrt((deviation**2).mean()))
    score = deviation / spread if spread > 1e-9 else np.zeros(len(cloud))  # noqa: PLR2004
    return Far(distance, score)
