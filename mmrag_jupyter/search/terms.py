"""The things a user puts into a query, as values of one kind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast, get_args

import numpy as np

from mmrag_jupyter.display import View
from mmrag_jupyter.errors import QueryError, SourceError, a_kind, did_you_mean
from mmrag_jupyter.items import Media
from mmrag_jupyter.sources.recordings import of_samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

T = TypeVar("T")
ImageLike: TypeAlias = "str | Path | bytes | Image | Mapping[str, object] | Media"
SoundLike: TypeAlias = "str | Path | bytes | Mapping[str, object] | tuple[object, object] | Media"

_WORD = re.compile(r"\w+")
_PAIR, _NUMBER = 2, (int, float, np.integer, np.floating)


def as_list(value: T | Iterable[T] | None) -> list[T]:
    """Return one value or several as a list; text, bytes and mappings are one value."""
    if value is None:
        return []
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        return [cast("T", value)]
    return list(value)


def as_ids(value: object | Iterable[object] | None) -> list[str]:
    """Return one id or several as texts, as they are kept: a dataframe's may be numbers."""
    return [str(one) for one in as_list(value)]


def pictures(value: ImageLike | Iterable[ImageLike] | None) -> tuple[Media, ...]:
    """Return the pictures of a query; nothing is opened yet.

    Raises
    ------
    QueryError
        A value is not a picture.
    """
    things: list[ImageLike] = as_list(value)
    return tuple(_media(one) for one in things)


def recordings(value: SoundLike | Sequence[SoundLike] | None) -> tuple[Media, ...]:
    """Return the recordings of a query; nothing is listened to yet.

    Each is a path, an address, bytes, `{"bytes", "path"}`, or samples with their rate: a pair
    `(array, rate)`, or `{"array", "sampling_rate"}`.

    Raises
    ------
    QueryError
        A value is not a recording.
    """
    # A pair of samples and their rate is one value, and a tuple of paths is several.
    alone = isinstance(value, tuple) and len(value) == _PAIR and isinstance(value[1], _NUMBER)
    things: list[object] = [value] if alone else as_list(cast("object", value))
    return tuple(_recording(one) for one in things)


def avoided(
    value: str | ImageLike | Iterable[str | ImageLike] | None,
) -> tuple[tuple[str, ...], tuple[Media, ...]]:
    """Split what is to be avoided into words and pictures: a `str` is words."""
    things: list[str | ImageLike] = as_list(value)
    texts = tuple(one for one in things if isinstance(one, str) and one.strip())
    return texts, pictures([one for one in things if not isinstance(one, str)])


def as_view(name: str) -> View:
    """Return the name of a view, once it is known to be one.

    Raises
    ------
    QueryError
        There is no such view; the nearest is suggested.
    """
    for view in get_args(View):
        if view == name:
            return cast("View", view)
    known = ", ".join(get_args(View))
    raise QueryError(
        f"Unknown view {name!r}; known are {known}.{did_you_mean(name, get_args(View))}"
    )


def words(text: str) -> tuple[str, ...]:
    """Return the words of a query, to be marked in what it finds."""
    return tuple(dict.fromkeys(_WORD.findall(text)))


def _recording(value: object) -> Media:
    rate: object = None
    if isinstance(value, tuple) and len(value) == _PAIR:
        samples, rate = value
    elif isinstance(value, Mapping) and "array" in value:
        samples, rate = value["array"], value.get("sampling_rate", value.get("rate"))
    elif isinstance(value, Media | Mapping | str | Path | bytes | bytearray | memoryview):
        return _media(value)
    else:
        raise QueryError(
            f"{a_kind(value, capital=True)} is not a recording; give a path, an address, bytes, or "
            "samples with their rate: (array, 16000)."
        )
    try:
        return of_samples(samples, rate)
    except SourceError as error:
        raise QueryError(f"This is not a recording: {error}.") from None


def _media(value: object) -> Media:
    if isinstance(value, Media):
        return value
    if isinstance(value, Mapping):
        value = value.get("bytes") or value.get("path")
    if isinstance(value, str) and value.startswith(("http://", "https://")):
        return Media(url=value)
    if isinstance(value, str | Path):
        return Media(path=Path(value).expanduser())
    if isinstance(value, bytes | bytearray | memoryview):
        return Media(data=bytes(value))
    if hasattr(value, "convert") and hasattr(value, "size"):
        return Media(image=cast("Image", value))
    raise QueryError(
        f"{a_kind(value, capital=True)} is not a picture; "
        "give a path, an address, bytes, or a PIL image."
    )
