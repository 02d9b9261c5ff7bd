"""Whether two pictures are one: laid upon each other as small ones, cropped as suits them best.

Vectors tell what looks alike, and a white shirt on white looks like a white lamp on white. The
copy of a picture agrees with it in its fine structure too, once it is known what was cut off.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL.Image import Image

    Bytes = npt.NDArray[np.uint8]
    Floats = npt.NDArray[np.floating]
    Integers = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]

# Pixels of a sketch: a square of brightness, and two of colour (blue and red differences).
_BRIGHT, _COLOUR = 64, 16
SIZE = _BRIGHT**2 + 2 * _COLOUR**2
# Pixels that are compared: at first, while what is cut off is looked for, and at last.
_FIRST, _SEARCHED, _LAST = 8, 16, 32
_TONES = 8
# What may be cut off at each of two opposite sides, as shares of the picture's edge.
_CUTS = tuple((low / 50, high / 50) for low in range(7) for high in range(7))
# What is tried of them at first, at left, right, top and bottom.
_TRIED = (
    (0.0, 0.0, 0.0, 0.0), (0.025, 0.025, 0.025, 0.025), (0.05, 0.05, 0.05, 0.05),
    (0.1, 0.1, 0.1, 0.1), (0.1, 0.0, 0.0, 0.0), (0.0, 0.1, 0.0, 0.0), (0.0, 0.0, 0.1, 0.0),
    (0.0, 0.0, 0.0, 0.1), (0.1, 0.0, 0.1, 0.0), (0.1, 0.0, 0.0, 0.1), (0.0, 0.1, 0.1, 0.0),
    (0.0, 0.1, 0.0, 0.1),
)  # fmt: skip
# Measured on 571 photos of groceries and goods (docs/exploring.md): all but one in a hundred
# copies lie above, all pairs of different photos below.
_WORTH_A_LOOK, _SAME = 0.75, 0.9
_OTHER_COLOURS = 10.0  # levels of 255, on average
# Levels of fine structure below which a picture is flat: what is left is noise.
_FLAT = 1.0
_BLUR = 3  # pixels to each side: what is coarser is not fine structure
_ROUNDS = 2
_AT_ONCE = 128  # pairs


def sketch(image: Image) -> Bytes:
    """Return a small picture as one row of bytes, shape (SIZE,) uint8."""
    small = image.convert("RGB").resize((_BRIGHT, _BRIGHT), resample=4).convert("YCbCr")  # 4: BOX
    tones = small.resize((_COLOUR, _COLOUR), resample=4)
    bright = np.asarray(small)[..., 0]
    return np.concatenate([bright.ravel(), np.asarray(tones)[..., 1:].transpose(2, 0, 1).ravel()])


def flat(sketches: Bytes) -> Flags:
    """Tell of each sketch, shape (n, SIZE), whether there is nothing on it that could differ."""
    fine = _fine(_cut(_bright(sketches), _BRIGHT, _LAST, 0, 0))
    found: Flags = np.sqrt((fine**2).mean(axis=(1, 2))) < _FLAT
    return found


def same(one: Bytes, other: Bytes) -> Flags:
    """Tell of each pair of sketches, shape (n, SIZE) each, whether they show the same picture.

    Scaled, saved again, brighter or with up to a tenth cut off at a side it is the same; turned,
    mirrored, recoloured or written upon it is not. Two flat pictures are not.
    """
    found = np.zeros(len(one), bool)
    for at in range(0, len(one), _AT_ONCE):
        first, second = one[at : at + _AT_ONCE], other[at : at + _AT_ONCE]
        worth = np.flatnonzero(_roughly(first, second) >= _WORTH_A_LOOK)
        first, second = first[worth], second[worth]
        # Either may be what is left of the other.
        found[at + worth] = _is_cut_of(first, second) | _is_cut_of(second, first)
    return found


def _roughly(one: Bytes, other: Bytes) -> Floats:
    """Return how much two pictures agree in their coarse structure, either of them cropped."""
    here, there = _tried(one), _tried(other)
    there_cut = (there @ here[:, 0, :, None]).max(axis=(1, 2))
    here_cut = (here @ there[:, 0, :, None]).max(axis=(1, 2))
    found: Floats = np.maximum(there_cut, here_cut)
    return found


def _tried(sketches: Bytes) -> Floats:
    bright = _bright(sketches)
    cuts = [
        _shrunk(_BRIGHT, _FIRST, top, bottom) @ bright @ _shrunk(_BRIGHT, _FIRST, left, right).T
        for left, right, top, bottom in _TRIED
    ]
    return _levelled(np.stack(cuts, axis=1)).reshape(len(sketches), len(_TRIED), -1)


def _is_cut_of(whole: Bytes, part: Bytes) -> Flags:
    """Tell of each pair whether the second is the first with something cut off."""
    if not len(whole):
        return np.zeros(0, bool)
    across, down = _best_cut(_bright(whole), _bright(part))
    cut = _cut(_bright(whole), _BRIGHT, _LAST, across, down)
    own = _cut(_bright(part), _BRIGHT, _LAST, 0, 0)
    alike = (_unit(_fine(cut)) * _unit(_fine(own))).sum(axis=(1, 2))
    tones = np.zeros(len(whole))
    for plane in range(2):
        there = _cut(_tones(whole, plane), _COLOUR, _TONES, across, down)
        here = _cut(_tones(part, plane), _COLOUR, _TONES, 0, 0)
        tones += ((there - here) ** 2).mean(axis=(1, 2)) / 2
    found: Flags = (alike >= _SAME) & (np.sqrt(tones) <= _OTHER_COLOURS)
    return found


def _best_cut(whole: Floats, part: Floats) -> tuple[Integers, Integers]:
    """Return which of the cuts, across and down, makes the first most like the second.

    One direction after the other: all pairs of cuts would be 49 times as many.
    """
    half = _BRIGHT // 2
    whole = _cut(whole, _BRIGHT, half, 0, 0)
    wanted = _levelled(_cut(part, _BRIGHT, _SEARCHED, 0, 0))
    cuts = _cuts(half, _SEARCHED)
    across = down = np.zeros(len(whole), np.int64)
    for _ in range(_ROUNDS):
        rows = (cuts[down] @ whole)[:, None] @ cuts.transpose(0, 2, 1)
        across = (_levelled(rows) * wanted[:, None]).sum(axis=(2, 3)).argmax(axis=1)
        columns = cuts @ (whole @ cuts[across].transpose(0, 2, 1))[:, None]
        down = (_levelled(columns) * wanted[:, None]).sum(axis=(2, 3)).argmax(axis=1)
    return across, down


def _bright(sketches: Bytes) -> Floats:
    return sketches[:, : _BRIGHT**2].reshape(-1, _BRIGHT, _BRIGHT).astype(np.float32)


def _tones(sketches: Bytes, plane: int) -> Floats:
    planes = sketches[:, _BRIGHT**2 :].reshape(-1, 2, _COLOUR, _COLOUR)
    return planes[:, plane].astype(np.float32)


def _cut(
    pictures: Floats, size: int, wanted: int, across: Integers | int, down: Integers | int
) -> Floats:
    """Return pictures of `size` pixels cut and scaled to `wanted`; cuts are places in `_CUTS`."""
    cuts = _cuts(size, wanted)
    found: Floats = cuts[down] @ pictures @ np.swapaxes(cuts[across], -1, -2)
    return found


@cache
def _cuts(size: int, wanted: int) -> Floats:
    return np.stack([_shrunk(size, wanted, low, high) for low, high in _CUTS])


@cache
def _shrunk(size: int, wanted: int, low: float, high: float) -> Floats:
    """Return what takes `size` pixels, without the shares at both ends, to `wanted`, by area."""
    edges = (low + (1 - low - high) * np.arange(wanted + 1) / wanted) * size
    pixels = np.arange(size)
    shared = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    shares = np.maximum(shared, 0)
    found: Floats = (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)
    return found


@cache
def _blur() -> Floats:
    near = np.abs(np.subtract.outer(np.arange(_LAST), np.arange(_LAST))) <= _BLUR
    found: Floats = (near / near.sum(axis=1, keepdims=True)).astype(np.float32)
    return found


def _fine(pictures: Floats) -> Floats:
    return pictures - _blur() @ pictures @ _blur().T


def _levelled(pictures: Floats) -> Floats:
    """Return pictures without their brightness and of length 1: the product is a correlation."""
    middle: Floats = pictures.mean(axis=(-1, -2), keepdims=True)
    return _unit(pictures - middle)


def _unit(pictures: Floats) -> Floats:
    lengths = np.sqrt((pictures**2).sum(axis=(-1, -2), keepdims=True))
    found: Floats = pictures / np.maximum(lengths, _FLAT * pictures.shape[-1])
    return found
