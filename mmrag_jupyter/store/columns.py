"""Metadata values in SQLite's four types and back, by the kind of their column.

A value has a form that `where` can compare, and, where that form would lose something (an
int beyond 64 bits, the zeros of a Decimal), an exact form in a second column beside it.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mmrag_jupyter.store.packing import INT64, has_nanoseconds, is_json, pack, unpack
from mmrag_jupyter.store.text import clean, encodable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import tzinfo

    from mmrag_jupyter.items import Column, Kind

Stored = int | float | str | bytes | None
_MICROSECOND = timedelta(microseconds=1)
_ZONED = re.compile(r"\[\w+, ?(?:tz=)?([^\]]+)\]")


def zone_of(column: Column) -> str:
    """Return the time zone of a column of dates, as its dtype names it, or ""."""
    match = _ZONED.search(column.dtype) if column.kind == "datetime" else None
    return match.group(1) if match else ""


def encode(
    column: Column, values: Sequence[object]
) -> tuple[list[Stored], list[str | None] | None]:
    """Return a column's values as SQLite stores them, and their exact forms where needed.

    Parameters
    ----------
    values
        Plain Python values; None is missing. A float NaN in a column of floats is missing.

    Returns
    -------
    The comparable forms, and the exact forms (None for a value that needs none), or None
    in their place where no value needs one.
    """
    types = set(map(type, values))
    types.discard(type(None))
    if _fits_plainly(column.kind, types, values):
        return list(values), None  # type: ignore[arg-type]
    zone = zone_of(column)
    stored: list[Stored] = []
    exact: list[str | None] = []
    for value in values:
        form, needs_exact = (None, False) if value is None else _encode(column.kind, value, zone)
        stored.append(form)
        exact.append(pack(value) if needs_exact else None)
    return stored, exact if any(one is not None for one in exact) else None


def decode(
    column: Column, stored: Sequence[Stored], exact: Sequence[str | None] | None
) -> list[object]:
    """Return the values that `encode` was given."""
    if column.kind in {"int", "str", "bytes", "any", "media"}:
        values: list[object] = list(stored)
    else:
        read = _DECODERS.get(column.kind) or _datetime_reader(zone_of(column))
        values = [None if one is None else _read(read, one) for one in stored]
    for at, text in enumerate(exact or ()):
        if text is not None:
            values[at] = unpack(text)
    return values


def widened(first: Column, second: Column) -> Column:
    """Return a column that holds the values of both: another kind where theirs differ."""
    if stored_alike(first, second):
        return first
    kind, dtype = first.kind, "object"
    zones = bool(zone_of(first)), bool(zone_of(second))
    if first.kind == second.kind and zones[0] == zones[1]:
        dtype = "datetime64[us, UTC]" if zones[0] else "object"
    elif {first.kind, second.kind} == {"int", "float"}:
        kind, dtype = "float", "float64"
    else:
        kind = "any"
    return replace(first, kind=kind, dtype=dtype, detail={}, inner=None)


def stored_alike(first: Column, second: Column) -> bool:
    """Tell whether two columns hold the same, and a dataframe stores them alike."""
    return all(
        getattr(first, name) == getattr(second, name)
        for name in ("kind", "dtype", "detail", "inner")
    )


def _fits_plainly(kind: Kind, types: set[type], values: Sequence[object]) -> bool:
    if not types:
        return True
    if kind in {"str", "any"} and types == {str}:
        return all(one is None or encodable(one) for one in values)  # type: ignore[arg-type]
    if kind in {"int", "any"} and types == {int}:
        return all(one is None or -INT64 <= one < INT64 for one in values)  # type: ignore[operator]
    return (kind == "float" and types == {float}) or (kind == "bytes" and types == {bytes})


def _encode(kind: Kind, value: object, zone: str) -> tuple[Stored, bool]:
    """Return the comparable form of a value, and whether it needs an exact one beside it."""
    if kind == "datetime" and isinstance(value, datetime):
        return _comparable(value), has_nanoseconds(value) or not _has_zone(value, zone)
    expected = _ENCODERS.get(kind)
    if expected is not None and isinstance(value, expected[0]) and type(value) is not bool:
        form = _comparable(value)
        return form, not expected[1](value, form)
    if kind == "bool" and type(value) is bool:
        return int(value), False
    if kind == "json" and is_json(value):
        return json.dumps(value, ensure_ascii=False), False
    if kind == "any" and type(value) in {int, float, str, bytes}:
        form = _comparable(value)
        return form, type(form) is not type(value) or form != value
    return _comparable(value), True


def _has_zone(value: datetime, zone: str) -> bool:
    """Tell whether a moment read in a zone is what `value` was, with its zone."""
    if zone == "UTC":  # of a column of objects too, each of which may have a zone of its own
        return str(value.tzinfo) == zone
    return (value.tzinfo is not None) == bool(zone)


def _comparable(value: object) -> Stored:  # noqa: C901, PLR0911 - one line a type
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value if -INT64 <= value < INT64 else _float(value)
    if isinstance(value, float):
        return None if math.isnan(value) else float(value)
    if isinstance(value, str):
        return clean(str(value))
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, datetime):
        return _utc(value).isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return _comparable(value // _MICROSECOND)
    if isinstance(value, Decimal):
        integral = value.is_finite() and value.as_tuple().exponent == 0 and abs(value) < INT64
        return int(value) if integral else _float(value)
    if isinstance(value, list | dict | tuple):
        return clean(json.dumps(value, ensure_ascii=False, default=str, skipkeys=True))
    return clean(str(value))


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        return value
    try:
        return value.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:  # within a day of the first or last moment that there is
        return value.replace(tzinfo=None)


def _float(value: int | Decimal) -> float | None:
    try:
        number = float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
    except ValueError:  # a signalling NaN
        return None
    return None if math.isnan(number) else number


def _read(read: Callable[[Stored], object], stored: Stored) -> object:
    try:
        return read(stored)
    except (TypeError, ValueError, ArithmeticError):
        # The column's kind has changed since this value was written.
        return stored


def _decimal(stored: Stored) -> Decimal:
    return Decimal(stored if isinstance(stored, int) else repr(stored))


def _datetime_reader(zone: str) -> Callable[[Stored], object]:
    if not zone:
        return lambda stored: datetime.fromisoformat(str(stored))
    known = _zone_named(zone)
    return lambda stored: datetime.fromisoformat(str(stored)).replace(tzinfo=UTC).astimezone(known)


@lru_cache(maxsize=64)
def _zone_named(name: str) -> tzinfo:
    """Return the zone of this name or offset (`UTC+02:00`); UTC where it is unknown here."""
    offset = re.fullmatch(r"(?:UTC)?([+-]\d\d:?\d\d)", name)
    if offset is not None:
        return datetime.strptime(offset.group(1), "%z").tzinfo or UTC
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def _same(value: object, form: Stored) -> bool:
    return form == value


# The type that a kind's values have, and whether the comparable form gives one back exactly.
_ENCODERS: Mapping[str, tuple[type, Callable[..., bool]]] = {
    "int": (int, lambda value, form: type(value) is int and form == value and type(form) is int),
    "float": (float, lambda value, form: form is None or form == value),
    "str": (str, _same),
    "bytes": (bytes, _same),
    "date": (date, lambda value, _: not isinstance(value, datetime)),
    "time": (time, lambda value, _: value.tzinfo is None),
    "timedelta": (timedelta, lambda value, form: not has_nanoseconds(value) and type(form) is int),
    "decimal": (
        Decimal,
        lambda value, form: form is not None and str(_decimal(form)) == str(value),
    ),
}

_DECODERS: Mapping[str, Callable[..., object]] = {
    "float": float,
    "bool": bool,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "timedelta": lambda stored: timedelta(microseconds=stored),
    "decimal": _decimal,
    "json": json.loads,
}
