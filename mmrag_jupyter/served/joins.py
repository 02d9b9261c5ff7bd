"""Read what was joined to the items of a collection elsewhere."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from mmrag_jupyter.served import joinrows, media
from mmrag_jupyter.served.cells import as_key, from_key, values_of
from mmrag_jupyter.served.conditions import among, both
from mmrag_jupyter.store.frame import build_frame
from mmrag_jupyter.store.itemrows import ItemTable
from mmrag_jupyter.store.joined import CHANGES, JoinedRow, JoinedSource, KnownRow
from mmrag_jupyter.store.joins import Joins

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pandas as pd

    from mmrag_jupyter.served.conditions import Plain, Test
    from mmrag_jupyter.served.reading import Reading
    from mmrag_jupyter.served.rows import FieldType, Row
    from mmrag_jupyter.store.catalogue import SourceColumns
    from mmrag_jupyter.store.joined import Link

# What each question needs to tell which rows count.
_PLACE = ("item", "part")
_WHOLE = (*_PLACE, "row", "row_id", "source", "record")


class ServedJoins(Joins):
    """The joined tables of a collection elsewhere.

    A row counts beside an item only if it was written with the parts that the item has: the
    item's own row, which is written last, says which these are.
    """

    def __init__(self, store: Reading) -> None:
        # Not that of a folder: there are no records.
        self._store = store

    def sources(self) -> list[JoinedSource]:
        """Return the joined tables, in the order in which they came, with their counts."""
        found = []
        for number, own in self._store.state.joined().sources.items():
            rows = self.of_table(number, ())
            theirs, ours = self._store.state.by(number)
            found.append(
                JoinedSource(
                    own.key,
                    own.label,
                    theirs,
                    ours,
                    len({row.number("row") for row in rows}),
                    len({row.number("item") for row in rows}),
                )
            )
        return found

    def labels(self) -> dict[str, str]:
        """Return what the joined tables are called, by their keys; nothing is counted."""
        return {one.key: one.label for one in self._store.state.joined().sources.values()}

    def changes(self) -> int:
        """Return how often anything that is joined has changed, or where it lies."""
        return self._store.state.counter(CHANGES)

    def rows(self, rows: Sequence[int]) -> dict[int, JoinedRow]:
        """Return rows by their numbers; those that are gone are left out."""
        wanted = [row for row in dict.fromkeys(rows) if row]
        tables = self._store.state.joined().sources
        found = {}
        for row in self.having("row", "int", wanted, _WHOLE):
            own = tables[int(row.text("source"))]
            values = values_of(row.text("record"), own)
            found[row.number("row")] = JoinedRow(
                row.number("row"),
                from_key(row.text("row_id")),
                own.label,
                own.key,
                {one.column.name: values[one.number] for one in own.metadata()},
            )
        return found

    def sources_of(self, rows: Sequence[int]) -> dict[int, str]:
        """Return the key of each row's table."""
        tables = self._store.state.joined().sources
        found = self.having("row", "int", rows, (*_PLACE, "row", "source"))
        return {row.number("row"): tables[int(row.text("source"))].key for row in found}

    def ids(self, key: str) -> dict[str, int]:
        """Return the ids of all rows of a joined table, with their numbers."""
        own = self._store.state.joined().by_key(key)
        rows = self.of_table(own.number, ("row_id",)) if own is not None else []
        rows.sort(key=lambda row: row.number("row"))
        return {from_key(row.text("row_id")): row.number("row") for row in rows}

    def known(self, key: str, row_ids: Sequence[str]) -> dict[str, KnownRow]:
        """Return what is remembered of those rows of a joined table that there are.

        The hash of a row that is not the same beside all of its items is unknown: a load was
        killed as it wrote it.
        """
        found: dict[str, KnownRow] = {}
        for row in self._with_ids(key, row_ids, ("row", "row_id", "digest")):
            row_id, digest = from_key(row.text("row_id")), bytes.fromhex(row.text("digest"))
            before = found.get(row_id, KnownRow(0, digest, ()))
            same = digest if digest == before.digest else b""
            items = (*before.items, row.number("item"))
            found[row_id] = KnownRow(row.number("row"), same, tuple(sorted(items)))
        return found

    def files(
        self, key: str, row_ids: Sequence[str]
    ) -> dict[str, dict[str, tuple[int | None, int | None]]]:
        """Return for each of these rows of a table its files: their paths, sizes and mtimes."""
        found: dict[str, dict[str, tuple[int | None, int | None]]] = {}
        rows = self._with_ids(key, row_ids, ("row_id", "first", "count"))
        owners = {
            part: from_key(row.text("row_id"))
            for row in rows
            for part in range(row.number("first"), row.number("first") + row.number("count"))
        }
        for part, path, size, mtime in self._store.files_of_parts(list(owners)):
            found.setdefault(owners[part], {})[path] = (size, mtime)
        return found

    def links(self, key: str) -> list[tuple[int, int]]:
        """Return each item and row that are linked, of a joined table."""
        own = self._store.state.joined().by_key(key)
        rows = self.of_table(own.number, ()) if own is not None else []
        return sorted((row.number("item"), row.number("row")) for row in rows)

    def totals(self, items: Sequence[int]) -> dict[int, dict[str, int]]:
        """Return for each item that has some how many rows of each joined table it has, by key."""
        tables = self._store.state.joined().sources
        counts: dict[int, Counter[int]] = defaultdict(Counter)
        for row in self.having("item", "int", map(int, items), (*_PLACE, "source")):
            counts[row.number("item")][int(row.text("source"))] += 1
        return {
            item: {tables[number].key: own[number] for number in sorted(own)}
            for item, own in counts.items()
        }

    def frame(self, key: str) -> pd.DataFrame:
        """Return all rows of a joined table as a dataframe, as `Records.frame` does with items."""
        own = self._store.state.joined().by_key(key)
        if own is None:
            raise KeyError(key)
        rows = {
            row.number("row"): row
            for row in self.of_table(own.number, ("row_id", "record", "first"))
        }
        numbers = sorted(rows)
        values = [values_of(rows[number].text("record"), own) for number in numbers]
        table = ItemTable(
            numbers,
            [from_key(rows[number].text("row_id")) for number in numbers],
            [own] * len(numbers),
            {one.number: [row[one.number] for row in values] for one in own.columns},
        )
        return build_frame(table, [own], self._media(table, own, rows))

    def _media(
        self, table: ItemTable, own: SourceColumns, rows: Mapping[int, Row]
    ) -> Mapping[int, Sequence[object]]:
        """Return the cells of columns that hold pictures; the records say which part each is."""
        cells = table.values  # noqa: PD011 - no dataframe
        parts = {
            one.number: [
                rows[row].number("first") + at if isinstance(at, int) else None
                for row, at in zip(table.items, cells[one.number], strict=True)
            ]
            for one in own.media()
        }
        return media.cells_of_parts(self._store, parts)

    def key_values(self, column: str) -> tuple[list[int], list[object]]:
        """Return the numbers of all items and what they have in a column, or their ids for ""."""
        catalogue = self._store.state.catalogue()
        table = self._store.table()
        if not column:
            return list(table.items), list(table.ids)
        wanted = sorted(
            one.number
            for one in catalogue.merged()
            if one.column.name == column and one.column.kind != "media"
        )
        values: list[object] = [None] * len(table.items)
        # A column and a level of an index may share the name: what is there first counts.
        for number in wanted:
            found = table.values[number]  # noqa: PD011 - no dataframe
            values = [
                own if own is not None else new for own, new in zip(values, found, strict=True)
            ]
        return list(table.items), values

    def columns(self) -> list[str]:
        """Return the names of all joined tables' columns, each once."""
        found = [one.column for one in self._store.state.joined().merged()]
        return list(dict.fromkeys(one.name for one in found if one.role == "column"))

    def key_columns(self) -> list[str]:
        """Return the names of the items' columns and levels that could be a key."""
        found = [one.column for one in self._store.state.catalogue().merged()]
        return [one.name for one in found if one.name and one.kind != "media"]

    # Rows as they are stored.

    def links_of(self, items: Iterable[int]) -> dict[int, list[Link]]:
        """Return the links of those of `items` that have any, in the order of their parts."""
        found: dict[int, list[Link]] = defaultdict(list)
        fields = (*_PLACE, "row", "source", "first", "count")
        for row in self.having("item", "int", items, fields):
            found[row.number("item")].append(joinrows.link_of(row))
        for own in found.values():
            own.sort(key=lambda link: (link.source, link.row))
        return found

    def of_table(self, number: int, fields: Sequence[str], more: Test | None = None) -> list[Row]:
        """Return the rows of a joined table beside their items; `row` is among the fields."""
        test = both(among("source", "text", [str(number)]), more)
        fields = (*_PLACE, "row", *fields)
        return list(self._current(self._store.engine.scan(self._store.layout.joined, test, fields)))

    def having(
        self,
        name: str,
        type_: FieldType,
        values: Iterable[Plain],
        fields: Sequence[str],
        more: Test | None = None,
    ) -> Iterator[Row]:
        """Yield the rows of which a field is one of some values; item and part are among these."""
        if not self._store.state.joined().sources:
            return
        joined = self._store.layout.joined
        yield from self._current(
            self._store.scanned(joined, name, type_, values, fields, more=more)
        )

    def left_behind(self) -> list[int]:
        """Return the first parts of those rows that do not count: a killed load has left them."""
        if not self._store.state.joined().sources:
            return []
        rows = list(self._store.engine.scan(self._store.layout.joined, None, _PLACE))
        there = {row.number("part") for row in self._current(rows)}
        return sorted({row.number("part") for row in rows} - there)

    def _with_ids(self, key: str, row_ids: Sequence[str], fields: Sequence[str]) -> Iterator[Row]:
        own = self._store.state.joined().by_key(key)
        if own is not None:
            more = among("source", "text", [str(own.number)])
            ids = map(as_key, row_ids)
            yield from self.having("row_id", "text", ids, (*_PLACE, *fields), more)

    def _current(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield the rows that count."""
        found = list(rows)
        first = self._store.first_parts([row.number("item") for row in found])
        for row in found:
            if first.get(row.number("item")) == row.number("part"):
                yield row
