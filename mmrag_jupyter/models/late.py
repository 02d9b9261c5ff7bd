"""Late interaction: embedders that give many vectors a text or picture, one a token.

A part scores by MaxSim: each token of the question takes the token of the part that is
nearest to it, and the mean of these cosines is the part's score (Khattab and Zaharia,
"ColBERT", SIGIR 2020; for pictures of pages Faysse et al., "ColPali", 2024).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from mmrag_jupyter.errors import MmragError, ModelError
from mmrag_jupyter.models.base import reason, sound

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PIL.Image import Image
    from typing_extensions import TypeIs

    from mmrag_jupyter.models.base import Embedder, Vectors

# Of so many tokens of a picture that lie together one is kept, their mean. A third of the
# vectors keeps 97.8% of a ColPali's quality (Clavié et al., "Reducing the Footprint of
# Multi-Vector Retrieval with Minimal Performance Impact via Token Pooling", 2024).
POOL_FACTOR = 3

_METHODS = {"text": "embed_text", "image": "embed_image", "page": "embed_image"}


class LateEmbedder(Protocol):
    """Turns texts and pictures into many vectors each.

    `is_late` is True, which tells it from an `Embedder`. Some have more, read with
    `getattr`: `address` and `batch_size` as an `Embedder`, and `documents` (frozenset of
    str, what it embeds to be found; without it, all its modalities).
    """

    is_late: bool

    @property
    def name(self) -> str:
        """A fingerprint of the model and its revision: equal names give equal vectors."""
        ...

    @property
    def dim(self) -> int:
        """The length of one vector."""
        ...

    @property
    def modalities(self) -> frozenset[str]:
        """What it embeds: `"text"` (questions at least), `"image"` and `"page"`."""
        ...

    def embed_text(self, texts: list[str], *, query: bool) -> list[Vectors]:
        """Return for each text `(tokens, dim)` float32, every row L2-normalised."""
        ...

    def embed_image(self, images: list[Image]) -> list[Vectors]:
        """Return for each picture `(tokens, dim)` float32, every row L2-normalised."""
        ...


def is_late(embedder: object) -> TypeIs[LateEmbedder]:
    """Tell whether an embedder gives many vectors a text or picture."""
    return getattr(embedder, "is_late", False) is True


def embeds(embedder: Embedder | LateEmbedder, kind: str) -> bool:
    """Tell whether an embedder embeds parts of a kind to be found; not only questions."""
    documents = cast("frozenset[str] | None", getattr(embedder, "documents", None))
    return kind in (embedder.modalities if documents is None else documents)


def tokens(
    embedder: LateEmbedder, modality: str, inputs: Sequence[object], *, query: bool = False
) -> list[Vectors]:
    """Embed inputs, let only sound vectors through, and pool those of parts.

    Parameters
    ----------
    modality
        `"text"`, `"image"` or `"page"`.
    inputs
        Texts or PIL images.
    query
        Whether they are questions; then all their vectors are kept.

    Returns
    -------
    For each input `(tokens, dim)` float32, every row L2-normalised.

    Raises
    ------
    ModelError
        When the model fails, or its vectors are of the wrong number or length, not finite,
        or zero. The message names the model.
    """
    if not inputs:
        return []
    method = cast("Callable[..., object]", getattr(embedder, _METHODS[modality]))
    options = {"query": query} if modality == "text" else {}
    name = embedder.name
    try:
        found = list(cast("Sequence[object]", method(list(inputs), **options)))
    except MmragError:
        raise
    except Exception as error:
        raise ModelError(f"{name} failed on {len(inputs)} inputs: {reason(error)}") from error
    if len(found) != len(inputs):
        raise ModelError(f"{name} returned {len(found)} results for {len(inputs)} inputs")
    checked = [sound(name, embedder.dim, one) for one in found]
    if not all(map(len, checked)):
        raise ModelError(f"{name} returned no vectors for one of {len(inputs)} inputs")
    return checked if query else [pooled(one, POOL_FACTOR) for one in checked]


def pooled(vectors: Vectors, factor: float) -> Vectors:
    """Return one vector for each `factor` of those that lie nearest together, shape (m, dim).

    Vectors are joined by Ward's method over their cosines; each of the results is the mean of
    those that it stands for, of length 1.
    """
    import torch
    from sentence_transformers.multi_vector_encoder.modules import HierarchicalTokenPooling

    pooling = HierarchicalTokenPooling(float(factor), num_protected_tokens=0)
    kept = pooling.pool_one(torch.from_numpy(vectors)).numpy()
    # Opposite vectors have no mean direction; such a group is left to its neighbours.
    return cast("Vectors", kept[kept.any(axis=1)])
