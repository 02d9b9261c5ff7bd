"""Waveforms: how loud a recording is over time, as a small picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from PIL.Image import Image

    Levels = npt.NDArray[np.float32]
    Colour = tuple[int, int, int]

BARS = 120
SIZE = (480, 96)  # pixels; shown at half of that or less

# A drawing paints its own ground, as a photo does: on a light page and on a dark one it reads
# alike.
_GROUND: Colour = (238, 239, 245)
BESIDE: Colour = (160, 163, 178)
_WITHIN: Colour = (78, 68, 206)
_EDGE: Colour = (30, 27, 75)

# What is quieter than this fills the height no more: silence is to look like it.
_QUIET = 0.02
_GAP = 1  # pixels between bars
_MARK = 2  # pixels


def levels(samples: npt.NDArray[np.float32], bars: int = BARS) -> Levels:
    """Return the loudest of each of `bars` equal pieces of some samples, shape (bars,)."""
    if not len(samples):
        return np.zeros(bars, np.float32)
    edges = np.linspace(0, len(samples), bars, endpoint=False).astype(np.int64)
    found: Levels = np.maximum.reduceat(np.abs(samples), edges).astype(np.float32)
    return found


def waveform(loud: Levels, within: tuple[float, float] = (0.0, 1.0)) -> Image:
    """Return a picture of levels; `within` are the edges of what is meant, as fractions.

    What lies beside it is grey, and its edges are marked.
    """
    begin, end = within
    middles = (np.arange(len(loud)) + 0.5) / max(len(loud), 1)
    colours = [_WITHIN if begin <= at <= end else BESIDE for at in middles.tolist()]
    marks = [at for at in within if 0.0 < at < 1.0]
    return coloured(loud, colours, marks)


def coloured(loud: Levels, colours: Sequence[Colour], marks: Sequence[float] = ()) -> Image:
    """Return a picture of levels, each bar in a colour of its own; few colours make a small one."""
    from PIL import Image as Pillow
    from PIL import ImageDraw

    wide, high = SIZE
    palette = {_GROUND: 0, _EDGE: 1}
    for colour in colours:
        palette.setdefault(colour, len(palette))
    image = Pillow.new("P", SIZE, 0)
    image.putpalette([value for colour in palette for value in colour])
    draw = ImageDraw.Draw(image)
    most = max(float(loud.max(initial=0.0)), _QUIET)
    step = wide / max(len(loud), 1)
    for at, (level, colour) in enumerate(zip(loud.tolist(), colours, strict=True)):
        half = max(1, round(level / most * (high / 2 - 6)))
        left = round(at * step)
        right = max(round((at + 1) * step) - 1 - _GAP, left)
        draw.rectangle((left, high // 2 - half, right, high // 2 + half), palette[colour])
    for mark in marks:
        at = min(max(round(mark * wide) - _MARK // 2, 0), wide - _MARK)
        draw.rectangle((at, 0, at + _MARK - 1, high - 1), palette[_EDGE])
    return image
