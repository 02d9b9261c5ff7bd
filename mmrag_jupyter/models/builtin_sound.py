"""The built-in embedder of sound: what it sounds like, with nothing to download.

It finds sound-alikes (the same voice, the same instrument, the same kind of noise) and
understands nothing. Words reach sound through transcripts and other texts.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from mmrag_jupyter.errors import ModelError

if TYPE_CHECKING:
    from PIL.Image import Image

    from mmrag_jupyter.models.base import Vectors

Array: TypeAlias = npt.NDArray[np.floating]

NAME = "builtin-sound:1"

RATE = 16_000  # samples a second that it listens to
_WINDOW, _HOP = 512, 256  # samples
_BANDS = 40
_LOWEST = 60.0  # Hz; below is rumble, and the hum of the mains
_COEFFICIENTS = 20
# Quieter than this (60 dB below the loudest frame), a band counts as this quiet.
_DEPTH = 6.0  # powers of ten
_SILENCE = 1e-10  # power
# High coefficients are small and tell as much: "liftering" makes all alike (the book of HTK,
# section 5.3).
_LIFTER = 22
# Below this a spread counts as none.
_STILL = 0.5
# Per cent of the frames between which a spread lies: a click changes nothing of it.
_SOME, _MOST = 10, 90
# Lengths below which these parts count less: a flat spectrum has no shape to speak of, and its
# chances are not to become one. Of recordings of all kinds, 23 and 1.8 are usual.
_FLAT, _EVEN = 10.0, 1.0
# What each part of the vector weighs: the mean spectrum, how it varies from frame to frame and
# how it changes, and the course of the loudness.
_MEAN, _SPREAD, _CHANGE, _COURSE = 1.0, 1.0, 1.0, 0.5
# So much of every vector is the same, so that silence has a direction too.
_COMMON = 0.05


class BuiltinSound:
    """Embeds sound by statistics of its log-mel spectrum; a millisecond a second of sound.

    Frames of 32 ms give the power in 40 mel bands (Slaney's triangles), in powers of ten below
    the loudest; their cosine transform (20 cepstral coefficients, Davis and Mermelstein 1980)
    tells timbre from loudness. The vector joins the mean over time, the logarithm of the
    spread, that of the differences between neighbouring frames, and how loudness itself varies.
    Silent frames are left out, so that pauses do not count.
    """

    name = NAME
    address = "builtin"
    modalities = frozenset({"audio"})
    audio_rate = RATE
    dim = 3 * _COEFFICIENTS + 3 + 1

    def embed_text(self, texts: list[str], *, query: bool) -> Vectors:
        """Raise ModelError: texts are found by their words."""
        del texts, query
        raise ModelError("the built-in model of sound embeds no texts")

    def embed_image(self, images: list[Image]) -> Vectors:
        """Raise ModelError: pictures have a built-in model of their own."""
        del images
        raise ModelError("the built-in model of sound embeds no pictures")

    def embed_audio(self, sounds: list[npt.NDArray[np.float32]], rate: int) -> Vectors:
        """Return `(n, dim)` float32, L2-normalised, of sounds of shape (samples,)."""
        if rate != RATE:
            import soxr

            sounds = [soxr.resample(one, rate, RATE) for one in sounds]
        if not sounds:
            return np.empty((0, self.dim), np.float32)
        return np.stack([_vector(one) for one in sounds])


def _vector(samples: npt.NDArray[np.float32]) -> Vectors:
    logs, loudness = _bands(samples)
    heard = loudness > loudness.max() - _DEPTH / 2
    logs, loudness = logs[heard], loudness[heard]
    coefficients = logs @ _cosines()
    changes = np.diff(coefficients, axis=0, prepend=coefficients[:1])
    steps = np.abs(np.diff(loudness, prepend=loudness[:1]))
    course = np.array([_spread(loudness), steps.mean(), heard.mean()])
    parts = (
        _MEAN * _scaled(coefficients.mean(axis=0), _FLAT),
        _SPREAD * _scaled(_proportions(_spread(coefficients)), _EVEN),
        _CHANGE * _scaled(_proportions(_spread(changes)), _EVEN),
        _COURSE * _scaled(course, _EVEN),
        np.array([_COMMON]),
    )
    vector = np.concatenate(parts)
    return cast("Vectors", (vector / np.linalg.norm(vector)).astype(np.float32))


def _bands(samples: npt.NDArray[np.float32]) -> tuple[Array, Array]:
    """Return the log power of frames in mel bands, (frames, bands), and of frames as a whole."""
    padded = np.pad(samples.astype(np.float64), (0, max(0, _WINDOW - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    power = np.abs(np.fft.rfft(frames * np.hanning(_WINDOW))) ** 2 / _WINDOW
    mel = np.log10(np.maximum(power @ _triangles(), _SILENCE))
    floor = max(float(mel.max()) - _DEPTH, float(np.log10(_SILENCE)))
    return np.maximum(mel, floor) - floor, np.log10(np.maximum(power.sum(axis=1), _SILENCE))


def _spread(part: Array) -> Array:
    """Return how far the frames of each column lie apart, without the outermost."""
    low, high = np.percentile(part, [_SOME, _MOST], axis=0)
    spread: Array = high - low
    return spread


def _proportions(part: Array) -> Array:
    """Return by what each number is more or less than the others, whatever their size."""
    logs = np.log(part + _STILL)
    centred: Array = logs - logs.mean()
    return centred


def _scaled(part: Array, least: float) -> Array:
    return part / max(float(np.linalg.norm(part)), least)


@functools.cache
def _triangles() -> Array:
    """Return the weights of frequencies in mel bands, (frequencies, bands)."""
    ends = _mel(np.array([_LOWEST, RATE / 2]))
    corners = _hertz(np.linspace(ends[0], ends[1], _BANDS + 2))
    at = np.fft.rfftfreq(_WINDOW, 1 / RATE)[:, None]
    low, middle, high = corners[:-2], corners[1:-1], corners[2:]
    rising, falling = (at - low) / (middle - low), (high - at) / (high - middle)
    triangles: Array = np.maximum(0, np.minimum(rising, falling))
    # Each band the same weight in all, or the wide ones of high frequencies would outweigh.
    triangles /= np.maximum(triangles.sum(axis=0), 1e-9)
    return triangles


@functools.cache
def _cosines() -> Array:
    """Return cosines without the constant, (bands, coefficients): DCT of type II, liftered."""
    places = (np.arange(_BANDS) + 0.5) / _BANDS
    orders = np.arange(1, _COEFFICIENTS + 1)
    lifter = 1 + _LIFTER / 2 * np.sin(np.pi * orders / _LIFTER)
    waves: Array = np.cos(np.pi * places[:, None] * orders[None, :])
    waves *= np.sqrt(2 / _BANDS) * lifter
    return waves


def _mel(hertz: Array) -> Array:
    # O'Shaughnessy, "Speech Communication" (1987), p. 150.
    return 2595 * np.log10(1 + hertz / 700)


def _hertz(mel: Array) -> Array:
    return 700 * (10 ** (mel / 2595) - 1)
