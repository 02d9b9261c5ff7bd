"""Items as a dataframe again: their own columns, dtypes and index."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mmrag_jupyter.items import Column
from mmrag_jupyter.store.text import encodable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from mmrag_jupyter.store.catalogue import Physical, SourceColumns
    from mmrag_jupyter.store.itemrows import ItemTable

# numpy's dtypes that have no room for a missing value, by their first letters.
_NULLABLE = {"int": "Int", "uint": "UInt", "bool": "boolean"}
_UNFIT = (TypeError, ValueError, OverflowError, NotImplementedError)


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
    series = [
        _series(_common(found, everywhere=len(found) == len(sources)), cells[number])
        for number, found in columns.items()
    ]
    levels = sources[0].index() if len(sources) == 1 else []
    frame = pd.DataFrame(dict(enumerate(series)), index=range(len(table.ids)), copy=False)
    frame.index = _index(levels, cells) if levels else _labels(table.ids).rename("id")
    own = [found[0] for found in columns.values()]
    frame.columns = _labels([one.name if one.label is None else one.label for one in own])
    return frame


def _labels(labels: Sequence[str | float]) -> pd.Index:
    import pandas as pd

    texts = [label for label in labels if isinstance(label, str)]
    if len(texts) < len(labels):
        return pd.Index(list(labels))
    # pandas' own dtype for text has no room for lone surrogates.
    return pd.Index(texts, dtype="str" if all(map(encodable, texts)) else "object")


def _common(columns: Sequence[Column], *, everywhere: bool) -> Column:
    """Return the column that holds what all sources have in it; "" is a dtype to be inferred."""
    first = columns[0]
    same = {(column.dtype, column.detail) for column in columns} == {(first.dtype, first.detail)}
    if len(columns) == 1 or (same and everywhere):
        return first
    return first if same else Column(first.name, "any", "")


def _index(levels: Sequence[Physical], values: Mapping[int, Sequence[object]]) -> pd.Index:
    import pandas as pd

    names = [level.column.name or None for level in levels]
    arrays = [_series(level.column, values[level.number]) for level in levels]
    if len(levels) == 1:
        single: pd.Index = pd.Index(arrays[0], name=names[0])
        return single
    return pd.MultiIndex.from_arrays(arrays, names=names)


def _series(column: Column, values: Sequence[object]) -> pd.Series:
    import pandas as pd

    if not column.dtype:
        return pd.Series(list(values), dtype=object).infer_objects()
    if column.dtype == "category":
        return _categorical(column, values)
    if column.kind == "decimal" and column.dtype.lower().startswith(("int", "uint")):
        values = [None if value is None else int(str(value)) for value in values]
    if column.dtype.startswith("complex"):
        values = [complex("nan") if value is None else complex(str(value)) for value in values]
    dtype = column.dtype
    if any(value is None for value in values):
        letters = dtype.rstrip("0123456789")
        dtype = dtype.replace(letters, _NULLABLE.get(letters, letters))
    try:
        return pd.Series(values, dtype=dtype)
    except _UNFIT:
        return pd.Series(values, dtype=object)


def _categorical(column: Column, values: Sequence[object]) -> pd.Series:
    import pandas as pd

    detail = json.loads(column.detail or "{}")
    inner = Column(column.name, column.kind, detail.get("dtype", "object"))
    own = _series(inner, values)
    if "categories" not in detail:
        return own.astype("category")
    try:
        known = pd.Index(pd.Series(detail["categories"], dtype=inner.dtype))
    except _UNFIT:
        known = pd.Index(detail["categories"])
    return pd.Series(pd.Categorical(own, categories=known, ordered=bool(detail.get("ordered"))))
