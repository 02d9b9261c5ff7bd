"""Recordings as they stand in folders and in the cells of tables."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np

from mmrag_jupyter.errors import SourceError, a_kind
from mmrag_jupyter.items import Column, Media
from mmrag_jupyter.sources.cells import media_of
from mmrag_jupyter.sources.plain import is_missing, is_picture
from mmrag_jupyter.sources.sound import (
    LEAST_RATE,
    MOST_RATE,
    is_encoded_sound,
    sane,
    sound_suffixes,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# What is told of a recording that is a file; a table's rows have columns of their own.
COLUMNS = (
    Column("duration", "float", "float64"),
    Column("rate", "int", "int64"),
    Column("channels", "int", "int64"),
)

_HEAD = 16  # bytes
_MOST_CHANNELS = 64
_PAIR = 2


def recording_of(cell: object, folders: Sequence[Path] = ()) -> Media | None:
    """Return what a cell refers to, or None if the cell is empty.

    A cell is a path, an address, bytes, `{"bytes", "path"}`, or samples: a pair of an array and
    its rate, or `{"array", "sampling_rate"}` as Hugging Face's datasets give them.

    Parameters
    ----------
    folders
        Absolute folders in which to look for a relative path, in this order.

    Raises
    ------
    SourceError
        The file is not there, or the cell is nothing that sound can be read from.
    """
    if isinstance(cell, Mapping) and "array" in cell:
        rate = cell.get("sampling_rate", cell.get("rate"))
        return None if is_missing(cell["array"]) else of_samples(cell["array"], rate)
    if isinstance(cell, tuple) and len(cell) == _PAIR:
        return of_samples(*cell)
    if is_picture(cell) or isinstance(cell, (np.ndarray, list, int, float)):
        if is_missing(cell):
            return None
        raise SourceError(
            f"{a_kind(cell)} is no recording; give a path, an address, bytes, or samples with "
            "their rate"
        )
    return media_of(cell, folders)


def of_samples(array: object, rate: object) -> Media:
    """Return samples as a recording in memory, encoded as FLAC of 24 bits.

    Parameters
    ----------
    array
        Shape (n,), (n, channels) or (channels, n): floats in [-1, 1], or whole numbers over
        the range of their type.
    rate
        Samples a second.

    Raises
    ------
    SourceError
        They are no samples, or the rate is none.
    """
    import soundfile

    if (
        isinstance(rate, bool)
        or not isinstance(rate, (int, float, np.integer, np.floating))
        or not LEAST_RATE <= rate <= MOST_RATE
        or rate != int(rate)
    ):
        raise SourceError(f"the rate of the samples is {rate!r}; give whole samples a second")
    try:
        samples = np.asarray(array)
    except ValueError as error:
        raise SourceError(f"the samples are no array ({error})") from None
    if samples.dtype.kind not in "iuf" or samples.ndim not in {1, _PAIR} or not samples.size:
        shape = " x ".join(map(str, samples.shape)) or "none"
        raise SourceError(f"samples of {samples.dtype} in shape {shape} are no sound")
    if samples.ndim == _PAIR and samples.shape[0] < samples.shape[1]:
        samples = samples.T
    if samples.ndim == _PAIR and samples.shape[1] > _MOST_CHANNELS:
        raise SourceError(f"{samples.shape[1]:,} channels are none of a recording")
    if samples.dtype.kind in "iu":
        limits = np.iinfo(samples.dtype)
        middle = 0 if limits.min else (limits.max + 1) / 2
        samples = (samples.astype(np.float64) - middle) / (limits.max - middle + 1)
    # FLAC has at most eight channels, and no rate above 655,350.
    plain = samples.ndim == 1 or samples.shape[1] <= 8  # noqa: PLR2004
    packed = plain and rate <= 655_350  # noqa: PLR2004
    out = io.BytesIO()
    kind, detail = ("FLAC", "PCM_24") if packed else ("WAV", "PCM_24")
    soundfile.write(out, sane(samples.astype(np.float32)), int(rate), format=kind, subtype=detail)
    return Media(data=out.getvalue())


def is_sound_file(path: Path) -> bool:
    """Tell whether a file begins like sound, whatever its name says."""
    try:
        with path.open("rb") as stream:
            return is_encoded_sound(stream.read(_HEAD))
    except OSError:
        return False


def hold_recordings(cells: Sequence[object]) -> bool:
    """Tell whether the cells of a column are recordings themselves: bytes, or samples."""
    return bool(cells) and all(map(_holds_recording, cells))


def name_recordings(cells: Sequence[object], most: float) -> bool:
    """Tell whether the cells are paths or addresses of sound; `most` is the share that must."""
    texts = [str(cell).strip() for cell in cells if isinstance(cell, (str, PurePath))]
    if not texts or len(texts) < len(cells):
        return False
    known = sound_suffixes()
    return sum(_suffix(text) in known for text in texts) >= most * len(texts)


def _holds_recording(cell: object) -> bool:
    if isinstance(cell, Mapping):
        if "array" in cell and ("sampling_rate" in cell or "rate" in cell):
            return True
        data, path = cell.get("bytes"), cell.get("path")
        if isinstance(data, (bytes, bytearray)):
            return _holds_recording(data)
        return {"bytes", "path"} >= cell.keys() and _suffix(str(path)) in sound_suffixes()
    if isinstance(cell, tuple):
        return len(cell) == _PAIR and isinstance(cell[0], np.ndarray)
    return isinstance(cell, (bytes, bytearray)) and is_encoded_sound(bytes(cell[:_HEAD]))


def _suffix(text: str) -> str:
    if "\n" in text:
        return ""
    if "://" in text[:10]:
        try:
            text = urlsplit(text).path
        except ValueError:
            return ""
    return PurePath(text).suffix.lower()
