"""Which metadata a set of cards shows at a glance: the title, and a few short fields."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmrag_jupyter.display.values import missing, shown

if TYPE_CHECKING:
    from mmrag_jupyter.display.cards import Card

_TITLES = ("title", "name", "headline", "product", "label", "caption", "subject", "heading")
_SHORT = 28  # characters of a value that is read at a glance
_LOOKED_AT = 40  # cards that decide; the rest is like them
_PATH = re.compile(
    r"^\w+://|[\\/].*\.\w{2,5}$|\.(?:jpe?g|png|webp|gif|tiff?|bmp|pdf|mp3|wav)$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Detail:
    """How much of a card is drawn, in characters and columns; 0 leaves the thing out.

    `snippet` is the text around the match, `text` the whole text on demand, `columns` the
    metadata on demand, `value` one value of it, `data` the metadata in the JSON, `why`
    whether the signals are told.
    """

    snippet: int
    text: int
    columns: int
    value: int
    data: int
    why: bool


@dataclass(frozen=True, slots=True)
class Look:
    """What all cards of one output have in common.

    `title` is the metadata name that heads a card ("" for the id), `fields` are those at a
    glance, `names` all of them in order; `text` and `pictures` say whether any card has some.
    """

    title: str
    fields: tuple[str, ...]
    names: tuple[str, ...]
    text: bool
    pictures: bool
    detail: Detail


def look_at(cards: Sequence[Card], detail: Detail) -> Look:
    """Return what `cards` have in common, to be drawn with `detail`."""
    names = names_of(cards)
    title = title_name(cards, names)
    fields = at_a_glance(cards, names, title)
    text, pictures = any(card.text for card in cards), any(card.picture for card in cards)
    return Look(title, fields, names, text, pictures, detail)


def names_of(cards: Sequence[Card]) -> tuple[str, ...]:
    """Return the metadata names of all cards, in the order in which they come."""
    return tuple(dict.fromkeys(name for card in cards for name in card.metadata))


def title_name(cards: Sequence[Card], names: Sequence[str]) -> str:
    """Return the metadata name that best serves as title of `cards`, or ""."""
    by_word: dict[str, str] = {}
    for name in names:
        words = re.findall(r"[^\W_]+", name.casefold())
        if words and words[-1] in _TITLES:
            by_word.setdefault(words[-1], name)
    for word in _TITLES:
        name = by_word.get(word, "")
        if name and 2 * sum(isinstance(card.metadata.get(name), str) for card in cards) >= len(
            cards
        ):
            return name
    return ""


def at_a_glance(cards: Sequence[Card], names: Sequence[str], title: str) -> tuple[str, ...]:
    """Return the names whose values are short, there, and no repetition of id, title or path."""
    some = cards[:_LOOKED_AT]
    return tuple(name for name in names if name != title and _telling(some, name))


def _telling(cards: Sequence[Card], name: str) -> bool:
    short = there = 0
    for card in cards:
        value = card.metadata.get(name)
        if missing(value):
            continue
        there += 1
        if isinstance(value, (Mapping, list, tuple, set, frozenset, bytes)):
            continue
        text = shown(value, _SHORT + 1)
        short += len(text) <= _SHORT and text != card.id and not _PATH.search(text)
    return 0 < there <= short * 4 / 3


def heading(card: Card, look: Look) -> str:
    """Return what heads a card: its title, else its id."""
    title = card.metadata.get(look.title) if look.title else None
    return title if isinstance(title, str) and title.strip() else card.id


def body(card: Card, look: Look) -> str:
    """Return the card's text without a title that it merely repeats at its beginning."""
    text, title = card.text.lstrip(), heading(card, look)
    after = text[len(title) :]
    # An id "b" does not head the text "blue hat".
    if not title or not text.startswith(title) or after[:1].isalnum():
        return text
    return after.lstrip(" \n\t.:,;|-") or text


def place(card: Card) -> str:
    """Return where in its source the matched part stands: on which pages, or when."""
    words = []
    if card.page is not None:
        words.append(f"p. {card.page}")
        if others := [str(sheet.number) for sheet in card.sheets if sheet.number != card.page]:
            words.append(f"also {', '.join(others)}")
    if card.start is not None:
        words.append(clock(card.start) + (f"-{clock(card.end)}" if card.end is not None else ""))
    return ", ".join(words)


def clock(seconds: float) -> str:
    """Return `seconds` as 1:05, or 1:00:05 from an hour on."""
    whole = max(int(seconds), 0)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
