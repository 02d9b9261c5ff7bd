"""What was put on a page of a PDF: values typed into a form, and notes."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pypdfium2 import PdfPage

_MOST = 1000  # of a page, so many at most
_HIDDEN = 1 << 1 | 1 << 5  # ISO 32000-2, 12.5.3: hidden, and not to be viewed


@dataclass(frozen=True, slots=True)
class Note:
    """A text on a page, and its place in points from the page's own bottom left."""

    text: str
    left: float
    bottom: float
    right: float
    top: float


def notes_on(page: PdfPage) -> Iterator[Note]:
    """Yield what was typed into the fields of a page, and the notes put on it, in their order.

    What is hidden is left out, and so are passwords and what a link or button is called.
    """
    from pypdfium2 import raw

    for number in range(min(raw.FPDFPage_GetAnnotCount(page), _MOST)):
        found = raw.FPDFPage_GetAnnot(page, number)
        if not found:
            continue
        try:
            text = "" if raw.FPDFAnnot_GetFlags(found) & _HIDDEN else _text(page, found)
            place = raw.FS_RECTF()
            if text.strip() and raw.FPDFAnnot_GetRect(found, ctypes.byref(place)):
                yield Note(text, place.left, place.bottom, place.right, place.top)
        finally:
            raw.FPDFPage_CloseAnnot(found)


def _text(page: PdfPage, found: Any) -> str:  # noqa: ANN401 - pdfium's own pointer
    from pypdfium2 import raw

    kind = raw.FPDFAnnot_GetSubtype(found)
    if kind != raw.FPDF_ANNOT_WIDGET:
        names = {raw.FPDF_ANNOT_LINK, raw.FPDF_ANNOT_POPUP}
        return "" if kind in names else _string(raw.FPDFAnnot_GetStringValue, found, b"Contents")
    form = page.pdf.formenv
    if form is None:
        return ""
    field = raw.FPDFAnnot_GetFormFieldType(form, found)
    if field not in {
        raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX
    }:  # fmt: skip
        return ""
    flags = raw.FPDFAnnot_GetFormFieldFlags(form, found)
    is_secret = field == raw.FPDF_FORMFIELD_TEXTFIELD and flags & raw.FPDF_FORMFLAG_TEXT_PASSWORD
    return "" if is_secret else _string(raw.FPDFAnnot_GetFormFieldValue, form, found)


def _string(ask: Callable[..., int], *of: object) -> str:
    """Return a text that pdfium gives as UTF-16 with a zero at its end, its length first."""
    from pypdfium2 import raw

    size = ask(*of, None, 0)
    taken = ctypes.create_string_buffer(max(size, 2))
    ask(*of, ctypes.cast(taken, ctypes.POINTER(raw.FPDF_WCHAR)), size)
    return taken.raw[: max(size - 2, 0)].decode("utf-16-le", "replace")
