"""Items as a dataframe again: their own columns, dtypes and index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.items import Column
from mmrag_jupyter.store.axes import columns_index, index_of, texts_index
from mmrag_jupyter.store.columns import stored_alike
from mmrag_jupyter.store.series import series

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from mmrag_jupyter.store.catalogue import SourceColumns
    from mmrag_jupyter.store.itemrows import ItemTable


def build_frame(
    table: ItemTable, sources: Sequence[SourceColumns], media: Mapping[int, Sequence[object]]
) -> pd.DataFrame:
    """Return items as a dataframe.

    Items of one source get their dataframe's columns, dtypes and index back; those of
    several get the union of the columns, and their ids as an index named "id".

    Parameters
    ----------
    sources
        The sources that count: those of the items, or, without items, all.
    media
        The cells of columns that hold pictures, by the column's number.
    """
    import pandas as pd

    cells = {**table.values, **media}  # noqa: PD011 - it is no dataframe yet
    columns: dict[int, list[Column]] = {}
    for source in sources:
        for one in source.columns:
            if one.column.role == "column":
                columns.setdefault(one.number, []).append(one.column)
    arrays = [
        series(_common(found, everywhere=len(found) == len(sources)), cells[number])
        for number, found in columns.items()
    ]
    levels = sources[0].index() if len(sources) == 1 else []
    frame = pd.DataFrame(dict(enumerate(arrays)), index=range(len(table.ids)), copy=False)
    if levels:
        values = [cells[level.number] for level in levels]
        frame.index = index_of([level.column for level in levels], values)
    else:
        frame.index = texts_index(table.ids).rename("id")
    frame.columns = columns_index([found[0] for found in columns.values()])
    return frame


def _common(columns: Sequence[Column], *, everywhere: bool) -> Column:
    """Return the column that holds what all sources have in it; "" is a dtype to be inferred."""
    first = columns[0]
    same = all(stored_alike(first, column) for column in columns)
    if len(columns) == 1 or (same and everywhere):
        return first
    return first if same else Column(first.name, "any", "")
