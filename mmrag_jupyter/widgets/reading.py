"""Read the members of a message from a page: each is what it should be, or an error says so."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

Record = Mapping[str, object]

_SHOWN = 40
_MISSING = object()


class MessageError(ValueError):
    """A message is not what the protocol says; the page is of another version, or broken."""


def record(value: object, name: str) -> Record:
    """Return an object of JSON."""
    if not isinstance(value, Mapping):
        raise _wrong(name, "an object", value)
    return value


def text(source: Record, name: str, most: int, default: str | None = None) -> str:
    """Return a text of at most `most` characters."""
    value = _member(source, name, default)
    if not isinstance(value, str):
        raise _wrong(name, "a text", value)
    if len(value) > most:
        raise MessageError(f"{name} has {len(value):,} characters; at most {most:,} are read.")
    return value


def text_or_none(source: Record, name: str, most: int) -> str | None:
    """Return a text of at most `most` characters, or None where it is null or not there."""
    return None if source.get(name) is None else text(source, name, most)


def whole(source: Record, name: str, least: int, most: int, default: int | None = None) -> int:
    """Return a whole number from `least` to `most`."""
    value = _member(source, name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise _wrong(name, f"a whole number from {least} to {most}", value)
    return value


def number(value: object, name: str) -> float:
    """Return a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _wrong(name, "a finite number", value)
    return float(value)


def several(
    source: Record, name: str, most: int, read: Callable[[object], T], default: object = _MISSING
) -> tuple[T, ...]:
    """Return a list of at most `most` members, each read by `read`."""
    value = _member(source, name, None if default is _MISSING else default)
    if not isinstance(value, list | tuple):
        raise _wrong(name, "a list", value)
    if len(value) > most:
        raise MessageError(f"{name} has {len(value):,} members; at most {most:,} are read.")
    return tuple(read(each) for each in value)


def one_of(source: Record, name: str, known: tuple[str, ...]) -> str:
    """Return one of the texts that are known."""
    value = source.get(name)
    if value not in known:
        raise _wrong(name, f"one of {', '.join(known)}", value)
    return str(value)


def _member(source: Record, name: str, default: object) -> object:
    value = source.get(name)
    return default if value is None else value


def _wrong(name: str, wanted: str, value: object) -> MessageError:
    return MessageError(f"{name} is {str(value)[:_SHOWN]!r}; it must be {wanted}.")
