"""A value and its interval as a small picture, to stand in a cell of a table.

A picture, for the sanitiser of untrusted notebooks and GitHub drop inline SVG. Below each
other in a column they are a plot, with names of any script beside them as text. Transparent,
in a grey and a blue that can be seen on a light and on a dark page.
"""

from __future__ import annotations

import base64
import io
from functools import lru_cache
from math import isnan

_WIDE, _HIGH = 96, 10
_SCALE = 2  # drawn twice as large as it is shown, for dense screens
_MARGIN = 4
_NOTHING, _GREY, _BLUE = 0, 1, 2
_COLOURS = [0, 0, 0, 128, 128, 128, 70, 130, 210]


def whisker(mean: float, low: float, high: float) -> str:
    """Return an `img` of a mean on a line from 0 to 1, with a bar from `low` to `high`.

    NaN bounds draw no bar.
    """
    if isnan(mean):
        return ""
    bounds = (None, None) if isnan(low) else (_x(low), _x(high))
    # Not an empty alt text: JupyterLab would put "Image" there.
    told = f"{mean:.2f}" if isnan(low) else f"{mean:.2f}, {low:.2f} to {high:.2f}"
    size = f'width="{_WIDE}" height="{_HIGH}"'
    return f'<img src="{_drawn(_x(mean), *bounds)}" {size} alt="{told}">'


def _x(value: float) -> int:
    inner = (_WIDE - 2 * _MARGIN) * _SCALE
    return _MARGIN * _SCALE + round(inner * min(max(value, 0.0), 1.0))


@lru_cache(maxsize=1024)
def _drawn(at: int, left: int | None, right: int | None) -> str:
    from PIL import Image, ImageDraw

    image = Image.new("P", (_WIDE * _SCALE, _HIGH * _SCALE), _NOTHING)
    image.putpalette(_COLOURS)
    draw = ImageDraw.Draw(image)
    middle = image.height // 2
    draw.line([(_x(0), middle), (_x(1), middle)], _GREY, 1)
    for end in (_x(0), _x(1)):
        draw.line([(end, middle - 4), (end, middle + 4)], _GREY, 1)
    if left is not None and right is not None:
        draw.rectangle([(left, middle - 2), (right, middle + 2)], _BLUE)
    draw.ellipse([(at - 6, middle - 6), (at + 6, middle + 6)], _BLUE)
    out = io.BytesIO()
    image.save(out, "png", optimize=True, transparency=_NOTHING, bits=2)
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"
