"""The pages of a PDF: their text now, their picture when it is asked for."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from mmrag_jupyter.sources.pdf_files import opened, opened_page
from mmrag_jupyter.sources.pdf_notes import notes_on

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.Image import Image
    from pypdfium2 import PdfPage

DPI = 150
# A4 at 300 dpi. A page may claim to be 5 km wide, and its picture is to be had all the same.
MOST_PIXELS = 9_000_000
# Of a page that is a scan, so many letters at most: a number or a stamp put on it.
_STAMP = 30
_MOST = 0.6  # the share of a page
_LONGEST = 20_000  # pixels of the longer side, whatever the shorter one
_POINTS = 72  # an inch

# pdfium writes a hyphen that ends a line as U+0002 (or U+FFFE), and the line end after it.
_HYPHEN = re.compile("[\x02\xad\ufffe](?:\r\n)?")
_LIGATURES = dict(enumerate(("ff", "fi", "fl", "ffi", "ffl", "st", "st"), 0xFB00))
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]")
# PDF 2.0 (ISO 32000-2), section 7.9.4: D:YYYYMMDDHHmmSSOHH'mm', all after the year optional.
_DATE = re.compile(
    r"(?:D:)?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:([+\-Z])(?:(\d\d)'?(?:(\d\d)'?)?)?)?"
)


@dataclass(frozen=True, slots=True)
class Page:
    """The text of a page; `is_scan` says that the page is a picture of text, or might be.

    `failure` is why the text on that picture could not be read, or "".
    """

    text: str
    is_scan: bool
    failure: str = ""


def page_image(path: Path, page: int, *, edge: int | None = None, dpi: int = DPI) -> Image:
    """Return a page, counted from 1, as an RGB picture of at most `MOST_PIXELS` pixels.

    Parameters
    ----------
    edge
        Pixels of the shorter side that will be needed; the picture has at most twice that,
        so that scaling it down smooths the letters. None stands for `dpi`, in dots an inch.

    Raises
    ------
    SourceError
        In one line: the file cannot be opened, or has no such page.
    """
    with opened_page(path, page) as drawn:
        width, height = drawn.get_size()
        scale = dpi / _POINTS
        if edge is not None:
            scale = min(scale, 2 * edge / max(min(width, height), 1))
        # pdfium's pixels are rounded up, and 8.5 inches at 150 dpi come to a hair above 1275.
        scale = _within_reason(width, height, scale) * (1 - 1e-9)
        bitmap = drawn.render(scale=scale, rev_byteorder=True, prefer_bgrx=False)
        try:
            picture: Image = bitmap.to_pil().convert("RGB").copy()
            return picture
        finally:
            bitmap.close()


def _within_reason(width: float, height: float, scale: float) -> float:
    pixels = width * height * scale**2
    if pixels > MOST_PIXELS:
        scale *= math.sqrt(MOST_PIXELS / pixels)
    return min(scale, _LONGEST / max(width, height, 1))


def page_count(path: Path) -> int:
    """Return the number of a PDF's pages.

    Raises
    ------
    SourceError
        As `page_image`.
    """
    with opened(path) as pdf:
        return len(pdf)


def page_of(path: Path, number: int) -> Page:
    """Return what a page, counted from 1, says: lines apart, words made whole again.

    What was typed into its fields, and the notes put on it, come last.

    Raises
    ------
    SourceError
        As `page_image`.
    """
    with opened_page(path, number) as page:
        text = cleaned(_text(page))
        letters = len(text.strip())
        is_scan = letters < _STAMP and (_is_covered(page) if letters else _is_drawn(page))
        notes = [cleaned(note.text) for note in notes_on(page)]
        return Page("\n".join([text, *notes] if letters else notes), is_scan)


def _text(page: PdfPage) -> str:
    text = page.get_textpage()
    try:
        found: str = text.get_text_bounded()
        return found
    finally:
        text.close()


def _is_drawn(page: PdfPage) -> bool:
    """Tell whether there is anything on a page."""
    from pypdfium2 import raw

    return bool(raw.FPDFPage_CountObjects(page))


def _is_covered(page: PdfPage) -> bool:
    """Tell whether one picture covers most of a page."""
    from pypdfium2 import raw

    width, height = page.get_size()
    images = page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=2)
    return any(_area(image.get_bounds()) > _MOST * width * height for image in images)


def _area(bounds: tuple[float, float, float, float]) -> float:
    left, bottom, right, top = bounds
    return max(right - left, 0) * max(top - bottom, 0)


def cleaned(text: str) -> str:
    """Return text as pdfium gives it, words whole: no hyphens at line ends, no ligatures."""
    joined = _HYPHEN.sub("", text).translate(_LIGATURES)
    return _CONTROLS.sub("", joined.replace("\r\n", "\n").replace("\r", "\n"))


def information(path: Path) -> dict[str, str]:
    """Return what a PDF says of itself: Title, Author, CreationDate, and so on.

    Raises
    ------
    SourceError
        As `page_image`.
    """
    with opened(path) as pdf:
        found: dict[str, str] = pdf.get_metadata_dict(skip_empty=True)
        return found


def date_of(text: str) -> datetime | None:
    """Return the time that a PDF's date stands for, in UTC, or None where it is none."""
    found = _DATE.match(text.strip())
    if found is None:
        return None
    *parts, sign, hours, minutes = found.groups()
    year, month, day, hour, minute, second = (
        int(part) if part else least for part, least in zip(parts, (1, 1, 1, 0, 0, 0), strict=True)
    )
    away = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    try:
        zone = timezone(-away if sign == "-" else away)
        return datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
