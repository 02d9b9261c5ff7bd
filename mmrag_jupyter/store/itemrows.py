"""Read items and parts out of the records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from mmrag_jupyter.store.columns import decode
from mmrag_jupyter.store.text import from_key
from mmrag_jupyter.store.values import ItemRow, PartRow

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence

    from mmrag_jupyter.store.catalogue import Catalogue, SourceColumns

T = TypeVar("T")

# Below the number of variables that any build of SQLite takes in one statement.
_AT_ONCE = 10_000

_PARTS = """
SELECT p.part, p.item, i.id, p.part - i.part, p.modality, p.text, p.digest, p.path,
    p.page, p."start", p."end", p.has_blob, {row}
FROM parts p JOIN items i ON i.item = p.item
"""
# The last row whose parts begin at or before a part, if it reaches so far.
_ROW = """(
    SELECT CASE WHEN p.part < l.part + l.parts THEN l.row ELSE 0 END FROM joined_links l
    WHERE l.part <= p.part ORDER BY l.part DESC LIMIT 1
)"""


@dataclass(frozen=True, slots=True, eq=False)
class ItemTable:
    """Items by column: `values` maps a column's number to one value an item.

    A value is None where it is missing, or where the item's source has no such column.
    """

    items: Sequence[int]
    ids: Sequence[str]
    sources: Sequence[SourceColumns]
    values: Mapping[int, Sequence[object]]

    def rows(self) -> list[ItemRow]:
        """Return the items as rows."""
        known = {source.number: source for source in self.sources}
        names = {number: source.metadata() for number, source in known.items()}
        levels = {number: source.index() for number, source in known.items()}
        return [
            ItemRow(
                item,
                self.ids[at],
                source.key,
                {one.column.name: self.values[one.number][at] for one in names[source.number]},
                tuple(self.values[one.number][at] for one in levels[source.number]),
            )
            for at, (item, source) in enumerate(zip(self.items, self.sources, strict=True))
        ]


def in_chunks(values: Sequence[T]) -> Iterator[tuple[str, Sequence[T]]]:
    """Yield the values in lots that fit one statement, each with its question marks."""
    for start in range(0, len(values), _AT_ONCE):
        some = values[start : start + _AT_ONCE]
        yield ", ".join("?" * len(some)), some


def read_items(
    db: sqlite3.Connection,
    catalogue: Catalogue,
    items: Sequence[int] | None,
    *,
    table: str = "items",
    number: str = "item",
) -> ItemTable:
    """Read items in the order asked, or all of them in the order in which they came.

    Items that are gone are left out. `table` may be another one of the same columns, in which
    `number` numbers the rows.
    """
    columns = catalogue.merged()
    names = [one.name for one in columns]
    names += [one.exact_name for one in columns if one.number in catalogue.exact]
    query = f"SELECT {', '.join([number, 'id', 'source', *names])} FROM {table}"
    if items is None:
        rows = db.execute(f"{query} ORDER BY {number}").fetchall()
    else:
        found = {}
        for marks, some in in_chunks(items):
            for row in db.execute(f"{query} WHERE {number} IN ({marks})", some):
                found[row[0]] = row
        rows = [found[item] for item in items if item in found]
    if not rows:
        return ItemTable([], [], [], {one.number: [] for one in columns})
    numbers, ids, sources, *stored = zip(*rows, strict=True)
    exact_numbers = [one.number for one in columns if one.number in catalogue.exact]
    plain = {one.number: stored[at] for at, one in enumerate(columns)}
    exact = dict(zip(exact_numbers, stored[len(columns) :], strict=True))
    return ItemTable(
        numbers,
        list(map(from_key, ids)),
        [catalogue.sources[source] for source in sources],
        _decoded(catalogue, sources, plain, exact),
    )


def read_parts(db: sqlite3.Connection, parts: Sequence[int]) -> list[PartRow]:
    """Read parts in the order asked; those that are gone are left out."""
    found = {}
    query = _parts_query(db)
    for marks, some in in_chunks(parts):
        for row in db.execute(f"{query} WHERE p.part IN ({marks})", some):
            found[row[0]] = _part(row)
    return [found[part] for part in parts if part in found]


def read_parts_of(db: sqlite3.Connection, items: Sequence[int]) -> list[PartRow]:
    """Read all parts of items, item by item in the order asked."""
    numbers: dict[int, range] = {}
    for marks, some in in_chunks(items):
        for item, first, count in db.execute(
            f"SELECT item, part, parts FROM items WHERE item IN ({marks})", some
        ):
            numbers[item] = range(first, first + count)
    return read_parts(db, [part for item in items for part in numbers.get(item, ())])


def read_page(db: sqlite3.Connection, item: int, page: int) -> PartRow | None:
    """Read the part that shows a page of an item, counted from 1, or None."""
    query = (
        f"{_parts_query(db)} WHERE i.item = ? AND p.part BETWEEN i.part AND i.part + i.parts - 1"
        " AND p.modality = 'page' AND p.page = ?"
    )
    row = db.execute(query, (item, page)).fetchone()
    return _part(row) if row is not None else None


def _parts_query(db: sqlite3.Connection) -> str:
    joined = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'joined_links'").fetchone()
    return _PARTS.format(row="0" if joined is None else _ROW)


def _part(row: Sequence[Any]) -> PartRow:
    part, item, item_id, number, modality, text, digest, path, page, start, end, *rest = row
    has_blob, joined = rest
    return PartRow(
        part, item, from_key(item_id), number, modality, text or "", digest,
        from_key(path) if path is not None else None, page, start, end, bool(has_blob),
        joined or 0,
    )  # fmt: skip


def _decoded(
    catalogue: Catalogue,
    sources: Sequence[int],
    plain: Mapping[int, Sequence[object]],
    exact: Mapping[int, Sequence[object]],
) -> dict[int, list[object]]:
    """Decode each value as its own source declares it: sources differ on a column's kind."""
    values: dict[int, list[object]] = {number: [None] * len(sources) for number in plain}
    for source in dict.fromkeys(sources):
        at = [place for place, own in enumerate(sources) if own == source]
        whole = len(at) == len(sources)
        for one in catalogue.sources[source].columns:
            forms, exacts = plain[one.number], exact.get(one.number)
            if not whole:
                forms = [forms[place] for place in at]
                exacts = [exacts[place] for place in at] if exacts is not None else None
            decoded = decode(one.column, forms, exacts)  # type: ignore[arg-type]
            if whole:
                values[one.number] = decoded
            else:
                for place, value in zip(at, decoded, strict=True):
                    values[one.number][place] = value
    return values


def read_ids(db: sqlite3.Connection, source: int | None) -> list[str]:
    """Read the ids of all items, or of a source's, in the order in which they came."""
    if source is None:
        rows = db.execute("SELECT id FROM items ORDER BY item")
    else:
        rows = db.execute("SELECT id FROM items WHERE source = ? ORDER BY item", (source,))
    return [from_key(stored) for (stored,) in rows]
