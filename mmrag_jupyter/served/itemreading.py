"""Read items that lie in a store elsewhere, and what is known of them together."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import StoreError
from mmrag_jupyter.served import media
from mmrag_jupyter.served.cells import as_key, from_key, values_of
from mmrag_jupyter.served.conditions import (
    CannotError,
    Compare,
    Constant,
    Every,
    Field,
    among,
    both,
)
from mmrag_jupyter.served.state import State
from mmrag_jupyter.store.itemrows import ItemTable
from mmrag_jupyter.store.rows import MODALITIES
from mmrag_jupyter.store.snapshot import Snapshot
from mmrag_jupyter.store.store import Store
from mmrag_jupyter.store.values import Known, ProblemRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pandas as pd

    from mmrag_jupyter.items import Modality
    from mmrag_jupyter.served.conditions import Plain, Test
    from mmrag_jupyter.served.joins import ServedJoins
    from mmrag_jupyter.served.layout import Layout
    from mmrag_jupyter.served.rows import FieldType, Row, Table
    from mmrag_jupyter.served.told import Told
    from mmrag_jupyter.store.catalogue import SourceColumns
    from mmrag_jupyter.store.noderows import NodeRow
    from mmrag_jupyter.store.values import ItemRow, PartRow, Space

# Values that one test lists; each engine has its own bound, and this is below all.
AT_ONCE = 1000
# For so long an item is taken to be as it was just read.
_FRESH = 1.0  # seconds
# Some engines count by reading, and what is counted decides no more than how deep to look.
_COUNTED = 15.0  # seconds
_ITEM = ("item_id", "item", "part", "parts", "source", "digest", "record")


class ItemReading(Store):
    """What a store elsewhere says that a collection has.

    The half of it that reads items; `Reading` reads their parts.
    """

    joins: ServedJoins

    def __init__(self, engine: Told, layout: Layout) -> None:
        # Not that of a folder: there are no files.
        self.engine = engine
        self.layout = layout
        self.state = State(engine, layout)
        self._known_parts: dict[int, PartRow] = {}
        self._ranges: dict[int, tuple[int, int]] = {}
        self._counts: dict[Modality, int] = {}
        self._read_at = self._counted_at = -1e9
        # How often this process has written.
        self.changes = 0

    def forget(self) -> None:
        """Ask the store anew from now on: it was written to."""
        self.changes += 1
        self.state.forget()
        self._known_parts.clear()
        self._ranges.clear()
        self._counts.clear()

    def part_tables(self) -> list[Table]:
        """Return the tables of parts, that of those without a vector first."""
        return [self.layout.parts(0), *map(self.layout.of_space, self.state.spaces())]

    def token_tables(self) -> list[Table]:
        """Return the tables of the vectors of parts that have many."""
        late = (one for one in self.state.spaces() if one.token_dim)
        return [self.layout.tokens(one.number) for one in late]

    def tables_beside(self) -> list[Table]:
        """Return the tables whose rows have their item's columns: parts, and what is joined."""
        joined = [self.layout.joined] if self.state.joined().sources else []
        return [*self.part_tables(), *joined]

    def scanned(
        self,
        table: Table,
        name: str,
        type_: FieldType,
        values: Iterable[Plain],
        fields: Sequence[str],
        *,
        more: Test | None = None,
        vectors: bool = False,
    ) -> Iterator[Row]:
        """Yield the rows of which a field is one of some values."""
        wanted = list(dict.fromkeys(values))
        for at in range(0, len(wanted), AT_ONCE):
            test = both(among(name, type_, wanted[at : at + AT_ONCE]), more)
            yield from self.engine.scan(table, test, fields, vectors=vectors)

    def __len__(self) -> int:
        return self.engine.count(self.layout.items)

    def part_counts(self) -> dict[Modality, int]:
        """Return the number of parts of each modality that there is."""
        self._refresh()
        if not self._counts:
            tables = self.part_tables()
            for modality in MODALITIES:
                test = among("modality", "text", [modality])
                self._counts[modality] = sum(self.engine.count(one, test) for one in tables)
        return {name: count for name, count in self._counts.items() if count}

    def spaces(self) -> list[Space]:
        """Return the spaces, in the order in which they were added."""
        return self.state.spaces()

    def problems(self) -> list[ProblemRow]:
        """Return what the last load of each source could not read."""
        return [ProblemRow(source, reason) for source, reason in self.state.problems()]

    def known(self, ids: Sequence[str]) -> dict[str, Known]:
        """Return the hash and source of those ids that there are."""
        keys = {str(n): one.key for n, one in self.state.catalogue().sources.items()}
        rows = self._items("item_id", map(as_key, ids), ("item_id", "digest", "source"))
        return {
            from_key(row.text("item_id")): Known(
                bytes.fromhex(row.text("digest")), keys.get(row.text("source"), "")
            )
            for row in rows
        }

    def ids(self, source: str | None = None) -> list[str]:
        """Return the ids of all items, or of those of a source, in the order they came."""
        test = None
        if source is not None:
            own = self.state.catalogue().by_key(source)
            if own is None:
                return []
            test = among("source", "text", [str(own.number)])
        rows = self.engine.scan(self.layout.items, test, ("item_id", "item"))
        found = sorted((row.number("item"), row.text("item_id")) for row in rows)
        return [from_key(item_id) for _, item_id in found]

    def numbers(self) -> list[int]:
        """Return the numbers of all items, in the order in which they came."""
        rows = self.engine.scan(self.layout.items, None, ("item",))
        return sorted(row.number("item") for row in rows)

    def find(self, ids: Sequence[str]) -> dict[str, int]:
        """Return the numbers of those ids that there are."""
        rows = self._items("item_id", map(as_key, ids), ("item_id", "item"))
        found = {from_key(row.text("item_id")): row.number("item") for row in rows}
        return {one: found[one] for one in ids if one in found}

    def ids_of(self, items: Sequence[int]) -> dict[int, str]:
        """Return the ids of those items that there are, by their numbers."""
        rows = self._items("item", map(int, items), ("item_id", "item"))
        return {row.number("item"): from_key(row.text("item_id")) for row in rows}

    def ids_from(self, start: str, limit: int) -> list[str]:
        """Return at most `limit` of the ids that begin with `start`, sorted."""
        own = Field("item_id", "text", "id")
        test = Every((
            Compare(own, ">=", Constant(start)),
            Compare(own, "<", Constant(f"{start}\U0010ffff")),
        ))  # fmt: skip
        try:
            rows = list(self.engine.scan(self.layout.items, test, ("item_id",), limit=limit))
        except CannotError:
            return []
        return sorted(from_key(row.text("item_id")) for row in rows)

    def nodes(self, items: Sequence[int]) -> Mapping[int, NodeRow]:  # noqa: ARG002
        """Return none: what only a LlamaIndex node has is not kept elsewhere."""
        return {}

    # Items as rows and dataframes.

    def items(self, items: Sequence[int]) -> list[ItemRow]:
        """Return items in the order asked; those removed since are left out."""
        return self.snapshot(items).rows()

    def frame(self, items: Sequence[int] | None = None) -> pd.DataFrame:
        """Return items as a dataframe, in the order asked, or all in the order loaded."""
        return self.snapshot(items).frame()

    def snapshot(self, items: Sequence[int] | None = None) -> Snapshot:
        """Return items as they are now, in the order asked; those removed since are left out."""
        sources = list(self.state.catalogue().sources.values())
        return Snapshot(self.table(items), sources, self._media)

    def table(self, items: Sequence[int] | None = None) -> ItemTable:
        """Return items by column, as `snapshot` does."""
        catalogue = self.state.catalogue()
        if items is None:
            rows = list(self.engine.scan(self.layout.items, None, _ITEM))
            rows.sort(key=lambda row: row.number("item"))
        else:
            found = {row.number("item"): row for row in self._items("item", map(int, items), _ITEM)}
            rows = [found[int(one)] for one in items if int(one) in found]
        sources = [catalogue.sources[int(row.text("source"))] for row in rows]
        decoded = [
            values_of(row.text("record"), source) for row, source in zip(rows, sources, strict=True)
        ]
        numbers = [one.number for one in catalogue.merged()]
        return ItemTable(
            [row.number("item") for row in rows],
            [from_key(row.text("item_id")) for row in rows],
            sources,
            {number: [one.get(number) for one in decoded] for number in numbers},
        )

    def _media(
        self, table: ItemTable, sources: Sequence[SourceColumns]
    ) -> Mapping[int, Sequence[object]]:
        try:
            return media.cells(self, table, sources)
        except StoreError:
            missing = [None] * len(table.items)
            return {one.number: missing for source in sources for one in source.media()}

    def _refresh(self) -> None:
        now = time.monotonic()
        if now - self._read_at > _FRESH:
            self._ranges.clear()
            self._read_at = now
        if now - self._counted_at > _COUNTED:
            self._counts.clear()
            self._counted_at = now

    def _items(self, name: str, values: Iterable[Plain], fields: Sequence[str]) -> Iterator[Row]:
        type_: FieldType = "int" if name == "item" else "text"
        return self.scanned(self.layout.items, name, type_, values, fields)
