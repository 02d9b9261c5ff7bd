"""A pandas column: what it holds, how pandas stores it, and its values as plain Python."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

import numpy as np

from mmrag_jupyter.items import Column
from mmrag_jupyter.sources.objects import describe_objects
from mmrag_jupyter.sources.plain import is_missing, plain_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pandas as pd
    import pyarrow as pa

    from mmrag_jupyter.items import Detail, Kind

    Dtype = np.dtype[Any] | pd.api.extensions.ExtensionDtype
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
    their zone), timedeltas; periods, intervals (`(0, 5]`) and complex numbers become text.
    Missing values become None. Only where Python's own types would lose nanoseconds do
    pandas' stay.
    """
    import pandas as pd

    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        found = _categorical(dtype)
    elif isinstance(dtype, pd.ArrowDtype):
        found = _arrow_backed(series, dtype)
    elif isinstance(dtype, pd.SparseDtype):
        found = _sparse(series, dtype)
    elif isinstance(dtype, pd.StringDtype):
        found = Described(Column(name, "str", *_text_dtype(dtype)), _read_text)
    elif isinstance(dtype, (pd.PeriodDtype, pd.IntervalDtype)):
        found = Described(Column(name, "str", str(dtype)), _read_text)
    elif dtype.kind in "mM":
        found = _moments(series)
    elif dtype.kind in "biuf":
        found = _numbers(dtype)
    elif dtype.kind == "c":
        found = Described(Column(name, "str", str(dtype)), _read_text)
    else:
        found = _objects(series)
    return replace(found, column=replace(found.column, name=name, role=role))


def categories_of(values: Sequence[object], inner: Column, *, ordered: bool) -> Column:
    """Return a column of these categories; `inner` says what they are."""
    detail: Detail = {"categories": list(values), "ordered": ordered}
    return Column("", inner.kind, "category", detail, inner=inner)


def arrow_detail(kind: pa.DataType) -> Detail:
    """Return the detail that gives an Arrow type back."""
    import pyarrow as pa

    schema = pa.schema([("", kind)]).serialize()
    return {"arrow": base64.b64encode(schema).decode()}


def _text_dtype(dtype: pd.StringDtype) -> tuple[str, Detail]:
    """Return a name and detail that give pandas this very dtype of text back."""
    import pandas as pd

    if not isinstance(dtype.na_value, float):
        return f"string[{dtype.storage}]", {}
    usual = pd.api.types.pandas_dtype("str") == dtype
    return "str", {} if usual else {"storage": dtype.storage}


def _read_text(series: pd.Series) -> list[object]:
    return plain_list(series.astype(object).tolist(), "str")


def _objects(series: pd.Series) -> Described[pd.Series]:
    """Describe a column of Python objects by the values that it has."""
    column = describe_objects("", series.astype(object).tolist())
    return Described(column, lambda part: plain_list(part.astype(object).tolist(), column.kind))


def _sparse(series: pd.Series, dtype: pd.SparseDtype) -> Described[pd.Series]:
    import pandas as pd

    dense = describe("", series.astype(dtype.subtype))
    fill = None
    if not pd.isna(dtype.fill_value):
        (fill,) = dense.read(pd.Series([dtype.fill_value], dtype=dtype.subtype))
    column = Column("", dense.column.kind, str(dtype), {"fill": fill}, inner=dense.column)
    return Described(column, lambda part: dense.read(part.astype(dtype.subtype)))


def _numbers(dtype: Dtype) -> Described[pd.Series]:
    kinds: dict[str, Kind] = {"b": "bool", "f": "float"}
    kind = kinds.get(dtype.kind, "int")
    column = Column("", kind, str(dtype))
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


def _moments(series: pd.Series) -> Described[pd.Series]:
    import pandas as pd

    dtype, duration = str(series.dtype), series.dtype.kind == "m"
    ends = [end for end in (series.min(), series.max()) if not pd.isna(end)]
    if duration and any(abs(end) > timedelta.max for end in ends):
        return Described(Column("", "int", dtype), _read_units)
    if not duration and any(not 1 <= end.year <= _LAST_YEAR for end in ends):
        return Described(Column("", "str", dtype), _read_far)
    if duration:
        return Described(Column("", "timedelta", dtype), _read_timedeltas)
    return Described(Column("", "datetime", dtype), _read_datetimes)


def _read_units(series: pd.Series) -> list[object]:
    """Return durations that Python has no room for as numbers of their unit."""
    units = series.to_numpy().astype("int64").tolist()
    return [None if gone else unit for unit, gone in zip(units, series.isna(), strict=True)]


def _read_far(series: pd.Series) -> list[object]:
    """Return moments of years that Python has no room for as texts, those with a zone in UTC."""
    import pandas as pd

    values = pd.DatetimeIndex(series).tz_convert(None) if series.dt.tz else series
    texts = values.to_numpy().astype(str).tolist()
    return [None if gone else text for text, gone in zip(texts, series.isna(), strict=True)]


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


def _categorical(dtype: pd.CategoricalDtype) -> Described[pd.Series]:
    from mmrag_jupyter.sources.labels import levels_of

    ((categories, inner),) = levels_of(dtype.categories)
    lookup = [*inner.read(categories), None]

    def read(part: pd.Series) -> list[object]:
        # A missing value has code -1, which is the last of the lookup.
        return [lookup[code] for code in part.cat.codes.to_numpy()]

    return Described(categories_of(lookup[:-1], inner.column, ordered=bool(dtype.ordered)), read)


def _arrow_backed(series: pd.Series, dtype: pd.ArrowDtype) -> Described[pd.Series]:
    import pandas as pd
    import pyarrow as pa

    from mmrag_jupyter.sources.arrow import describe_arrow

    inner = describe_arrow("", pa.chunked_array([pa.array(series.array)]))
    try:
        named = pd.api.types.pandas_dtype(str(dtype)) == dtype
    except (TypeError, ValueError, NotImplementedError):
        named = False
    detail: Detail = {} if named else arrow_detail(dtype.pyarrow_dtype)
    column = Column("", inner.column.kind, str(dtype), detail)
    return Described(column, lambda part: inner.read(pa.chunked_array([pa.array(part.array)])))
