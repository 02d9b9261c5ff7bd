"""Items as they were when they were found, whatever happens to the collection afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmrag_jupyter.store.frame import build_frame
from mmrag_jupyter.store.itemrows import ItemTable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from mmrag_jupyter.store.catalogue import SourceColumns
    from mmrag_jupyter.store.values import ItemRow

    Media = Mapping[int, Sequence[object]]
    ReadMedia = Callable[[ItemTable, Sequence[SourceColumns]], Media]


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """Items of one moment: as rows at once, as a dataframe when asked.

    Only pictures that the store keeps are read as late as that; they are missing where the
    collection is closed or the items are gone by then.
    """

    _table: ItemTable
    _sources: Sequence[SourceColumns]
    _media: ReadMedia

    def rows(self) -> list[ItemRow]:
        """Return the items as rows."""
        return self._table.rows()

    def frame(self, ids: Sequence[str] | None = None, *, pictures: bool = True) -> pd.DataFrame:
        """Return the items with these ids, in this order, or all, as a dataframe.

        Without `pictures`, columns that hold some are left out, and none is read.
        """
        table = self._table
        if ids is not None:
            places = {item_id: at for at, item_id in enumerate(table.ids)}
            table = _taken(table, [places[item_id] for item_id in ids])
        numbers = dict.fromkeys(source.number for source in table.sources)
        by_number = {source.number: source for source in self._sources}
        sources = [by_number[number] for number in numbers] or list(self._sources)
        if not pictures:
            sources = [source.without_media() for source in sources]
        return build_frame(table, sources, self._media(table, sources))


def joined(snapshots: Sequence[Snapshot]) -> Snapshot:
    """Return the items of several snapshots of one collection; the last one knows its sources."""
    if not snapshots:
        return Snapshot(ItemTable([], [], [], {}), [], lambda _table, _sources: {})
    last = snapshots[-1]
    tables = [snapshot._table for snapshot in snapshots]  # noqa: SLF001 - of the same class
    numbers = dict.fromkeys(number for table in tables for number in table.values)  # noqa: PD011
    table = ItemTable(
        [item for table in tables for item in table.items],
        [item_id for table in tables for item_id in table.ids],
        [source for table in tables for source in table.sources],
        {
            number: [
                value
                for table in tables
                # A column that came between two pages.
                for value in table.values.get(number) or [None] * len(table.items)  # noqa: PD011
            ]
            for number in numbers
        },
    )
    return Snapshot(table, last._sources, last._media)  # noqa: SLF001


def _taken(table: ItemTable, at: Sequence[int]) -> ItemTable:
    return ItemTable(
        [table.items[place] for place in at],
        [table.ids[place] for place in at],
        [table.sources[place] for place in at],
        {number: [column[place] for place in at] for number, column in table.values.items()},  # noqa: PD011 - no dataframe
    )
