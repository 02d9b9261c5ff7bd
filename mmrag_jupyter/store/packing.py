"""Any plain Python value as JSON text and back, exactly, without pickling.

What JSON has no word for is written as an object with the key `"$"` that names its type.
"""

from __future__ import annotations

import base64
import json
import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np

from mmrag_jupyter.store.text import encodable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

INT64 = 1 << 63
# pandas takes lists with NaN in them for equal only where it is the same one: numpy's.
_CONSTANTS = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}


def pack(value: object) -> str:
    """Return `value` as text; `unpack` gives it back, equal and of the same type.

    Known are None, bool, int of any size, float, complex, str (lone surrogates too), bytes,
    dates and times with their zones, Decimal, UUID, and lists, tuples, sets and dicts of
    these. Anything else is written as its `str()`.
    """
    return json.dumps(_marked(value), separators=(",", ":"))


def unpack(text: str) -> object:
    """Return the value that `pack` wrote."""
    return _unmarked(json.loads(text, parse_constant=_CONSTANTS.__getitem__))


def is_json(value: object) -> bool:  # noqa: PLR0911 - one line a type
    """Tell whether plain JSON gives `value` back, equal and of the same types."""
    if value is None or type(value) is bool:
        return True
    if type(value) is str:
        return encodable(value)
    if type(value) is int:
        return -INT64 <= value < INT64
    if type(value) is float:
        return math.isfinite(value)
    if type(value) is list:
        return all(map(is_json, value))
    if type(value) is dict:
        return all(
            type(key) is str and encodable(key) and is_json(one) for key, one in value.items()
        )
    return False


def has_nanoseconds(value: object) -> bool:
    """Tell whether `value` is a date or duration of pandas finer than Python's microseconds."""
    return bool(getattr(value, "nanosecond", 0) or getattr(value, "nanoseconds", 0))


class _Type(NamedTuple):
    """How the values of a type, those that `fits` accepts, are written and read.

    The one place where values are of any type: what `write` gives, `read` takes.
    """

    fits: Callable[[Any], bool]
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def _is(*types: type) -> Callable[[object], bool]:
    return lambda value: isinstance(value, types)


def _marked(value: object) -> object:
    if value is None or isinstance(value, bool | float | str):
        return value
    if isinstance(value, int):
        # Python refuses to read decimal numbers of more than some thousand digits.
        return value if -INT64 <= value < INT64 else _mark("int", hex(value))
    if isinstance(value, list):
        return _all_marked(value)
    if isinstance(value, dict) and "$" not in value and all(isinstance(key, str) for key in value):
        return {key: _marked(one) for key, one in value.items()}
    for name, known in _TYPES.items():
        if known.fits(value):
            return _mark(name, known.write(value))
    return str(value)


def _all_marked(values: Iterable[object]) -> list[object]:
    return [_marked(one) for one in values]


def _mark(name: str, value: object) -> object:
    return {"$": name, "v": value}


def _unmarked(value: object) -> object:
    if isinstance(value, list):
        return _all_unmarked(value)
    if not isinstance(value, dict):
        return value
    if "$" not in value:
        return {key: _unmarked(one) for key, one in value.items()}
    if value["$"] == "int":
        return int(value["v"], 16)
    return _TYPES[value["$"]].read(value["v"])


def _all_unmarked(values: Iterable[object]) -> list[object]:
    return [_unmarked(one) for one in values]


def _write_datetime(value: datetime) -> list[str]:
    zone = value.tzinfo.key or "" if isinstance(value.tzinfo, ZoneInfo) else ""
    return [value.isoformat(), zone]


def _read_datetime(stored: list[str]) -> datetime:
    value = datetime.fromisoformat(stored[0])
    return value.astimezone(ZoneInfo(stored[1])) if stored[1] else value


def _read_timestamp(stored: list[str]) -> object:
    import pandas as pd

    value = pd.Timestamp(stored[0])
    return value.tz_convert(stored[1]) if stored[1] else value


def _read_pandas_duration(nanoseconds: int) -> object:
    import pandas as pd

    return pd.Timedelta(nanoseconds, unit="ns")


# The first that fits is taken: subclasses stand before their bases.
_TYPES = {
    "timestamp": _Type(
        lambda value: isinstance(value, datetime) and has_nanoseconds(value),
        _write_datetime,
        _read_timestamp,
    ),
    "nanoseconds": _Type(
        lambda value: isinstance(value, timedelta) and has_nanoseconds(value),
        lambda value: value.value,
        _read_pandas_duration,
    ),
    "datetime": _Type(_is(datetime), _write_datetime, _read_datetime),
    "date": _Type(_is(date), date.isoformat, date.fromisoformat),
    "time": _Type(_is(time), time.isoformat, time.fromisoformat),
    "timedelta": _Type(
        _is(timedelta),
        lambda value: [value.days, value.seconds, value.microseconds],
        lambda stored: timedelta(*stored),
    ),
    "decimal": _Type(_is(Decimal), str, Decimal),
    "bytes": _Type(
        _is(bytes, bytearray, memoryview),
        lambda value: base64.b64encode(value).decode(),
        base64.b64decode,
    ),
    "dict": _Type(
        _is(dict),
        lambda value: [[_marked(key), _marked(one)] for key, one in value.items()],
        lambda stored: {_unmarked(key): _unmarked(one) for key, one in stored},
    ),
    "tuple": _Type(_is(tuple), _all_marked, lambda stored: tuple(_all_unmarked(stored))),
    "set": _Type(_is(set), _all_marked, lambda stored: set(_all_unmarked(stored))),
    "frozenset": _Type(
        _is(frozenset), _all_marked, lambda stored: frozenset(_all_unmarked(stored))
    ),
    "complex": _Type(
        _is(complex), lambda value: [value.real, value.imag], lambda stored: complex(*stored)
    ),
    "uuid": _Type(_is(UUID), str, UUID),
}
