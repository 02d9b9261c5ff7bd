"""Recordings of any format as samples: one channel, any stretch of them, at any rate."""

from __future__ import annotations

import importlib.util
import os
import stat
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.items import Sound

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import numpy.typing as npt

    from mmrag_jupyter.items import Media

    Samples = npt.NDArray[np.float32]

__all__ = [
    "Opened",
    "Sound",
    "SoundReader",
    "opened",
    "read_sound",
    "sound_seconds",
    "sound_suffixes",
]

# Below and above these a header is damaged: seismographs sample slower, and nobody listens to
# them; laboratories for ultrasound come near the other.
LEAST_RATE, MOST_RATE = 100, 2_000_000  # Hz

# What libsndfile reads, and what FFmpeg is needed for.
_PLAIN = frozenset(
    {".wav", ".wave", ".w64", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc"}
    | {".au", ".snd", ".caf"}
)
_PACKED = frozenset({".m4a", ".m4b", ".aac", ".wma", ".amr", ".ac3", ".mka", ".weba", ".wv"})
_VIDEO = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".3gp"})

_NEEDS_AV = "%pip install mmrag-jupyter[audio] brings what reads more formats (PyAV)"
# How files of sound begin; the last is that of MPEG-4, whose kind follows.
_SIGNATURES = (b"fLaC", b"OggS", b"ID3", b"caff", b".snd")
_HEAD = 512  # bytes
_BLOCK = 60  # seconds


class Opened(Protocol):
    """A recording that is open: samples a second, channels, and its length as its header says.

    `seconds` is None where only reading it to the end would tell.
    """

    rate: int
    channels: int
    seconds: float | None

    def read(self, start: int, count: int) -> Samples:
        """Return at most `count` samples from number `start` on, mixed to one channel."""

    def blocks(self, count: int) -> Iterator[Samples]:
        """Yield all samples, in blocks of `count` or a few more."""

    def close(self) -> None:
        """Let go of it."""


def read_sound(
    media: Media, *, rate: int | None = None, start: float | None = None, end: float | None = None
) -> Sound:
    """Return a recording, or a stretch of it, mixed to one channel.

    Only what is asked for is decoded, as far as its format allows. Safe to call from several
    threads.

    Parameters
    ----------
    rate
        Samples a second to have it in; its own where None.
    start, end
        Where the stretch begins and ends, in seconds; where None, as the recording does.

    Raises
    ------
    SourceError
        In one line, for a recording that is gone, unreadable, empty, damaged, no sound at all,
        or in a format that nothing here reads.
    """
    with opened(media) as sound:
        return _stretch(media, sound, rate, start, end)


class SoundReader:
    """Reads stretches of recordings one after the other; each thread keeps its last one open.

    To find the middle of an MP3, all before it is looked through: of a long one that is opened
    for each stretch anew, that would be most of the work.
    """

    def __init__(self) -> None:
        self._here = threading.local()
        self._kept: list[Opened] = []

    def read(
        self, media: Media, *, rate: int, start: float | None = None, end: float | None = None
    ) -> Sound:
        """Return a stretch of a recording; as `read_sound`, which says more."""
        with _explained(media):
            if getattr(self._here, "media", None) is not media:
                self._here.media = None
                sound = _open(media)
                self._kept.append(sound)
                _refuse_rate(media, sound)
                before = getattr(self._here, "sound", None)
                if before is not None:
                    self._kept.remove(before)
                    before.close()
                self._here.sound, self._here.media = sound, media
            return _stretch(media, self._here.sound, rate, start, end)

    def close(self) -> None:
        """Let go of all recordings; nothing may be read meanwhile."""
        while self._kept:
            self._kept.pop().close()
        self._here = threading.local()


def sound_seconds(media: Media) -> float:
    """Return how long a recording lasts, from its header where that says so.

    Raises
    ------
    SourceError
        As `read_sound`.
    """
    with opened(media) as sound:
        if sound.seconds is not None:
            return sound.seconds
        return sum(len(block) for block in sound.blocks(sound.rate)) / sound.rate


@contextmanager
def opened(media: Media) -> Iterator[Opened]:
    """Open a recording for as long as the block lasts.

    Raises
    ------
    SourceError
        As `read_sound`, for whatever goes wrong in the block too: decoders tell of damage late.
    """
    with _explained(media):
        sound = _open(media)
        try:
            _refuse_rate(media, sound)
            yield sound
        finally:
            sound.close()


@contextmanager
def _explained(media: Media) -> Iterator[None]:
    """Say in one line what goes wrong with a recording in the block."""
    try:
        yield
    except SourceError:
        raise
    except MemoryError:
        raise SourceError(f"{media} needs more memory than there is.") from None
    # Decoders raise nearly anything for damaged data, and one recording must never stop a load.
    except Exception as error:
        raise SourceError(f"{media} cannot be read as sound ({_line(error)}).") from error


def resampled(sound: Sound, rate: int) -> Sound:
    """Return the same sound at another rate, in samples a second."""
    if rate == sound.rate:
        return sound
    import soxr

    made = soxr.resample(sound.samples, sound.rate, rate)
    # Of a single sample, nothing may be left at a lower rate.
    return Sound(sane(made) if len(made) else sound.samples[:1], rate)


def sane(samples: Samples) -> Samples:
    """Return samples within [-1, 1], those that are no numbers as silence."""
    import numpy as np

    found = np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0)
    clipped: Samples = np.clip(found, -1.0, 1.0, dtype=np.float32)
    return clipped


def sound_suffixes() -> frozenset[str]:
    """Return the file suffixes of sound, lower case with their dot.

    Those of films, whose sound track is meant, are among them where something here reads them.
    """
    return _PLAIN | _PACKED | (_VIDEO if has_av() else frozenset())


def is_encoded_sound(head: bytes) -> bool:
    """Tell whether a file that begins with these bytes is sound, whatever its name says."""
    if head.startswith(_SIGNATURES):
        return True
    if head[:4] in {b"RIFF", b"RF64"}:
        return head[8:12] == b"WAVE"
    if head[:4] == b"FORM":
        return head[8:12] in {b"AIFF", b"AIFC"}
    return head[4:8] == b"ftyp" and head[8:11] in {b"M4A", b"M4B"}


def has_av() -> bool:
    """Tell whether PyAV is installed, without importing it."""
    return importlib.util.find_spec("av") is not None


def _open(media: Media) -> Opened:
    from mmrag_jupyter.sources.sound_files import PlainSound

    where = _place(media)
    try:
        return PlainSound(where)
    except Exception as error:
        if what := _what(_head(where)):
            raise SourceError(f"{media} is {what}.") from None
        # libsndfile knows no other formats; FFmpeg knows nearly all.
        if not has_av():
            raise SourceError(
                f"{media} is no sound that can be read ({_line(error)}); {_NEEDS_AV}."
            ) from error
    from mmrag_jupyter.sources.sound_av import PackedSound

    try:
        return PackedSound(where)
    except SourceError as error:
        raise SourceError(f"{media} {error}") from None
    except Exception as error:
        raise SourceError(f"{media} is no sound that can be read ({_line(error)}).") from error


def _place(media: Media) -> str | bytes:
    """Return the path of a recording, or its bytes."""
    if media.path is not None:
        try:
            found = media.path.stat()
        except FileNotFoundError:
            raise SourceError(f"{media.path} is gone: there is no such file.") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise SourceError(f"{media.path} cannot be read: {reason}.") from error
        # Reading a pipe or a device might never end.
        if not stat.S_ISREG(found.st_mode):
            raise SourceError(f"{media.path} is a folder or a device, not a file.")
        if found.st_size == 0:
            raise SourceError(f"{media.path} is empty (0 bytes).")
        return os.fspath(media.path)
    data = media.data
    if media.url is not None:
        from mmrag_jupyter.sources.fetch import fetch

        data = fetch(media.url)
    if media.image is not None:
        raise SourceError(f"{media} is not sound.")
    if not data:
        raise SourceError(f"{media} is empty (0 bytes).")
    return data


def _refuse_rate(media: Media, sound: Opened) -> None:
    if not LEAST_RATE <= sound.rate <= MOST_RATE:
        raise SourceError(
            f"{media} says that it has {sound.rate:,} samples a second, which no sound has: its "
            "header is damaged."
        )


def _stretch(
    media: Media, sound: Opened, rate: int | None, start: float | None, end: float | None
) -> Sound:
    first = max(0, round((start or 0.0) * sound.rate))
    if end is None:
        samples = _joined(sound, first)
    else:
        samples = sound.read(first, max(1, round(end * sound.rate) - first))
    if not len(samples):
        raise SourceError(f"{media} has no sound{_at(start)}.")
    found = Sound(sane(samples), sound.rate)
    return found if rate is None else resampled(found, rate)


def _joined(sound: Opened, first: int) -> Samples:
    """Return all samples from number `first` on."""
    import numpy as np

    # A damaged header may promise more of them than memory holds.
    blocks = [np.empty(0, np.float32)]
    while len(block := sound.read(first, _BLOCK * sound.rate)):
        blocks.append(block)
        first += len(block)
    return np.concatenate(blocks)


def _head(where: str | bytes) -> bytes:
    if isinstance(where, bytes):
        return where[:_HEAD]
    with open(where, "rb") as stream:  # noqa: PTH123 - the path is a plain string here
        return stream.read(_HEAD)


def _what(head: bytes) -> str:
    """Return what begins so, if that is well known and no sound."""
    start = head.lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "not sound but a web page"
    if start.startswith(b"%pdf"):
        return "not sound but a PDF"
    if head.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8")):
        return "not sound but a picture"
    try:
        text = head.decode()
    except UnicodeDecodeError:
        return ""
    return "not sound but text" if text.isprintable() or "\n" in text else ""


def _at(start: float | None) -> str:
    return "" if not start else f" at {start:g} seconds"


def _line(error: Exception) -> str:
    lines = str(getattr(error, "strerror", None) or error).strip().splitlines()
    # libsndfile repeats which file it was, and says why after a colon.
    said = lines[0].rpartition(": ")[2] if lines else ""
    return (said or type(error).__name__).rstrip(".")
