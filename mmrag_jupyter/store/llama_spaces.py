"""Spaces that LlamaIndex's own embeddings make: all that is known of them is their dimension."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mmrag_jupyter.store.store import Store
    from mmrag_jupyter.store.values import Space

MODALITIES = frozenset({"text", "image", "audio"})
"""What a model of which nothing is known may embed."""

UNFINISHED = "unfinished"
"""The setting that tells of a change of models; `"new"` in it names those not yet in use."""

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


def finished(store: Store) -> list[Space]:
    """Return the spaces of a collection without those whose vectors are still being made.

    These have vectors of some parts only, and perhaps the dimension of those that they will
    replace: nothing is to be found or added there.
    """
    new = json.loads(store.setting(UNFINISHED) or "{}").get("new", [])
    return [space for space in store.spaces() if space.name not in new]
