"""The first numbers of a model's vectors, where it was trained so that they say most of it.

Kusupati et al., "Matryoshka Representation Learning", NeurIPS 2022.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models.late import is_late

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.Image import Image

    from mmrag_jupyter.models.base import Embedder, Vectors
    from mmrag_jupyter.models.spaces import AnyEmbedder, SpaceSpec

_NAME = re.compile(r"(?P<whole>.*)\[:(?P<kept>\d+) of (?P<dim>\d+)\]", re.DOTALL)


class Truncated:
    """An embedder that keeps the first `dim` numbers of another's vectors, made of length 1.

    What else the other has (`address`, `batch_size`, sound ...) it has too.
    """

    def __init__(self, embedder: Embedder, dim: int) -> None:
        self._embedder = embedder
        self.name = f"{embedder.name}[:{dim} of {embedder.dim}]"
        self.dim = dim
        self.modalities = embedder.modalities

    def embed_text(self, texts: list[str], *, query: bool) -> Vectors:
        """Return `(n, dim)` float32, L2-normalised."""
        return self._cut(self._embedder.embed_text(texts, query=query))

    def embed_image(self, images: list[Image]) -> Vectors:
        """Return `(n, dim)` float32, L2-normalised."""
        return self._cut(self._embedder.embed_image(images))

    def __getattr__(self, name: str) -> object:
        found: object = getattr(self._embedder, name)
        if name == "start_prepared":
            start = cast("Callable[..., Callable[[], Vectors]]", found)
            return lambda prepared: partial(self._waited, start(prepared))
        if name not in {"embed_audio", "embed_prepared"}:
            return found
        embed = cast("Callable[..., Vectors]", found)
        return lambda *given, **options: self._cut(embed(*given, **options))

    def _waited(self, wait: Callable[[], Vectors]) -> Vectors:
        return self._cut(wait())

    def _cut(self, vectors: Vectors) -> Vectors:
        import numpy as np

        kept: Vectors = np.array(vectors[:, : self.dim], np.float32)
        lengths = np.linalg.norm(kept, axis=1, keepdims=True)
        # A zero vector stays one, which is told like that of any model.
        np.divide(kept, lengths, out=kept, where=lengths > 0)
        return kept


def truncated(embedder: AnyEmbedder, dim: int) -> AnyEmbedder:
    """Return an embedder of the first `dim` numbers of another's vectors.

    Raises
    ------
    ModelError
        The vectors are not that long, or cannot be cut.
    """
    if is_late(embedder):
        raise ModelError(
            f"{embedder.name} gives many vectors a part, which cannot be cut; leave --dim out."
        )
    if getattr(embedder, "name", "").startswith("builtin"):
        raise ModelError(
            f"The numbers of {embedder.name} are of equal weight, so that none can be left out; "
            "leave --dim out, or choose a model that was trained for it (--model)."
        )
    if not 1 <= dim <= embedder.dim:
        raise ModelError(
            f"dim is {dim}; {embedder.name} makes vectors of {embedder.dim} numbers: give fewer "
            "than these, and at least 1."
        )
    return embedder if dim == embedder.dim else Truncated(embedder, dim)


def dims_of(name: str) -> tuple[str, int, int] | None:
    """Return of a cut model's name that of the whole, how many numbers are kept and of how many.

    None where the name is that of a whole model.
    """
    found = _NAME.fullmatch(name)
    return (found["whole"], int(found["kept"]), int(found["dim"])) if found else None


def whole_of(spec: SpaceSpec) -> SpaceSpec:
    """Return what there would be to know of the same model's space, were its vectors whole."""
    cut = dims_of(spec.name)
    return spec if cut is None else replace(spec, name=cut[0], dim=cut[2])


def cut_as(name: str, embedder: AnyEmbedder) -> AnyEmbedder:
    """Return an embedder cut as the space of this name is; as it is where that has another."""
    cut = dims_of(name)
    return truncated(embedder, cut[1]) if cut and cut[0] == embedder.name else embedder
