"""The other pages of a document that matched: a strip of small pictures below the first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mmrag_jupyter.display.elements import LINE
from mmrag_jupyter.display.thumbnails import Gone, Picture, Thumbnail, opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.display.cards import Card

_MOST = 2  # a card
_SHARE = 0.35  # of the room for pictures
_BYTES = 1700  # what a page takes at this size, its element and its JSON with it
_BOX = (44, 58)
_EDGE = 2 * max(_BOX)
_STEP = 5  # of the steps of a thumbnail


def strips(cards: Sequence[Card], room: int) -> list[tuple[tuple[int, Thumbnail], ...]]:
    """Return for each card its other pages, with their numbers; fewer where there is no room.

    Only the pages that are shown are drawn; `room` is in bytes.
    """
    some = sum(bool(card.sheets) for card in cards)
    each = min(int(room * _SHARE // _BYTES) // some, _MOST) if some else 0
    return [_strip(card, each) for card in cards]


def _strip(card: Card, count: int) -> tuple[tuple[int, Thumbnail], ...]:
    found = []
    for sheet in card.sheets[:count]:
        picture = opened(sheet.picture, _EDGE)
        if isinstance(picture, Picture):
            small = Thumbnail(picture.uri(_STEP), picture.width, picture.height)
            found.append((sheet.number, small))
    return tuple(found)


def with_strips(
    images: Sequence[Thumbnail | Gone | None], found: Sequence[tuple[tuple[int, Thumbnail], ...]]
) -> list[Thumbnail | Gone | None]:
    """Return pictures with the strips that stand below them."""
    return [
        replace(image, sheets=strip) if isinstance(image, Thumbnail) else image
        for image, strip in zip(images, found, strict=True)
    ]


def strip(image: Thumbnail | Gone | None) -> str:
    """Return the HTML of the pages beside the one that is shown."""
    if not isinstance(image, Thumbnail) or not image.sheets:
        return ""
    return f"<div>{''.join(_small(number, one) for number, one in image.sheets)}</div>"


def _small(number: int, image: Thumbnail) -> str:
    scale = min(_BOX[0] / image.width, _BOX[1] / image.height)
    size = f'width="{max(round(image.width * scale), 1)}"'
    size += f' height="{max(round(image.height * scale), 1)}"'
    return (
        '<span style="display:inline-block;text-align:center;margin:0 6px 2px 0">'
        f'<img src="{image.uri}" alt="page {number}" {size} '
        f'style="margin:0;border:1px solid {LINE}"><br>'
        f"<small>p. {number}</small></span>"
    )
