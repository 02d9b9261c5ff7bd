"""Drawings of things for the home; each fills a canvas with one product."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mmrag_jupyter.samples.canvas import arc, box, darker, lighter, mix, oval, path

if TYPE_CHECKING:
    from mmrag_jupyter.samples.canvas import Canvas, Colour

_WOOD = (176, 126, 82)
_STEEL = (186, 190, 196)
_CREAM = (250, 246, 236)
_INK = (46, 44, 52)
_BRASS = (208, 170, 92)
_LEAF = (70, 134, 78)
_WARM = (255, 236, 178)


def mug(canvas: Canvas, colour: Colour, pattern: str) -> None:
    """Draw a mug with something hot in it."""
    canvas.shadow(46, 86, 34, 5)
    canvas.line(path((66, 44), (92, 40, 90, 58), (88, 72, 66, 74)), 6.0, darker(colour, 0.16))
    canvas.solid(
        path((18, 34), (72, 34), (70, 80), (69, 88, 58, 88), (32, 88), (21, 88, 20, 80)),
        colour,
        pattern,
    )
    canvas.solid(oval(45, 34, 27, 6.5), lighter(colour, 0.35))
    canvas.fill(oval(45, 35, 23.5, 4.8), (86, 56, 40))
    for x in (36, 46, 56):
        canvas.line(path((x, 25), (x + 5, 20, x, 15), (x - 5, 10, x, 5)), 1.5, (255, 255, 255))


def teapot(canvas: Canvas, colour: Colour, pattern: str) -> None:
    """Draw a round teapot."""
    canvas.shadow(48, 86, 38, 5)
    canvas.line(path((22, 46), (-2, 44, 6, 64), (10, 76, 26, 74)), 5.0, darker(colour, 0.16))
    canvas.solid(
        path((70, 68), (84, 62, 84, 44), (86, 36, 96, 34), (97, 38, 94, 40), (94, 66, 72, 80)),
        darker(colour, 0.08),
    )
    canvas.solid(
        path(
            (48, 36),
            (80, 36, 80, 64),
            (80, 87, 60, 87),
            (36, 87),
            (16, 87, 16, 64),
            (16, 36, 48, 36),
        ),
        colour,
        pattern,
    )
    canvas.solid(
        path((31, 38), (32, 27, 48, 27), (64, 27, 65, 38), (48, 43, 31, 38)), darker(colour, 0.12)
    )
    canvas.solid(oval(48, 23, 5, 5), darker(colour, 0.25))
    canvas.line(path((26, 56), (26, 46, 36, 43)), 2.2, lighter(colour, 0.55))


def lamp(canvas: Canvas, colour: Colour, pattern: str) -> None:
    """Draw a table lamp, switched on."""
    canvas.shadow(50, 89, 30, 4)
    canvas.glow(50, 44, 46, _WARM)
    canvas.line([(50, 46), (50, 84)], 3.4, _BRASS)
    canvas.solid(
        path((38, 64), (50, 54, 62, 64), (64, 80, 50, 82), (36, 80, 38, 64)), lighter(colour, 0.25)
    )
    canvas.solid(path((32, 88), (34, 81, 50, 81), (66, 81, 68, 88)), _BRASS)
    canvas.fill(oval(50, 50, 31, 4), _WARM)
    canvas.solid(path((34, 12), (66, 12), (81, 50), (50, 56, 19, 50)), colour, pattern)


def desk_lamp(canvas: Canvas, colour: Colour, pattern: str) -> None:  # noqa: ARG001 - lacquer
    """Draw a lamp with a jointed arm."""
    canvas.shadow(36, 90, 26, 4)
    canvas.glow(74, 56, 30, _WARM)
    canvas.solid(path((16, 90), (17, 82, 36, 82), (55, 82, 56, 90)), colour)
    for points in ([(36, 82), (22, 48)], [(22, 48), (56, 22)]):
        canvas.line(points, 3.0, _STEEL)
    for x, y in ((22, 48), (56, 22)):
        canvas.solid(oval(x, y, 3.6, 3.6), darker(colour, 0.3))
    canvas.fill(path((58, 50), (76, 58, 90, 36), (92, 44, 84, 54), (74, 62, 58, 50)), _WARM)
    canvas.solid(
        path((54, 14), (62, 12, 66, 20), (90, 26, 92, 38), (78, 52, 57, 51), (48, 38, 58, 22)),
        colour,
    )


def chair(canvas: Canvas, colour: Colour, pattern: str) -> None:
    """Draw a chair with a moulded seat on wooden legs."""
    canvas.shadow(52, 91, 36, 4)
    for start, end in (((38, 58), (30, 90)), ((66, 58), (74, 90))):
        canvas.line([start, end], 2.6, darker(_WOOD, 0.3))
    for start, end in (((32, 62), (20, 92)), ((74, 62), (86, 92))):
        canvas.line([start, end], 3.2, _WOOD)
    back = path(
        (24, 16),
        (26, 8, 36, 8),
        (66, 8),
        (76, 8, 77, 16),
        (80, 36, 76, 56),
        (24, 56),
        (20, 36, 24, 16),
    )
    canvas.solid(back, colour, pattern)
    seat = path((20, 54), (50, 48, 80, 54), (88, 60, 82, 66), (50, 72, 18, 66), (12, 60, 20, 54))
    canvas.solid(seat, darker(colour, 0.12), pattern)
    canvas.line(path((18, 66), (50, 72, 82, 66)), 1.4, darker(colour, 0.35))


def armchair(canvas: Canvas, colour: Colour, pattern: str) -> None:
    """Draw an armchair."""
    canvas.shadow(50, 91, 44, 4)
    for x in (20, 80):
        canvas.line([(x, 80), (x + (x - 50) / 10, 91)], 3.4, _WOOD)
    canvas.solid(
        path((22, 70), (20, 14, 34, 12), (50, 9, 66, 12), (80, 14, 78, 70)), colour, pattern
    )
    canvas.solid(box(22, 56, 78, 74, 6), lighter(colour, 0.12))
    canvas.line([(26, 74), (74, 74)], 1.0, darker(colour, 0.4))
    canvas.solid(box(20, 72, 80, 84, 4), darker(colour, 0.14))
    for x in (8, 76):
        canvas.solid(
            path((x, 84), (x, 52), (x, 43, x + 8, 43), (x + 16, 43, x + 16, 52), (x + 16, 84)),
            darker(colour, 0.06),
        )
    for x in (40, 60):
        canvas.line(path((x, 18), (x - (50 - x) * 0.1, 36, x, 54)), 0.8, darker(colour, 0.3))


def _pot(canvas: Canvas, colour: Colour, pattern: str) -> None:
    canvas.shadow(50, 90, 26, 4)
    canvas.solid(path((31, 66), (69, 66), (64, 91), (36, 91)), colour, pattern)
    canvas.solid(box(28, 60, 72, 68, 2), darker(colour, 0.12))
    canvas.fill(oval(50, 61, 20, 2), (74, 56, 46))


# Three habits of growth: leaves by their angle from upright, their length and their width.
_LEAVES = (
    ((-68, 36, 8), (66, 38, 8), (-42, 46, 8), (40, 45, 8), (-16, 54, 9), (18, 50, 9)),
    ((-74, 42, 4), (72, 44, 4), (-54, 46, 4), (50, 45, 4), (-34, 50, 4), (30, 52, 4), (-12, 54, 4),
     (9, 56, 4)),
    ((-78, 32, 12), (76, 34, 12), (-46, 42, 13), (44, 40, 13), (-10, 50, 14), (16, 47, 13)),
)  # fmt: skip


def plant(canvas: Canvas, colour: Colour, pattern: str) -> None:
    """Draw a leafy plant in a coloured pot; which one, its colour decides."""
    for angle, length, wide in _LEAVES[sum(colour) % len(_LEAVES)]:
        radians = math.radians(angle)
        x, y = 50 + length * math.sin(radians), 60 - length * math.cos(radians)
        sx, sy = wide * math.cos(radians), wide * math.sin(radians)
        mx, my = (50 + x) / 2 + (x - 50) * 0.12, (60 + y) / 2 + (y - 60) * 0.12
        leaf = path((50, 60), (mx - sx, my - sy, x, y), (mx + sx, my + sy, 50, 60))
        canvas.solid(leaf, lighter(_LEAF, 0.12) if angle > 0 else darker(_LEAF, 0.12))
        canvas.line([(50, 60), (x * 0.9 + 5, y * 0.9 + 6)], 0.7, lighter(_LEAF, 0.45))
    _pot(canvas, colour, pattern)


def cactus(canvas: Canvas, colour: Colour, pattern: str) -> None:
    """Draw a cactus in a coloured pot."""
    green = mix(_LEAF, (60, 150, 130), 0.4)
    canvas.line(path((60, 46), (74, 46, 74, 38), (74, 30)), 9.0, darker(green, 0.12))
    canvas.line(path((42, 52), (28, 52, 28, 42), (28, 34)), 8.0, darker(green, 0.12))
    canvas.solid(box(39, 12, 61, 64, 11), green)
    for x in (45, 50, 55):
        canvas.line([(x, 18), (x, 60)], 0.7, lighter(green, 0.4))
    for x, y in ((42, 24), (58, 30), (42, 40), (58, 50), (74, 33), (28, 38), (50, 34)):
        canvas.line([(x - 1.4, y - 1.4), (x + 1.4, y + 1.4)], 0.6, _CREAM)
    for x, y in ((47, 11), (53, 11), (50, 8)):
        canvas.fill(oval(x, y, 3, 3), (238, 120, 150))
    _pot(canvas, colour, pattern)


def _dial(canvas: Canvas, cx: float, cy: float, radius: float, time: tuple[int, int]) -> None:
    canvas.fill(oval(cx, cy, radius, radius), _CREAM)
    for hour in range(12):
        angle = math.radians(hour * 30)
        inner = radius * (0.74 if hour % 3 == 0 else 0.82)
        ends = [(cx + r * math.sin(angle), cy - r * math.cos(angle)) for r in (inner, radius * 0.9)]
        canvas.line(ends, 1.5 if hour % 3 == 0 else 0.8, _INK)
    hours, minutes = time
    for turn, length, width in ((hours / 12 + minutes / 720, 0.5, 2.2), (minutes / 60, 0.76, 1.4)):
        angle = 2 * math.pi * turn
        tip = cx + radius * length * math.sin(angle), cy - radius * length * math.cos(angle)
        canvas.line([(cx, cy), tip], width, _INK)
    canvas.fill(oval(cx, cy, 1.9, 1.9), (206, 64, 56))


def clock(canvas: Canvas, colour: Colour, pattern: str) -> None:  # noqa: ARG001 - a rim is plain
    """Draw a round wall clock."""
    canvas.lying(oval(50, 50, 42, 42))
    canvas.solid(oval(50, 50, 42, 42), colour)
    canvas.fill(oval(50, 50, 36.5, 36.5), darker(colour, 0.3))
    _dial(canvas, 50, 50.4, 35, (10, 9))


def alarm_clock(canvas: Canvas, colour: Colour, pattern: str) -> None:  # noqa: ARG001 - a rim is plain
    """Draw an alarm clock with two bells."""
    canvas.shadow(50, 91, 34, 4)
    for side in (-1, 1):
        canvas.line([(50 + side * 22, 76), (50 + side * 30, 90)], 4.0, darker(colour, 0.35))
        bell = arc((50 + side * 21, 22), (13, 10), 180, 360)
        turned = [(x, y + side * (x - 50 - side * 21) * 0.6) for x, y in bell]
        canvas.solid(turned, _STEEL)
    canvas.line([(50, 12), (50, 22)], 3.0, darker(colour, 0.35))
    canvas.fill(oval(50, 11, 4, 3), darker(colour, 0.35))
    canvas.solid(oval(50, 55, 35, 35), colour)
    _dial(canvas, 50, 55, 28, (7, 0))


def bottle(canvas: Canvas, colour: Colour, pattern: str) -> None:
    """Draw a drinking bottle with a loop on its lid."""
    canvas.shadow(50, 91, 20, 4)
    canvas.line(path((43, 14), (44, 3, 50, 3), (56, 3, 57, 14)), 2.8, _INK)
    canvas.solid(box(39, 11, 61, 22, 3), _INK)
    canvas.solid(
        path(
            (41, 22),
            (59, 22),
            (60, 28, 67, 34),
            (67, 84),
            (67, 91, 60, 91),
            (40, 91),
            (33, 91, 33, 84),
            (33, 34),
            (40, 28, 41, 22),
        ),
        colour,
        pattern,
    )
    canvas.line([(39, 40), (39, 80)], 2.4, lighter(colour, 0.55))
    canvas.fill(box(33, 80, 67, 83), darker(colour, 0.25))


def flask(canvas: Canvas, colour: Colour, pattern: str) -> None:
    """Draw a slim vacuum flask with a steel cup."""
    canvas.shadow(50, 92, 20, 4)
    canvas.solid(
        path((36, 10), (37, 6, 41, 6), (59, 6), (63, 6, 64, 10), (66, 30), (34, 30)), _STEEL
    )
    canvas.solid(box(32, 31, 68, 92, 4), colour, pattern)
    canvas.solid(box(32, 31, 68, 36, 1), _STEEL)
    canvas.solid(box(32, 86, 68, 92, 2), _STEEL)
    canvas.line([(38, 42), (38, 80)], 2.2, lighter(colour, 0.5))


def umbrella(canvas: Canvas, colour: Colour, pattern: str) -> None:
    """Draw an open umbrella with a curved handle."""
    canvas.shadow(50, 92, 26, 3)
    canvas.line([(50, 8), (50, 84)], 2.0, _STEEL)
    canvas.line(path((50, 78), (50, 92, 58, 92), (66, 92, 65, 84)), 3.4, _WOOD)
    ribs = (6, 28, 50, 72, 94)
    top = (50.0, 12.0)
    for panel in range(4):
        left, right = ribs[panel], ribs[panel + 1]
        middle = (left + right) / 2
        outline = path(
            top, ((left + 50) / 2 + (left - 50) * 0.32, 16, left, 54), (middle, 45, right, 54),
            ((right + 50) / 2 + (right - 50) * 0.32, 16, *top),
        )  # fmt: skip
        canvas.solid(outline, darker(colour, 0.16) if panel % 2 else colour, pattern)
    canvas.line([(50, 7), (50, 13)], 2.2, _INK)


def cushion(canvas: Canvas, colour: Colour, pattern: str) -> None:
    """Draw a square cushion."""
    canvas.shadow(51, 84, 42, 8)
    outline = path((10, 14), (50, 24, 90, 14), (80, 50, 90, 88), (50, 79, 10, 88), (20, 50, 10, 14))
    canvas.solid(outline, colour, pattern)
    canvas.line([*outline], 1.3, darker(colour, 0.3))
    for corner, inward in (
        ((14, 18), (24, 26)),
        ((86, 18), (76, 26)),
        ((14, 84), (24, 76)),
        ((86, 84), (76, 76)),
    ):
        canvas.line([corner, inward], 0.9, darker(colour, 0.25))


def vase(canvas: Canvas, colour: Colour, pattern: str) -> None:
    """Draw a vase with three stems."""
    canvas.shadow(50, 91, 24, 4)
    for x, y, petal in (
        (35, 20, (232, 132, 120)),
        (52, 11, (244, 200, 90)),
        (67, 23, (226, 150, 190)),
    ):
        canvas.line(path((50, 52), (50, 34, x, y + 4)), 1.4, darker(_LEAF, 0.1))
        for turn in range(6):
            angle = math.radians(turn * 60)
            canvas.fill(oval(x + 4.4 * math.cos(angle), y + 4.4 * math.sin(angle), 3.2, 3.2), petal)
        canvas.fill(oval(x, y, 2.8, 2.8), (250, 236, 190))
    body = path(
        (43, 46),
        (57, 46),
        (56, 58, 66, 66),
        (76, 80, 62, 92),
        (38, 92),
        (24, 80, 34, 66),
        (44, 58, 43, 46),
    )
    canvas.solid(body, colour, pattern)
    canvas.solid(box(41, 43, 59, 48, 2), darker(colour, 0.15))
    canvas.line(path((35, 74), (35, 70, 41, 64)), 2.0, lighter(colour, 0.55))
