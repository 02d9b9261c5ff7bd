"""The models of a load, as its workers find them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.ingest.cluster.work import Model, packed
from mmrag_jupyter.models import SpaceSpec
from mmrag_jupyter.models.base import reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mmrag_jupyter.items import Modality
    from mmrag_jupyter.models.spaces import AnyEmbedder


def packed_models(embedders: Mapping[Modality, tuple[int, AnyEmbedder]]) -> bytes:
    """Return all models of a load as bytes: by their addresses, or as they are.

    Raises
    ------
    ModelError
        An embedder that was given as an object cannot leave this process.
    """
    by_space: dict[int, list[Modality]] = {}
    for modality, (space, _) in embedders.items():
        by_space.setdefault(space, []).append(modality)
    found = []
    for space, modalities in by_space.items():
        embedder = embedders[modalities[0]][1]
        address: str | None = getattr(embedder, "address", None)
        spec = SpaceSpec(embedder.name, address, embedder.dim, frozenset(embedder.modalities))
        pickled = None if address is not None else _pickled(embedder)
        found.append(Model(modalities, space, spec, pickled))
    return packed(found)


def _pickled(embedder: AnyEmbedder) -> bytes:
    from ray import cloudpickle

    try:
        data: bytes = cloudpickle.dumps(embedder)
    except Exception as error:
        raise ModelError(
            f"{embedder.name} was given as an object that cannot be sent to workers "
            f"({reason(error)}); name it by its folder or its name on the hub"
        ) from error
    return data
