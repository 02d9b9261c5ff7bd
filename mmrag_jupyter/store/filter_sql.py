"""LlamaIndex metadata filters as SQL, where SQL means exactly the same: many times faster.

That is so for columns that hold nothing but numbers, or nothing but texts, compared with a
value of the same kind. Everything else is for `filters.passing`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from llama_index.core.vector_stores.types import FilterCondition, FilterOperator, MetadataFilters

from mmrag_jupyter.store.text import encodable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llama_index.core.vector_stores.types import MetadataFilter

    from mmrag_jupyter.store.catalogue import Physical

_INT64 = 1 << 63
_TESTS = {
    FilterOperator.EQ: "{name} = {marks}",
    FilterOperator.NE: "{name} <> {marks}",
    FilterOperator.GT: "{name} > {marks}",
    FilterOperator.GTE: "{name} >= {marks}",
    FilterOperator.LT: "{name} < {marks}",
    FilterOperator.LTE: "{name} <= {marks}",
    FilterOperator.IN: "{name} IN ({marks})",
    FilterOperator.NIN: "{name} NOT IN ({marks})",
    FilterOperator.CONTAINS: "instr({name}, {marks}) > 0",
    FilterOperator.TEXT_MATCH: "instr({name}, {marks}) > 0",
    FilterOperator.IS_EMPTY: "{name} = ''",
}
_KINDS = {"int": "number", "float": "number", "str": "text"}
# More values than this would need more variables than some builds of SQLite have.
_LONGEST_LIST = 500


class Condition(NamedTuple):
    """An SQL condition that is never NULL, and the values for its question marks."""

    sql: str
    values: tuple[object, ...]


def compiled(filters: MetadataFilters, columns: Mapping[str, Physical]) -> Condition | None:
    """Return `filters` as a condition over the table `items`, or None where SQL differs.

    Parameters
    ----------
    columns
        By name, the columns whose stored values say all: those without exact ones beside.
    """
    parts: list[Condition] = []
    for one in filters.filters:
        if isinstance(one, MetadataFilters):
            part = compiled(one, columns)
        else:
            part = _leaf(one, columns.get(one.key))
        if part is None:
            return None
        parts.append(part)
    if not parts:
        return Condition("1", ())
    condition = filters.condition or FilterCondition.AND
    joined = (" AND " if condition == FilterCondition.AND else " OR ").join(
        part.sql for part in parts
    )
    sql = f"(NOT ({joined}))" if condition == FilterCondition.NOT else f"({joined})"
    return Condition(sql, tuple(value for part in parts for value in part.values))


def _leaf(one: MetadataFilter, column: Physical | None) -> Condition | None:
    kind = _KINDS.get(column.column.kind) if column is not None else None
    if column is None or kind is None:
        return None
    name, wanted, operator = column.name, one.value, one.operator
    listed = operator in {FilterOperator.IN, FilterOperator.NIN}
    values = wanted if isinstance(wanted, list) else [wanted]
    test = _TESTS.get(operator, "")
    if operator == FilterOperator.IS_EMPTY:
        values = []
    elif (
        not test
        or listed != isinstance(wanted, list)
        or len(values) > _LONGEST_LIST
        or any(_kind(value) != kind for value in values)
        or (kind != "text" and test.startswith("instr"))
    ):
        return None
    if_missing = operator in {FilterOperator.NE, FilterOperator.NIN, FilterOperator.IS_EMPTY}
    filled = test.format(name=name, marks=", ".join("?" * len(values)))
    return Condition(f"coalesce({filled}, {int(if_missing)})", tuple(values))


def _kind(value: object) -> str | None:
    if isinstance(value, str):
        return "text" if "\0" not in value and encodable(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float):
        return "number" if not math.isnan(value) else None
    return "number" if -_INT64 <= value < _INT64 else None


def plain_columns(columns: Sequence[Physical], exact: frozenset[int]) -> dict[str, Physical]:
    """Return by name those columns of which the stored values say all."""
    return {one.column.name: one for one in columns if one.number not in exact}
