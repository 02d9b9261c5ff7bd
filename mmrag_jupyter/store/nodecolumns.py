"""The columns that the metadata of LlamaIndex nodes need, told from their values."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from mmrag_jupyter.items import Column
from mmrag_jupyter.store.columns import widened

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mmrag_jupyter.items import Kind

# The first type that fits names the kind: bool is an int, datetime a date.
_KINDS: Sequence[tuple[type | tuple[type, ...], Kind, str]] = (
    (bool, "bool", "boolean"),
    (int, "int", "Int64"),
    (float, "float", "float64"),
    (str, "str", "str"),
    (datetime, "datetime", "datetime64[us]"),
    (date, "date", "object"),
    (time, "time", "object"),
    (timedelta, "timedelta", "timedelta64[us]"),
    (Decimal, "decimal", "object"),
    ((list, dict), "json", "object"),
    (bytes, "bytes", "object"),
)


def with_metadata(columns: Sequence[Column], rows: Iterable[Mapping[str, object]]) -> list[Column]:
    """Return `columns`, widened and added to so that they hold the metadata of more items.

    Missing values are to be left out of `rows`.
    """
    found = {column.name: column for column in columns}
    seen: set[tuple[str, type, bool]] = set()
    for row in rows:
        for name, value in row.items():
            zoned = isinstance(value, datetime) and value.tzinfo is not None
            if (name, type(value), zoned) in seen:
                continue
            seen.add((name, type(value), zoned))
            column = _column(name, value, zoned=zoned)
            known = found.get(name)
            found[name] = widened(known, column) if known is not None else column
    return list(found.values())


def _column(name: str, value: object, *, zoned: bool) -> Column:
    for types, kind, dtype in _KINDS:
        if isinstance(value, types):
            return Column(name, kind, "datetime64[us, UTC]" if zoned else dtype)
    return Column(name, "any")
