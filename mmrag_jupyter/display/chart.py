"""Points as a small picture, with a legend in the page's own colours beside it."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.display.budget import bundle_bytes
from mmrag_jupyter.display.escape import escape, isolated, one_line
from mmrag_jupyter.display.page import page, plain_page
from mmrag_jupyter.display.plain import aligned

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from PIL.Image import Image

# The picture is twice as large as it is shown: sharp on dense screens.
_WIDE, _HIGH = 560, 420
_SCALE = 2
_MARGIN = 14
_SWATCH = 12
_COLOURS = 32  # of the PNG's palette
_FEW, _SOME = 500, 5_000
_LABEL = 48
_FRAME = "rgba(128,128,128,0.35)"
# A widget that shows the same points may stand in the next output. While it lives, which its
# class tells, it takes the picture's place; in a notebook that is opened again, JupyterLab has
# no more than a line of text for it ("Error displaying widget: model not found"), and the
# picture stands alone. Where styles are dropped, so are widgets.
LIVE, _STILL = "mmrag-map-live", "mmrag-map-still"
_OUTPUT = ".jp-OutputArea-child"
_STYLE = (
    f"<style>{_OUTPUT}:has(+ {_OUTPUT} .{LIVE}) .{_STILL},"
    f"{_OUTPUT}:has(.{_STILL}) + {_OUTPUT} > .jp-OutputArea-output.lm-Panel:not(:has(*))"
    "{display:none!important}</style>"
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A line of the legend: a colour as `#RRGGBB`, what it stands for, and how many have it."""

    colour: str
    label: str
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """Points to be drawn: `xy`, shape (n, 2) float32, and for each its mark, shape (n,) int64.

    `caption` heads the legend; `alt` says in words what the picture shows.
    """

    xy: npt.NDArray[np.float32]
    codes: npt.NDArray[np.int64]
    marks: tuple[Mark, ...]
    caption: str
    alt: str


def drawn(chart: Chart, wide: int = _WIDE, high: int = _HIGH) -> Image:
    """Return the points as a picture with a transparent ground, which suits any page."""
    from PIL import Image as Pillow
    from PIL import ImageDraw

    picture = Pillow.new("RGBA", (wide * _SCALE, high * _SCALE), (128, 128, 128, 0))
    count = len(chart.xy)
    if not count:
        return picture
    draw = ImageDraw.Draw(picture)
    size = 5.0 if count <= _FEW else 3.0 if count <= _SOME else 1.6
    middle = (chart.xy.min(axis=0) + chart.xy.max(axis=0)) / 2
    extent = np.maximum(np.ptp(chart.xy, axis=0), 1e-9)
    room = np.array([wide - 2 * _MARGIN, high - 2 * _MARGIN])
    # One scale for both directions: distances mean the same in each.
    places = (chart.xy - middle) * float((room / extent).min()) * [1, -1]
    places = (places + np.array([wide / 2, high / 2])) * _SCALE
    radius = size * _SCALE / 2
    # The frequent ones first, so that the rare are not hidden below them.
    rarity = np.array([mark.count for mark in chart.marks])[chart.codes]
    for at in np.argsort(-rarity, kind="stable").tolist():
        x, y = places[at]
        colour = chart.marks[chart.codes[at]].colour
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    return picture


def png(picture: Image) -> bytes:
    """Return a picture of few colours as PNG."""
    from PIL import Image as Pillow

    few = picture.quantize(_COLOURS, method=Pillow.Quantize.FASTOCTREE)
    out = io.BytesIO()
    few.save(out, "png", optimize=True)
    return out.getvalue()


def chart_bundle(
    chart: Chart, *, title: str, notices: Sequence[str] = (), budget: int = 65536
) -> dict[str, object]:
    """Return a chart as HTML and plain text, within `budget` bytes of the saved notebook."""
    title, told = one_line(title, 200), [one_line(each, 300) for each in notices[:8]]
    for share in (1.0, 0.75, 0.5, 0.35):
        picture = drawn(chart, round(_WIDE * share), round(_HIGH * share))
        bundle: dict[str, object] = {
            "text/html": page(title, told, _html(chart, picture)),
            "text/plain": plain_page(title, told, _plain(chart)),
        }
        if bundle_bytes(bundle) <= budget:
            return bundle
    return {"text/html": page(title, told, ""), "text/plain": plain_page(title, told, "")}


def _html(chart: Chart, picture: Image) -> str:
    wide, high = picture.width // _SCALE, picture.height // _SCALE
    image = (
        f'<img src="{_uri(png(picture))}" alt="{escape(one_line(chart.alt, 300))}" '
        f'width="{wide}" height="{high}" '
        f'style="max-width:100%;height:auto;margin:0;border:1px solid {_FRAME};border-radius:6px">'
    )
    return f'{_STYLE}{_legend(chart)}<div class="{_STILL}">{image}</div>'


def _legend(chart: Chart) -> str:
    marks = "".join(
        f'<span style="display:inline-block;margin:0 14px 2px 0">{_swatch(mark.colour)} '
        f"{isolated(one_line(mark.label, _LABEL))} <small>({mark.count:,})</small></span> "
        for mark in chart.marks
        if mark.label and mark.count
    )
    if not marks:
        return ""
    head = f"<b>{isolated(one_line(chart.caption, _LABEL))}</b> " if chart.caption else ""
    return f'<p style="margin:0 0 8px;overflow-wrap:anywhere">{head}{marks}</p>'


def _swatch(colour: str) -> str:
    """Return a spot of colour as a picture: GitHub drops the colours of styles."""
    from PIL import Image as Pillow

    out = io.BytesIO()
    Pillow.new("RGB", (1, 1), colour).save(out, "png")
    return (
        f'<img src="{_uri(out.getvalue())}" alt="" width="{_SWATCH}" height="{_SWATCH}" '
        'style="display:inline-block;margin:0;vertical-align:-1px;border-radius:3px">'
    )


def _uri(data: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(data).decode('ascii')}"


def _plain(chart: Chart) -> str:
    rows = [
        [one_line(mark.label, _LABEL), f"{mark.count:,}"]
        for mark in chart.marks
        if mark.label and mark.count
    ]
    if not rows:
        return ""
    return aligned([one_line(chart.caption, _LABEL) or "value", "items"], rows, [False, True])
