"""The models of a collection that is opened again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import named
from mmrag_jupyter.models.base import title
from mmrag_jupyter.models.spaces import Models, SpaceSpec
from mmrag_jupyter.models.truncated import cut_as, whole_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.models.named import ModelLike
    from mmrag_jupyter.models.spaces import AnyEmbedder


def recall(
    spaces: Sequence[SpaceSpec],
    given: ModelLike = None,
    *,
    text_model: ModelLike = None,
    image_model: ModelLike = None,
    audio_model: ModelLike = None,
) -> Models:
    """Return the embedders that a collection was made with; none is loaded before its first use.

    Parameters
    ----------
    spaces
        What the collection remembers of its models.
    given, text_model, image_model, audio_model
        What the user named this time, as for `resolve`. None and `"auto"` stand for what
        the collection has; models that were given as objects must be given again.

    Raises
    ------
    ModelError
        When a model is not the collection's own (both are named), or cannot be had.
    """
    kept, spaces = spaces, [whole_of(space) for space in spaces]
    wanted = (given, text_model, image_model, audio_model)
    offered = [
        named.embedder(one, spaces) for one in wanted if one is not None and one != named.AUTO
    ]
    if spaces:
        for one in offered:
            _check_known(one, spaces)
    by_name = {one.name: one for one in offered}
    found = [
        cut_as(own.name, by_name.get(space.name) or named.again(space))
        for own, space in zip(kept, spaces, strict=True)
    ]
    by_modality: dict[str, AnyEmbedder] = {}
    # A model of several modalities makes way for one that is there for texts alone.
    for embedder, space in sorted(zip(found, spaces, strict=True), key=_breadth, reverse=True):
        by_modality.update(dict.fromkeys(sorted(space.modalities), embedder))
    return Models(by_modality, others=tuple(found))


def _breadth(pair: tuple[AnyEmbedder, SpaceSpec]) -> int:
    return len(pair[1].modalities)


def _check_known(offered: AnyEmbedder, spaces: Sequence[SpaceSpec]) -> None:
    space = next((space for space in spaces if space.name == offered.name), None)
    if space is None:
        made_with = " and ".join(dict.fromkeys(space.name for space in spaces))
        again = getattr(offered, "address", None) or "MODEL"
        raise ModelError(
            f"this collection was made with the model {made_with}, not {title(offered)}; leave the "
            "model out to go on with it, or embed all anew: "
            f"%mmrag load … --model {again} --reembed"
        )
    if space.dim != offered.dim:
        raise ModelError(
            f"the collection holds vectors of {space.dim} numbers by {space.name}; the model of "
            f"that name given now makes {offered.dim}"
        )
