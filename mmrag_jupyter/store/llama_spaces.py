"""Spaces that LlamaIndex's own embeddings make: all that is known of them is their dimension."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mmrag_jupyter.store.values import Space

MODALITIES = frozenset({"text", "image", "audio"})
"""What a model of which nothing is known may embed."""

_NAME = re.compile(r"llama-index:\d+")


def name_of(dim: int) -> str:
    """Return the name of the space for embeddings of unknown models with `dim` numbers."""
    return f"llama-index:{dim}"


def is_nameless(space: Space) -> bool:
    """Tell whether a space holds embeddings of unknown models: nothing can embed a query for it.

    Such a space has no embedder and must not be asked for one, nor dropped for want of it.
    """
    return _NAME.fullmatch(space.name) is not None


def fitting(spaces: Iterable[Space], modality: str, dim: int) -> Space | None:
    """Return the space for embeddings of `dim` numbers of a modality; a named one comes first."""
    fit = [one for one in spaces if one.dim == dim and modality in one.modalities]
    return min(fit, key=is_nameless, default=None)
