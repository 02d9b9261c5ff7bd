"""Several small galleries below each other, each under its own heading, within one budget."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mmrag_jupyter.display import gallery
from mmrag_jupyter.display.budget import bundle_bytes
from mmrag_jupyter.display.cards import Options
from mmrag_jupyter.display.clips import Clip, Heard, clips, heard
from mmrag_jupyter.display.elements import fields, picture, sound, subtitles, title
from mmrag_jupyter.display.escape import escape, one_line
from mmrag_jupyter.display.fields import Detail, body, heading, look_at
from mmrag_jupyter.display.marks import snippet
from mmrag_jupyter.display.page import page, plain_page
from mmrag_jupyter.display.plain import table
from mmrag_jupyter.display.thumbnails import Picture, Thumbnail, opened, thumbnails

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mmrag_jupyter.display.cards import Card
    from mmrag_jupyter.display.fields import Look
    from mmrag_jupyter.display.thumbnails import Gone

_DETAIL = Detail(snippet=110, text=0, columns=0, value=40, data=0, why=False)
_FIELDS = 3  # of a card; none where there is little room
# From everything to the least: how many fields a card has, and whether it is heard.
_WAYS = ((_FIELDS, True), (_FIELDS, False), (0, False))
_TITLE, _NOTE = 160, 300
_MOST = 24  # sections
_CARD = 2_000  # bytes of a card with its picture: what is never shown need not be opened
# Small ones: what a reader compares here are many pictures, side by side.
_BOX = (112, 104)
_EDGE = 96  # pixels
_TD = (
    '<td style="display:inline-block;vertical-align:top;box-sizing:border-box;width:130px;'
    'padding:0 12px 10px 0;border:0;text-align:left;white-space:normal;line-height:1.35">\n'
    '<figure style="margin:0;overflow-wrap:break-word"><div style="{high}overflow:hidden">'
)
_HIGH = "height:108px;"  # so that what stands below stands in a line; a waveform is flat enough
_HEAD = '<p style="margin:10px 0 4px">'
_HEARD = 4_000  # bytes of a card with a short sound
_COMPARED = 2  # cards that a section has at least
_BESIDE_PHOTOS = 0.5  # of the room, that sounds may take
_PLAYER = 118  # pixels


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
    shown = _with_room_to_hear(
        sections[: min(_MOST, max(options.budget // _CARD, 1))], options.budget
    )
    edge = min(options.thumbnail, _EDGE)
    images = [[opened(card.picture, edge) for card in one.cards] for one in shown]
    sounds = _heard(shown, options.budget)
    while shown:
        notes = [*told, *_left_out(len(shown), total, more)]
        for most, heard_too in _WAYS[0 if any(map(any, sounds)) else 1 :]:
            some = sounds if heard_too else [[None] * len(one) for one in sounds]
            bundle = _drawn(shown, images, some, (title, notes), most=most, budget=options.budget)
            if bundle_bytes(bundle) <= options.budget:
                return bundle
        # All at once where they are far too many: each try encodes pictures.
        share = options.budget / bundle_bytes(bundle)
        widest = max(len(one.cards) for one in shown)
        if widest > _COMPARED:  # a reader would rather see some of each than all of some
            many = max(min(int(widest * share), widest - 1), _COMPARED)
            shown = [replace(one, cards=one.cards[:many]) for one in shown]
            images, sounds = [one[:many] for one in images], [one[:many] for one in sounds]
        else:
            kept = min(int(len(shown) * share), len(shown) - 1)
            shown, images, sounds = shown[:kept], images[:kept], sounds[:kept]
    notes = [*told, *_left_out(0, total, more)]
    return {"text/html": page(title, notes, ""), "text/plain": plain_page(title, notes, "")}


def _left_out(shown: int, total: int, more: str) -> list[str]:
    if shown == total:
        return []
    said = f"Showing {shown:,} of {total:,} {more}, to keep the notebook small."
    return [f"{said} {more}[{shown}:] are the next ones, {more}.to_pandas() has them all."]


def _with_room_to_hear(sections: Sequence[Section], budget: int) -> list[Section]:
    """Return the sections with fewer cards where they are heard: a player takes more room."""
    many = max(budget // _HEARD // max(len(sections), 1), _COMPARED)
    return [
        replace(one, cards=one.cards[:many]) if any(card.sound for card in one.cards) else one
        for one in sections
    ]


def _heard(sections: Sequence[Section], budget: int) -> list[list[Heard | Gone | None]]:
    """Decode the sounds of the first cards of all sections, then of the second ones, and so on."""
    found: list[list[Heard | Gone | None]] = [[None] * len(one.cards) for one in sections]
    left = budget // _HEARD
    for place, at in _by_place(found):
        card = sections[at].cards[place]
        if card.sound is not None and left:
            found[at][place] = heard(card.sound, budget)
            left -= 1
    return found


def _by_place(some: Sequence[Sequence[object]]) -> list[tuple[int, int]]:
    """Return all places, those that come first in their section first, with their sections."""
    return sorted((place, at) for at, one in enumerate(some) for place in range(len(one)))


def _drawn(
    sections: Sequence[Section],
    images: Sequence[Sequence[Picture | Gone | None]],
    sounds: Sequence[Sequence[Heard | Gone | None]],
    head: tuple[str, Sequence[str]],
    *,
    most: int,
    budget: int,
) -> dict[str, object]:
    flat = [image for some in images for image in some]
    blank = [
        Thumbnail("", one.width, one.height) if isinstance(one, Picture) else one for one in flat
    ]
    order = _by_place(sounds)
    wanted = [sounds[at][place] for place, at in order]
    silent = [one.blank() if isinstance(one, Heard) else one for one in wanted]
    bare = _bundle(sections, blank, dict(zip(order, silent, strict=True)), head, most)
    waves = sum(len(one.uri(0)) for one in flat if isinstance(one, Picture) and one.drawn)
    photos = any(isinstance(one, Picture) and not one.drawn for one in flat)
    room = max(budget - bundle_bytes(bare) - waves, 0)
    kept = clips(wanted, int(room * (_BESIDE_PHOTOS if photos else 1)))
    players = dict(zip(order, kept, strict=True))
    room = budget - bundle_bytes(_bundle(sections, blank, players, head, most))
    pictures = [one for one in flat if isinstance(one, Picture)]
    encoded = iter(thumbnails(pictures, room))
    filled = [next(encoded) if isinstance(one, Picture) else one for one in flat]
    return _bundle(sections, filled, players, head, most)


def _bundle(
    sections: Sequence[Section],
    images: Sequence[Thumbnail | Gone | None],
    players: Mapping[tuple[int, int], Clip | Gone | None],
    head: tuple[str, Sequence[str]],
    most: int,
) -> dict[str, object]:
    rest = iter(images)
    html, plain = [], []
    for at, one in enumerate(sections):
        look = look_at(one.cards, _DETAIL)
        look = replace(look, fields=look.fields[:most])
        drawn = [
            _card(card, look, next(rest), players.get((place, at)))
            for place, card in enumerate(one.cards)
        ]
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


def _card(card: Card, look: Look, image: Thumbnail | Gone | None, clip: Clip | Gone | None) -> str:
    text = snippet(body(card, look), card.terms, _DETAIL.snippet)
    if image is None:
        top = f"<small>{text or 'no picture'}</small>"
    else:
        top = picture(image, card.alt or heading(card, look), _BOX)
    # Which of many there was no room for, is not told at each of them.
    player = "" if isinstance(clip, Clip) and not clip.uri else sound(clip, _PLAYER, placed=True)
    lines = [title(card, look, 50), *(f"<small>{each}</small>" for each in subtitles(card, look))]
    lines += [f"<small>{each}</small>" for each in fields(card, look.fields)]
    top = _TD.format(high="" if card.sound is not None else _HIGH) + top
    return f"{top}</div><figcaption>{player}{'<br>'.join(lines)}</figcaption></figure></td>"
