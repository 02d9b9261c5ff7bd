"""Items as they are to be written: their own parts, and behind these the rows that join them.

All parts of an item are written together under numbers of their own, with the vectors that they
have; its row, which is written last, says which they are. So a row that comes, changes or goes
takes its items with it, and nobody sees them in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmrag_jupyter.served import joinrows, partrows
from mmrag_jupyter.served.rows import PART_FIELDS, Row
from mmrag_jupyter.store.joined import OWN
from mmrag_jupyter.store.joining import Kept, gathered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    from mmrag_jupyter.served.joins import ServedJoins
    from mmrag_jupyter.served.reading import Reading
    from mmrag_jupyter.served.rows import FieldType, Value
    from mmrag_jupyter.store.catalogue import Catalogue
    from mmrag_jupyter.store.joining import Refs
    from mmrag_jupyter.store.writer import NewVectors

    Fields = Mapping[str, Value]
    # By item and row what a row says of itself.
    Said = Mapping[tuple[int, int], Fields]

_PART = tuple(PART_FIELDS)


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """What items have: their parts and, by space, the vectors of these; what their rows say."""

    parts: Mapping[int, Fields]
    vectors: Mapping[int, Mapping[int, npt.NDArray[np.float32]]]
    said: Said


NOTHING = Stored({}, {}, {})


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """Rows that are ready: of parts, with the vectors by their places, of joined rows, of items."""

    parts: Sequence[dict[str, Value]]
    vectors: NewVectors
    joined: Sequence[Row]
    items: Sequence[Row]


def stored(store: Reading, items: Sequence[int], fields: Mapping[str, FieldType]) -> Stored:
    """Return what items have.

    Parameters
    ----------
    fields
        All that a row of what is joined may have.
    """
    parts: dict[int, Fields] = {}
    vectors: dict[int, Mapping[int, npt.NDArray[np.float32]]] = {}
    spaces = {store.layout.of_space(one): one for one in store.spaces()}
    for table in store.part_tables():
        rows = store.scanned(table, "item", "int", items, _PART, vectors=bool(table.dim))
        own = {row.number("part"): row for row in rows}
        there = store.valid({part: row.number("item") for part, row in own.items()})
        parts |= {part: partrows.again(own[part]) for part in there}
        space = spaces.get(table)
        if space is None:
            continue
        if space.token_dim:
            vectors[space.number] = store.tokens.of(space.number, sorted(there))
        else:
            vectors[space.number] = {
                part: vector for part in there if (vector := own[part].vector) is not None
            }
    return Stored(parts, vectors, said(store.joins, store.state.joined(), items, fields))


def said(
    joins: ServedJoins, tables: Catalogue, items: Sequence[int], fields: Mapping[str, FieldType]
) -> Said:
    """Return what the rows that were joined to items say of themselves."""
    return {
        (row.number("item"), row.number("row")): joinrows.told_before(
            row, tables.sources[int(row.text("source"))]
        )
        for row in joins.having("item", "int", items, list(fields))
    }


def laid(
    items: Sequence[Row],
    refs: Sequence[Refs],
    *,
    new: Sequence[Fields],
    vectors: NewVectors,
    before: Stored,
    rows: Mapping[int, Fields],
) -> Written:
    """Return what is to be written of items.

    Parameters
    ----------
    items
        Their rows, with the number of the first part of each.
    refs
        What each is to have, in order.
    new, vectors
        The parts that come, and by space the vectors of these, as `Refs` counts them.
    before
        What the items have.
    rows
        What rows that come say of themselves, by their numbers.
    """
    parts: list[dict[str, Value]] = []
    joined: list[Row] = []
    made: list[Row] = []
    for row, own in zip(items, refs, strict=True):
        own.leave_out(before.parts)
        found = [new[ref] if ref >= 0 else before.parts[-ref] for ref in own.parts]
        item = Row({**row.fields, "parts": len(found)})
        links = [link for link in own.placed(item.number("part")) if link.row != OWN]
        parts += partrows.placed(found, item, links)
        number = item.number("item")
        joined += [
            joinrows.placed(link, rows.get(link.row) or before.said[number, link.row], item)
            for link in links
        ]
        made.append(item)
    return Written(parts, gathered(refs, vectors, Kept({}, before.vectors)), joined, made)
