"""The hits as an aligned table for a terminal, a diff, and whoever cannot show HTML."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from mmrag_jupyter.display.escape import one_line
from mmrag_jupyter.display.fields import body, heading, place
from mmrag_jupyter.display.values import missing, shown
from mmrag_jupyter.display.voices import counted
from mmrag_jupyter.display.why import score_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.display.cards import Card
    from mmrag_jupyter.display.fields import Look

WIDTH = 100

_FIELDS = 4
_WIDEST = {"id": 24, "title": 32, "place": 20, "text": 40}
_OTHER = 16


def columns_of(width: str) -> int:
    """Return how many columns of a terminal `width` takes."""
    if width.isascii():
        return len(width)
    return sum(_columns(char) for char in width)


def _columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Cf", "Me", "Mn"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def fitted(text: str, width: int) -> str:
    """Return `text` cut to `width` columns, with an ellipsis when something was cut."""
    if columns_of(text) <= width:
        return text
    kept = []
    left = width - 1
    for char in text:
        left -= _columns(char)
        if left < 0:
            break
        kept.append(char)
    return "".join(kept).rstrip() + "…"


def aligned(names: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    """Return `rows` under `names` in columns two spaces apart; `right` aligns numbers."""
    grid = [list(names), *(list(row) for row in rows)]
    widths = [max(columns_of(row[at]) for row in grid) for at in range(len(names))]
    lines = []
    for row in grid:
        cells = []
        for cell, width, to_right in zip(row, widths, right, strict=True):
            gap = " " * (width - columns_of(cell))
            cells.append(gap + cell if to_right else cell + gap)
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def table(cards: Sequence[Card], look: Look) -> str:
    """Return `cards` as an aligned table of at most `WIDTH` columns."""
    names = ["#", "score", "id"]
    right = [True, True, False]
    cells = [
        [str(card.rank), score_text(card.score), _fit(card.id, _WIDEST["id"])] for card in cards
    ]
    offered = []
    if look.title:
        texts = [_fit(heading(card, look), _WIDEST["title"]) for card in cards]
        offered.append((look.title, texts, False))
    if any(places := [place(card) for card in cards]):
        offered.append(("place", [_fit(each, _WIDEST["place"]) for each in places], False))
    if any(card.joined for card in cards):
        told = [_fit(", ".join(counted(card)), _WIDEST["place"]) for card in cards]
        offered.append(("matched", told, False))
    for name in look.fields[:_FIELDS]:
        values = [card.metadata.get(name) for card in cards]
        texts = ["" if missing(value) else _fit(shown(value, 40), _OTHER) for value in values]
        numbers = all(missing(value) or isinstance(value, (int, float)) for value in values)
        offered.append((name, texts, numbers))
    if look.text:
        texts = [_fit(body(card, look), _WIDEST["text"]) for card in cards]
        offered.append(("text", texts, False))
    used = sum(max(columns_of(row[at]) for row in [names, *cells]) + 2 for at in range(3))
    for name, texts, numbers in offered:
        label = _fit(name, _OTHER)
        width = max(columns_of(each) for each in [label, *texts]) + 2
        if used + width > WIDTH + 2:
            continue
        used += width
        names.append(label)
        right.append(numbers)
        for row, text in zip(cells, texts, strict=True):
            row.append(text)
    return aligned(names, cells, right)


def _fit(text: str, width: int) -> str:
    return fitted(one_line(text, width * 2), width)
