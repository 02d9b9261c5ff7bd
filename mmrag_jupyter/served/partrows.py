"""The rows of parts: from what is loaded to fields, and from fields to what is found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from mmrag_jupyter.served.cells import as_key, from_key, plain
from mmrag_jupyter.served.rows import ITEM_FIELDS, KEY
from mmrag_jupyter.served.selection import UNSAID, is_mark, tag
from mmrag_jupyter.served.words import listed, tokens
from mmrag_jupyter.store.values import PartRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mmrag_jupyter.items import Modality, NewPart
    from mmrag_jupyter.served.rows import Row, Value
    from mmrag_jupyter.store.joined import Link

    Fields = Mapping[str, Value]

# All that a part is read from; its words are only searched.
READ = (KEY, "item_id", "item", "part", "modality", "digest", "path", "page", "text", "record")
# What a part is, wherever it stands.
_OWN = ("modality", "digest", "path", "page", "text", "length", "words", "record")


def new(part: NewPart, *, has_blob: bool) -> Fields:
    """Return the fields of a part that comes, but for those that say where it stands."""
    words = tokens(part.text) if part.text else []
    told = {
        "size": part.size,
        "mtime_ns": part.mtime_ns,
        "start": part.start,
        "end": part.end,
        "has_blob": has_blob,
    }
    return {
        "modality": part.modality,
        "digest": part.digest.hex(),
        "path": as_key(part.path) if part.path is not None else None,
        "page": part.page,
        "text": plain(part.text),
        "length": len(words),
        "words": listed(words),
        "record": json.dumps(told),
    }


def again(row: Row) -> Fields:
    """Return the fields of a part that is stored, as `new` does, to be stored elsewhere."""
    found = {name: row.fields.get(name) for name in _OWN}
    words = found["words"]
    return {**found, "words": [one for one in words or () if not is_mark(one)]}  # type: ignore[union-attr]


def placed(parts: Sequence[Fields], item: Row, links: Sequence[Link]) -> list[dict[str, Value]]:
    """Return the fields of all parts of an item, in their order.

    Parameters
    ----------
    item
        The item's row, with the number of the first part and the columns of the item.
    links
        Which of them are of rows that were joined to it.
    """
    marks = [tag(str(one)) for one in dict.fromkeys(own["modality"] for own in parts)]
    if not any(own["text"] for own in parts):
        marks.append(UNSAID)
    columns = {name: value for name, value in item.fields.items() if name not in ITEM_FIELDS}
    shared = {**columns, "item_id": item.text("item_id"), "item": item.number("item")}
    first = item.number("part")
    joined = {
        part: {"row": link.row, "of": link.source}
        for link in links
        if link.part is not None
        for part in range(link.part, link.part + link.parts)
    }
    made = []
    for place, own in enumerate(parts):
        part = first + place
        told = {**json.loads(str(own["record"])), "row": 0, "of": 0, **joined.get(part, {})}
        made.append(
            {
                **shared,
                **own,
                KEY: str(part),
                "part": part,
                "words": [*marks, *own["words"]],  # type: ignore[misc]
                "record": json.dumps({**told, "number": place}),
            }
        )
    return made


def part_of(row: Row) -> PartRow:
    """Return the part that a row is of."""
    told = json.loads(row.text("record"))
    path = row.fields.get("path")
    page = row.fields.get("page")
    return PartRow(
        row.number("part"),
        row.number("item"),
        from_key(row.text("item_id")),
        told["number"],
        cast("Modality", row.text("modality")),
        row.text("text"),
        bytes.fromhex(row.text("digest")),
        from_key(path) if isinstance(path, str) else None,
        int(page) if isinstance(page, int | float) else None,
        told["start"],
        told["end"],
        bool(told["has_blob"]),
        # There is none in what was written before anything could be joined.
        told.get("row", 0),
    )
