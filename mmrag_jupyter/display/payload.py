"""The hits as JSON, for a renderer that draws them itself (`application/vnd.mmrag.hits.v1+json`).

The object has these members; a renderer ignores what it does not know.

- `version`: 1
- `title`, `notices`: texts
- where it is known: `collection`, the name of the one that was asked
- `view`: "gallery", "table" or "list", the view of the HTML beside it
- `total`: how many hits there are; `hits` may be fewer, to keep within the budget
- `columns`: the metadata names in their order (a notebook sorts the keys of an object)
- where some are left out to keep within the budget: `columns_left_out`, how many
- `hits`: a list of objects with
  - `id`, `rank` (from 1), `score` (null when there is none)
  - `why`: a list of `{signal, rank, share}`, share within 0 to 1
  - `metadata`: an object of JSON values; a long text ends in an ellipsis
  - `text`: the matched text, cut likewise
  - `thumbnail`: null, or `{image, width, height}`; `image` counts, from 0, the `<img>` elements
    of the `text/html` in the same output, whose `src` is the picture; `width` and `height` are
    the original's pixels
  - where it is not 0: `part`, the number of the pictured part among the item's
  - where there is one: `terms` (the words to mark), `alt`, `source`, `page`, `start`, `end`
    (seconds), `problem` (why the picture could not be opened), `pages` (the other pages of a
    document that matched, best first, a list of numbers from 1), `reason` (why it is
    recommended, in a line), `sheets` (those of them that
    are shown small below the thumbnail, a list of `{page, image, width, height}`, which count
    as the thumbnail's)
  - where tables were joined: `joined`, a list of `{origin, matched, total}`, how many rows of the
    table of that name matched, of how many; where the text is of such a row: `row`, its
    `{origin, id, metadata}`
  - where there is something to hear: `sound`, `{part, start, end}`: the number of the part that
    it is, and the seconds in its recording; with `audio`, which counts, from 0, the `<audio>`
    elements of the HTML, whose `src` is the sound; with `until` where what is kept ends before
    `end` (seconds); with `problem` where the recording could not be read. Without `audio` and
    `problem` there was no room for it
  - of an item that is shown whole and has several texts, or sound: `said`, all of them in their
    order, fewer where there is no room: `{start, end, text}` of what is said in a recording, and
    `{at, text}` of others, with `at` the page, or the row of a joined table, where there is one
  - where `id` is only a form of it that can be shown: `key`, the id as it is; empty where it
    is longer than can be kept, or no text that JSON can carry

A picture or a sound is kept once, in the HTML. A MIME renderer is handed all forms of an output
together, so it can take the picture from there, and the notebook is not twice as large.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.display import voices
from mmrag_jupyter.display.thumbnails import Gone, Thumbnail
from mmrag_jupyter.display.values import json_text, jsonable
from mmrag_jupyter.display.why import share_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.display.cards import Card
    from mmrag_jupyter.display.clips import Clip
    from mmrag_jupyter.display.fields import Look
    from mmrag_jupyter.display.stretches import Stretch

_ID = 200  # characters of an id
_KEY = 1000  # characters of an id that is kept as it is beside the form that is shown
_NAME = 60  # characters of a name
_VALUE = 80  # characters of a metadata value; the HTML shows more
_TERMS = 20
_REASON = 160  # characters
_SIGNALS = 12
_AT = 120  # characters of where one stands
_SAID = 1500  # characters of a passage
_LINES = 90  # characters that its lines of JSON take beside it


def payload(
    look: Look,
    hits: Sequence[dict[str, object]],
    *,
    title: str,
    notices: Sequence[str],
    view: str,
    total: int,
    collection: str = "",
) -> dict[str, object]:
    """Return the whole object; `hits` are made by `hit`."""
    left_out = max(len(look.names) - look.detail.data, 0)
    return {
        "version": 1,
        "title": title,
        **({"collection": collection} if collection else {}),
        "notices": list(notices),
        "view": view,
        "total": total,
        "columns": [json_text(name, _NAME) for name in look.names[: look.detail.data]],
        **({"columns_left_out": left_out} if left_out else {}),
        "hits": list(hits),
    }


def hit(
    card: Card,
    look: Look,
    image: Thumbnail | Gone | None,
    number: int,
    *,
    clip: Clip | Gone | None = None,
    audio: int = 0,
) -> dict[str, object]:
    """Return one hit; `number` counts its `<img>` element in the HTML, `audio` its `<audio>`."""
    detail = look.detail
    shown = None
    if isinstance(image, Thumbnail):
        shown = {"image": number, "width": image.width, "height": image.height}
    names = [name for name in look.names[: detail.data] if name in card.metadata]
    limit = min(detail.value, _VALUE)
    always: dict[str, object] = {
        "id": json_text(card.id, _ID),
        "rank": card.rank,
        "score": jsonable(card.score, _VALUE),
        "why": [
            {"signal": json_text(each.signal, _NAME), "rank": each.rank, "share": share_of(each)}
            for each in card.why[: _SIGNALS if detail.why else 0]
        ],
        "metadata": {
            json_text(name, _NAME): jsonable(card.metadata[name], limit) for name in names
        },
        "text": json_text(card.text, 2 * detail.snippet),
        "thumbnail": shown,
    }
    some: dict[str, object] = {
        "terms": [json_text(term, _NAME) for term in card.terms[:_TERMS]],
        "alt": json_text(card.alt, _VALUE) if shown else "",
        "source": json_text(card.source, 200),
        "page": card.page,
        "start": jsonable(card.start, _VALUE),
        "end": jsonable(card.end, _VALUE),
        "part": card.part or None,
        "problem": image.reason if isinstance(image, Gone) else "",
        "reason": json_text(card.reason, _REASON),
        "pages": [sheet.number for sheet in card.sheets],
        "sheets": _sheets(image, number + 1) if isinstance(image, Thumbnail) else [],
    }
    # Each line of JSON is indented in a notebook: what is empty is left out.
    told = always | {key: value for key, value in some.items() if value not in (None, "", [])}
    told |= voices.payload(card)
    if said := _said(card, detail.text):
        told["said"] = said
    if card.sound is not None:
        told["sound"] = _sound(card.sound, clip, audio)
    return told if told["id"] == card.id else {**told, "key": exact(card.id)}


def _said(card: Card, limit: int) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for one in card.said:
        limit -= len(one.text) + _LINES
        if limit < 0:
            break
        place: dict[str, object] = {"start": one.start, "end": one.end}
        if one.start is None:
            at = voices.place(one)
            place = {"at": json_text(at, _AT)} if at else {}
        rows.append({**place, "text": json_text(one.text, _SAID)})
    return rows


def _sound(stretch: Stretch, clip: Clip | Gone | None, audio: int) -> dict[str, object]:
    told: dict[str, object] = {
        "part": stretch.part,
        "start": jsonable(stretch.start, _VALUE),
        "end": jsonable(stretch.end, _VALUE),
    }
    if isinstance(clip, Gone):
        return {**told, "problem": clip.reason}
    if clip is None or not clip.uri:
        return told
    return {**told, "audio": audio, **({"until": round(clip.until, 2)} if clip.is_cut else {})}


def _sheets(image: Thumbnail, number: int) -> list[dict[str, int]]:
    return [
        {"page": page, "image": at, "width": one.width, "height": one.height}
        for at, (page, one) in enumerate(image.sheets, start=number)
    ]


def exact(name: str) -> str:
    """Return an id, or the name of a source, as it is; "" where that cannot be carried."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return ""
    return name if len(name) <= _KEY else ""
