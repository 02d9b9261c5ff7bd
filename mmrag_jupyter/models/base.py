"""What an embedder is, and the one door through which its vectors come in."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Protocol, TypeAlias, cast

from mmrag_jupyter.errors import MmragError, ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    import numpy.typing as npt
    from PIL.Image import Image

    from mmrag_jupyter.items import Sound
    from mmrag_jupyter.models.spaces import AnyEmbedder

    Vectors: TypeAlias = npt.NDArray[np.float32]

MODALITIES = ("text", "image", "audio")

_METHODS = {
    "text": "embed_text",
    "image": "embed_image",
    "page": "embed_image",
    "prepared": "embed_prepared",
    "audio": "embed_audio",
}

# What models of speech listen to, and of sound those that do not say.
USUAL_RATE = 16_000

# Vectors whose length is this near to 1 are taken as they are.
_SLACK = 1e-3


class Embedder(Protocol):
    """Turns texts, pictures and sound into vectors of one space.

    The methods of modalities that it does not have need not exist. Some embedders have
    more, which is read with `getattr`: `embed_audio(sounds, rate) -> (n, dim) float32` (sounds
    of shape (samples,) float32 in [-1, 1], of which `rate` are a second), `address` (str, what
    `model=` loads the same embedder from; without it, the object must be given again when a
    collection is reopened), `batch_size` (int, how many inputs to hand over at once),
    `image_edge` (int, pixels of the shorter side that it looks at), `audio_rate` (int, the
    samples a second that it wants sound in, 16,000 where it does not say), and the pair
    `prepare_image(image) -> object` and `embed_prepared(prepared) -> (n, dim) float32`,
    which splits `embed_image` into work for any thread and work for the model's own. With
    `start_prepared(prepared) -> Callable[[], (n, dim) float32]` that work is begun, and what
    is returned waits for it; `in_flight` (int, 2 where it does not say) is how many batches
    to have begun at a time. `rehearse(modality, inputs)` is told of the first batch of a load
    (`modality` as `checked` takes it), and `remarks` are lines about it for the user.
    """

    @property
    def name(self) -> str:
        """A fingerprint of the model and its revision: equal names give equal vectors."""
        ...

    @property
    def dim(self) -> int:
        """The length of a vector."""
        ...

    @property
    def modalities(self) -> frozenset[str]:
        """What it embeds: a subset of `"text"`, `"image"` and `"audio"`."""
        ...

    def embed_text(self, texts: list[str], *, query: bool) -> Vectors:
        """Return `(n, dim)` float32, L2-normalised; `query` tells questions from documents."""
        ...

    def embed_image(self, images: list[Image]) -> Vectors:
        """Return `(n, dim)` float32, L2-normalised."""
        ...


def checked(
    embedder: Embedder, modality: str, inputs: Sequence[object], *, query: bool = False
) -> Vectors:
    """Embed inputs, and let only sound vectors through.

    Parameters
    ----------
    embedder
        The model to ask.
    modality
        `"text"`, `"image"`, `"page"`, `"audio"`, or `"prepared"` for what `prepare_image`
        returned.
    inputs
        Texts, PIL images, prepared images, or sounds of one rate.
    query
        Whether texts are questions; some models treat these otherwise.

    Returns
    -------
    ndarray
        `(n, dim)` float32, L2-normalised.

    Raises
    ------
    ModelError
        When the model fails, or its vectors are of the wrong number or length, not
        finite, or zero. The message names the model.
    """
    import numpy as np

    if not inputs:
        return np.empty((0, embedder.dim), dtype=np.float32)
    with _blaming(embedder, modality, len(inputs)):
        vectors = _called(embedder, modality, inputs, query=query)
    return sound(embedder.name, embedder.dim, vectors, len(inputs))


def started(embedder: Embedder, prepared: Sequence[object]) -> Callable[[], Vectors]:
    """Begin to embed prepared pictures; return what waits for sound vectors, as `checked` does.

    Most embedders are done when they return; those on a GPU may not be.

    Raises
    ------
    ModelError
        As `checked`; what is returned may raise it too.
    """
    start = getattr(embedder, "start_prepared", None)
    if start is None or not prepared:
        vectors = checked(embedder, "prepared", prepared)
        return lambda: vectors
    count = len(prepared)
    with _blaming(embedder, "prepared", count):
        wait = start(list(prepared))

    def finish() -> Vectors:
        with _blaming(embedder, "prepared", count):
            found = wait()
        return sound(embedder.name, embedder.dim, found, count)

    return finish


def _called(embedder: Embedder, modality: str, inputs: Sequence[object], *, query: bool) -> object:
    method = cast("Callable[..., object]", getattr(embedder, _METHODS[modality]))
    options: dict[str, object] = {"query": query} if modality == "text" else {}
    given = list(inputs)
    if modality == "audio":
        sounds = cast("Sequence[Sound]", inputs)
        given, options = [one.samples for one in sounds], {"rate": sounds[0].rate}
    return method(given, **options)


@contextlib.contextmanager
def _blaming(embedder: Embedder, modality: str, count: int) -> Iterator[None]:
    """Turn whatever a model raises into one line that names it."""
    try:
        yield
    except MmragError:
        raise
    except Exception as error:
        raise ModelError(
            f"{embedder.name} failed on {_count(count, modality)}: {reason(error)}"
        ) from error


def audio_rate(embedder: AnyEmbedder) -> int:
    """Return the samples a second that an embedder wants sound in."""
    return int(getattr(embedder, "audio_rate", USUAL_RATE))


def title(embedder: AnyEmbedder) -> str:
    """Return the embedder's name, with its address where the name does not say it."""
    address = getattr(embedder, "address", None)
    known = address is None or embedder.name.startswith(address)
    return embedder.name if known else f"{embedder.name} ({address})"


def reason(error: BaseException) -> str:
    """Return an error as one short line: its class and the first line that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = lines[0] if lines else ""
    kind = type(error).__name__
    return f"{kind}: {said[:300]}" if said else kind


def sound(name: str, dim: int, vectors: object, count: int | None = None) -> Vectors:
    """Return what a model gave as `(count, dim)` float32, every row L2-normalised.

    Parameters
    ----------
    name
        The model, as error messages call it.
    count
        How many vectors are wanted; None takes any number.

    Raises
    ------
    ModelError
        When it is no such array, or a vector is not finite or zero.
    """
    import numpy as np

    try:
        array = np.ascontiguousarray(vectors, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ModelError(f"{name} did not return an array of numbers: {reason(error)}") from error
    if array.ndim != 2:  # noqa: PLR2004 - a matrix has two
        raise ModelError(
            f"{name} returned an array of shape {array.shape}; ({count or 'n'}, {dim}) is needed"
        )
    if count is not None and len(array) != count:
        raise ModelError(f"{name} returned {len(array)} vectors for {count} inputs")
    if array.shape[1] != dim:
        raise ModelError(f"{name} returned vectors of {array.shape[1]} numbers; its dim says {dim}")
    count = len(array)
    lengths = np.sqrt(np.einsum("ij,ij->i", array, array, dtype=np.float64))
    if not np.isfinite(lengths).all():
        row = int(np.argmin(np.isfinite(lengths)))
        found = "NaN" if np.isnan(array[row]).any() else "infinity"
        raise ModelError(f"{name} returned {found} in row {row} of {count}")
    if not lengths.all():
        row = int(np.argmin(lengths))
        raise ModelError(f"{name} returned a zero vector in row {row} of {count}")
    if np.abs(lengths - 1).max(initial=0) > _SLACK:
        array = (array / lengths[:, None]).astype(np.float32)
    return array


def _count(number: int, modality: str) -> str:
    noun = {"text": "text", "audio": "sound"}.get(modality, "image")
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
