"""A PDF of plain pages: a heading, paragraphs, a table, a bar chart. No library draws it.

The format is that of PDF 1.4 (ISO 32000): numbered objects, a table of where each begins, and
a trailer. Helvetica is one of the fonts that every reader has.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_WIDTH, _HEIGHT, _MARGIN = 595, 510, 56  # points: as wide as A4
_LINE, _COLUMN = 17, 110
_LETTERS = 84  # a line
_BAR, _GAP, _TALL = 70, 40, 180  # of a chart
_BLUE = "0.23 0.44 0.72"


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars, each with its name and value."""

    bars: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Page:
    """One page, from top to bottom; the first row of a table is its head."""

    heading: str
    paragraphs: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = field(default=())
    chart: Chart | None = None


def write_pdf(path: Path, pages: Sequence[Page], *, title: str) -> None:
    """Write pages as a PDF; the same pages always give the same bytes."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    regular, bold = (_font(name) for name in ("Helvetica", "Helvetica-Bold"))
    objects += [regular, bold, b"<< /Title %s >>" % _text(title)]
    kids = []
    for number, page in enumerate(pages, start=1):
        drawn = "\n".join(_drawn(page, f"{title}, page {number}")).encode("cp1252")
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R "
            b"/Resources << /Font << /R 3 0 R /B 4 0 R >> >> >>" % (_WIDTH, _HEIGHT, len(objects))
        )
        kids.append(len(objects))
    listed = b" ".join(b"%d 0 R" % kid for kid in kids)
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (listed, len(kids))
    path.write_bytes(_file(objects))


def _drawn(page: Page, foot: str) -> list[str]:
    """Return the operators that draw a page."""
    at = _HEIGHT - _MARGIN
    found = [_written("B", 20, _MARGIN, at, page.heading)]
    at -= 2 * _LINE
    for paragraph in page.paragraphs:
        for line in textwrap.wrap(paragraph, _LETTERS):
            found.append(_written("R", 11, _MARGIN, at, line))
            at -= _LINE
        at -= _LINE // 2
    for row, cells in enumerate(page.rows):
        for column, cell in enumerate(cells):
            font = "R" if row else "B"
            found.append(_written(font, 11, _MARGIN + column * _COLUMN, at, cell))
        at -= _LINE
    if page.chart is not None:
        found += _bars(page.chart, at - 2 * _LINE - _TALL)
    found.append(_written("R", 8, _MARGIN, _MARGIN // 2, foot))
    return found


def _bars(chart: Chart, bottom: int) -> list[str]:
    found = []
    most = max(chart.bars.values())
    for place, (name, value) in enumerate(chart.bars.items()):
        left, tall = _MARGIN + place * (_BAR + _GAP), _TALL * value // most
        found += [
            f"{_BLUE} rg {left} {bottom} {_BAR} {tall} re f 0 g",
            _written("R", 10, left, bottom - _LINE, name),
            _written("R", 10, left, bottom + tall + 4, str(value)),
        ]
    return found


def _written(font: str, size: int, left: int, bottom: int, text: str) -> str:
    said = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return f"BT /{font} {size} Tf {left} {bottom} Td ({said}) Tj ET"


def _font(name: str) -> bytes:
    return (
        b"<< /Type /Font /Subtype /Type1 /Encoding /WinAnsiEncoding /BaseFont /%s >>"
        % name.encode()
    )


def _text(text: str) -> bytes:
    return b"<FEFF%s>" % text.encode("utf-16-be").hex().encode()


def _file(objects: Sequence[bytes]) -> bytes:
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    trailer = b"<< /Size %d /Root 1 0 R /Info 5 0 R >>" % size
    return b"%sxref\n0 %d\n0000000000 65535 f \n%strailer\n%s\nstartxref\n%d\n%%%%EOF\n" % (
        out, size, table, trailer, len(out),
    )  # fmt: skip
