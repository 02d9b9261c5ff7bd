"""Read what was joined to a collection's items, as of the last commit."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from mmrag_jupyter.store import joined, lookup
from mmrag_jupyter.store.catalogue import Catalogue, read_catalogue
from mmrag_jupyter.store.frame import build_frame
from mmrag_jupyter.store.itemrows import read_items
from mmrag_jupyter.store.where_joined import read_links

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    import pandas as pd

    from mmrag_jupyter.store.joined import JoinedRow, JoinedSource, KnownRow
    from mmrag_jupyter.store.where_joined import Links

    Reading = Callable[[], AbstractContextManager[sqlite3.Connection]]


class Joins:
    """The joined tables of a collection; `reading` gives a connection to its records."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._lock = threading.Lock()
        self._arrays: dict[int, tuple[int, Links]] = {}

    def sources(self) -> list[JoinedSource]:
        """Return the joined tables, in the order in which they came, with their counts."""
        with self._reading() as db:
            return joined.sources(db)

    def labels(self) -> dict[str, str]:
        """Return what the joined tables are called, by their keys; nothing is counted."""
        with self._reading() as db:
            return joined.labels(db)

    def changes(self) -> int:
        """Return how often anything that is joined has changed, or where it lies."""
        with self._reading() as db:
            return lookup.counter(db, joined.CHANGES)

    def rows(self, rows: Sequence[int]) -> dict[int, JoinedRow]:
        """Return rows by their numbers; those that are gone are left out."""
        wanted = [row for row in dict.fromkeys(rows) if row]
        if not wanted:
            return {}
        with self._reading() as db:
            return joined.rows_of(db, wanted)

    def sources_of(self, rows: Sequence[int]) -> dict[int, str]:
        """Return the key of each row's table."""
        if not rows:
            return {}
        with self._reading() as db:
            return joined.sources_of_rows(db, rows)

    def ids(self, key: str) -> dict[str, int]:
        """Return the ids of all rows of a joined table, with their numbers."""
        with self._reading() as db:
            return joined.ids(db, key)

    def known(self, key: str, row_ids: Sequence[str]) -> dict[str, KnownRow]:
        """Return what is remembered of those rows of a joined table that there are."""
        with self._reading() as db:
            return joined.known(db, key, row_ids)

    def files(
        self, key: str, row_ids: Sequence[str]
    ) -> dict[str, dict[str, tuple[int | None, int | None]]]:
        """Return for each of these rows of a table its files: their paths, sizes and mtimes."""
        with self._reading() as db:
            return joined.row_files(db, key, row_ids)

    def links(self, key: str) -> list[tuple[int, int]]:
        """Return each item and row that are linked, of a joined table."""
        with self._reading() as db:
            return joined.all_links(db, key)

    def totals(self, items: Sequence[int]) -> dict[int, dict[str, int]]:
        """Return for each item that has some how many rows of each joined table it has, by key."""
        with self._reading() as db:
            return joined.totals(db, items)

    def arrays(self, db: sqlite3.Connection, table: int) -> Links:
        """Return the links of a table, by its number, as `db` sees them; read once a change."""
        stamp = lookup.counter(db, joined.CHANGES)
        with self._lock:
            known = self._arrays.get(table)
            if known is None or known[0] != stamp:
                known = self._arrays[table] = stamp, read_links(db, table)
            return known[1]

    def frame(self, key: str) -> pd.DataFrame:
        """Return all rows of a joined table as a dataframe, as `Records.frame` does with items."""
        with self._reading() as db:
            own = joined.catalogue(db).by_key(key) if joined.exist(db) else None
            table = joined.table_of(db, key)
            if own is None or table is None:
                raise KeyError(key)
            media = joined.media_cells(db, table, own)
        return build_frame(table, [own], media)

    def key_values(self, column: str) -> tuple[list[int], list[object]]:
        """Return the numbers of all items and what they have in a column, or their ids for ""."""
        with self._reading() as db:
            known = read_catalogue(db)
            wanted = {
                one.number
                for one in known.merged()
                if one.column.name == column and one.column.kind != "media"
            }
            sources = {
                number: replace(
                    source, columns=tuple(one for one in source.columns if one.number in wanted)
                )
                for number, source in known.sources.items()
            }
            table = read_items(db, Catalogue(sources, known.exact & wanted), None)
        if not column:
            return list(table.items), list(table.ids)
        values: list[object] = [None] * len(table.items)
        # A column and a level of an index may share the name: what is there first counts.
        for number in sorted(wanted):
            found = table.values[number] if table.items else []  # noqa: PD011 - no dataframe
            values = [
                own if own is not None else new for own, new in zip(values, found, strict=True)
            ]
        return list(table.items), values

    def columns(self) -> list[str]:
        """Return the names of all joined tables' columns, each once."""
        with self._reading() as db:
            if not joined.exist(db):
                return []
            found = [one.column for one in joined.catalogue(db).merged()]
        return list(dict.fromkeys(one.name for one in found if one.role == "column"))

    def key_columns(self) -> list[str]:
        """Return the names of the items' columns and levels that could be a key."""
        with self._reading() as db:
            found = [one.column for one in read_catalogue(db).merged()]
        return [one.name for one in found if one.name and one.kind != "media"]
