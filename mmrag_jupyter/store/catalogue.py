"""Which sources a collection has, and which columns, under which names in the table `items`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from mmrag_jupyter.errors import StoreError
from mmrag_jupyter.items import Column
from mmrag_jupyter.store.columns import widened
from mmrag_jupyter.store.described import read_columns, write_columns
from mmrag_jupyter.store.schema import MOST_COLUMNS
from mmrag_jupyter.store.text import clean, from_key, to_key

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence


class Tables(NamedTuple):
    """Where sources are, the names of their columns, and the rows with the columns' values."""

    sources: str
    columns: str
    rows: str


ITEMS = Tables("sources", "columns", "items")


@dataclass(frozen=True, slots=True)
class Physical:
    """A column and its number in the table of rows, where it is called `c<number>`."""

    number: int
    column: Column

    @property
    def name(self) -> str:
        """The quoted name of its comparable values."""
        return f'"c{self.number}"'

    @property
    def exact_name(self) -> str:
        """The quoted name of its exact values, which it need not have."""
        return f'"x{self.number}"'


@dataclass(frozen=True, slots=True)
class SourceColumns:
    """A source's number, key and label, and its columns, index levels first."""

    number: int
    key: str
    label: str
    columns: tuple[Physical, ...]

    def metadata(self) -> list[Physical]:
        """Return the columns that are metadata of items, in the source's order."""
        return [
            physical
            for physical in self.columns
            if physical.column.role == "column" and physical.column.kind != "media"
        ]

    def index(self) -> list[Physical]:
        """Return the levels of the dataframe's index."""
        return [physical for physical in self.columns if physical.column.role == "index"]

    def media(self) -> list[Physical]:
        """Return the columns that hold pictures or sound."""
        return [physical for physical in self.columns if physical.column.kind == "media"]

    def without_media(self) -> SourceColumns:
        """Return the source without its columns of pictures and sound."""
        kept = (physical for physical in self.columns if physical.column.kind != "media")
        return replace(self, columns=tuple(kept))


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All sources by their number, and the numbers of the columns that have exact values."""

    sources: Mapping[int, SourceColumns]
    exact: frozenset[int]

    def by_key(self, key: str) -> SourceColumns | None:
        """Return the source with this key."""
        return next((one for one in self.sources.values() if one.key == key), None)

    def merged(self) -> list[Physical]:
        """Return each column once, in order of first appearance, wide enough for all sources."""
        found: dict[int, Physical] = {}
        for source in self.sources.values():
            for physical in source.columns:
                known = found.get(physical.number)
                column = physical.column
                if known is not None:
                    column = widened(known.column, column)
                found[physical.number] = Physical(physical.number, column)
        return list(found.values())

    def names(self) -> dict[str, tuple[str, Column]]:
        """Return what a `where` may name: from the user's name to the one in `items`.

        Columns come before index levels of the same name; `id` is the item's id unless a
        column is called so.
        """
        names = {"id": ('"id"', Column("id", "str"))}
        for role in ("index", "column"):
            for physical in self.merged():
                if physical.column.role == role:
                    names[physical.column.name] = (physical.name, physical.column)
        return names


def read_catalogue(db: sqlite3.Connection, tables: Tables = ITEMS) -> Catalogue:
    """Read the sources and their columns."""
    sources = {}
    for number, key, label, columns in db.execute(
        f"SELECT source, key, label, columns FROM {tables.sources} ORDER BY source"
    ):
        physical = tuple(Physical(at, column) for at, column in read_columns(columns))
        sources[number] = SourceColumns(number, from_key(key), from_key(label), physical)
    exact = db.execute(f"SELECT number FROM {tables.columns} WHERE exact")
    return Catalogue(sources, frozenset(number for (number,) in exact))


def write_source(
    db: sqlite3.Connection,
    key: str,
    label: str,
    columns: Sequence[Column],
    tables: Tables = ITEMS,
) -> SourceColumns:
    """Add a source, or give it another label and other columns; make the columns it lacks.

    Raises
    ------
    StoreError
        Two columns have the same name, or there would be too many.
    """
    numbers = _numbers(db, columns, tables)
    stored = write_columns(zip(numbers, columns, strict=True))
    db.execute(
        f"INSERT INTO {tables.sources} (key, label, columns) VALUES (?, ?, ?)"
        " ON CONFLICT (key) DO UPDATE SET label = excluded.label, columns = excluded.columns",
        (to_key(key), to_key(label), stored),
    )
    query = f"SELECT source FROM {tables.sources} WHERE key = ?"
    source: int = db.execute(query, (to_key(key),)).fetchone()[0]
    physical = tuple(map(Physical, numbers, columns))
    return SourceColumns(source, key, label, physical)


def add_exact(db: sqlite3.Connection, numbers: Iterable[int], tables: Tables = ITEMS) -> None:
    """Give columns a place for exact values."""
    for number in numbers:
        db.execute(f'ALTER TABLE {tables.rows} ADD COLUMN "x{number}"')
        db.execute(f"UPDATE {tables.columns} SET exact = 1 WHERE number = ?", (number,))


def _numbers(db: sqlite3.Connection, columns: Sequence[Column], tables: Tables) -> list[int]:
    known: dict[tuple[str, str, int], int] = {
        (from_key(name), role, nth): number
        for name, role, nth, number in db.execute(
            f"SELECT name, role, nth, number FROM {tables.columns}"
        )
    }
    numbers: list[int] = []
    seen: Counter[tuple[str, str]] = Counter()
    for column in columns:
        place = (column.name, column.role, seen[column.name, column.role])
        seen[column.name, column.role] += 1
        if column.role == "column" and place[2]:
            raise StoreError(f"Two columns are called {clean(column.name)!r}; rename one of them.")
        if place not in known:
            known[place] = max(_highest(db, tables), *known.values(), 0) + 1
            _add_column(db, known[place], place, tables)
        numbers.append(known[place])
    return numbers


def _highest(db: sqlite3.Connection, tables: Tables) -> int:
    """Return the highest number of a column with values; a repair may have lost its name."""
    names = (
        name for (name,) in db.execute("SELECT name FROM pragma_table_info(?)", (tables.rows,))
    )
    return max((int(name[1:]) for name in names if name[1:].isdigit()), default=0)


def _add_column(
    db: sqlite3.Connection, number: int, place: tuple[str, str, int], tables: Tables
) -> None:
    name, role, nth = place
    if number > MOST_COLUMNS:
        raise StoreError(
            f"A collection holds at most {MOST_COLUMNS} columns, and {clean(name)!r} would be "
            "one more: load a dataframe with fewer columns."
        )
    db.execute(
        f"INSERT INTO {tables.columns} (number, name, role, nth) VALUES (?, ?, ?, ?)",
        (number, to_key(name), role, nth),
    )
    db.execute(f'ALTER TABLE {tables.rows} ADD COLUMN "c{number}"')
