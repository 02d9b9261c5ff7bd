"""Items' columns as fields that an engine can filter by, and as a record that gives them back.

A column has at most two fields: `c3_n` holds its numbers, `c3_s` its texts, for whatever it
holds can be compared as one of the two. Dates are texts in ISO 8601, and numbers too in `c3_d`
(microseconds since 1970), for engines that order numbers only.
"""

from __future__ import annotations

import hashlib
import math
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from mmrag_jupyter.store.columns import encode
from mmrag_jupyter.store.packing import pack, unpack
from mmrag_jupyter.store.text import clean, encodable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mmrag_jupyter.items import Column, Kind, NewItem
    from mmrag_jupyter.served.rows import FieldType, Value
    from mmrag_jupyter.store.catalogue import Physical, SourceColumns
    from mmrag_jupyter.store.columns import Stored

NUMBER, TEXT, MOMENT = "_n", "_s", "_d"
# The largest that all engines hold; SQLite sorts it where infinity was.
_MOST = math.nextafter(math.inf, 0)
_NUMBERS: frozenset[Kind] = frozenset({"int", "float", "bool", "timedelta", "decimal"})
_DATES: frozenset[Kind] = frozenset({"datetime", "date"})
_MARK = "\ufffd"
_LONGEST_KEY = 300


def suffixes(column: Column) -> tuple[str, ...]:
    """Return the endings of the fields in which a column's values are compared."""
    if column.kind in _NUMBERS:
        return (NUMBER,)
    return (TEXT, NUMBER) if column.kind == "any" else (TEXT,)


def fields_of(columns: Sequence[Physical]) -> dict[str, FieldType]:
    """Return the fields that columns need in a table, with their types."""
    found: dict[str, FieldType] = {}
    for one in columns:
        if one.column.kind == "media":
            continue
        name = one.name.strip('"')
        for suffix in suffixes(one.column):
            found[name + suffix] = "text" if suffix == TEXT else "float"
        if one.column.kind in _DATES:
            found[name + MOMENT] = "float"
    return found


def cells(items: Sequence[NewItem], source: SourceColumns) -> list[dict[str, Value]]:
    """Return the fields of each item's columns; those that are missing are left out."""
    rows: list[dict[str, Value]] = [{} for _ in items]
    for one, values in _values(items, source):
        name = one.name.strip('"')
        stored, _ = encode(one.column, values)
        for row, form in zip(rows, stored, strict=True):
            if form is not None:
                row.update(_fields(name, one.column.kind, form))
    return rows


def _values(items: Sequence[NewItem], source: SourceColumns) -> list[tuple[Physical, list[object]]]:
    found = [
        (one, [item.metadata.get(one.column.name) for item in items]) for one in source.metadata()
    ]
    found += [
        (one, [item.index[at] if item.index else None for item in items])
        for at, one in enumerate(source.index())
    ]
    return found


def _fields(name: str, kind: Kind, form: Stored) -> dict[str, Value]:
    if isinstance(form, bytes):
        return {name + TEXT: ""}  # it can be asked whether there is any, and no more
    if isinstance(form, str):
        found: dict[str, Value] = {name + TEXT: form.replace("\0", " ")}
        if kind in _DATES:
            found[name + MOMENT] = moment(form)
        return found
    return {name + NUMBER: max(-_MOST, min(_MOST, float(form or 0)))}


def moment(text: str) -> float | None:
    """Return a date as microseconds since 1970, or None where it is none."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        return None
    since = value.replace(tzinfo=UTC) - datetime.combine(date(1970, 1, 1), datetime.min.time(), UTC)
    return since.total_seconds() * 1e6


def record(item: NewItem, media: Mapping[int, int | None]) -> str:
    """Return what gives an item's metadata, index and columns of pictures back.

    Parameters
    ----------
    media
        For the number of each column of pictures or sound the part that stands in it.
    """
    pictures = {str(number): part for number, part in media.items() if part is not None}
    return pack([dict(item.metadata), list(item.index), pictures])


def values_of(stored: str, source: SourceColumns) -> dict[int, object]:
    """Return an item's values by the number of their column, from what `record` wrote."""
    metadata, index, pictures = unpack(stored)  # type: ignore[misc]
    found = {one.number: metadata.get(one.column.name) for one in source.metadata()}  # type: ignore[has-type]
    found |= {
        one.number: index[at] if at < len(index) else None  # type: ignore[has-type]
        for at, one in enumerate(source.index())
    }
    found |= {one.number: pictures.get(str(one.number)) for one in source.media()}  # type: ignore[has-type]
    return found


def as_key(text: str) -> str:
    """Return an id or a path as every engine can hold it; `from_key` gives it back."""
    if encodable(text) and "\0" not in text and not text.startswith(_MARK):
        return text
    return _MARK + pack(text)


def row_key(text: str) -> str:
    """Return the key of the row of an id: a long one is hashed, for no index holds it."""
    key = as_key(text)
    if len(key) <= _LONGEST_KEY:
        return key
    return f"{_MARK}#{hashlib.blake2b(key.encode(), digest_size=20).hexdigest()}"


def from_key(stored: str) -> str:
    """Return the text that `as_key` was given."""
    return str(unpack(stored[1:])) if stored.startswith(_MARK) else stored


def plain(text: str) -> str:
    """Return a text as every engine can hold it: without halves of characters and NULs."""
    return clean(text).replace("\0", " ")
