"""An answer as a MIME bundle: the text, and beside it the sources that it cites.

The HTML needs no style sheet and no script (see `elements`): without styles the sources stand
below the text, in the order of their numbers.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mmrag_jupyter.display.answer_parts import ANSWER_MIME
from mmrag_jupyter.display.answer_payload import payload, reference
from mmrag_jupyter.display.answer_plain import footing, plain
from mmrag_jupyter.display.budget import bundle_bytes
from mmrag_jupyter.display.cards import Options
from mmrag_jupyter.display.clips import BESIDE_PICTURES, Clip, Heard, clips, heard
from mmrag_jupyter.display.elements import DIM, LINE, picture, sound
from mmrag_jupyter.display.escape import escape, isolated, one_line
from mmrag_jupyter.display.marks import snippet
from mmrag_jupyter.display.page import page
from mmrag_jupyter.display.prose import Cite, drawn, shortened
from mmrag_jupyter.display.thumbnails import Gone, Picture, Thumbnail, all_opened, thumbnails

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mmrag_jupyter.display.answer_parts import Reference, Reply
    from mmrag_jupyter.display.prose import Node

BOX = (200, 150)
_PLAYER = 280  # pixels

_TITLE, _NOTICE, _NOTICES = 300, 300, 8
# From everything to the bare text: characters of the answer, of a quote, columns of a row, and
# whether there are pictures. The first that keeps to the budget is taken.
_DETAILS = (
    (20_000, 420, 8, True),
    (20_000, 200, 6, True),
    (12_000, 120, 4, True),
    (6_000, 80, 0, False),
    (1_500, 0, 0, False),
)
_ROWS = '<div style="display:flex;flex-wrap:wrap;gap:8px 28px;align-items:flex-start">'
_TEXT = '<div style="flex:2 1 26em;min-width:0;max-width:46em;overflow-wrap:anywhere">'
_SIDE = '<div style="flex:1 1 17em;min-width:0;max-width:34em;overflow-wrap:anywhere">'
_SOURCE = f'style="border-top:1px solid {LINE};padding:6px 0;margin:0"'
# A white page on a white notebook needs an edge.
_PICTURE = (
    f'<div style="display:inline-block;margin:4px 0 0;border:1px solid {LINE};line-height:0">'
)
_QUOTE = '<div style="margin:3px 0 0;opacity:0.85">'


@dataclass(frozen=True, slots=True)
class _Detail:
    text: int
    quote: int
    fields: int
    pictures: bool


@dataclass(frozen=True, slots=True)
class _Draft:
    """An output in the making, with as much of everything as `detail` says."""

    reply: Reply
    notices: tuple[str, ...]
    detail: _Detail
    images: Sequence[Thumbnail | Gone | None]
    sounds: Sequence[Clip | Gone | None]

    def bundle(self) -> dict[str, object]:
        most, notices = self.detail.text, self.notices
        prose = shortened(self.reply.prose, most)
        if len(self.reply.text) > most:
            notices += ("The text is cut to keep the notebook small; answer.text has it all.",)
        told, number, audio = [], 0, 0
        for source, image, clip in self._drawn():
            quote = self.detail.quote
            told.append(reference(source, quote, image, number, clip=clip, audio=audio))
            number += isinstance(image, Thumbnail)
            audio += isinstance(clip, Clip) and clip.uri != ""
        return {
            ANSWER_MIME: payload(self.reply, prose, told, notices, most=most),
            "text/html": page(self.reply.question, notices, self._html(prose)),
            "text/plain": plain(self.reply, notices, most=most),
        }

    def _html(self, prose: Sequence[Node]) -> str:
        sources, mark = self.reply.references, _mark(self.reply)
        places = {source.key: f"{mark}-{source.key}" for source in sources}
        titles = {source.key: _named(source) for source in sources}

        def link(cite: Cite) -> str:
            if cite.struck or cite.key not in places:
                return f"<s>[{cite.key}]</s>"
            named = escape(one_line(titles[cite.key], 160))
            return f'<a href="#{places[cite.key]}" title="{named}">[{cite.key}]</a>'

        text = f"{_TEXT}{drawn(prose, link)}{_foot(self.reply)}</div>"
        if not sources:
            return text
        inside = "".join(
            self._source(source, image, clip, places[source.key])
            for source, image, clip in self._drawn()
        )
        return f"{_ROWS}\n{text}\n{_SIDE}{inside}</div></div>"

    def _drawn(self) -> Iterator[tuple[Reference, Thumbnail | Gone | None, Clip | Gone | None]]:
        return zip(self.reply.references, self.images, self.sounds, strict=True)

    def _source(
        self,
        source: Reference,
        image: Thumbnail | Gone | None,
        clip: Clip | Gone | None,
        place: str,
    ) -> str:
        name = isolated(one_line(source.title, 90))
        where = f" <small>{escape(source.place)}</small>" if source.place else ""
        lines = [f"<div><b>[{source.key}]</b> <b>{name}</b>{where}</div>"]
        if source.item != source.title:
            lines.append(f"<div><small>{isolated(one_line(source.item, 90))}</small></div>")
        if image is not None:
            alt = source.alt or _named(source)
            lines.append(f"{_PICTURE}{picture(image, alt, BOX)}</div>")
        lines.append(sound(clip, _PLAYER, placed=source.place != ""))
        if source.quote and self.detail.quote and not self.reply.quoted:
            shown = snippet(source.quote, self.reply.terms, self.detail.quote)
            lines.append(f"{_QUOTE}<small>\u201c{shown}\u201d</small></div>")
        lines += [
            f"<div><small>{isolated(one_line(name, 40))}:</small> "
            f"{isolated(one_line(value, 80))}</div>"
            for name, value in source.fields[: self.detail.fields]
        ]
        return f'<div id="{place}" {_SOURCE}>{"".join(lines)}</div>\n'


def answer_bundle(reply: Reply, *, options: Options | None = None) -> dict[str, object]:
    """Return an answer as JSON, HTML and plain text, for a notebook to show and to keep.

    All three together take at most `options.budget` bytes in the saved notebook. Quotes and
    columns are cut first, then pictures made smaller and left out, then the text cut, which
    the output says.
    """
    options = options or Options()
    told = tuple(one_line(each, _NOTICE) for each in reply.notices[:_NOTICES])
    edge = min(options.thumbnail, 2 * max(BOX))
    pictures = all_opened([source.picture for source in reply.references], edge)
    sounds = [heard(source.sound, options.budget) for source in reply.references]
    bundle: dict[str, object] = {}
    for detail in (_Detail(*each) for each in _DETAILS):
        shown = pictures if detail.pictures else [None] * len(pictures)
        played = sounds if detail.pictures else [None] * len(sounds)
        silent = [each.blank() if isinstance(each, Heard) else each for each in played]
        draft = _Draft(reply, told, detail, [_blank(each) for each in shown], silent)
        room = options.budget - bundle_bytes(draft.bundle())
        if room < 0:
            continue
        share = BESIDE_PICTURES if any(isinstance(each, Picture) for each in shown) else 1
        draft = replace(draft, sounds=clips(played, int(room * share)))
        room = options.budget - bundle_bytes(draft.bundle())
        encoded = iter(thumbnails([each for each in shown if isinstance(each, Picture)], room))
        images = [next(encoded) if isinstance(each, Picture) else each for each in shown]
        bundle = replace(draft, images=images).bundle()
        if bundle_bytes(bundle) <= options.budget:
            return bundle
    line = f"The answer cannot be shown in {options.budget} bytes; answer.text has it."
    return {"text/html": f"<p>{line}</p>", "text/plain": line}


def draft_html(question: str, prose: Sequence[Node], state: str) -> str:
    """Return the HTML of an answer that is still being written; `state` says how far it is."""
    text = drawn(prose, lambda cite: f"<s>[{cite.key}]</s>" if cite.struck else f"[{cite.key}]")
    label = f"<label>{escape(state)} <progress></progress></label>"
    return page(one_line(question, _TITLE), (), f"{_TEXT}{text}<p><small>{label}</small></p></div>")


def _blank(image: Picture | Gone | None) -> Thumbnail | Gone | None:
    return Thumbnail("", image.width, image.height) if isinstance(image, Picture) else image


def _mark(reply: Reply) -> str:
    """Return what the places of this answer's sources begin with, on a page of many answers."""
    told = f"{reply.question}\0{reply.text}\0{reply.model}".encode(errors="replace")
    return f"mmrag-{hashlib.blake2b(told, digest_size=4).hexdigest()}"


def _named(source: Reference) -> str:
    return ", ".join(part for part in (source.title, source.place) if part)


def _foot(reply: Reply) -> str:
    line = ", ".join(footing(reply))
    return f'<p style="margin:0 0 8px;{DIM}"><small>{escape(line)}</small></p>' if line else ""
