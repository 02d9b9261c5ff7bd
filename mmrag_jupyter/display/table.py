"""The table: rows of a dataframe, their short columns side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.display.elements import LINE, more, picture, sound, subtitles, title
from mmrag_jupyter.display.escape import escape, isolated, one_line
from mmrag_jupyter.display.fields import body, heading
from mmrag_jupyter.display.marks import snippet
from mmrag_jupyter.display.values import DASH, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.display.cards import Card
    from mmrag_jupyter.display.clips import Clip
    from mmrag_jupyter.display.fields import Look
    from mmrag_jupyter.display.thumbnails import Gone, Thumbnail

BOX = (72, 72)
_WAVE = (150, 48)

_NAME = '<div style="min-width:12em;max-width:26em;overflow-wrap:break-word;line-height:1.4">'
_TEXT = '<div style="min-width:18em;max-width:36em;overflow-wrap:break-word;line-height:1.4">'
_COLUMNS = 7
_WORD = 16  # characters
_CELL = "text-align:left;vertical-align:top;padding:5px 8px"


def wrap(cards: Sequence[str], look: Look) -> str:
    """Return the drawn rows as one table under the names of their columns."""
    names = [*["picture"] * look.pictures, look.title or "id", *["text"] * look.text]
    names += look.fields[:_COLUMNS]
    labels = [escape(one_line(name, 24)) for name in names]
    head = "".join(f'<th style="{_CELL};white-space:nowrap">{label}</th>' for label in labels)
    return (
        '<div style="overflow-x:auto"><table style="border-collapse:collapse;margin:0">'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(cards)}</tbody></table></div>"
    )


def draw(
    card: Card, look: Look, image: Thumbnail | Gone | None, clip: Clip | Gone | None = None
) -> str:
    """Return the HTML of one row."""
    width = look.detail.snippet
    name = f"<div>{title(card, look, 60)}</div>"
    name += "".join(f"<div><small>{each}</small></div>" for each in subtitles(card, look))
    cells = [""] if look.pictures else []
    if image is not None:
        box = _WAVE if card.sound is not None else BOX
        cells = [
            picture(image, card.alt or heading(card, look), box)
            + sound(clip, box[0], placed=card.start is not None)
        ]
    cells.append(f"{_NAME}{name}{more(card, look, width)}</div>")
    if look.text:
        text = snippet(body(card, look), card.terms, width) or DASH
        cells.append(f"{_TEXT}{text}</div>")
    cells += [_value(card, field) for field in look.fields[:_COLUMNS]]
    inside = "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells)
    return f'<tr style="border-top:1px solid {LINE}">\n{inside}</tr>'


def _value(card: Card, name: str) -> str:
    value = shown(card.metadata.get(name), 40)
    # A date or a code is one word to the eye.
    style = ' style="white-space:nowrap"' if len(value) <= _WORD else ""
    return f"<div{style}>{isolated(value)}</div>"
