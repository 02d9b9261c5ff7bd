"""Drawings of things to wear and to carry; each fills a canvas with one product."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.samples.canvas import box, darker, lighter, oval, path

if TYPE_CHECKING:
    from mmrag_jupyter.samples.canvas import Canvas, Colour

_RUBBER = (247, 244, 238)
_INK = (46, 44, 52)
_BRASS = (208, 170, 92)
_BRIGHT = 330  # of 765


def sneaker(canvas: Canvas, colour: Colour, pattern: str) -> None:
    """Draw a canvas shoe with a white toe."""
    canvas.shadow(51, 80, 46, 5)
    upper = path(
        (11, 74), (6, 60, 12, 44), (15, 40, 20, 43), (30, 50, 40, 42), (44, 33, 51, 37),
        (56, 50, 68, 56), (92, 58, 93, 74),
    )  # fmt: skip
    canvas.solid(upper, colour, pattern)
    canvas.solid(path((72, 57), (93, 58, 94, 74), (68, 74), (66, 62, 72, 57)), _RUBBER)
    canvas.line(path((40, 43), (46, 58, 60, 74)), 0.8, darker(colour, 0.35))
    canvas.line(path((12, 44), (30, 56, 40, 42)), 1.6, lighter(colour, 0.55))
    for x, y in ((53, 45), (57, 50), (62, 54), (67, 57)):
        canvas.line([(x + 1, y - 3), (x - 5, y + 5)], 1.9, _RUBBER)
    canvas.solid(path((8, 72), (95, 72), (97, 82, 90, 82), (13, 82), (6, 82, 8, 72)), _RUBBER)
    canvas.line([(10, 76), (94, 76)], 1.0, colour)


def runner(canvas: Canvas, colour: Colour, pattern: str) -> None:
    """Draw a running shoe with a thick, curved sole."""
    canvas.shadow(51, 83, 47, 5)
    upper = path(
        (9, 72), (9, 56, 6, 40), (10, 34, 16, 40), (26, 48, 36, 42), (44, 30, 52, 32),
        (58, 46, 70, 54), (90, 58, 95, 68), (94, 74), (9, 74),
    )  # fmt: skip
    canvas.solid(upper, colour, pattern)
    canvas.solid(
        path((8, 73), (10, 58, 6, 41), (12, 38, 17, 41), (22, 56, 34, 74)), darker(colour, 0.3)
    )
    canvas.solid(path((78, 58), (94, 60, 95, 74), (68, 74), (70, 62, 78, 58)), darker(colour, 0.3))
    for shift in (0, 9):
        band = path((38 + shift, 52), (50 + shift, 58, 60 + shift, 74))
        canvas.line(band, 3.0, lighter(colour, 0.75))
    for x, y in ((54, 40), (59, 45), (64, 50)):
        canvas.line([(x + 2, y - 2), (x - 6, y + 5)], 1.9, _RUBBER)
    sole = path(
        (4, 71), (26, 78, 48, 74), (72, 70, 97, 68), (100, 78, 90, 82), (70, 84, 50, 82),
        (30, 88, 12, 86), (2, 84, 4, 71),
    )  # fmt: skip
    canvas.solid(sole, _RUBBER)
    tread = path((9, 84), (30, 88, 50, 82), (70, 84, 90, 82), (72, 88, 50, 86), (30, 92, 12, 88))
    canvas.fill([*tread, (9, 84)], _INK)


def boot(canvas: Canvas, colour: Colour, pattern: str) -> None:
    """Draw a rubber boot."""
    canvas.shadow(54, 87, 36, 5)
    leg = path(
        (30, 14), (62, 12), (60, 34, 62, 54), (64, 62, 78, 64), (92, 66, 91, 82), (30, 82),
        (28, 76, 33, 64), (34, 40, 30, 14),
    )  # fmt: skip
    canvas.solid(leg, colour, pattern)
    canvas.solid(path((29, 13), (63, 11), (62, 21), (30, 23)), lighter(colour, 0.3))
    canvas.fill(path((40, 15), (46, 14), (46, 21), (40, 21)), darker(colour, 0.25))
    canvas.line(path((37, 30), (40, 46, 38, 62)), 2.2, lighter(colour, 0.5))
    canvas.line(path((33, 66), (52, 68, 62, 55)), 1.0, darker(colour, 0.3))
    canvas.line(path((74, 82), (74, 70, 80, 65)), 1.0, darker(colour, 0.3))
    canvas.fill(
        path((28, 80), (92, 80), (93, 86), (52, 86), (50, 89), (28, 89)), darker(colour, 0.55)
    )


def tote(canvas: Canvas, colour: Colour, pattern: str) -> None:
    """Draw a shopping bag with two long handles."""
    canvas.shadow(50, 88, 36, 5)
    for shift, dark in ((4, 0.35), (0, 0.15)):
        handle = path((34 + shift / 2, 46 - shift), (34, 8 + shift, 50, 8 + shift))
        handle += path((50, 8 + shift), (66, 8 + shift, 66 - shift / 2, 46 - shift))
        canvas.line(handle, 3.2, darker(colour, dark))
    canvas.solid(path((20, 38), (80, 38), (86, 86), (50, 90, 14, 86)), colour, pattern)
    canvas.line([(20.5, 42.5), (79.5, 42.5)], 0.9, darker(colour, 0.3))
    for x in (34, 66):
        canvas.solid(box(x - 3, 38, x + 3, 48, 1), darker(colour, 0.2))


def handbag(canvas: Canvas, colour: Colour, pattern: str) -> None:
    """Draw a handbag with a flap and a clasp."""
    canvas.shadow(50, 86, 40, 5)
    canvas.line(path((30, 44), (28, 12, 50, 12), (72, 12, 70, 44)), 4.0, darker(colour, 0.3))
    canvas.solid(
        path((18, 40), (82, 40), (88, 82), (88, 87, 82, 87), (18, 87), (12, 87, 12, 82)),
        colour,
        pattern,
    )
    canvas.solid(
        path((17, 38), (83, 38), (86, 56), (70, 68, 50, 68), (30, 68, 14, 56)), darker(colour, 0.16)
    )
    canvas.line(path((14, 56), (30, 68, 50, 68), (70, 68, 86, 56)), 0.9, darker(colour, 0.42))
    canvas.solid(oval(50, 66, 4.5, 4.5), _BRASS)
    canvas.fill(oval(50, 66, 1.8, 1.8), darker(_BRASS, 0.45))
    for x in (30, 70):
        canvas.solid(oval(x, 42, 2.6, 2.6), _BRASS)


def backpack(canvas: Canvas, colour: Colour, pattern: str) -> None:
    """Draw a backpack with a front pocket."""
    canvas.shadow(50, 90, 34, 5)
    canvas.line(path((41, 18), (41, 7, 50, 7), (59, 7, 59, 18)), 2.6, darker(colour, 0.45))
    for x in (22, 78):
        canvas.solid(box(x - 8, 52, x + 8, 84, 6), darker(colour, 0.25))
    body = path(
        (25, 84),
        (25, 42),
        (25, 13, 50, 13),
        (75, 13, 75, 42),
        (75, 84),
        (75, 90, 69, 90),
        (31, 90),
        (25, 90, 25, 84),
    )
    canvas.solid(body, colour, pattern)
    canvas.line(path((30, 46), (30, 24, 50, 24), (70, 24, 70, 46)), 1.2, darker(colour, 0.4))
    canvas.solid(box(31, 54, 69, 84, 5), darker(colour, 0.13))
    canvas.line([(33, 61), (67, 61)], 1.2, darker(colour, 0.45))
    canvas.line([(60, 61), (60, 66)], 1.6, _BRASS)
    canvas.solid(box(43, 38, 57, 47, 2), lighter(colour, 0.55))


def shirt(canvas: Canvas, colour: Colour, pattern: str) -> None:
    """Draw a T-shirt, laid out flat."""
    outline = path(
        (37, 14), (50, 24, 63, 14), (82, 22), (96, 46), (80, 54), (75, 46), (76, 88),
        (50, 91, 24, 88), (25, 46), (20, 54), (4, 46), (18, 22),
    )  # fmt: skip
    canvas.lying(outline)
    canvas.solid(outline, colour, pattern)
    canvas.line(path((37, 14), (50, 26, 63, 14)), 2.4, darker(colour, 0.22))
    for points in ([(75, 46), (72, 34)], [(25, 46), (28, 34)]):
        canvas.line(points, 0.8, darker(colour, 0.3))
    canvas.line(path((25, 84), (50, 87, 75, 84)), 0.7, darker(colour, 0.25))


def sweater(canvas: Canvas, colour: Colour, pattern: str) -> None:
    """Draw a knitted sweater with long sleeves."""
    body = path((36, 14), (50, 22, 64, 14), (74, 20), (76, 50, 75, 86), (25, 86), (24, 50, 26, 20))
    canvas.lying(body)
    for side in (-1, 1):
        sleeve = path(
            (50 + side * 20, 18), (50 + side * 38, 24, 50 + side * 45, 74), (50 + side * 33, 78),
            (50 + side * 30, 56, 50 + side * 24, 44),
        )  # fmt: skip
        canvas.lying(sleeve)
        canvas.solid(sleeve, darker(colour, 0.08), pattern)
        cuff = [(50 + side * x, y) for x, y in ((46, 72), (47, 80), (33, 83), (32, 76))]
        canvas.solid(cuff, darker(colour, 0.25))
    canvas.solid(body, colour, pattern)
    canvas.solid(box(25, 80, 75, 88, 2), darker(colour, 0.25))
    canvas.line(path((36, 14), (50, 25, 64, 14)), 4.0, darker(colour, 0.25))
    for x in range(29, 74, 4):
        canvas.line([(x, 81), (x, 87)], 0.6, darker(colour, 0.45))


def sun_hat(canvas: Canvas, colour: Colour, pattern: str) -> None:
    """Draw a hat with a wide brim and a ribbon."""
    canvas.shadow(50, 78, 46, 6)
    canvas.solid(oval(50, 68, 46, 13), colour)
    canvas.fill(oval(50, 64, 30, 7), darker(colour, 0.3))
    crown = path((25, 64), (24, 26, 42, 25), (50, 29, 58, 25), (76, 26, 75, 64), (50, 74, 25, 64))
    canvas.solid(crown, colour, pattern)
    band = path((25, 56), (50, 66, 75, 56), (75, 64), (50, 74, 25, 64))
    canvas.solid(
        [*band, (25, 56)], darker(colour, 0.55) if sum(colour) > _BRIGHT else (226, 206, 170)
    )


def beanie(canvas: Canvas, colour: Colour, pattern: str) -> None:
    """Draw a woollen hat with a pompom."""
    canvas.shadow(50, 86, 34, 5)
    canvas.solid(oval(50, 17, 11, 11), lighter(colour, 0.5))
    for x, y in ((44, 13), (52, 10), (57, 17), (48, 20), (54, 23), (43, 20)):
        canvas.fill(oval(x, y, 2.4, 2.4), lighter(colour, 0.7))
    canvas.solid(path((20, 68), (18, 24, 50, 24), (82, 24, 80, 68)), colour, pattern)
    canvas.solid(box(16, 62, 84, 84, 7), darker(colour, 0.2))
    for x in range(22, 82, 6):
        canvas.line([(x, 65), (x, 81)], 1.1, darker(colour, 0.4))


def cap(canvas: Canvas, colour: Colour, pattern: str) -> None:
    """Draw a cap with a peak."""
    canvas.shadow(52, 76, 44, 5)
    canvas.solid(
        path((14, 66), (12, 26, 44, 26), (74, 27, 74, 66), (44, 74, 14, 66)), colour, pattern
    )
    canvas.line(path((44, 26), (52, 46, 50, 70)), 0.9, darker(colour, 0.35))
    canvas.line(path((44, 26), (24, 40, 26, 69)), 0.9, darker(colour, 0.35))
    canvas.solid(
        path((42, 68), (58, 58, 76, 61), (98, 64, 98, 74), (78, 68, 42, 72)), darker(colour, 0.3)
    )
    canvas.fill(oval(44, 26, 2.6, 2), darker(colour, 0.35))


def glasses(canvas: Canvas, colour: Colour, pattern: str) -> None:  # noqa: ARG001 - frames are plain
    """Draw sunglasses from the front."""
    canvas.shadow(50, 70, 42, 5)
    for side in (-1, 1):
        canvas.line(
            [(50 + side * 40, 40), (50 + side * 45, 37), (50 + side * 44, 52)],
            3.0,
            darker(colour, 0.3),
        )
        rim = path(
            (50 + side * 5, 40),
            (50 + side * 24, 31, 50 + side * 43, 37),
            (50 + side * 45, 66, 50 + side * 26, 67),
            (50 + side * 6, 67, 50 + side * 5, 40),
        )
        canvas.solid(rim, colour)
        lens = path(
            (50 + side * 9, 42),
            (50 + side * 24, 36, 50 + side * 39, 41),
            (50 + side * 40, 62, 50 + side * 26, 63),
            (50 + side * 10, 62, 50 + side * 9, 42),
        )
        canvas.solid(lens, (58, 60, 70))
        canvas.line([(50 + side * 24 - 6, 56), (50 + side * 24 + 4, 44)], 2.6, (126, 130, 142))
    canvas.line(path((44, 43), (50, 38, 56, 43)), 4.0, colour)
