"""Hits as a MIME bundle that keeps within its budget, whatever the hits hold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate
from statistics import median
from typing import TYPE_CHECKING, Protocol

from mmrag_jupyter.display import gallery, listing, table
from mmrag_jupyter.display.budget import bundle_bytes, saved_bytes
from mmrag_jupyter.display.cards import HITS_MIME, Options
from mmrag_jupyter.display.clips import BESIDE_PICTURES, Clip, Heard, clips, heard
from mmrag_jupyter.display.escape import one_line
from mmrag_jupyter.display.fields import Detail, Look, look_at
from mmrag_jupyter.display.page import page, plain_page
from mmrag_jupyter.display.payload import hit, payload
from mmrag_jupyter.display.plain import table as plain_table
from mmrag_jupyter.display.sheets import strips, with_strips
from mmrag_jupyter.display.thumbnails import LEAST, Gone, Picture, Thumbnail, all_opened, thumbnails

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.display.cards import Card


class _View(Protocol):
    """A way to draw cards and to put them together; `BOX` holds a picture, in pixels."""

    BOX: tuple[int, int]

    def draw(
        self,
        card: Card,
        look: Look,
        image: Thumbnail | Gone | None,
        clip: Clip | Gone | None = None,
    ) -> str: ...

    def wrap(self, cards: Sequence[str], look: Look) -> str: ...


_VIEWS: dict[str, _View] = {"gallery": gallery, "table": table, "list": listing}

# From everything to the bare line; the first that leaves the pictures their share is taken.
_DETAILS = (
    Detail(snippet=180, text=4000, columns=40, value=300, data=40, why=True),
    Detail(snippet=160, text=1200, columns=24, value=120, data=24, why=True),
    Detail(snippet=140, text=600, columns=16, value=80, data=16, why=True),
    Detail(snippet=120, text=0, columns=10, value=60, data=10, why=True),
    Detail(snippet=90, text=0, columns=0, value=40, data=8, why=True),
    Detail(snippet=60, text=0, columns=0, value=30, data=6, why=False),
)

_WORDS = 0.58  # the share of the budget that words may take where there are pictures
_WORDS_BESIDE_SOUND = 0.3
_SMALLEST_CARD = 800  # bytes, so that of a million hits only those are looked at that could fit
_PLAIN_LINE = 130  # bytes of a usual line of the plain table
_PASSAGE = 240  # characters from which a text is read rather than glanced at
_TITLE = 200
_NOTICES, _NOTICE = 8, 300  # how many, and characters of one

_NO_HITS = "No hits. Fewer or other words, a wider where, or nothing to avoid may find some."


@dataclass(frozen=True, slots=True)
class _Draft:
    """An output in the making: the cards that are drawn, of how many, and their pictures."""

    title: str
    notices: tuple[str, ...]
    view: str
    look: Look
    cards: Sequence[Card]
    images: Sequence[Thumbnail | Gone | None]
    sounds: Sequence[Clip | Gone | None]
    total: int
    collection: str

    def bundle(self) -> dict[str, object]:
        notices = [*self.notices, *self._left_out(), *self._not_kept()]
        if not self.total:
            inside, lines = _NO_HITS, _NO_HITS
        else:
            view = _VIEWS[self.view]
            drawn = [
                view.draw(card, self.look, image, clip)
                for card, image, clip in zip(self.cards, self.images, self.sounds, strict=True)
            ]
            inside = view.wrap(drawn, self.look)
            lines = plain_table(self.cards, self.look) if self.cards else ""
        return {
            HITS_MIME: self.data(),
            "text/html": page(self.title, notices, inside),
            "text/plain": plain_page(self.title, notices, lines),
        }

    def data(self) -> dict[str, object]:
        hits, number, audio = [], 0, 0
        for card, image, clip in zip(self.cards, self.images, self.sounds, strict=True):
            hits.append(hit(card, self.look, image, number, clip=clip, audio=audio))
            number += 1 + len(image.sheets) if isinstance(image, Thumbnail) else 0
            audio += isinstance(clip, Clip) and clip.uri != ""
        return payload(
            self.look,
            hits,
            title=self.title,
            notices=self.notices,
            view=self.view,
            total=self.total,
            collection=self.collection,
        )

    def _not_kept(self) -> list[str]:
        count = sum(isinstance(clip, Clip) and not clip.uri for clip in self.sounds)
        if not count:
            return []
        which = f"of {count} hits" if count > 1 else "of 1 hit"
        said = f"The sound {which} is not kept, to keep the notebook small:"
        return [f"{said} %mmrag show ID plays one."]

    def _left_out(self) -> list[str]:
        shown = len(self.cards)
        if shown == self.total:
            return []
        smaller = "" if self.view == "table" else "--view table takes less room, "
        said = f"Showing {shown} of {self.total} hits, to keep the notebook small."
        return [
            f"{said} hits[{shown}:] shows the next ones, {smaller}hits.to_pandas() has them all."
        ]


def hits_bundle(
    cards: Sequence[Card],
    *,
    title: str,
    notices: Sequence[str] = (),
    options: Options | None = None,
    collection: str = "",
) -> dict[str, object]:
    """Return `cards` as JSON, HTML and plain text, for a notebook to show and to keep.

    All three together take at most `options.budget` bytes in the saved notebook. Texts and
    metadata are cut first, then pictures made smaller, and at last cards left out, which the
    output says. Only the pictures that are drawn are opened.
    """
    options = options or Options()
    told = tuple(one_line(each, _NOTICE) for each in notices[:_NOTICES])
    view = chosen_view(cards, options)
    some = cards[: options.budget // _SMALLEST_CARD]
    look, costs = _detailed(some, view, options)
    count = sum(total <= options.budget for total in accumulate(costs))
    # Twice the box is what a dense screen can show of it.
    edge = min(options.thumbnail, 2 * max(_VIEWS[view].BOX))
    pictures = all_opened([card.picture for card in some[:count]], edge)
    sounds = [heard(card.sound, options.budget) for card in some[:count]]
    draft = _Draft(one_line(title, _TITLE), told, view, look, (), (), (), len(cards), collection)
    while True:
        draft = replace(draft, cards=some[:count])
        bundle = _filled(draft, pictures[:count], sounds[:count], options.budget)
        size = bundle_bytes(bundle)
        if size <= options.budget:
            return bundle
        if not count:
            return _bare(draft, options.budget)
        count -= max((size - options.budget) * count // size, 1)


def chosen_view(cards: Sequence[Card], options: Options) -> str:
    """Return the view for `cards`: pictures in a gallery, passages in a list, else a table."""
    if options.view != "auto":
        return options.view
    if 2 * sum(card.sound is not None for card in cards) > len(cards):
        return "list"
    if 2 * sum(card.picture is not None for card in cards) >= len(cards):
        return "gallery"
    texts = [len(card.text) for card in cards if card.text]
    placed = any(card.page is not None or card.start is not None for card in cards)
    bare = not any(len(card.metadata) > 1 for card in cards)
    return "list" if texts and (placed or bare or median(texts) > _PASSAGE) else "table"


def _detailed(cards: Sequence[Card], view: str, options: Options) -> tuple[Look, list[int]]:
    """Return the fullest look whose words keep to their share, and the bytes of each card."""
    share = options.budget * _share_of_words(cards)
    look = look_at(cards, _DETAILS[0])
    costs: list[int] = []
    for detail in _DETAILS:
        look = replace(look, detail=detail)
        costs, left = [], share
        for card in cards:
            words = _words_bytes(card, look, view)
            costs.append(words + (LEAST if card.picture else 0))
            left -= words
            if left < 0 and detail is not _DETAILS[-1]:
                break
        if left >= 0:
            break
    return look, costs


def _share_of_words(cards: Sequence[Card]) -> float:
    if any(card.sound for card in cards):
        return _WORDS_BESIDE_SOUND
    return _WORDS if any(card.picture for card in cards) else 1.0


def _words_bytes(card: Card, look: Look, view: str) -> int:
    image = Thumbnail("", 100, 100) if card.picture else None
    html = _VIEWS[view].draw(card, look, image)
    return saved_bytes(html) + saved_bytes(hit(card, look, image, 0)) + _PLAIN_LINE


def _filled(
    draft: _Draft,
    pictures: Sequence[Picture | Gone | None],
    sounds: Sequence[Heard | Gone | None],
    budget: int,
) -> dict[str, object]:
    """Return the output with as much of sounds and pictures as it has room for."""
    blank: list[Thumbnail | Gone | None] = [
        Thumbnail("", each.width, each.height) if isinstance(each, Picture) else each
        for each in pictures
    ]
    silent = [one.blank() if isinstance(one, Heard) else one for one in sounds]
    draft = replace(draft, images=blank, sounds=silent)
    room = budget - bundle_bytes(draft.bundle())
    if any(isinstance(one, Heard) for one in sounds):
        waves = sum(len(one.uri(0)) for one in pictures if isinstance(one, Picture) and one.drawn)
        photos = any(isinstance(one, Picture) and not one.drawn for one in pictures)
        share = BESIDE_PICTURES if photos else 1
        draft = replace(draft, sounds=clips(sounds, int((room - waves) * share)))
        room = budget - bundle_bytes(draft.bundle())
    below = strips(draft.cards, 0 if draft.view == "table" else room)
    if any(below):
        draft = replace(draft, images=with_strips(blank, below))
        room = budget - bundle_bytes(draft.bundle())
    encoded = iter(thumbnails([each for each in pictures if isinstance(each, Picture)], room))
    images = [next(encoded) if isinstance(each, Picture) else each for each in pictures]
    return replace(draft, images=with_strips(images, below)).bundle()


def _bare(draft: _Draft, budget: int) -> dict[str, object]:
    """Return what still fits when not one card does."""
    line = f"{draft.total} hits; nothing can be shown in {budget} bytes."
    bundle: dict[str, object] = {
        HITS_MIME: replace(
            draft, title="", notices=(), cards=(), images=(), sounds=(), collection=""
        ).data(),
        "text/html": f"<p>{line}</p>",
        "text/plain": line,
    }
    return bundle if bundle_bytes(bundle) <= budget else {"text/html": "", "text/plain": ""}
