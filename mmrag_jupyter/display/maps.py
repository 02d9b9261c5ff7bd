"""A picture with what matched drawn over it: where a model looked, and words in boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt
    from PIL.Image import Image

    Grid = npt.NDArray[np.float32]
    Area = tuple[float, float, float, float]

WHOLE: Area = (0.0, 0.0, 1.0, 1.0)

# From what matches a little to what matches most. Both show on white paper and on photos, and
# to readers who tell red from green badly.
_WEAK = np.array([255, 190, 0], np.float32)
_STRONG = np.array([214, 0, 96], np.float32)
_MOST_COVER = 0.62  # how much of the picture the strongest place hides
_COLOUR_LEFT = 0.3  # of the picture's own colours, or they would pass for those of the map
_BOX = (214, 0, 96)
_FILL = 0.16
# A page of 20,000 pixels tells no more when it is drawn at full size.
LONGEST = 1600


def fitted(image: Image) -> Image:
    """Return a picture as RGB, made smaller where it is larger than anybody looks at."""
    image = image.convert("RGB")
    scale = LONGEST / max(image.size)
    if scale >= 1:
        return image
    from PIL.Image import Resampling

    size = max(round(image.width * scale), 1), max(round(image.height * scale), 1)
    return image.resize(size, Resampling.LANCZOS, reducing_gap=2.0)


def heat(
    image: Image, grid: Grid, area: Area = WHOLE, span: tuple[float, float] | None = None
) -> Image:
    """Return a picture with a map over it: the better a place matches, the stronger its colour.

    The picture's own colours are muted.

    Parameters
    ----------
    grid
        How well each place matches, shape (rows, columns).
    area
        What of the picture the map covers: left, top, right and bottom, as fractions.
    span
        What is not coloured at all, and what is most; of several maps the same, so that they
        can be compared. Without it, from the map's own median to its largest.
    """
    from PIL import Image as Pillow

    low, high = span or (float(np.median(grid)), float(grid.max()))
    share = np.clip((grid - low) / max(high - low, 1e-9), 0, 1).astype(np.float32)
    left, top, right, bottom = area
    box = (
        round(left * image.width), round(top * image.height),
        max(round(right * image.width), round(left * image.width) + 1),
        max(round(bottom * image.height), round(top * image.height) + 1),
    )  # fmt: skip
    size = box[2] - box[0], box[3] - box[1]
    grown = Pillow.fromarray(share).resize(size, Pillow.Resampling.BICUBIC)
    whole = np.zeros((image.height, image.width, 1), np.float32)
    drawn = np.clip(np.asarray(grown), 0, 1)[: image.height - box[1], : image.width - box[0], None]
    whole[box[1] : box[3], box[0] : box[2]] = drawn
    pixels = np.asarray(image.convert("RGB"), np.float32)
    grey = np.asarray(image.convert("L"), np.float32)[:, :, None]
    pixels = grey + _COLOUR_LEFT * (pixels - grey)
    cover = whole * _MOST_COVER
    mixed = pixels * (1 - cover) + (_WEAK + (_STRONG - _WEAK) * whole) * cover
    return Pillow.fromarray(np.rint(mixed).astype(np.uint8))


def boxed(image: Image, boxes: Iterable[Area]) -> Image:
    """Return a picture with frames around places: left, top, right and bottom, as fractions."""
    from PIL import Image as Pillow
    from PIL import ImageDraw

    cover = Pillow.new("RGBA", image.size, (*_BOX, 0))
    draw = ImageDraw.Draw(cover)
    width = max(1, round(max(image.size) / 500))
    for left, top, right, bottom in boxes:
        corners = (
            left * image.width - width, top * image.height - width,
            right * image.width + width, bottom * image.height + width,
        )  # fmt: skip
        if corners[2] > corners[0] and corners[3] > corners[1]:
            draw.rectangle(corners, (*_BOX, round(255 * _FILL)), (*_BOX, 255), width)
    return Pillow.alpha_composite(image.convert("RGBA"), cover).convert("RGB")
