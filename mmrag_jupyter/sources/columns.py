"""A pandas column: what it holds, how pandas stores it, and its values as plain Python."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

import numpy as np

from mmrag_jupyter.items import Column
from mmrag_jupyter.sources.plain import is_missing, kind_of, plain_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pandas as pd

    from mmrag_jupyter.items import Kind

    Role = Literal["column", "index"]

Values = TypeVar("Values")

_LAST_YEAR = 9999


@dataclass(frozen=True, slots=True, eq=False)
class Described(Generic[Values]):
    """A column, and how to read plain values out of a stretch of it."""

    column: Column
    read: Callable[[Values], list[object]]


def describe(name: str, series: pd.Series, role: Role = "column") -> Described[pd.Series]:
    """Return what a pandas column holds.

    The values that are read are plain Python: whole numbers, floats, text, datetimes (with
    their zone), timedeltas; periods, intervals and complex numbers become text. Missing
    values become None. Only where Python's own types would lose nanoseconds do pandas' stay.
    """
    import pandas as pd

    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        found = _categorical(name, dtype)
    elif isinstance(dtype, pd.ArrowDtype):
        found = _arrow_backed(name, series)
    elif isinstance(dtype, pd.SparseDtype):
        dense = describe(name, series.astype(dtype.subtype))
        found = Described(dense.column, lambda part: dense.read(part.astype(dtype.subtype)))
    elif isinstance(dtype, (pd.StringDtype, pd.PeriodDtype, pd.IntervalDtype)):
        found = Described(Column(name, "str", _dtype_name(dtype)), _read_text)
    elif dtype.kind in "mM":
        found = _moments(name, series)
    elif dtype.kind in "biuf":
        found = _numbers(name, series)
    else:
        found = _objects(name, series)
    return replace(found, column=replace(found.column, role=role))


def category_detail(categories: Sequence[object], dtype: str, *, ordered: bool) -> str:
    """Return the JSON that says which categories a categorical has, and their own dtype."""
    plain = [value if isinstance(value, (bool, int, float)) else str(value) for value in categories]
    return json.dumps({"categories": plain, "ordered": ordered, "dtype": dtype}, ensure_ascii=False)


def _dtype_name(dtype: object) -> str:
    """Return the name that gives pandas this very dtype back, else "object"."""
    import pandas as pd

    names = [str(dtype)]
    if isinstance(dtype, pd.StringDtype):
        names += [f"string[{dtype.storage}]", "str"]
    if isinstance(dtype, pd.IntervalDtype):
        return "object"  # it has no way back from text
    for name in names:
        try:
            if pd.api.types.pandas_dtype(name) == dtype:
                return name
        except (TypeError, ValueError, NotImplementedError):
            continue
    return "str" if isinstance(dtype, pd.StringDtype) else "object"


def _read_text(series: pd.Series) -> list[object]:
    return plain_list(series.astype(object).tolist(), "str")


def _objects(name: str, series: pd.Series) -> Described[pd.Series]:
    """Describe a column of Python objects by the values that it has."""
    values = series.astype(object).tolist()
    kind = kind_of(values)
    dtype = "complex128" if series.dtype.kind == "c" else "object"
    if kind == "datetime" and any(getattr(value, "tzinfo", None) for value in values):
        dtype = "datetime64[us, UTC]"
    return Described(
        Column(name, kind, dtype), lambda part: plain_list(part.astype(object).tolist(), kind)
    )


def _numbers(name: str, series: pd.Series) -> Described[pd.Series]:
    dtype = series.dtype
    kinds: dict[str, Kind] = {"b": "bool", "f": "float"}
    kind = kinds.get(dtype.kind, "int")
    column = Column(name, kind, _dtype_name(dtype))
    if isinstance(dtype, np.dtype) and dtype.type is np.longdouble:
        return Described(column, lambda part: plain_list(_list(part), kind))
    if kind == "float":
        return Described(
            column, lambda part: [None if is_missing(value) else value for value in _list(part)]
        )
    return Described(column, _list)


def _list(series: pd.Series) -> list[object]:
    import pandas as pd

    if isinstance(series.dtype, pd.api.extensions.ExtensionDtype):
        return [None if is_missing(value) else value for value in series.astype(object).tolist()]
    return list(series.tolist())


def _moments(name: str, series: pd.Series) -> Described[pd.Series]:
    import pandas as pd

    dtype = _dtype_name(series.dtype)
    if series.dtype.kind == "m":
        return Described(Column(name, "timedelta", dtype), _read_timedeltas)
    ends = (series.min(), series.max())
    if any(not pd.isna(end) and not 1 <= end.year <= _LAST_YEAR for end in ends):
        return Described(Column(name, "str"), lambda part: plain_list(part.tolist(), "str"))
    return Described(Column(name, "datetime", dtype), _read_datetimes)


def _read_datetimes(series: pd.Series) -> list[object]:
    import pandas as pd

    index = pd.DatetimeIndex(series)
    return _without_nat(index if (index.nanosecond > 0).any() else index.to_pydatetime())


def _read_timedeltas(series: pd.Series) -> list[object]:
    import pandas as pd

    index = pd.TimedeltaIndex(series)
    return _without_nat(index if (index.nanoseconds > 0).any() else index.to_pytimedelta())


def _without_nat(values: Iterable[object]) -> list[object]:
    import pandas as pd

    return [None if value is pd.NaT else value for value in values]


def _categorical(name: str, dtype: pd.CategoricalDtype) -> Described[pd.Series]:
    import pandas as pd

    categories = pd.Series(dtype.categories)
    inner = describe("", categories)
    lookup = [*inner.read(categories), None]
    detail = category_detail(lookup[:-1], inner.column.dtype, ordered=bool(dtype.ordered))

    def read(part: pd.Series) -> list[object]:
        # A missing value has code -1, which is the last of the lookup.
        return [lookup[code] for code in part.cat.codes.to_numpy()]

    return Described(Column(name, inner.column.kind, "category", detail), read)


def _arrow_backed(name: str, series: pd.Series) -> Described[pd.Series]:
    import pyarrow as pa

    from mmrag_jupyter.sources.arrow import describe_arrow

    inner = describe_arrow(name, pa.chunked_array([pa.array(series.array)]))
    own = _dtype_name(series.dtype)
    column = inner.column if own == "object" else replace(inner.column, dtype=own, detail="")
    return Described(column, lambda part: inner.read(pa.chunked_array([pa.array(part.array)])))
