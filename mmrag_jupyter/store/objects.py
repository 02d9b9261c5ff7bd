"""Columns of Python objects: the values as the dataframe had them, from plain ones."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from mmrag_jupyter.items import Column, Detail


def objects(column: Column, values: Sequence[object]) -> pd.Series:
    """Return plain values as a series of the objects that the column's detail tells of."""
    import pandas as pd

    missing = _missing(column.detail.get("missing", ""))
    read = _reader(column.detail)
    cells = [missing if value is None else _read(read, value) for value in values]
    return pd.Series(cells, dtype=object)


def _missing(name: str) -> object:
    import pandas as pd

    known = {"NaN": float("nan"), "NA": pd.NA, "NaT": pd.NaT, "Decimal": Decimal("NaN")}
    return known.get(name)


def _reader(detail: Detail) -> Callable[[Any], object]:
    """Return what makes a cell of its plain value."""
    import pandas as pd

    cells = detail.get("cells", "")
    if cells == "ndarray":
        dtype = np.dtype(detail["array"])
        return lambda value: _array(value, dtype)
    if cells in {"Timestamp", "Timedelta"}:
        kind: Callable[[Any], object] = getattr(pd, cells)
        return kind
    return _CELLS.get(cells, lambda value: value)


def _read(read: Callable[[Any], object], value: object) -> object:
    try:
        return read(value)
    except (TypeError, ValueError):
        return value  # of an earlier load, which had other values in this column


def _array(value: Sequence[Any], dtype: np.dtype[Any]) -> object:
    if dtype.hasobject:
        return np.fromiter(value, dtype, len(value))  # a list in it stays a list
    return np.array(value, dtype)


_CELLS: Mapping[str, Callable[[Any], object]] = {
    "UUID": UUID,
    "PosixPath": Path,
    "WindowsPath": Path,
    "PurePath": PurePath,
    "PurePosixPath": PurePosixPath,
    "PureWindowsPath": PureWindowsPath,
    "set": set,
    "frozenset": frozenset,
    "bytearray": bytearray,
    "complex": lambda value: complex(str(value)),
}
