"""Small questions to the records, one query each."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from mmrag_jupyter.store import noderows
from mmrag_jupyter.store.itemrows import in_chunks
from mmrag_jupyter.store.rows import MODALITIES
from mmrag_jupyter.store.text import from_key, to_key, to_keys
from mmrag_jupyter.store.values import Known, ProblemRow, SourceRow

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence

    from mmrag_jupyter.items import Modality
    from mmrag_jupyter.store.catalogue import SourceColumns
    from mmrag_jupyter.store.itemrows import ItemTable


class Place(NamedTuple):
    """Where an item is in the records: its number, its first part, and how many it has."""

    item: int
    part: int
    parts: int


def counter(db: sqlite3.Connection, name: str) -> int:
    """Return a counter's value; 0 where it was never counted."""
    row = db.execute("SELECT value FROM counters WHERE name = ?", (name,)).fetchone()
    return row[0] if row is not None else 0


def part_counts(db: sqlite3.Connection) -> dict[Modality, int]:
    """Return the number of parts of each modality that there is."""
    counted = dict(db.execute("SELECT name, value FROM counters"))
    return {name: counted[name] for name in MODALITIES if counted.get(name)}


def setting(db: sqlite3.Connection, key: str) -> str | None:
    """Return a setting's value, or None."""
    row = db.execute("SELECT value FROM settings WHERE key = ?", (to_key(key),)).fetchone()
    return row[0] if row is not None else None


def sources(db: sqlite3.Connection) -> list[SourceRow]:
    """Return the sources with the number of their items."""
    counts = dict(db.execute("SELECT source, count(*) FROM items GROUP BY source"))
    rows = db.execute("SELECT source, key, label FROM sources ORDER BY source")
    return [
        SourceRow(from_key(key), from_key(label), counts.get(one, 0)) for one, key, label in rows
    ]


def problems(db: sqlite3.Connection) -> list[ProblemRow]:
    """Return the problems of all sources' last loads."""
    rows = db.execute("SELECT name, reason FROM problems ORDER BY rowid")
    return [ProblemRow(from_key(name), from_key(reason)) for name, reason in rows]


def known(db: sqlite3.Connection, ids: Sequence[str]) -> dict[str, Known]:
    """Return the hash and source of those ids that there are."""
    keys = {one: from_key(key) for one, key in db.execute("SELECT source, key FROM sources")}
    return {
        from_key(stored): Known(digest, keys[source])
        for stored, digest, source in _named(db, "i.id, i.digest, i.source", ids)
    }


def places(db: sqlite3.Connection, ids: Sequence[str]) -> dict[str, Place]:
    """Return the places of those ids that there are, in the order asked."""
    rows = _named(db, "i.id, i.item, i.part, i.parts", ids)
    found = {from_key(stored): Place(*place) for stored, *place in rows}
    return {item_id: found[item_id] for item_id in ids if item_id in found}


def places_of(db: sqlite3.Connection, items: Sequence[int]) -> list[Place]:
    """Return the places of those items, by their numbers, that there are."""
    found = []
    for marks, some in in_chunks(items):
        query = f"SELECT item, part, parts FROM items WHERE item IN ({marks}) ORDER BY item"
        found += [Place(*row) for row in db.execute(query, some)]
    return found


def items_of(db: sqlite3.Connection, parts: Sequence[int]) -> dict[int, int]:
    """Return the item of each of those parts that there are."""
    query = "SELECT p.part, p.item FROM json_each(?) j CROSS JOIN parts p ON p.part = j.value"
    return dict(db.execute(query, (json.dumps(parts),)))


def _named(db: sqlite3.Connection, columns: str, ids: Sequence[str]) -> Iterator[Sequence[Any]]:
    """Yield columns of the items, here called `i`, that have one of these ids."""
    keys = to_keys(ids)
    # JSON has no bytes, and SQLite ends a text of JSON at its first NUL.
    odd = [key for key in keys if isinstance(key, bytes) or "\0" in key]
    even = keys if not odd else [key for key in keys if isinstance(key, str) and "\0" not in key]
    # Without a list to be sorted first, as for IN, this takes a third of the time.
    query = f"SELECT {columns} FROM json_each(?) j CROSS JOIN items i ON i.id = j.value"
    yield from db.execute(query, (json.dumps(even, ensure_ascii=False),))
    for marks, some in in_chunks(odd):
        yield from db.execute(f"SELECT {columns} FROM items i WHERE i.id IN ({marks})", some)


def file_digests(
    db: sqlite3.Connection, paths: Sequence[str]
) -> dict[str, tuple[int | None, int | None, bytes]]:
    """Return size, mtime and content hash of the files that parts came from."""
    found = {}
    for marks, some in in_chunks(to_keys(paths)):
        query = f"SELECT path, size, mtime_ns, digest FROM parts WHERE path IN ({marks})"
        for path, size, mtime_ns, digest in db.execute(query, some):
            found[from_key(path)] = (size, mtime_ns, digest)
    return found


def item_files(
    db: sqlite3.Connection, ids: Sequence[str]
) -> dict[str, dict[str, tuple[int | None, int | None]]]:
    """Return for each of those ids that there are its files: their paths, sizes and mtimes."""
    found: dict[str, dict[str, tuple[int | None, int | None]]] = {}
    for marks, some in in_chunks(to_keys(ids)):
        query = (
            "SELECT DISTINCT i.id, p.path, p.size, p.mtime_ns FROM items i"
            " JOIN parts p ON p.part BETWEEN i.part AND i.part + i.parts - 1"
            f" WHERE i.id IN ({marks}) AND p.path IS NOT NULL"
        )
        for item_id, path, size, mtime_ns in db.execute(query, some):
            found.setdefault(from_key(item_id), {})[from_key(path)] = (size, mtime_ns)
    return found


def first_parts(
    db: sqlite3.Connection, items: Sequence[int], modalities: Literal["'image', 'page'", "'audio'"]
) -> list[int]:
    """Return the first part of one of these modalities, of each of those items that has one."""
    found = []
    for marks, some in in_chunks(items):
        query = (
            "SELECT (SELECT p.part FROM parts p WHERE p.part >= i.part"
            f" AND p.part < i.part + i.parts AND p.modality IN ({modalities})"
            f" ORDER BY p.part LIMIT 1) FROM items i WHERE i.item IN ({marks})"
        )
        found += [part for (part,) in db.execute(query, some) if part is not None]
    return found


def embeddable(db: sqlite3.Connection, modality: Modality) -> list[int]:
    """Return the parts of a modality that have something to embed."""
    empty = " AND text IS NOT NULL" if modality == "text" else ""
    query = f"SELECT part FROM parts WHERE modality = ?{empty} ORDER BY part"
    return [part for (part,) in db.execute(query, (modality,))]


def blob(db: sqlite3.Connection, digest: bytes) -> bytes | None:
    """Return the bytes that are kept for a content hash, or None."""
    row = db.execute("SELECT data FROM blobs WHERE digest = ?", (digest,)).fetchone()
    return row[0] if row is not None else None


def nodes(db: sqlite3.Connection, items: Sequence[int]) -> Mapping[int, noderows.NodeRow]:
    """Return what is kept of those items that are LlamaIndex nodes."""
    return noderows.read(db, items)


def media_cells(
    db: sqlite3.Connection, table: ItemTable, sources: Sequence[SourceColumns]
) -> dict[int, list[object]]:
    """Return the cells of columns that hold pictures: bytes, else a path, else None.

    The records say which part of its item each cell is.
    """
    columns = [one for source in sources for one in source.media()]
    if not columns:
        return {}
    stored: dict[tuple[int, int], object] = {}
    wanted: dict[int, set[int]] = defaultdict(set)
    for one in columns:
        for item, number in zip(table.items, table.values[one.number], strict=True):
            if isinstance(number, int):
                wanted[item].add(number)
    for marks, some in in_chunks(list(wanted)):
        rows = db.execute(
            "SELECT p.item, p.part - i.part, p.path, b.data FROM items i"
            " JOIN parts p ON p.part BETWEEN i.part AND i.part + i.parts - 1"
            " LEFT JOIN blobs b ON p.has_blob AND b.digest = p.digest"
            f" WHERE i.item IN ({marks})",
            some,
        )
        for item, number, path, data in rows:
            if number in wanted[item]:
                stored[item, number] = data if data is not None else path and from_key(path)
    return {
        one.number: [
            stored.get((item, number)) if isinstance(number, int) else None
            for item, number in zip(table.items, table.values[one.number], strict=True)
        ]
        for one in columns
    }
