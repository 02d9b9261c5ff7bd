"""The vectors of parts, whether each has one or many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.models.base import checked
from mmrag_jupyter.models.late import is_late, tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.models.spaces import AnyEmbedder
    from mmrag_jupyter.store.tokens_writing import PartVectors


def embedded(embedder: AnyEmbedder, modality: str, inputs: Sequence[object]) -> PartVectors:
    """Embed parts to be found; only sound vectors come through.

    Returns
    -------
    `(n, dim)` float32, or of a late-interaction model n matrices `(tokens, dim)`.

    Raises
    ------
    ModelError
        The model fails, or its vectors are unfit.
    """
    if is_late(embedder):
        return tokens(embedder, modality, inputs)
    return checked(embedder, modality, inputs)


def repeated(vectors: PartVectors, times: Sequence[int]) -> PartVectors:
    """Return each part's vectors so many times, one after the other."""
    if isinstance(vectors, np.ndarray):
        return np.repeat(vectors, times, axis=0)
    return [one for one, number in zip(vectors, times, strict=True) for _ in range(number)]
