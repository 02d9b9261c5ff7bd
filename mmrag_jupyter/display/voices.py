"""What is said of joined tables: how many rows matched, and which row the shown text is of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mmrag_jupyter.display.escape import one_line
from mmrag_jupyter.display.fields import clock
from mmrag_jupyter.display.values import json_text, jsonable, missing, shown

if TYPE_CHECKING:
    from mmrag_jupyter.display.cards import Card, Said, Voice

_TABLES = 6
_NAME = 60  # characters
_FIELDS = 6
_SHORT = 28  # characters of a value that is told in a line
_VALUE = 80  # characters of a value in JSON
_LINE = 120


def told(card: Card) -> list[str]:
    """Return a line for each joined table, and one for the row whose text is shown."""
    return [*counted(card), row(card.voice)] if card.voice is not None else counted(card)


def counted(card: Card) -> list[str]:
    """Return how many rows of each joined table matched: "3 of 41 reviews"."""
    return [
        f"{matched:,} of {total:,} {one_line(origin, _NAME)}"
        for origin, matched, total in card.joined[:_TABLES]
    ]


def place(said: Said) -> str:
    """Return what stands before a text of an item that is shown whole, or ""."""
    if said.voice is not None:
        return row(said.voice)
    if said.page is not None:
        return f"page {said.page}"
    if said.start is None:
        return ""
    return f"{clock(said.start)}-{clock(said.start if said.end is None else said.end)}"


def payload(card: Card) -> dict[str, object]:
    """Return the same for the JSON: the members `joined` and `row`, where there are any."""
    voice = card.voice
    found: dict[str, object] = {}
    if card.joined:
        found["joined"] = [
            {"origin": json_text(origin, _NAME), "matched": matched, "total": total}
            for origin, matched, total in card.joined[:_TABLES]
        ]
    if voice is not None:
        found["row"] = {
            "origin": json_text(voice.origin, _NAME),
            "id": json_text(voice.row, _NAME),
            "metadata": {
                json_text(name, _NAME): jsonable(voice.metadata[name], _VALUE)
                for name in _short(voice.metadata)
            },
        }
    return found


def row(voice: Voice) -> str:
    """Return which row says something, with its short columns: "reviews R-7: stars 4"."""
    facts = [f"{name} {shown(voice.metadata[name], _SHORT)}" for name in _short(voice.metadata)]
    head = f"{voice.origin} {voice.row}"
    return one_line(f"{head}: {', '.join(facts)}" if facts else head, _LINE)


def _short(metadata: Mapping[str, object]) -> list[str]:
    """Return the names of the first few columns that can be told in a line."""
    names = []
    for name, value in metadata.items():
        nested = isinstance(value, (Mapping, list, tuple, set, frozenset, bytes))
        if not (missing(value) or nested) and len(shown(value, _SHORT + 2)) <= _SHORT:
            names.append(name)
    return names[:_FIELDS]
