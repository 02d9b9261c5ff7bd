"""The columns of a source as text, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mmrag_jupyter.items import Column, Label
from mmrag_jupyter.store.packing import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Levels = tuple[Column, ...]

# Stands for the levels of a label that has none.
_NONE = -1


def write_columns(columns: Iterable[tuple[int, Column]]) -> str:
    """Return numbered columns as text."""
    # The labels of a dataframe have their levels in common, which may be of many categories.
    axes: list[Levels] = []
    stored = [[number, _written(column, axes)] for number, column in columns]
    return pack([[[_written(level, []) for level in levels] for levels in axes], stored])


def read_columns(text: str) -> list[tuple[int, Column]]:
    """Return the columns that `write_columns` wrote."""
    known: Any = unpack(text)
    axes = [tuple(_read(level, ()) for level in levels) for levels in known[0]]
    return [(number, _read(column, axes)) for number, column in known[1]]


def _written(column: Column, axes: list[Levels]) -> list[object]:
    inner, label = column.inner, column.label
    return [
        column.name,
        column.kind,
        column.dtype,
        dict(column.detail),
        column.role,
        None if inner is None else _written(inner, axes),
        None if label is None else [label.own, _place(label.levels, axes)],
    ]


def _place(levels: Levels, axes: list[Levels]) -> int:
    if not levels:
        return _NONE
    if not any(levels is one for one in axes):
        axes.append(levels)
    return next(at for at, one in enumerate(axes) if levels is one)


def _read(stored: list[Any], axes: Sequence[Levels]) -> Column:
    name, kind, dtype, detail, role, inner, label = stored
    inner = None if inner is None else _read(inner, axes)
    if label is not None:
        own, place = label
        label = Label(own, () if place == _NONE else axes[place])
    return Column(name, kind, dtype, detail, role, inner, label)
