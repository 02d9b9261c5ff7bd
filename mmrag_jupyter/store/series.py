"""A column's plain values as pandas held them: in their own dtype."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.store.objects import objects

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from mmrag_jupyter.items import Column

    Values = Sequence[object]

# numpy's dtypes that have no room for a missing value, by their first letters.
_NULLABLE = {"int": "Int", "uint": "UInt", "bool": "boolean"}
_UNFIT = (TypeError, ValueError, OverflowError, NotImplementedError)


def series(column: Column, values: Values) -> pd.Series:
    """Return values in the column's dtype, or as objects where they do not fit it.

    A dtype of "" is to be inferred.
    """
    import pandas as pd

    if not column.dtype:
        return pd.Series(list(values), dtype=object).infer_objects()
    read = next((read for fits, read in _READERS if fits(column)), _named)
    try:
        return read(column, values)
    except _UNFIT:
        return pd.Series(list(values), dtype=object)


def level(column: Column, values: Values) -> pd.Index:
    """Return values as an index of one level.

    A frequency, or the step of a range, is given back where the values have it.
    """
    import pandas as pd

    array = series(column, values)
    # A tuple is a value here, not a level each of its own.
    index = pd.Index(array, dtype=array.dtype, tupleize_cols=False)
    if "step" in column.detail:
        index = _as_range(index, column.detail["step"])
    if "freq" in column.detail:
        index = _with_frequency(index, column.detail["freq"])
    index.name = column.name or None
    if column.label is not None:
        (index.name,) = column.label.own
    return index


def _as_range(index: pd.Index, step: int) -> pd.Index:
    import pandas as pd

    start = int(index[0]) if len(index) else 0
    whole = pd.RangeIndex(start, start + step * len(index), step)
    return whole if whole.equals(index) else index


def _with_frequency(index: pd.Index, freq: str) -> pd.Index:
    import pandas as pd

    try:
        if isinstance(index, pd.DatetimeIndex):
            return pd.DatetimeIndex(index, freq=freq)
        return pd.TimedeltaIndex(index, freq=freq)
    except _UNFIT:
        return index  # some of the rows, or in another order


def _named(column: Column, values: Values) -> pd.Series:
    """Return a series of the dtype that a name says."""
    import pandas as pd

    if column.kind == "decimal" and column.dtype.lower().startswith(("int", "uint")):
        values = [None if value is None else int(str(value)) for value in values]
    dtype = column.dtype
    if any(value is None for value in values):
        letters = dtype.rstrip("0123456789")
        dtype = dtype.replace(letters, _NULLABLE.get(letters, letters))
    return pd.Series(values, dtype=dtype)


def _categorical(column: Column, values: Values) -> pd.Series:
    import pandas as pd

    if column.inner is None:
        return _named(column, values)
    known: dict[object, None] = dict.fromkeys(column.detail["categories"])
    # Items that an earlier load of the source has left may be of categories that it had.
    known |= dict.fromkeys(value for value in values if value is not None)
    places = {value: at for at, value in enumerate(known)}
    codes = [-1 if value is None else places[value] for value in values]
    ordered = column.detail.get("ordered", False)
    categories = level(column.inner, list(known))
    return pd.Series(pd.Categorical.from_codes(codes, categories, ordered=ordered))


def _sparse(column: Column, values: Values) -> pd.Series:
    import pandas as pd

    if column.inner is None:
        return _named(column, values)
    dense = series(column.inner, values)
    fill = pd.SparseDtype(dense.dtype).fill_value
    if column.detail["fill"] is not None:
        (fill,) = series(column.inner, [column.detail["fill"]]).tolist()
    elif not pd.isna(fill):
        fill = np.nan
    return dense.astype(pd.SparseDtype(dense.dtype, fill))


def _intervals(column: Column, values: Values) -> pd.Series:
    """Return a series of intervals from texts such as `(0, 5]`."""
    import pandas as pd

    dtype = pd.IntervalDtype(column.dtype)
    ends = [(None, None) if value is None else str(value)[1:-1].split(", ") for value in values]
    sides = list(zip(*ends, strict=True)) or [(), ()]
    left, right = (pd.Series(list(side), dtype=dtype.subtype) for side in sides)
    array = pd.arrays.IntervalArray.from_arrays(left, right, closed=dtype.closed or "right")
    return pd.Series(array)


def _arrow(column: Column, values: Values) -> pd.Series:
    import pandas as pd
    import pyarrow as pa

    schema = pa.ipc.read_schema(pa.BufferReader(base64.b64decode(column.detail["arrow"])))
    array = pa.array(values, type=schema.field(0).type)
    return pd.Series(pd.arrays.ArrowExtensionArray(array))


def _python_text(_: Column, values: Values) -> pd.Series:
    import pandas as pd

    return pd.Series(values, dtype=pd.StringDtype("python", na_value=np.nan))


def _complex(column: Column, values: Values) -> pd.Series:
    import pandas as pd

    numbers = [complex("nan") if value is None else complex(str(value)) for value in values]
    return pd.Series(numbers, dtype=column.dtype)


def _far(column: Column, values: Values) -> pd.Series:
    """Return moments or durations that Python's own types have no room for."""
    import pandas as pd

    dtype = pd.api.types.pandas_dtype(column.dtype)
    cells = ["NaT" if value is None else value for value in values]
    if isinstance(dtype, pd.DatetimeTZDtype):
        found = pd.Series(np.array(cells, f"datetime64[{dtype.unit}]"))
        return found.dt.tz_localize("UTC").dt.tz_convert(dtype.tz)
    return pd.Series(np.array(cells, column.dtype))


# How columns are read, the first that fits; all others by the name of their dtype.
_READERS: tuple[
    tuple[Callable[[Column], bool], Callable[[Column, Values], pd.Series]],
    ...,
] = (
    (lambda column: column.dtype == "category", _categorical),
    (lambda column: "fill" in column.detail, _sparse),
    (lambda column: "arrow" in column.detail, _arrow),
    (lambda column: column.detail.get("storage") == "python", _python_text),
    (lambda column: bool(column.detail.keys() & {"cells", "missing"}), objects),
    (lambda column: column.dtype.startswith("interval["), _intervals),
    (lambda column: column.dtype.startswith("complex"), _complex),
    (
        lambda column: (
            column.dtype.startswith(("datetime64[", "timedelta64["))
            and column.kind not in {"datetime", "timedelta"}
        ),
        _far,
    ),
)
