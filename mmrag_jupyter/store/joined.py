"""Tables that were joined to a collection's items: their rows, and what each row is part of.

A row of a joined table is linked to the items that it names by its key, and its texts and
pictures are parts of each of these, behind the item's own. `joined_links` says which: the
first part of a row in an item (NULL where it has none) and how many they are. The link of
row 0 is the item's own parts. The rows' columns lie in `joined_rows`, as those of the items
lie in `items`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from mmrag_jupyter.store.catalogue import Tables, read_catalogue
from mmrag_jupyter.store.itemrows import in_chunks, read_items
from mmrag_jupyter.store.text import from_key, to_keys

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from mmrag_jupyter.store.catalogue import Catalogue, SourceColumns
    from mmrag_jupyter.store.itemrows import ItemTable

JOINED = Tables("joined_sources", "joined_columns", "joined_rows")
CHANGES = "joined"  # the counter of changes to the links
OWN = 0  # the row that stands for an item's own parts, and the source of that

# Made with the first joined table: collections of before have no such tables.
TABLES = """
CREATE TABLE IF NOT EXISTS joined_sources (
    source INTEGER PRIMARY KEY, key UNIQUE NOT NULL, label NOT NULL, columns TEXT NOT NULL,
    theirs NOT NULL DEFAULT '', ours NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS joined_columns (
    number INTEGER PRIMARY KEY, name NOT NULL, role TEXT NOT NULL, nth INTEGER NOT NULL,
    exact INTEGER NOT NULL DEFAULT 0, UNIQUE (name, role, nth)
);
CREATE TABLE IF NOT EXISTS joined_rows (
    row INTEGER PRIMARY KEY, id NOT NULL, source INTEGER NOT NULL, digest BLOB NOT NULL,
    UNIQUE (source, id)
);
CREATE TABLE IF NOT EXISTS joined_links (
    item INTEGER NOT NULL, row INTEGER NOT NULL, source INTEGER NOT NULL, part INTEGER,
    parts INTEGER NOT NULL, PRIMARY KEY (item, row)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS joined_links_part ON joined_links(part, parts) WHERE part IS NOT NULL;
CREATE INDEX IF NOT EXISTS joined_links_row ON joined_links(row);
"""


class Link(NamedTuple):
    """Which of an item's parts are of a row: the first (None without any), and how many."""

    row: int
    source: int
    part: int | None
    parts: int


@dataclass(frozen=True, slots=True)
class JoinedSource:
    """A table that was joined: its key over time, what it is called, and how it was joined.

    `theirs` is the table's own column and `ours` that of the items ("" for their ids). `rows`
    are those that name an item, of `items` items in all.
    """

    key: str
    label: str
    theirs: str
    ours: str
    rows: int
    items: int

    @property
    def by(self) -> str:
        """By what it was joined, as `on` takes it."""
        ours = self.ours or "id"
        return ours if self.theirs == ours else f"{self.theirs}={ours}"


@dataclass(frozen=True, slots=True)
class JoinedRow:
    """One row of a joined table: its number and id, its table's name and key, its columns."""

    row: int
    id: str
    origin: str
    source: str
    metadata: Mapping[str, object]


class KnownRow(NamedTuple):
    """What is remembered of a row, to tell whether it has changed: its hash, and its items."""

    row: int
    digest: bytes
    items: tuple[int, ...]


def exist(db: sqlite3.Connection) -> bool:
    """Tell whether any table was ever joined."""
    query = "SELECT 1 FROM sqlite_master WHERE name = 'joined_links'"
    return db.execute(query).fetchone() is not None


def catalogue(db: sqlite3.Connection) -> Catalogue:
    """Return the joined tables and their columns."""
    return read_catalogue(db, JOINED)


def sources(db: sqlite3.Connection) -> list[JoinedSource]:
    """Return the joined tables, in the order in which they came."""
    if not exist(db):
        return []
    rows = dict(db.execute("SELECT source, count(*) FROM joined_rows GROUP BY source"))
    query = "SELECT source, count(DISTINCT item) FROM joined_links WHERE row > 0 GROUP BY source"
    items = dict(db.execute(query))
    query = "SELECT source, key, label, theirs, ours FROM joined_sources ORDER BY source"
    return [
        JoinedSource(
            from_key(key),
            from_key(label),
            from_key(theirs),
            from_key(ours),
            rows.get(source, 0),
            items.get(source, 0),
        )
        for source, key, label, theirs, ours in db.execute(query)
    ]


def labels(db: sqlite3.Connection) -> dict[str, str]:
    """Return what the joined tables are called, by their keys, in the order in which they came."""
    if not exist(db):
        return {}
    query = "SELECT key, label FROM joined_sources ORDER BY source"
    return {from_key(key): from_key(label) for key, label in db.execute(query)}


def rows_of(db: sqlite3.Connection, rows: Sequence[int]) -> dict[int, JoinedRow]:
    """Return rows by their numbers; those that are gone are left out."""
    if not rows or not exist(db):
        return {}
    found = read_items(db, catalogue(db), rows, table=JOINED.rows, number="row")
    origins = {source.key: source.label for source in found.sources}
    return {
        one.item: JoinedRow(one.item, one.id, origins[one.source], one.source, one.metadata)
        for one in found.rows()
    }


def table_of(db: sqlite3.Connection, key: str) -> ItemTable | None:
    """Return all rows of the joined table with this key, in the order in which they came."""
    known = catalogue(db) if exist(db) else None
    own = known.by_key(key) if known is not None else None
    if known is None or own is None:
        return None
    query = "SELECT row FROM joined_rows WHERE source = ? ORDER BY row"
    numbers = [row for (row,) in db.execute(query, (own.number,))]
    return read_items(db, known, numbers, table=JOINED.rows, number="row")


def media_cells(
    db: sqlite3.Connection, table: ItemTable, source: SourceColumns
) -> dict[int, list[object]]:
    """Return the cells of a joined table's columns that hold pictures: bytes, or else paths.

    The records say which part of its row each cell is.
    """
    cells: dict[int, list[object]] = {
        one.number: [None] * len(table.items) for one in source.media()
    }
    for one in source.media():
        numbers = table.values[one.number]
        places = {
            row: at
            for at, (row, number) in enumerate(zip(table.items, numbers, strict=True))
            if isinstance(number, int)
        }
        for marks, some in in_chunks(list(places)):
            query = (
                "SELECT l.row, p.path, b.data FROM joined_links l"
                " JOIN joined_rows r ON r.row = l.row"
                f" JOIN parts p ON p.part = l.part + r.{one.name}"
                " LEFT JOIN blobs b ON p.has_blob AND b.digest = p.digest"
                f" WHERE l.row IN ({marks}) AND l.part IS NOT NULL"
            )
            for row, path, data in db.execute(query, some):
                own = data if data is not None else path and from_key(path)
                cells[one.number][places[row]] = own
    return cells


def ids(db: sqlite3.Connection, key: str) -> dict[str, int]:
    """Return the ids of all rows of a joined table, with their numbers."""
    if not exist(db):
        return {}
    query = (
        "SELECT r.id, r.row FROM joined_rows r JOIN joined_sources s USING (source)"
        " WHERE s.key = ? ORDER BY r.row"
    )
    return {from_key(stored): row for stored, row in db.execute(query, to_keys([key]))}


def known(db: sqlite3.Connection, key: str, row_ids: Sequence[str]) -> dict[str, KnownRow]:
    """Return what is remembered of those rows of a joined table that there are."""
    own = catalogue(db).by_key(key) if exist(db) else None
    if own is None:
        return {}
    found: dict[str, KnownRow] = {}
    for marks, some in in_chunks(to_keys(row_ids)):
        query = (
            "SELECT r.id, r.row, r.digest, l.item FROM joined_rows r"
            f" LEFT JOIN joined_links l ON l.row = r.row WHERE r.source = ? AND r.id IN ({marks})"
            " ORDER BY r.row, l.item"
        )
        for stored, row, digest, item in db.execute(query, (own.number, *some)):
            row_id = from_key(stored)
            before = found[row_id].items if row_id in found else ()
            found[row_id] = KnownRow(row, digest, before if item is None else (*before, item))
    return found


def row_files(
    db: sqlite3.Connection, key: str, row_ids: Sequence[str]
) -> dict[str, dict[str, tuple[int | None, int | None]]]:
    """Return for each of these rows of a table its files: their paths, sizes and mtimes."""
    found: dict[str, dict[str, tuple[int | None, int | None]]] = {}
    own = catalogue(db).by_key(key) if exist(db) else None
    if own is None:
        return found
    for marks, some in in_chunks(to_keys(row_ids)):
        query = (
            "SELECT DISTINCT r.id, p.path, p.size, p.mtime_ns FROM joined_rows r"
            " JOIN joined_links l ON l.row = r.row"
            " JOIN parts p ON p.part BETWEEN l.part AND l.part + l.parts - 1"
            f" WHERE r.source = ? AND r.id IN ({marks}) AND p.path IS NOT NULL"
        )
        for stored, path, size, mtime_ns in db.execute(query, (own.number, *some)):
            found.setdefault(from_key(stored), {})[from_key(path)] = (size, mtime_ns)
    return found


def links_of(db: sqlite3.Connection, items: Sequence[int]) -> dict[int, list[Link]]:
    """Return the links of those of `items` that have any, in the order of their parts."""
    found: dict[int, list[Link]] = defaultdict(list)
    if not exist(db):
        return found
    for marks, some in in_chunks(items):
        query = (
            "SELECT item, row, source, part, parts FROM joined_links"
            f" WHERE item IN ({marks}) ORDER BY item, source, row"
        )
        for item, *link in db.execute(query, some):
            found[item].append(Link(*link))
    return found


def all_links(db: sqlite3.Connection, key: str) -> list[tuple[int, int]]:
    """Return each item and row that are linked, of a joined table."""
    if not exist(db):
        return []
    query = (
        "SELECT l.item, l.row FROM joined_links l JOIN joined_sources s USING (source)"
        " WHERE s.key = ? ORDER BY l.item, l.row"
    )
    return db.execute(query, to_keys([key])).fetchall()


def totals(db: sqlite3.Connection, items: Sequence[int]) -> dict[int, dict[str, int]]:
    """Return for each item that has some how many rows of each joined table it has, by key."""
    found: dict[int, dict[str, int]] = defaultdict(dict)
    if not exist(db):
        return found
    for marks, some in in_chunks(items):
        query = (
            "SELECT l.item, s.key, count(*) FROM joined_links l JOIN joined_sources s"
            f" USING (source) WHERE l.item IN ({marks}) GROUP BY l.item, l.source"
        )
        for item, key, count in db.execute(query, some):
            found[item][from_key(key)] = count
    return found


def sources_of_rows(db: sqlite3.Connection, rows: Sequence[int]) -> dict[int, str]:
    """Return the key of each row's table."""
    found: dict[int, str] = {}
    for marks, some in in_chunks(rows):
        query = (
            "SELECT r.row, s.key FROM joined_rows r JOIN joined_sources s USING (source)"
            f" WHERE r.row IN ({marks})"
        )
        found |= {row: from_key(key) for row, key in db.execute(query, some)}
    return found
