"""Any value as plain Python: what kind of value it is, and whether it is missing."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import PurePath
from typing import TYPE_CHECKING, TypeGuard

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from PIL.Image import Image

    from mmrag_jupyter.items import Kind

    Converter = Callable[[object], object]

# pandas' own missing values, known by name so that pandas need not be imported to look.
_MISSING_TYPES = {"NAType", "NaTType"}
_EXACT = 2**53  # up to here a float holds every whole number

# The first that fits decides: bool is an int, and a datetime is a date.
_KINDS: tuple[tuple[tuple[type, ...], Kind], ...] = (
    ((bool, np.bool_), "bool"),
    ((timedelta, np.timedelta64), "timedelta"),  # numpy's is a signed integer too
    ((int, np.integer), "int"),
    ((float, np.floating), "float"),
    ((str,), "str"),
    ((bytes, bytearray, memoryview), "bytes"),
    ((Decimal,), "decimal"),
    ((datetime, np.datetime64), "datetime"),
    ((date,), "date"),
    ((time,), "time"),
    ((Mapping, list, tuple, set, frozenset, np.ndarray), "json"),
    ((PurePath, uuid.UUID), "str"),
)


def is_missing(value: object) -> bool:
    """Tell whether a cell is empty: None, NaN, NaT or pandas' NA."""
    if value is None:
        return True
    if isinstance(value, (float, np.floating, np.datetime64, np.timedelta64)):
        return bool(value != value)  # noqa: PLR0124 - only NaN and NaT differ from themselves
    if isinstance(value, Decimal):
        return value.is_nan()
    return type(value).__name__ in _MISSING_TYPES


def is_picture(value: object) -> TypeGuard[Image]:
    """Tell whether a value is a Pillow image, without importing Pillow to look."""
    return _is_picture_type(type(value))


def _is_picture_type(kind: type) -> bool:
    return any(base.__name__ == "Image" and base.__module__ == "PIL.Image" for base in kind.__mro__)


class _Kinds(dict[type, "Kind"]):
    """The kind of each type that has been met."""

    def __missing__(self, kind: type) -> Kind:
        if _is_picture_type(kind):
            found: Kind = "media"
        else:
            found = next((name for types, name in _KINDS if issubclass(kind, types)), "str")
        self[kind] = found
        return found


_kind_of = _Kinds()


def kind_of(values: Iterable[object]) -> Kind:
    """Return the one kind that fits all values that are not missing, else `"any"`."""
    present = [value for value in values if not is_missing(value)]
    kinds = {_kind_of[kind] for kind in set(map(type, present))}
    if len(kinds) != 1:
        return "media" if "media" in kinds else "any"
    (kind,) = kinds
    if kind == "datetime" and len({_zone(value) for value in present}) > 1:
        return "any"
    return kind


def _zone(value: object) -> bool:
    return getattr(value, "tzinfo", None) is not None


def clean(text: str) -> str:
    """Return a text that can be written as UTF-8: lone surrogates are spelled out."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text


def _text(value: object) -> str:
    # A str subclass (an enum, numpy's) may print as something else than what it holds.
    return str.__str__(value) if isinstance(value, str) else str(value)


def _datetime(value: object) -> datetime | str:
    """Return a datetime, or text for a year that Python cannot hold.

    A pandas Timestamp is left as it is where it has nanoseconds, which Python's own lacks.
    """
    found = value
    if isinstance(value, np.datetime64):
        found = value.astype("datetime64[us]").item()
    elif hasattr(value, "to_pydatetime") and not getattr(value, "nanosecond", 0):
        try:
            found = value.to_pydatetime()
        except ValueError:
            return str(value)
    return found if isinstance(found, datetime) else str(value)


def _timedelta(value: object) -> timedelta | str:
    """Return a timedelta; a pandas one is left as it is where it has nanoseconds."""
    found = value
    if isinstance(value, np.timedelta64):
        found = value.astype("timedelta64[us]").item()
    elif hasattr(value, "to_pytimedelta") and not getattr(value, "nanoseconds", 0):
        found = value.to_pytimedelta()
    return found if isinstance(found, timedelta) else str(value)


def nested(value: object) -> object:
    """Return a list, tuple or mapping with nothing in it but plain Python values.

    Arrays become lists, and sets too, in an order that is always the same.
    """
    if isinstance(value, np.ndarray):
        value = value.astype(str).tolist() if value.dtype.kind == "M" else value.tolist()
    if isinstance(value, Mapping):
        return {nested(key): nested(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        found = map(nested, value)
        return tuple(found) if isinstance(value, tuple) else list(found)
    if isinstance(value, (set, frozenset)):
        return sorted(map(nested, value), key=repr)
    if isinstance(value, float):
        return float(value)  # NaN has a place among others, as it has none of its own
    return None if is_missing(value) else _plain(value)


def _plain(value: object) -> object:
    """Return a value that is not missing as a plain one, whatever the others are."""
    if isinstance(value, uuid.UUID):
        return value
    kind = _kind_of[type(value)]
    return _text(value) if kind == "media" else _CONVERTERS[kind](value)


_CONVERTERS: dict[Kind, Converter] = {
    "bool": bool,
    "int": int,  # type: ignore[dict-item]
    "float": float,  # type: ignore[dict-item]
    "str": _text,
    "bytes": bytes,  # type: ignore[dict-item]
    "decimal": lambda value: value,
    "datetime": _datetime,
    "date": lambda value: value,
    "time": lambda value: value,
    "timedelta": _timedelta,
    "json": nested,
    "media": lambda value: value,
    "any": _plain,
}


def plain_list(values: Iterable[object], kind: Kind) -> list[object]:
    """Return the values as plain Python values of one kind, missing ones as None.

    Only where Python's own types would lose nanoseconds do pandas' stay.
    """
    if kind == "str":
        return [
            value if type(value) is str else None if is_missing(value) else _text(value)
            for value in values
        ]
    convert = _CONVERTERS[kind]
    return [None if is_missing(value) else convert(value) for value in values]


def as_text(value: object) -> str:
    """Return a plain value as a person would write it: a whole float has no ".0"."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    if isinstance(value, (list, tuple)):
        return ", ".join(as_text(inner) for inner in value if not is_missing(inner))
    if isinstance(value, dict):
        return json.dumps(_for_json(value), ensure_ascii=False)
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def _for_json(value: object) -> object:
    if isinstance(value, dict):
        return {as_text(key): _for_json(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_for_json(inner) for inner in value]
    if is_missing(value):
        return None
    return value if isinstance(value, (bool, int, float)) else as_text(value)


def id_of(values: Sequence[object]) -> str:
    """Return the id that an index's values make, joined by "/"; "" when one is missing."""
    if any(value is None or value == "" for value in values):
        return ""
    return clean("/".join(as_text(value) for value in values))
