"""The rows of parts: from what is loaded to fields, and from fields to what is found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from mmrag_jupyter.served.cells import as_key, from_key, plain
from mmrag_jupyter.served.rows import KEY
from mmrag_jupyter.served.selection import UNSAID, tag
from mmrag_jupyter.served.words import listed, tokens
from mmrag_jupyter.store.values import PartRow

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from mmrag_jupyter.items import Modality, NewItem, NewPart
    from mmrag_jupyter.served.rows import Row, Value

# All that a part is read from; its words are only searched.
READ = (KEY, "item_id", "item", "part", "modality", "digest", "path", "page", "text", "record")


def fields_of(
    item: NewItem,
    number: int,
    first: int,
    cells: Mapping[str, Value],
    blobs: Container[bytes],
) -> list[dict[str, Value]]:
    """Return the fields of each part of an item.

    Parameters
    ----------
    number, first
        The item's number, and that of the first of its parts.
    cells
        The fields of the item's columns.
    blobs
        The hashes of what is kept as bytes.
    """
    marks = [tag(one) for one in dict.fromkeys(other.modality for other in item.parts)]
    if not any(other.text for other in item.parts):
        marks.append(UNSAID)
    shared = {**cells, "item_id": as_key(item.id), "item": number}
    return [
        {
            **shared,
            KEY: str(first + place),
            "part": first + place,
            **_own(part, place, marks, has_blob=part.digest in blobs),
        }
        for place, part in enumerate(item.parts)
    ]


def _own(part: NewPart, place: int, marks: Sequence[str], *, has_blob: bool) -> dict[str, Value]:
    words = tokens(part.text) if part.text else []
    told = {
        "number": place,
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
        "words": [*marks, *listed(words)],
        "record": json.dumps(told),
    }


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
    )
