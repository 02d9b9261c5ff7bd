"""Whether half precision gives the vectors that float32 does, tried on what is to be embedded."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

# A collection made on one device is searched on others: vectors have to stay this near.
LEAST_COSINE = 0.999
# Inputs that are enough to tell; float32 may take several times as long.
TRIED = 8


def least_cosine(coarse: torch.Tensor, exact: torch.Tensor) -> float:
    """Return the least cosine between the rows of two `(n, dim)`; NaN where one is not finite."""
    import torch

    pairs = torch.nn.functional.cosine_similarity(coarse.double(), exact.double(), dim=1)
    # min() of torch, unlike Python's, lets a NaN through.
    return float(pairs.min())


def is_near(cosine: float) -> bool:
    """Tell whether vectors so far apart may stand for each other; those that are NaN may not."""
    return cosine >= LEAST_COSINE


def remark(name: str, dtype: str, cosine: float) -> str:
    """Return the line that says why a model runs in float32."""
    found = f"a cosine of {cosine:.4f}" if cosine == cosine else "numbers that are not finite"  # noqa: PLR0124 - NaN alone differs from itself
    return (
        f"{name} runs in float32: in {dtype} the first batch had {found} to that, and "
        f"{LEAST_COSINE} is the least."
    )
