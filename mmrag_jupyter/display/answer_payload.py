"""An answer as JSON, for a renderer that draws it (`application/vnd.mmrag.answer.v1+json`).

The object has these members; a renderer ignores what it does not know.

- `version`: 1
- `question`: a text
- `text`: the answer as it was written (Markdown; `[1]` cites, `~~[9]~~` is a struck citation)
- `prose`: the same as a list of nodes that need no reader of Markdown. A node is a string; or
  `{"cite": 1}`, the number of one of `sources` or, with `"struck": true`, of none; or
  `{"tag": "p", "inside": [nodes]}`. The tags are p, h4, ul, ol (with `start` where it is not
  1), li, blockquote, pre, code, strong, em, s, br, hr, table, thead, tbody, tr, th and td.
  Nothing in it is a link or a picture.
- `model`: what wrote it, "" where it was extracted: quoted as it stands, with nothing added
- `state`: "complete"; "stopped", the text as far as it came; "cut", the text is longer than
  what is here; or "unsupported", the collection has nothing to say of the question
- `cached`: whether it was kept from an earlier time
- `notices`: texts
- `seconds`: an object from a step ("retrieval", "writing", ...) to a number
- `sources`: what the answer cites, a list of objects with
  - `key`: the number in the text, from 1
  - `item`, `part`: ids; `title`, `quote`: texts (`quote` stands word for word in the source)
  - `fields`: a list of `[name, value]`, two texts: columns of a table's row
  - `thumbnail`: null, or `{image, width, height}`, as for hits: `image` counts, from 0, the
    `<img>` elements of the `text/html` in the same output; `width` and `height` are the
    original's pixels
  - where there is one: `source` (a path), `page` (from 1), `start`, `end` (seconds), `audio`
    (counts, from 0, the `<audio>` elements of the `text/html`) and `until` (seconds, where it
    ends before `end`), `alt`, `problem` (why the picture or recording could not be opened)
- `others`: how many parts were retrieved and are not cited
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.display.clips import Clip
from mmrag_jupyter.display.prose import as_json
from mmrag_jupyter.display.thumbnails import Gone, Thumbnail
from mmrag_jupyter.display.values import json_text, jsonable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.display.answer_parts import Reference, Reply
    from mmrag_jupyter.display.prose import Node

_NAME, _VALUE = 60, 80  # characters of a column's name and value
_ID = 200


def payload(
    reply: Reply,
    prose: Sequence[Node],
    references: Sequence[dict[str, object]],
    notices: Sequence[str],
    *,
    most: int,
) -> dict[str, object]:
    """Return the whole object, with at most `most` characters of the text.

    `prose` is as much of it as is drawn; `references` are made by `reference`.
    """
    return {
        "version": 1,
        "question": json_text(reply.question, 2000),
        "text": json_text(reply.text, most),
        "prose": as_json(prose),
        "model": json_text(reply.model, _ID),
        "state": "cut" if len(reply.text) > most else reply.state,
        "cached": reply.cached,
        "notices": list(notices),
        "seconds": {name: round(seconds, 3) for name, seconds in reply.seconds.items()},
        "sources": list(references),
        "others": reply.others,
    }


def reference(
    source: Reference,
    quoted: int,
    image: Thumbnail | Gone | None,
    number: int,
    *,
    clip: Clip | Gone | None = None,
    audio: int = 0,
) -> dict[str, object]:
    """Return one source, with at most `quoted` characters of its quote.

    `number` is that of its `<img>` element in the HTML, `audio` that of its `<audio>`.
    """
    shown = None
    if isinstance(image, Thumbnail):
        shown = {"image": number, "width": image.width, "height": image.height}
    always: dict[str, object] = {
        "key": source.key,
        "item": json_text(source.item, _ID),
        "part": json_text(source.part, _ID),
        "title": json_text(source.title, _ID),
        "quote": json_text(source.quote, quoted),
        "fields": [
            [json_text(name, _NAME), json_text(value, _VALUE)] for name, value in source.fields
        ],
        "thumbnail": shown,
    }
    some: dict[str, object] = {
        "source": json_text(source.source, _ID),
        "page": source.page,
        "start": jsonable(source.start, _VALUE),
        "end": jsonable(source.end, _VALUE),
        "alt": json_text(source.alt, _VALUE) if shown else "",
        "problem": next((one.reason for one in (image, clip) if isinstance(one, Gone)), ""),
    }
    if isinstance(clip, Clip) and clip.uri:
        some |= {"audio": audio, "until": round(clip.until, 2) if clip.is_cut else None}
    # Each line of JSON is indented in a notebook: what is empty is left out.
    return always | {key: value for key, value in some.items() if value not in (None, "")}
