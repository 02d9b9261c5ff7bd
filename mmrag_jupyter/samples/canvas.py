"""A small drawing board: paths, light and patterns, smoothed by drawing three times as large.

Coordinates are hundredths of the picture's edge, x to the right and y down.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from PIL import Image, ImageChops, ImageDraw, ImageFilter

if TYPE_CHECKING:
    from collections.abc import Sequence

Colour = tuple[int, int, int]
Point = tuple[float, float]

EDGE = 256  # pixels of the finished picture

_SCALE = 3
_FULL = EDGE * _SCALE
_SHADOW = (34, 30, 46)
_BENDS = 14  # points that a curve is drawn with


def mix(colour: Colour, other: Colour, share: float) -> Colour:
    """Return `colour` with `share` (0 to 1) of `other` in it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue


def lighter(colour: Colour, share: float) -> Colour:
    """Return `colour` with white in it."""
    return mix(colour, (255, 255, 255), share)


def darker(colour: Colour, share: float) -> Colour:
    """Return `colour` with black in it, kept a little blue as shadows are."""
    return mix(colour, (16, 14, 26), share)


def path(start: Point, *steps: tuple[float, ...]) -> list[Point]:
    """Return the outline that goes from `start` along `steps`.

    A step is `(x, y)` for a straight line, `(cx, cy, x, y)` for a quadratic and
    `(ax, ay, bx, by, x, y)` for a cubic Bézier curve.
    """
    points = [start]
    for step in steps:
        at = points[-1]
        knots = [at, *((step[i], step[i + 1]) for i in range(0, len(step), 2))]
        bends = _BENDS if len(knots) > 2 else 1  # noqa: PLR2004 - two knots are a line
        points += [_bezier(knots, bend / bends) for bend in range(1, bends + 1)]
    return points


def _bezier(knots: Sequence[Point], at: float) -> Point:
    while len(knots) > 1:
        knots = [
            (ax + (bx - ax) * at, ay + (by - ay) * at) for (ax, ay), (bx, by) in pairwise(knots)
        ]
    return knots[0]


def oval(cx: float, cy: float, rx: float, ry: float) -> list[Point]:
    """Return the outline of an ellipse."""
    return arc((cx, cy), (rx, ry), 0, 360)


def arc(centre: Point, radii: Point, start: float, end: float) -> list[Point]:
    """Return the part of an ellipse's outline from `start` to `end` degrees, clockwise."""
    steps = 48
    angles = [math.radians(start + (end - start) * step / steps) for step in range(steps + 1)]
    return [
        (centre[0] + radii[0] * math.cos(angle), centre[1] + radii[1] * math.sin(angle))
        for angle in angles
    ]


def box(left: float, top: float, right: float, bottom: float, radius: float = 0) -> list[Point]:
    """Return the outline of a rectangle with round corners."""
    points: list[Point] = []
    corners = (
        (right - radius, top + radius, 270),
        (right - radius, bottom - radius, 0),
        (left + radius, bottom - radius, 90),
        (left + radius, top + radius, 180),
    )
    for cx, cy, start in corners:
        points += arc((cx, cy), (radius, radius), start, start + 90)
    return points


@lru_cache(maxsize=1)
def _spot() -> Image.Image:
    return Image.radial_gradient("L").resize((_FULL, _FULL))


@lru_cache(maxsize=1)
def _shade() -> Image.Image:
    # The gradient is 0 in the middle and 181 where an ellipse ends.
    return Image.radial_gradient("L").point(lambda value: max(181 - value, 0) * 4 // 5)


@lru_cache(maxsize=1)
def _slope() -> Image.Image:
    """Return light that comes from the upper left: 255 there, less to the lower right."""
    down = Image.linear_gradient("L")
    return ImageChops.add(down.rotate(90), down, scale=2.0).point(lambda value: 255 - value // 4)


class Canvas:
    """A picture in the making, on a background with a soft light behind the thing."""

    def __init__(self, background: Colour) -> None:
        centre = Image.new("RGB", (_FULL, _FULL), lighter(background, 0.45))
        rim = Image.new("RGB", (_FULL, _FULL), darker(background, 0.06))
        self._image = Image.composite(rim, centre, _spot())
        self._draw = ImageDraw.Draw(self._image)

    def shadow(self, cx: float, cy: float, rx: float, ry: float) -> None:
        """Draw the soft shadow of something that stands at `cy`."""
        width, height = round(rx * 2.4 * _FULL / 100), round(ry * 2.4 * _FULL / 100)
        mask = _shade().resize((width, height))
        left, top = round(cx * _FULL / 100) - width // 2, round(cy * _FULL / 100) - height // 2
        self._image.paste(_SHADOW, (left, top, left + width, top + height), mask)

    def lying(self, outline: Sequence[Point]) -> None:
        """Draw the soft shadow of something that lies flat or hangs on a wall."""
        # Drawn and blurred an eighth as large: as soft, and far faster.
        small = _FULL // 8
        mask = Image.new("L", (small, small))
        moved = [((x + 1.6) * small / 100, (y + 2.4) * small / 100) for x, y in outline]
        ImageDraw.Draw(mask).polygon(moved, fill=90)
        mask = mask.filter(ImageFilter.GaussianBlur(2.2))
        self._image.paste(_SHADOW, (0, 0), mask.resize((_FULL, _FULL), Image.Resampling.BICUBIC))

    def fill(self, outline: Sequence[Point], colour: Colour) -> None:
        """Fill an outline with one colour."""
        self._draw.polygon(_pixels(outline), fill=colour)

    def line(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        """Draw a line with round ends."""
        pixels, radius = _pixels(points), width * _FULL / 200
        self._draw.line(pixels, fill=colour, width=round(radius * 2), joint="curve")
        for x, y in (pixels[0], pixels[-1]):
            self._draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)

    def glow(self, cx: float, cy: float, radius: float, colour: Colour) -> None:
        """Lighten the surroundings of a lamp."""
        edge = round(radius * 2 * _FULL / 100)
        mask = Image.radial_gradient("L").resize((edge, edge)).point(lambda v: max(150 - v, 0))
        left = round((cx - radius) * _FULL / 100), round((cy - radius) * _FULL / 100)
        self._image.paste(colour, (*left, left[0] + edge, left[1] + edge), mask)

    def solid(self, outline: Sequence[Point], colour: Colour, pattern: str = "plain") -> None:
        """Fill an outline with lit cloth or clay: a colour, a pattern, and a soft light on it."""
        pixels = _pixels(outline)
        left, top = (int(min(values)) for values in zip(*pixels, strict=True))
        right, bottom = (math.ceil(max(values)) + 1 for values in zip(*pixels, strict=True))
        size = right - left, bottom - top
        cloth = Image.new("RGB", size, colour)
        _weave(ImageDraw.Draw(cloth), size, colour, pattern)
        light = _slope().resize(size)
        mask = Image.new("L", size)
        ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in pixels], fill=255)
        lit = ImageChops.multiply(cloth, Image.merge("RGB", (light, light, light)))
        self._image.paste(lit, (left, top), mask)

    def finished(self, *, mirrored: bool = False) -> Image.Image:
        """Return the picture in its final size."""
        image = self._image.reduce(_SCALE)
        return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else image


def _pixels(points: Sequence[Point]) -> list[Point]:
    return [(x * _FULL / 100, y * _FULL / 100) for x, y in points]


def _weave(draw: ImageDraw.ImageDraw, size: tuple[int, int], colour: Colour, pattern: str) -> None:
    """Draw stripes, dots or checks in a colour that goes with the cloth's."""
    light = sum(colour) > 480  # noqa: PLR2004 - of 765
    second = darker(colour, 0.35) if light else lighter(colour, 0.62)
    step = _FULL // 12
    if pattern == "stripes":
        for y in range(step // 2, size[1], step):
            draw.rectangle((0, y, size[0], y + step * 2 // 5), fill=second)
    elif pattern == "dots":
        for row, y in enumerate(range(step // 2, size[1] + step, step)):
            for x in range(step // 2 if row % 2 else 0, size[0] + step, step):
                draw.ellipse(
                    (x - step // 5, y - step // 5, x + step // 5, y + step // 5), fill=second
                )
    elif pattern == "checks":
        soft = mix(colour, second, 0.35)
        for y in range(0, size[1], step):
            draw.rectangle((0, y, size[0], y + step // 2), fill=soft)
        for x in range(0, size[0], step):
            draw.rectangle((x, 0, x + step // 2, size[1]), fill=soft)
            for y in range(0, size[1], step):
                draw.rectangle((x, y, x + step // 2, y + step // 2), fill=second)
