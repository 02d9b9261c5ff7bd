"""The gallery: pictures side by side, each with what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.display.elements import (
    LINE,
    TINT,
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

BOX = (166, 160)

_FIELDS = 4

# A table whose rows are inline and whose cells are blocks in that line: as many cards stand
# side by side as there is room for. Where styles are dropped (GitHub), a table of three
# columns is left, not a tower of pictures. `display:contents` would allow a grid, but
# JupyterLab drops it from untrusted notebooks.
_COLUMNS = 3
_TABLE = '<table style="display:block;margin:0;border:0;font-size:13px">'
_TBODY = '<tbody style="display:block">'
_TR = '<tr valign="top" style="display:inline;padding:0;background:none">'
_TD = (
    '<td style="display:inline-block;vertical-align:top;box-sizing:border-box;width:180px;'
    'padding:0 12px 14px 0;border:0;text-align:left;white-space:normal;line-height:1.4">'
)
_FRAME = (
    '<div style="height:168px;display:flex;align-items:center;justify-content:center;'
    f"text-align:center;border:1px solid {LINE};border-radius:8px;overflow:hidden;"
    f'background:{TINT};margin-bottom:4px">'
)
_FIGURE = f'<figure style="margin:0;overflow-wrap:break-word">{_FRAME}'


def wrap(cards: Sequence[str], look: Look) -> str:  # noqa: ARG001 - every view is called alike
    """Return the drawn `cards` as one gallery."""
    rows = "".join(
        f"{_TR}{''.join(cards[at : at + _COLUMNS])}</tr>" for at in range(0, len(cards), _COLUMNS)
    )
    return f"{_TABLE}{_TBODY}{rows}</tbody></table>"


def draw(
    card: Card, look: Look, image: Thumbnail | Gone | None, clip: Clip | Gone | None = None
) -> str:
    """Return the HTML of one card; without a picture its text stands in that place."""
    width = look.detail.snippet * 2 // 3  # a card is narrow
    text = snippet(body(card, look), card.terms, width)
    lines = [f"<div>{title(card, look, 70)}</div>"]
    lines += [f"<div><small>{each}</small></div>" for each in subtitles(card, look)]
    if image is None:
        top = f'<div style="padding:10px;text-align:left">{text or "no picture"}</div>'
    else:
        top = picture(image, card.alt or heading(card, look), BOX)
        lines += [sound(clip, BOX[0], placed=card.start is not None), strip(image)]
        lines += [f'<div style="margin:3px 0">{text}</div>' if text else ""]
    lines += [f"<div>{each}</div>" for each in fields(card, look.fields[:_FIELDS])]
    lines.append(more(card, look, width))
    caption = f"<figcaption>{''.join(lines)}</figcaption>"
    # The line breaks stand inside the cells: between them they would show as gaps.
    return f"{_TD}\n{_FIGURE}{top}</div>{caption}</figure></td>"
