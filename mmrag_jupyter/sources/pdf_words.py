"""Where words stand on a page of a PDF, found out when it is asked for."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from mmrag_jupyter.sources import ocr, pdf
from mmrag_jupyter.sources.pdf_files import opened_page
from mmrag_jupyter.sources.pdf_notes import notes_on

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from pypdfium2 import PdfPage, PdfTextPage

# pdfium gives whole device units; so many of them make a page's width and height.
_UNITS = 1_000_000
_HYPHENS = "\x02\xad\ufffe"
# Scripts that put no spaces between words: each character is one.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)
_KEPT = 16  # pages


@dataclass(frozen=True, slots=True)
class Box:
    """A word on a page, and its place as fractions of the page (0 to 1) from its top left."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class _Word:
    """A word; one that is hyphenated has a box on each of its lines."""

    text: str
    boxes: tuple[Box, ...]


def words_on(path: Path, page: int) -> list[Box]:
    """Return the words of a page, counted from 1, in the order in which they are read.

    A word that goes on in the next line has two boxes, each with the whole of its text. On
    the picture of a text, words are recognised where an engine for that is installed; that
    takes seconds.

    Raises
    ------
    SourceError
        In one line: the file cannot be opened, or has no such page.
    """
    return [box for word in _words(path, page) for box in word.boxes]


def quote_boxes(path: Path, page: int, quote: str) -> list[Box]:
    """Return where a passage stands on a page, a box for each of its lines; or nothing.

    Case, line ends and punctuation need not be the same, and the first and the last word may
    be cut short.

    Raises
    ------
    SourceError
        As `words_on`.
    """
    wanted = [key for one in _split(quote) if (key := _key(one))]
    words = [(key, word) for word in _words(path, page) if (key := _key(word.text))]
    keys, length = [key for key, _ in words], len(wanted)
    for at in range(len(keys) - length + 1) if wanted else ():
        if _is_said(keys[at : at + length], wanted):
            return _lines([box for _, word in words[at : at + length] for box in word.boxes])
    return []


def _is_said(words: Sequence[str], wanted: Sequence[str]) -> bool:
    if words[1:-1] != wanted[1:-1]:
        return False
    if len(wanted) == 1:
        return words[0] == wanted[0]
    return words[0].endswith(wanted[0]) and words[-1].startswith(wanted[-1])


def _words(path: Path, page: int) -> tuple[_Word, ...]:
    info = path.stat() if path.is_file() else None
    return _found(path, page, (info.st_size, info.st_mtime_ns) if info else None)


@lru_cache(maxsize=_KEPT)
def _found(path: Path, page: int, _stamp: tuple[int, int] | None) -> tuple[_Word, ...]:
    with opened_page(path, page) as opened:
        text = opened.get_textpage()
        try:
            found = (*_of_text(opened, text), *_of_notes(opened, text))
        finally:
            text.close()
    engine = ocr.engine()
    if engine is not None and pdf.page_of(path, page).is_scan:
        image = pdf.page_image(path, page, dpi=ocr.DPI)
        found = tuple(_recognised(engine.words(image), *image.size)) or found
    return found


def _recognised(words: Sequence[ocr.Word], width: int, height: int) -> Iterator[_Word]:
    for one in words:
        box = one.left / width, one.top / height, one.right / width, one.bottom / height
        yield _Word(one.text, (Box(one.text, *box),))


def _of_text(page: PdfPage, text: PdfTextPage) -> Iterator[_Word]:
    from pypdfium2 import raw

    place = _Place(page, text)
    lines: list[tuple[list[int], list[int]]] = [([], [])]  # of one word: codes, and characters

    def word() -> Iterator[_Word]:
        codes = [code for line, _ in lines for code in line]
        if codes:
            written = "".join(map(chr, codes)).encode("utf-16", "surrogatepass")
            said = unicodedata.normalize("NFKC", written.decode("utf-16", "replace"))
            boxes = (place.around(said, characters) for _, characters in lines)
            yield _Word(said, tuple(box for box in boxes if box is not None))
        lines[:] = [([], [])]

    after_hyphen = False
    for at in range(text.count_chars()):
        code = raw.FPDFText_GetUnicode(text, at)
        char = chr(code)
        if char in _HYPHENS:
            lines.append(([], []))
            after_hyphen = True
        elif char.isspace() or not code:
            # The line end that follows a hyphen is inside of a word.
            if not (after_hyphen and char in "\r\n"):
                yield from word()
                after_hyphen = False
        else:
            alone = _UNSPACED.match(char)
            if alone:
                yield from word()
            lines[-1][0].append(code)
            lines[-1][1].append(at)
            after_hyphen = False
            if alone:
                yield from word()
    yield from word()


def _of_notes(page: PdfPage, text: PdfTextPage) -> Iterator[_Word]:
    """Yield the words of fields and notes, each at the place of the whole."""
    place = _Place(page, text)
    for note in notes_on(page):
        corners = (note.left, note.top), (note.right, note.bottom)
        for said in _split(pdf.cleaned(note.text)):
            yield _Word(said, (place.spanning(said, corners),))


class _Place:
    """Tells where characters are on a page as it is seen: turned, and cut to its crop box."""

    def __init__(self, page: PdfPage, text: PdfTextPage) -> None:
        self._page = page
        self._text = text

    def around(self, word: str, characters: Sequence[int]) -> Box | None:
        """Return the box around some characters; None where none of them can be seen."""
        corners = [corner for at in characters for corner in self._corners(at)]
        return self.spanning(word, corners) if corners else None

    def spanning(self, word: str, corners: Iterable[tuple[float, float]]) -> Box:
        """Return the box around some points of the page."""
        seen = [self._seen(x, y) for x, y in corners]
        across = [min(max(x, 0.0), 1.0) for x, _ in seen]
        down = [min(max(y, 0.0), 1.0) for _, y in seen]
        return Box(word, min(across), min(down), max(across), max(down))

    def _corners(self, at: int) -> Iterator[tuple[float, float]]:
        from pypdfium2 import PdfiumError

        try:
            left, bottom, right, top = self._text.get_charbox(at, loose=True)
        except PdfiumError:
            return
        if right > left and top > bottom:
            yield left, top
            yield right, bottom

    def _seen(self, x: float, y: float) -> tuple[float, float]:
        from ctypes import byref, c_int

        from pypdfium2 import raw

        across, down = c_int(), c_int()
        raw.FPDF_PageToDevice(self._page, 0, 0, _UNITS, _UNITS, 0, x, y, byref(across), byref(down))
        return across.value / _UNITS, down.value / _UNITS


def _split(text: str) -> list[str]:
    return _UNSPACED.sub(r" \g<0> ", text).split()


def _key(word: str) -> str:
    """Return a word without its case and its marks."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", word).casefold()))


def _lines(boxes: Sequence[Box]) -> list[Box]:
    """Join boxes that stand beside each other."""
    lines: list[Box] = []
    for box in boxes:
        last = lines[-1] if lines else None
        if last is not None and last.top <= (box.top + box.bottom) / 2 <= last.bottom:
            lines[-1] = Box(
                f"{last.text} {box.text}",
                min(last.left, box.left),
                min(last.top, box.top),
                max(last.right, box.right),
                max(last.bottom, box.bottom),
            )
        else:
            lines.append(box)
    return lines
