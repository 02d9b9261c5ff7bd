"""Copy every row that can still be read out of damaged records into fresh ones."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from mmrag_jupyter.items import Column
from mmrag_jupyter.store import feedback, joined, schema, tokens
from mmrag_jupyter.store.catalogue import ITEMS
from mmrag_jupyter.store.described import read_columns, write_columns
from mmrag_jupyter.store.text import from_key, to_key

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

    from mmrag_jupyter.store.catalogue import Tables

_HEADER_BYTES = 100


class Table(NamedTuple):
    """A table, and the column that counts its rows, where there is one."""

    name: str
    number: str | None


# In the order in which they must be copied: the columns of `items` come first.
TABLES = (
    Table("settings", None),
    Table("counters", None),
    Table("sources", "source"),
    Table("spaces", "space"),
    Table("columns", "number"),
    Table("items", "item"),
    Table("parts", "part"),
    Table("runs", "rowid"),
    Table("tokens", "space"),
    Table("spans", "rowid"),
    Table("blobs", "rowid"),
    Table("nodes", "item"),
    Table("problems", "rowid"),
    Table("feedback", "rowid"),
    Table("joined_sources", "source"),
    Table("joined_columns", "number"),
    Table("joined_rows", "row"),
    Table("joined_links", None),
)


def salvage(path: Path, name: str) -> dict[str, int]:
    """Replace damaged records by fresh ones with every row that can still be read.

    The damaged file is kept, with `.damaged` after its name.

    Parameters
    ----------
    name
        What to call the collection if its name is lost.

    Returns
    -------
    The number of rows saved of each table.
    """
    draft = path.with_name(path.name + ".saved")
    draft.unlink(missing_ok=True)
    schema.create(draft, name)
    saved: dict[str, int] = {}
    with closing(sqlite3.connect(draft, isolation_level=None)) as fresh:
        fresh.executescript(tokens.TABLES + joined.TABLES)
        with closing(_opened(path)) as damaged:
            fresh.execute("BEGIN")
            fresh.execute(feedback.TABLE)
            for table in TABLES:
                saved[table.name] = _copy(damaged, fresh, table)
        for tables in (ITEMS, joined.JOINED):
            _restore_columns(fresh, tables)
        _restore_sources(fresh)
        fresh.execute("COMMIT")
    _keep(path)
    # A log that belongs to the damaged file must never be applied to the fresh one.
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    draft.replace(path)
    return saved


def _keep(path: Path) -> None:
    for suffix in ("", "-wal"):
        source = path.with_name(path.name + suffix)
        if source.exists():
            shutil.copyfile(source, path.with_name(f"{path.name}.damaged{suffix}"))


def _opened(path: Path) -> sqlite3.Connection:
    """Open damaged records, if need be as a copy in memory with a new header."""
    db = schema.connect(path, "rw")
    db.text_factory = lambda text: text.decode("utf-8", "replace")
    with suppress(sqlite3.DatabaseError):
        db.execute("PRAGMA query_only = ON")
        db.execute("SELECT name FROM sqlite_schema").fetchall()
        return db
    db.close()
    return _with_new_header(path)


def _with_new_header(path: Path) -> sqlite3.Connection:
    model = path.with_name(path.name + ".model")
    schema.create(model, "")
    head = bytearray(model.read_bytes()[:_HEADER_BYTES])
    model.unlink()
    data = bytearray(path.read_bytes())
    page_size = int.from_bytes(head[16:18], "big")
    head[18:20] = b"\1\1"  # not in WAL mode, which a database in memory cannot be in
    head[28:32] = (len(data) // page_size).to_bytes(4, "big")
    head[32:40] = bytes(8)  # no list of free pages
    data[:_HEADER_BYTES] = head
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.text_factory = lambda text: text.decode("utf-8", "replace")
    db.deserialize(bytes(data[: len(data) // page_size * page_size]))
    return db


def _copy(damaged: sqlite3.Connection, fresh: sqlite3.Connection, table: Table) -> int:
    names = _names(damaged, table.name)
    known = _names(fresh, table.name)
    for name in names:
        if name not in known:
            fresh.execute(f'ALTER TABLE {table.name} ADD COLUMN "{name}"')
    if not names:
        return 0
    before = fresh.total_changes
    quoted = ", ".join(f'"{name}"' for name in names)
    # Settings and counters are there already, as in any new collection.
    verb = "INSERT OR REPLACE" if table.number is None else "INSERT OR IGNORE"
    fresh.executemany(
        f"{verb} INTO {table.name} ({quoted}) VALUES ({', '.join('?' * len(names))})",
        _rows(damaged, table, quoted),
    )
    return fresh.total_changes - before


def _names(db: sqlite3.Connection, table: str) -> list[str]:
    try:
        return [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    except sqlite3.DatabaseError:
        return []


def _rows(db: sqlite3.Connection, table: Table, names: str) -> Iterator[Sequence[object]]:
    """Yield rows from the front up to the damage, from the back, then one by one between."""
    query = f"SELECT {names} FROM {table.name}"
    if table.number is None:
        yield from _until_damage(db, query)
        return
    query = f"SELECT {table.number}, {names} FROM {table.name}"
    last = 0
    whole = False
    scan = _until_damage(db, f"{query} ORDER BY {table.number}")
    while not whole:
        try:
            number, *row = next(scan)
        except StopIteration as end:
            whole = bool(end.value)
            break
        last = number
        yield row
    if whole:
        return
    first = None
    for number, *row in _until_damage(db, f"{query} ORDER BY {table.number} DESC"):
        if number <= last:
            break
        first = number
        yield row
    for number in range(last + 1, first or last + 1):
        for _, *row in _until_damage(db, f"{query} WHERE {table.number} = {number}"):
            yield row


def _until_damage(db: sqlite3.Connection, query: str) -> Generator[Sequence[Any], None, bool]:
    """Yield rows up to the first that cannot be read; return whether all were."""
    try:
        yield from db.execute(query)
    except sqlite3.DatabaseError:
        return False
    return True


def _restore_columns(fresh: sqlite3.Connection, tables: Tables) -> None:
    """Make the columns of items or rows, their names and what the sources say of them agree."""
    known = {number for (number,) in fresh.execute(f"SELECT number FROM {tables.columns}")}
    there = {name for name in _names(fresh, tables.rows) if name[1:].isdecimal()}
    named: dict[int, tuple[str, str]] = {}
    for (columns,) in fresh.execute(f"SELECT columns FROM {tables.sources}"):
        named |= {number: (one.name, one.role) for number, one in read_columns(columns)}
    for number in known | set(named):
        if f"c{number}" not in there:
            fresh.execute(f'ALTER TABLE {tables.rows} ADD COLUMN "c{number}"')
    there = {name for name in _names(fresh, tables.rows) if name[1:].isdecimal()}
    for number in sorted({int(name[1:]) for name in there} - known):
        name, role = named.get(number, (f"lost {number}", "column"))
        fresh.execute(
            f"INSERT OR IGNORE INTO {tables.columns} (number, name, role, nth) VALUES (?, ?, ?, ?)",
            # Levels of an index can share a name: each gets a place of its own.
            (number, to_key(name), role, number if role == "index" else 0),
        )
    fresh.execute(f"UPDATE {tables.columns} SET exact = 0")
    exact = [(int(name[1:]),) for name in there if name.startswith("x")]
    fresh.executemany(f"UPDATE {tables.columns} SET exact = 1 WHERE number = ?", exact)


def _restore_sources(fresh: sqlite3.Connection) -> None:
    """Give items whose source is lost a nameless one, with every column that is known."""
    columns = [
        (number, Column(from_key(name), "any", role=role))
        for number, name, role in fresh.execute("SELECT number, name, role FROM columns")
    ]
    lost = fresh.execute(
        "SELECT DISTINCT source FROM items WHERE source NOT IN (SELECT source FROM sources)"
    ).fetchall()
    fresh.executemany(
        "INSERT INTO sources VALUES (?, ?, ?, ?)",
        [
            (number, f"lost:{number}", "a source whose name is lost", write_columns(columns))
            for (number,) in lost
        ],
    )
