"""Count what items have: how many of each value, and how many in each range."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from mmrag_jupyter.store import epochs
from mmrag_jupyter.store.catalogue import read_catalogue
from mmrag_jupyter.store.coded import CodedError, CodedFile
from mmrag_jupyter.store.columns import decode
from mmrag_jupyter.store.facetcolumns import (
    MOST_VALUES,
    Categories,
    Different,
    Scale,
    read_column,
)
from mmrag_jupyter.store.text import encodable

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from mmrag_jupyter.items import Column
    from mmrag_jupyter.store.coded import Coded
    from mmrag_jupyter.store.columns import Stored

    Items = npt.NDArray[np.int64]
    Counts = npt.NDArray[np.int64]

_MOST_COLUMNS = 40
_MOST_VALUES = 60


@dataclass(frozen=True, slots=True)
class ValueCount:
    """A value of a column, None where it is missing, and how many items have it.

    `hits` counts those among the best hits; None where there are none to count.
    """

    value: object
    count: int
    hits: int | None


@dataclass(frozen=True, slots=True)
class Values:
    """A column of some values, most frequent first; `others` counts values left out."""

    column: str
    counts: tuple[ValueCount, ...]
    others: int


@dataclass(frozen=True, slots=True)
class Bin:
    """The items from `low` to `high`, both included: numbers, or dates as ISO 8601."""

    low: float | str
    high: float | str
    count: int
    hits: int | None


@dataclass(frozen=True, slots=True)
class Range:
    """A column of numbers or dates as a histogram; `missing` counts items without one."""

    column: str
    type: Literal["number", "date"]
    bins: tuple[Bin, ...]
    missing: int


Facet = Values | Range


@dataclass(frozen=True, slots=True, eq=False)
class FacetColumns:
    """The columns that can serve, as of one commit; `items` are all item numbers, sorted."""

    items: Items
    columns: Mapping[str, tuple[Column, Categories | Scale]]


class Facets:
    """Counts by column, from columns that are read once and kept until the next commit.

    Parameters
    ----------
    folder
        Of the collection.
    connect
        Opens its records for reading.
    """

    def __init__(self, folder: Path, connect: Callable[[], sqlite3.Connection]) -> None:
        self._folder = folder
        self._connect = connect
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None
        self._version: int | None = None
        self._read: FacetColumns | None = None

    def columns(self) -> list[str]:
        """Return the names of the columns that can serve, at most 40, in their order."""
        return list(self._current().columns)

    def count(
        self, within: Mapping[str, Items | None], hits: Sequence[int] | None = None
    ) -> list[Facet]:
        """Count the values of columns.

        Parameters
        ----------
        within
            For each column, the items to count, shape (n,) int64 and sorted; None for all.
        hits
            The numbers of the best hits, to be counted beside.
        """
        read = self._current()
        among = None if hits is None else np.sort(np.array(hits, np.int64))
        found = []
        for name, items in within.items():
            if name in read.columns:
                column, kept = read.columns[name]
                places = _places(read.items, items)
                of_hits = None if among is None else _places(read.items, _common(items, among))
                found.append(_facet(name, column, kept, places, of_hits))
        return found

    def close(self) -> None:
        """Let go of the file and of what was read."""
        with self._lock:
            if self._db is not None:
                self._db.close()
            self._db = self._version = self._read = None

    def _current(self) -> FacetColumns:
        with self._lock, self._snapshot() as db:
            # Changes whenever anybody else has committed, and this connection never writes.
            (version,) = db.execute("PRAGMA data_version").fetchone()
            if self._read is None or version != self._version:
                self._read, self._version = _read_all(self._folder, db), version
            return self._read

    @contextmanager
    def _snapshot(self) -> Iterator[sqlite3.Connection]:
        if self._db is None:
            self._db = self._connect()
        self._db.execute("BEGIN")
        try:
            yield self._db
        finally:
            self._db.execute("ROLLBACK")


def _read_all(folder: Path, db: sqlite3.Connection) -> FacetColumns:
    file = _coded(folder, db)
    beside = f"item > {file.mark.covered}" if file is not None else "TRUE"

    def stored(physical: str, column: Column) -> Different | None:
        coded = _column(file, physical)
        if coded is not None:
            return Different.coded(coded, read(physical, beside))
        # What is read whole only to be found too different takes longest.
        if column.kind == "str" and _has_more(db, physical, MOST_VALUES):
            return None
        return Different.of(read(physical, "TRUE"))

    def read(physical: str, which: str) -> list[Stored]:
        query = f"SELECT {physical} FROM items WHERE {which} ORDER BY item"
        return [value for (value,) in db.execute(query)]

    items = np.fromiter(read("item", beside), np.int64)
    if file is not None:
        items = np.concatenate((file.items(np.arange(len(file))), items))
    return facet_columns(items, read_catalogue(db).names(), stored)


def _coded(folder: Path, db: sqlite3.Connection) -> CodedFile | None:
    """Return the items' columns as codes, where there are any of what `db` sees."""
    try:
        file = CodedFile(folder)
    except CodedError:
        return None
    return file if epochs.holds(db, file.mark) else None


def _column(file: CodedFile | None, physical: str) -> Coded | None:
    try:
        found = file.column(physical) if file is not None else None
    except CodedError:
        return None
    # Of one that is widened it is not known which numbers were ints.
    return None if found is None or found.widened else found


def _has_more(db: sqlite3.Connection, physical: str, most: int) -> bool:
    """Tell whether a column has more different values than this; looks no further then."""
    some = f"SELECT DISTINCT {physical} FROM items LIMIT {most + 2}"
    (count,) = db.execute(f"SELECT count(*) FROM ({some}) WHERE {physical} NOTNULL").fetchone()
    return int(count) > most


def facet_columns(
    items: Items,
    names: Mapping[str, tuple[str, Column]],
    stored: Callable[[str, Column], Different | None],
) -> FacetColumns:
    """Return the columns that can serve.

    Parameters
    ----------
    items
        The numbers of all items, sorted.
    names
        As `Catalogue.names` returns them.
    stored
        Returns what is stored in a column, by its physical name, in the order of the items; None
        where that is too much of different kinds to serve.
    """
    columns = {}
    for name, (physical, column) in names.items():
        # `id` names each item, and a name of half characters cannot be filtered by.
        if column.role != "column" or physical == '"id"' or not encodable(name):
            continue
        read = read_column(column, partial(stored, physical, column))
        if read is not None:
            columns[name] = (column, read)
        if len(columns) == _MOST_COLUMNS:
            break
    return FacetColumns(items, columns)


def _places(all_items: Items, items: Items | None) -> Items | None:
    """Return where items stand among all; those that have come or gone since are left out."""
    if items is None:
        return None
    places = np.searchsorted(all_items, items)
    inside = places < len(all_items)
    inside[inside] = all_items[places[inside]] == items[inside]
    return places[inside]


def _common(items: Items | None, hits: Items) -> Items:
    return hits if items is None else np.intersect1d(items, hits, assume_unique=True)


def _facet(
    name: str,
    column: Column,
    kept: Categories | Scale,
    places: Items | None,
    hits: Items | None,
) -> Facet:
    size = len(kept.values if isinstance(kept, Categories) else kept.lows)
    counts = _counts(kept.codes, places, size)
    of_hits = None if hits is None else _counts(kept.codes, hits, size)
    if isinstance(kept, Categories):
        return _values(name, column, kept.values, counts, of_hits)
    bins = tuple(
        Bin(kept.lows[at], kept.highs[at], int(counts[at]), _at(of_hits, at)) for at in range(size)
    )
    return Range(name, kept.type, bins, int(counts[size]))


def _values(
    name: str, column: Column, values: Sequence[Stored], counts: Counts, hits: Counts | None
) -> Values:
    ranked = np.argsort(-counts[: len(values)], kind="stable").tolist()
    shown = [at for at in ranked if counts[at]][:_MOST_VALUES]
    # What nothing has now is shown too, as long as there is room: it can be added.
    shown += [at for at in ranked if not counts[at]][: _MOST_VALUES - len(shown)]
    decoded = decode(column, [values[at] for at in shown], None)
    found = [
        ValueCount(value, int(counts[at]), _at(hits, at))
        for at, value in zip(shown, decoded, strict=True)
    ]
    missing = len(values)
    if counts[missing]:
        found.append(ValueCount(None, int(counts[missing]), _at(hits, missing)))
    return Values(name, tuple(found), len(values) - len(shown))


def _counts(codes: npt.NDArray[np.int32], places: Items | None, size: int) -> Counts:
    """Count codes; the last count is that of -1, which stands for a missing value."""
    own = codes if places is None else codes[places]
    return np.bincount(np.where(own < 0, size, own), minlength=size + 1)


def _at(counts: Counts | None, at: int) -> int | None:
    return None if counts is None else int(counts[at])
