"""Facets that a user has chosen, as a condition that `where` understands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.errors import QueryError
from mmrag_jupyter.widgets.questions import ValuesFilter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mmrag_jupyter.widgets.questions import Cell, Filter


def condition(where: str, filters: Iterable[Filter]) -> str | None:
    """Return the condition that `where` and all filters come to; None where nothing is asked."""
    parts = [where.strip()] if where.strip() else []
    parts += [text for one in filters if (text := expression(one))]
    if len(parts) < 2:  # noqa: PLR2004 - one needs no brackets
        return parts[0] if parts else None
    return " and ".join(f"({part})" for part in parts)


def expression(one: Filter) -> str:
    """Return one filter as a condition, or "" where it lets everything through.

    Raises
    ------
    QueryError
        The name of the column cannot be written.
    """
    name = _name(one.column)
    if isinstance(one, ValuesFilter):
        return _among(name, one.values)
    bounds = []
    if one.low is not None:
        bounds.append(f"{name} >= {_literal(one.low)}")
    if one.high is not None:
        bounds.append(f"{name} <= {_literal(one.high)}")
    return " and ".join(bounds)


def _among(name: str, values: tuple[Cell, ...]) -> str:
    there = [_literal(value) for value in values if value is not None]
    tests = []
    if len(there) == 1:
        tests.append(f"{name} == {there[0]}")
    elif there:
        tests.append(f"{name} in [{', '.join(there)}]")
    if None in values:
        tests.append(f"{name} is null")
    return f"({' or '.join(tests)})" if len(tests) > 1 else "".join(tests)


def _name(column: str) -> str:
    if not column or any("\ud800" <= char <= "\udfff" or char == "\0" for char in column):
        raise QueryError(f"Column {column[:40]!r} cannot be filtered by: its name is no text.")
    bare = column.isidentifier() and column.isascii() and column.lower() not in _WORDS
    return column if bare else f"`{column.replace('`', '``')}`"


def _literal(value: str | float) -> str:
    # bool is a number to Python: its repr is what `where` reads too.
    return repr(value) if not isinstance(value, str) else "'" + value.replace("'", "''") + "'"


# What a `where` reads as something else than a column.
_WORDS = frozenset({
    "and", "or", "not", "in", "is", "like", "glob", "between", "null", "none", "true", "false",
    "nan", "na", "nat", "select", "lower", "upper", "trim", "ltrim", "rtrim", "length", "substr",
    "instr", "abs", "round", "escape",
})  # fmt: skip
