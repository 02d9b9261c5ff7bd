"""Values that users put into metadata, as plain Python values."""

from __future__ import annotations

import math
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from uuid import UUID

_PLAIN = (bool, int, float, str, bytes, date, time, timedelta, Decimal, UUID)
# pandas' words for a missing value; they are recognised by name, so that pandas need not be here.
_MISSING = {"NaTType", "NAType"}


def plain(value: object) -> object:
    """Return `value` without what belongs to numpy or pandas; missing values become None.

    Arrays become lists, timestamps datetimes, enum members their values; a value of an
    unknown type becomes its `str()`.
    """
    result: object = value
    if type(value).__name__ in _MISSING or (isinstance(value, float) and math.isnan(value)):
        result = None
    elif isinstance(value, Enum):
        result = plain(value.value)
    elif hasattr(value, "to_pydatetime"):  # pandas' Timestamp is a datetime with more digits
        result = value.to_pydatetime()
    elif isinstance(value, float):
        result = float(value)  # numpy's float64 is a float too
    elif isinstance(value, dict):
        result = {str(key): plain(one) for key, one in value.items()}
    elif isinstance(value, list | tuple | set | frozenset):
        result = [plain(one) for one in value]
    elif hasattr(value, "tolist"):
        result = plain(value.tolist())
    elif value is not None and not isinstance(value, _PLAIN):
        result = str(value)
    return result
