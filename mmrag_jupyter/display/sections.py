"""Several small galleries below each other, each under its own heading, within one budget."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mmrag_jupyter.display import gallery
from mmrag_jupyter.display.budget import bundle_bytes
from mmrag_jupyter.display.cards import Options
from mmrag_jupyter.display.elements import fields, picture, subtitles, title
from mmrag_jupyter.display.escape import escape, one_line
from mmrag_jupyter.display.fields import Detail, body, heading, look_at
from mmrag_jupyter.display.marks import snippet
from mmrag_jupyter.display.page import page, plain_page
from mmrag_jupyter.display.plain import table
from mmrag_jupyter.display.thumbnails import Picture, Thumbnail, opened, thumbnails

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.display.cards import Card
    from mmrag_jupyter.display.fields import Look
    from mmrag_jupyter.display.thumbnails import Gone

_DETAIL = Detail(snippet=110, text=0, columns=0, value=40, data=0, why=False)
_FIELDS = 3  # of a card; none where there is little room
_TITLE, _NOTE = 160, 300
_MOST = 24  # sections
_CARD = 2_000  # bytes of a card with its picture: what is never shown need not be opened
# Small ones: what a reader compares here are many pictures, side by side.
_BOX = (112, 104)
_EDGE = 96  # pixels
_TD = (
    '<td style="display:inline-block;vertical-align:top;box-sizing:border-box;width:130px;'
    'padding:0 12px 10px 0;border:0;text-align:left;white-space:normal;line-height:1.35">\n'
    '<figure style="margin:0;overflow-wrap:break-word"><div style="height:108px;overflow:hidden">'
)
_HEAD = '<p style="margin:10px 0 4px">'


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """Some cards under a heading; `note` tells more of them, `total` how many there are."""

    title: str
    cards: Sequence[Card]
    note: str = ""
    total: int = 0


def sections_bundle(
    sections: Sequence[Section],
    *,
    title: str,
    notices: Sequence[str] = (),
    options: Options | None = None,
    total: int | None = None,
    more: str = "",
) -> dict[str, object]:
    """Return sections as HTML and plain text, within `options.budget` bytes of a notebook.

    Parameters
    ----------
    total
        How many sections there are, where not all of them were handed over.
    more
        What the sections are called, to say where those are that are left out.
    """
    options = options or Options()
    total = len(sections) if total is None else total
    title, told = one_line(title, 200), [one_line(each, _NOTE) for each in notices[:8]]
    shown = list(sections[: min(_MOST, max(options.budget // _CARD, 1))])
    edge = min(options.thumbnail, _EDGE)
    images = [[opened(card.picture, edge) for card in one.cards] for one in shown]
    while shown:
        notes = [*told, *_left_out(len(shown), total, more)]
        for told_fields in (_FIELDS, 0):
            bundle = _drawn(shown, images, (title, notes), told_fields, options.budget)
            if bundle_bytes(bundle) <= options.budget:
                return bundle
        # All at once where they are far too many: each try encodes pictures.
        kept = len(shown) * options.budget // bundle_bytes(bundle)
        shown = shown[: min(kept, len(shown) - 1)]
        images = images[: len(shown)]
    notes = [*told, *_left_out(0, total, more)]
    return {"text/html": page(title, notes, ""), "text/plain": plain_page(title, notes, "")}


def _left_out(shown: int, total: int, more: str) -> list[str]:
    if shown == total:
        return []
    said = f"Showing {shown:,} of {total:,} {more}, to keep the notebook small."
    return [f"{said} {more}[{shown}:] are the next ones, {more}.to_pandas() has them all."]


def _drawn(
    sections: Sequence[Section],
    images: Sequence[Sequence[Picture | Gone | None]],
    head: tuple[str, Sequence[str]],
    most: int,
    budget: int,
) -> dict[str, object]:
    flat = [image for some in images for image in some]
    blank = [
        Thumbnail("", one.width, one.height) if isinstance(one, Picture) else one for one in flat
    ]
    bare = _bundle(sections, blank, head, most)
    pictures = [one for one in flat if isinstance(one, Picture)]
    encoded = iter(thumbnails(pictures, budget - bundle_bytes(bare)))
    filled = [next(encoded) if isinstance(one, Picture) else one for one in flat]
    return _bundle(sections, filled, head, most)


def _bundle(
    sections: Sequence[Section],
    images: Sequence[Thumbnail | Gone | None],
    head: tuple[str, Sequence[str]],
    most: int,
) -> dict[str, object]:
    rest = iter(images)
    html, plain = [], []
    for one in sections:
        look = look_at(one.cards, _DETAIL)
        look = replace(look, fields=look.fields[:most])
        drawn = [_card(card, look, next(rest)) for card in one.cards]
        heading, note = one_line(one.title, _TITLE), one_line(one.note, _NOTE)
        hidden = max(one.total - len(one.cards), 0)
        aside = " · ".join([*([note] if note else []), *([f"and {hidden:,} more"] * (hidden > 0))])
        small = f"<br><small>{escape(aside)}</small>" if aside else ""
        html.append(f"{_HEAD}<b><bdi>{escape(heading)}</bdi></b>{small}</p>")
        html.append(gallery.wrap(drawn, look))
        plain += ["", heading, *([aside] if aside else []), table(one.cards, look)]
    return {
        "text/html": page(*head, "\n".join(html)),
        "text/plain": plain_page(*head, "\n".join(plain)),
    }


def _card(card: Card, look: Look, image: Thumbnail | Gone | None) -> str:
    text = snippet(body(card, look), card.terms, _DETAIL.snippet)
    if image is None:
        top = f"<small>{text or 'no picture'}</small>"
    else:
        top = picture(image, card.alt or heading(card, look), _BOX)
    lines = [title(card, look, 50), *(f"<small>{each}</small>" for each in subtitles(card, look))]
    lines += [f"<small>{each}</small>" for each in fields(card, look.fields)]
    return f"{_TD}{top}</div><figcaption>{'<br>'.join(lines)}</figcaption></figure></td>"
