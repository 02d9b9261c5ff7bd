"""The vectors of parts, whether each has one or many."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

import numpy as np

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models.base import checked, started
from mmrag_jupyter.models.late import is_late, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mmrag_jupyter.items import Sound
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


def begun(
    embedder: AnyEmbedder, modality: str, inputs: Sequence[object]
) -> Callable[[], PartVectors]:
    """Begin to embed parts, and return what waits for their vectors; only sound ones come.

    Where the model has a device or threads of its own, several batches can be under way.

    Raises
    ------
    ModelError
        As `embedded`, by what is returned: what was begun before can still be waited for.
    """
    try:
        if modality == "prepared" and not is_late(embedder):
            return started(embedder, inputs)
        vectors = embedded(embedder, modality, inputs)
    except ModelError as error:
        return partial(_fail, error)
    return lambda: vectors


def _fail(error: ModelError) -> PartVectors:
    raise error


def rehearsed(embedder: AnyEmbedder, modality: str, inputs: Sequence[object]) -> None:
    """Tell an embedder that wants to know it of the first parts that a load embeds."""
    rehearse = getattr(embedder, "rehearse", None)
    if rehearse is None:
        return
    heard = modality == "audio"
    rehearse(modality, [cast("Sound", one).samples if heard else one for one in inputs])


def remarks(embedders: Iterable[AnyEmbedder]) -> list[str]:
    """Return what embedders have to say to the user after a load, each line once."""
    told = [line for one in embedders for line in getattr(one, "remarks", ())]
    return list(dict.fromkeys(told))


def repeated(vectors: PartVectors, times: Sequence[int]) -> PartVectors:
    """Return each part's vectors so many times, one after the other."""
    if isinstance(vectors, np.ndarray):
        return np.repeat(vectors, times, axis=0)
    return [one for one, number in zip(vectors, times, strict=True) for _ in range(number)]
