"""The list: passages, one below the other, each with where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.display.elements import (
    LINE,
    fields,
    more,
    picture,
    sound,
    subtitles,
    title,
)
from mmrag_jupyter.display.fields import body, heading
from mmrag_jupyter.display.marks import snippet
from mmrag_jupyter.display.sheets import strip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.display.cards import Card
    from mmrag_jupyter.display.clips import Clip
    from mmrag_jupyter.display.fields import Look
    from mmrag_jupyter.display.thumbnails import Gone, Thumbnail

BOX = (112, 112)
_WAVE = (240, 48)

_FIELDS = 6
_WIDER = 2  # a passage is what the list is for: twice the text that a gallery's card shows
# A rule and not a border, so that passages stay apart where styles are dropped.
_RULE = f'<hr style="margin:8px 0;border:0;border-top:1px solid {LINE};height:0">'
_ROW = f'{_RULE}<div style="display:flex;flex-wrap:wrap;gap:4px 14px;max-width:64em">'
_SIDE = '<div style="flex:0 0 112px;overflow:hidden">'
_WIDE_SIDE = '<div style="flex:0 0 240px;overflow:hidden">'
_MAIN = '<div style="flex:1 1 14em;min-width:0;overflow-wrap:break-word">'


def wrap(cards: Sequence[str], look: Look) -> str:  # noqa: ARG001 - every view is called alike
    """Return the drawn `cards` as one list."""
    return f"<div>{''.join(cards)}</div>"


def draw(
    card: Card, look: Look, image: Thumbnail | Gone | None, clip: Clip | Gone | None = None
) -> str:
    """Return the HTML of one passage."""
    width = look.detail.snippet * _WIDER
    text = snippet(body(card, look), card.terms, width)
    tell = " · ".join(subtitles(card, look))
    side = f" <small>· {tell}</small>" if tell else ""
    lines = [f"<div>{title(card, look, 120)}{side}</div>"]
    lines += [f'<div style="margin:4px 0">{text}</div>'] if text else []
    if some := fields(card, look.fields[:_FIELDS]):
        lines.append(f"<div>{' · '.join(some)}</div>")
    lines.append(more(card, look, width))
    left = ""
    if image is not None:
        heard = card.sound is not None
        shown = picture(image, card.alt or heading(card, look), _WAVE if heard else BOX)
        player = sound(clip, _WAVE[0], placed=card.start is not None)
        left = f"{_WIDE_SIDE if heard else _SIDE}{shown}{player}{strip(image)}</div>"
    return f"{_ROW}\n{left}{_MAIN}{''.join(lines)}</div></div>"
