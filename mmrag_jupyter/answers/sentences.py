"""A text in pieces that can be quoted: sentences, and the rows of tables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Longer pieces are cut at a space: nobody reads a quote of half a page.
LONGEST = 420
_SHORTEST, _SHORTEST_DENSE = 12, 5  # characters, in letters and in signs that are words
_LINE = re.compile(r"[^\n]+")
_NUMBER = re.compile(r"[$\u20ac\u00a3\u00a5(+\-\u2013\u2014]*\d[\d.,:/%)]*|[\u2014\u2013-]")
_NUMBERS, _SHARE = 2, 0.3  # of the words of a line that make it a row of a table
_COLUMNS = re.compile(r"\t|^\|.*\|$|\S {3,}\S")
_WRAPPED = 0.6  # a line shorter than this part of the longest one was ended on purpose
_ENDING = re.compile(
    r"[.!?\u2026]+[\"')\]\u201d\u2019]*(?=\s)|[\u3002\uff01\uff1f\u0964]+[\u300d\u300f\u201d]?"
)
# A full stop after these ends no sentence.
_SHORT_FORM = re.compile(
    r"(?:(?<![\w-])(?:[A-Z]|[A-Za-z]\.[A-Za-z]|Inc|Ltd|Co|Corp|No|Nos|Mr|Mrs|Ms|Dr|St|vs|etc|e\.g|i\.e|Fig|"
    r"approx|est|Sec|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec))\.$"
)
_GOES_ON = re.compile(r"\s+[a-z]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text, `text[start:end]`; `row` says that it is a row of a table.

    `tail` says that it is the rest of a sentence which is too long for one piece.
    """

    start: int
    end: int
    row: bool = False
    tail: bool = False


def pieces(text: str) -> list[Piece]:
    """Return the pieces of a text that can be quoted, in order.

    Lines that a page layout has broken are read as one; a row of a table is a piece by
    itself, and so is a line that was ended on purpose: a heading, an entry of a list.
    """
    found = []
    for start, end, row in _blocks(text):
        cuts = [(start, end, False)] if row else _sentences(text, start, end)
        for first, last, tail in cuts:
            kept = _trimmed(text, first, last)
            least = _SHORTEST if text[slice(*kept)].isascii() else _SHORTEST_DENSE
            if kept[1] - kept[0] >= least:
                found.append(Piece(*kept, row, tail))
    return found


def _blocks(text: str) -> Iterator[tuple[int, int, bool]]:
    """Yield stretches of lines that belong together, and whether each is a row of a table."""
    lines = [match.span() for match in _LINE.finditer(text)]
    widest = max((end - start for start, end in lines), default=0)
    first: int | None = None
    last = 0
    for start, end in lines:
        line = text[start:end]
        if not line.strip() or _is_row(line) or "\n\n" in text[last:start]:
            if first is not None:
                yield first, last, False
            first = None
        if _is_row(line):
            yield start, end, True
        elif line.strip():
            first = start if first is None else first
            # A line goes on in the next one where that begins in small letters.
            if end - start < _WRAPPED * widest and not _GOES_ON.match(text, end):
                yield first, end, False
                first = None
        last = end
    if first is not None:
        yield first, last, False


def _is_row(line: str) -> bool:
    words = line.split()
    numbers = sum(1 for word in words if _NUMBER.fullmatch(word))
    if numbers >= _NUMBERS and numbers >= _SHARE * len(words):
        return True
    return bool(_COLUMNS.search(line.strip())) and len(line) < LONGEST


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """Yield the sentences of a stretch, and whether each is the tail of a longer one."""
    first = start
    for match in _ENDING.finditer(text, start, end):
        stop = match.end()
        if _SHORT_FORM.search(text, max(first, stop - 12), stop) or _GOES_ON.match(text, stop, end):
            continue
        yield from _short(text, first, stop)
        first = stop
    yield from _short(text, first, end)


def _short(text: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """Cut what is too long for a quote, after a comma or semicolon where there is one."""
    tail = False
    while end - start > LONGEST:
        window = text[start : start + LONGEST]
        cut = max(window.rfind("; "), window.rfind(", "), window.rfind("\u3001")) + 1
        if cut < LONGEST // 2:
            cut = max(window.rfind(" "), window.rfind("\n"))
        cut = cut if cut > 0 else LONGEST
        yield start, start + cut, tail
        start += cut
        tail = True
    yield start, end, tail


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
