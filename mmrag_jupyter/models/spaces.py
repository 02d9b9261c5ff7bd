"""The models of a collection, and what a collection remembers of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mmrag_jupyter.models.base import Embedder
    from mmrag_jupyter.models.late import LateEmbedder

    AnyEmbedder: TypeAlias = Embedder | LateEmbedder


@dataclass(frozen=True, slots=True)
class SpaceSpec:
    """What a collection keeps about the model of one of its spaces.

    `name` is the fingerprint of the model and its revision; `address` loads it again, and
    is None for a model that was given as an object; `dim` is the length of a vector;
    `modalities` is all that the model embeds, whether or not the collection holds some.
    """

    name: str
    address: str | None
    dim: int
    modalities: frozenset[str]


@dataclass(frozen=True, slots=True)
class Models:
    """Which embedder serves which modality.

    Without `"text"`, texts are found by their words alone. `notice` is one line for the
    user about what was chosen on their behalf, or empty. `others` are embedders of spaces
    beside those that serve.
    """

    by_modality: Mapping[str, AnyEmbedder]
    notice: str = ""
    others: tuple[AnyEmbedder, ...] = ()

    @property
    def embedders(self) -> tuple[AnyEmbedder, ...]:
        """The distinct embedders, each of which is one space."""
        found = (*self.by_modality.values(), *self.others)
        return tuple({id(one): one for one in found}.values())
