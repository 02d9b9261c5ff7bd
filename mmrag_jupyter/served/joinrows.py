"""The rows of what is joined: one for each row of a joined table beside each of its items."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.served import cells
from mmrag_jupyter.served.cells import as_key
from mmrag_jupyter.served.rows import ITEM_FIELDS, JOINED_FIELDS, KEY, Row
from mmrag_jupyter.store.batch import picture_in
from mmrag_jupyter.store.joined import Link

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mmrag_jupyter.items import NewItem
    from mmrag_jupyter.served.rows import Value
    from mmrag_jupyter.store.catalogue import SourceColumns

    Fields = Mapping[str, Value]

# What a row says of itself, whichever item it stands beside, and where it stands.
_OWN = ("row", "row_id", "source", "digest", "record")
_PLACE = (KEY, "item_id", "item", "part", "first", "count")


def told(rows: Sequence[NewItem], origin: SourceColumns, numbers: Sequence[int]) -> list[Fields]:
    """Return what new rows of a joined table say of themselves."""
    media = origin.media()
    return [
        {
            **own,
            "row": number,
            "row_id": as_key(row.id),
            "source": str(origin.number),
            "digest": row.digest.hex(),
            "record": cells.record(
                row,
                {one.number: picture_in(row, one.column.name, at) for at, one in enumerate(media)},
            ),
        }
        for row, number, own in zip(rows, numbers, cells.cells(rows, origin), strict=True)
    ]


def told_before(row: Row, origin: SourceColumns) -> Fields:
    """Return what a row that is stored says of itself."""
    names = [*_OWN, *cells.fields_of(origin.columns)]
    return {name: row.fields.get(name) for name in names}


def columns_of_item(row: Row, origin: SourceColumns) -> Fields:
    """Return the columns of its item that a stored row stands beside."""
    own = cells.fields_of(origin.columns)
    return {
        name: value
        for name, value in row.fields.items()
        if name not in JOINED_FIELDS and name not in own
    }


def placed(link: Link, own: Fields, item: Row) -> Row:
    """Return the row of a joined row beside an item.

    Parameters
    ----------
    link
        Which of the item's parts are of it.
    own
        What it says of itself.
    item
        The item's row, with the columns of the item.
    """
    first = item.number("part")
    columns = {name: value for name, value in item.fields.items() if name not in ITEM_FIELDS}
    place: dict[str, Value] = {
        KEY: f"{first}:{link.row}",
        "item_id": item.text("item_id"),
        "item": item.number("item"),
        "part": first,
        "first": link.part or 0,
        "count": link.parts,
    }
    return Row({**columns, **own, **place})


def again(row: Row, own: Fields, columns: Fields) -> Row:
    """Return a stored row where it stands, with what it and its item say now."""
    return Row({**columns, **own, **{name: row.fields.get(name) for name in _PLACE}})


def link_of(row: Row) -> Link:
    """Return which parts of its item a row is, from its stored form."""
    first = row.number("first")
    return Link(row.number("row"), int(row.text("source")), first or None, row.number("count"))
