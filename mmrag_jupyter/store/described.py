"""The columns of a source as text, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mmrag_jupyter.items import Column, Label
from mmrag_jupyter.store.packing import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Iterable


def write_columns(columns: Iterable[tuple[int, Column]]) -> str:
    """Return numbered columns as text."""
    return pack([[number, _written(column)] for number, column in columns])


def read_columns(text: str) -> list[tuple[int, Column]]:
    """Return the columns that `write_columns` wrote."""
    stored: Any = unpack(text)
    return [(number, _read(column)) for number, column in stored]


def _written(column: Column) -> list[object]:
    label = column.label
    return [
        column.name,
        column.kind,
        column.dtype,
        dict(column.detail),
        column.role,
        None if column.inner is None else _written(column.inner),
        None if label is None else [label.own, list(map(_written, label.levels))],
    ]


def _read(stored: list[Any]) -> Column:
    name, kind, dtype, detail, role, inner, label = stored
    inner = None if inner is None else _read(inner)
    label = None if label is None else Label(label[0], tuple(map(_read, label[1])))
    return Column(name, kind, dtype, detail, role, inner, label)
