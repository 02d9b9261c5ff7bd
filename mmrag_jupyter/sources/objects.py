"""A column of Python objects: what kind of values it has, and of what types they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.items import Column, Detail
from mmrag_jupyter.sources.plain import is_missing, kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

# Types whose plain values are of another, and can be made again from these.
_OTHERWISE_PLAIN = frozenset({
    "UUID", "PosixPath", "WindowsPath", "PurePath", "PurePosixPath", "PureWindowsPath",
    "set", "frozenset", "bytearray", "complex", "Timestamp", "Timedelta", "ndarray",
})  # fmt: skip

_MISSING = {"float": "NaN", "float64": "NaN", "NAType": "NA", "NaTType": "NaT",
            "datetime64": "NaT", "timedelta64": "NaT", "Decimal": "Decimal"}  # fmt: skip


def describe_objects(name: str, values: Sequence[object]) -> Column:
    """Return the column that these values of an object column make.

    `detail` tells the type of the values where their plain form is of another, and what is
    there in place of a missing value, each where it is the same in the whole column.
    """
    kind = kind_of(values)
    if set(map(type, values)) <= {str, type(None)}:
        return Column(name, kind)
    present = [value for value in values if not is_missing(value)]
    detail = _cells(present)
    missing = {type(value).__name__ for value in values if is_missing(value)}
    if len(missing) == 1 and (found := _MISSING.get(missing.pop())):
        detail["missing"] = found
    dtype = "object"
    if kind == "datetime" and any(getattr(value, "tzinfo", None) for value in present):
        # Conditions ask for the zone; each value has its own beside it where it is another.
        dtype = "datetime64[us, UTC]"
        detail.setdefault("cells", "datetime")
    return Column(name, kind, dtype, detail)


def _cells(values: Sequence[object]) -> Detail:
    types = set(map(type, values))
    if len(types) != 1:
        return {}
    cells = types.pop().__name__
    if cells not in _OTHERWISE_PLAIN:
        return {}
    if cells != "ndarray":
        return {"cells": cells}
    arrays = [value for value in values if isinstance(value, np.ndarray)]
    dtypes = {array.dtype.str for array in arrays}
    if len(dtypes) != 1 or any(array.ndim != 1 for array in arrays if array.dtype == object):
        return {}
    return {"cells": cells, "array": dtypes.pop()}
