"""The rows of items, and what of their pictures is kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mmrag_jupyter.served import cells, media
from mmrag_jupyter.served.cells import as_key, row_key
from mmrag_jupyter.served.rows import KEY, PART_FIELDS, Row
from mmrag_jupyter.store.batch import picture_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mmrag_jupyter.items import NewItem
    from mmrag_jupyter.served.rows import Value
    from mmrag_jupyter.store.catalogue import SourceColumns


def item_row(
    item: NewItem,
    number: int,
    first: int,
    origin: SourceColumns,
    own: Mapping[str, Value],
    *,
    count: int | None = None,
) -> Row:
    """Return the row of an item.

    Parameters
    ----------
    number, first
        The item's number, and that of the first of its parts.
    own
        The fields of its columns.
    count
        How many parts it has; otherwise those that it comes with.
    """
    pictures = {
        one.number: picture_in(item, one.column.name, at) for at, one in enumerate(origin.media())
    }
    return Row({
        **own,
        KEY: row_key(item.id),
        "item_id": as_key(item.id),
        "item": number,
        "part": first,
        "parts": len(item.parts) if count is None else count,
        "source": str(origin.number),
        "digest": item.digest.hex(),
        "record": cells.record(item, pictures),
    })  # fmt: skip


def restamped(row: Row, item: NewItem, owned: Mapping[str, Mapping[str, Value]]) -> Row:
    """Return a part's row with the columns of its item as they are now, and its file's stamp."""
    fields = {name: value for name, value in row.fields.items() if name in PART_FIELDS}
    fields |= owned[row.text("item_id")]
    told = json.loads(row.text("record"))
    if told["number"] < len(item.parts):
        part = item.parts[told["number"]]
        if part.path is not None and part.digest.hex() == row.text("digest"):
            told |= {"size": part.size, "mtime_ns": part.mtime_ns}
            fields |= {"path": as_key(part.path), "record": json.dumps(told)}
    return Row(fields, row.vector)


def kept_pictures(items: Sequence[NewItem]) -> tuple[dict[bytes, bytes], int]:
    """Return what came as bytes, as it is kept, by its hash; and how much cannot be."""
    found: dict[bytes, bytes] = {}
    unkept = 0
    for item in items:
        for part in item.parts:
            if part.blob is None or part.digest in found:
                continue
            data = media.kept_bytes(part.blob)
            if data is None:
                unkept += 1
            else:
                found[part.digest] = data
    return found, unkept
