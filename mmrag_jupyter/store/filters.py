"""LlamaIndex metadata filters, with the meaning that LlamaIndex itself gives them.

The semantics are those of `llama_index.core.vector_stores.utils.build_metadata_filter_fn`:
a missing key matches `!=` and `nin` only, every condition is evaluated (so that one which
cannot be, is told), `not` means that none matches, and no filters match everything. Groups
of filters within groups, which that function refuses, mean what their parts mean.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from llama_index.core.vector_stores.types import FilterCondition, FilterOperator, MetadataFilters

from mmrag_jupyter.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from llama_index.core.vector_stores.types import MetadataFilter

    Columns = Mapping[str, Sequence[object]]


class FilterTypeError(QueryError, TypeError):
    """A filter compares values of types that do not compare."""


def keys(filters: MetadataFilters | None) -> frozenset[str]:
    """Return the metadata keys that `filters` look at."""
    return frozenset(one.key for one in _leaves(filters))


def passing(filters: MetadataFilters | None, columns: Columns, count: int) -> list[bool]:
    """Tell which of `count` items pass `filters`.

    Parameters
    ----------
    columns
        By key, one value an item, None where it is missing; a key that no item has may be
        left out.

    Raises
    ------
    FilterTypeError
        A value cannot be compared with the filter's.
    """
    if filters is None or not filters.filters:
        return [True] * count
    parts = [
        passing(one, columns, count)
        if isinstance(one, MetadataFilters)
        else _matching(one, columns.get(one.key) or [None] * count)
        for one in filters.filters
    ]
    combined = _CONDITIONS[filters.condition or FilterCondition.AND]
    return list(map(combined, zip(*parts, strict=True)))


def _leaves(filters: MetadataFilters | None) -> Iterator[MetadataFilter]:
    for one in filters.filters if filters is not None else ():
        if isinstance(one, MetadataFilters):
            yield from _leaves(one)
        else:
            yield one


def _matching(one: MetadataFilter, values: Sequence[object]) -> list[bool]:
    if one.operator == FilterOperator.IS_EMPTY:
        return [value in (None, "", []) for value in values]
    test, wanted = _TESTS[one.operator], one.value
    if_missing = one.operator in {FilterOperator.NE, FilterOperator.NIN}
    found = None
    try:
        return [
            if_missing if (found := value) is None else bool(test(value, wanted))
            for value in values
        ]
    except TypeError:
        raise FilterTypeError(
            f"Filter {one.key!r} {one.operator.value} {wanted!r} does not fit the value {found!r}"
        ) from None


def _text_match(found: object, wanted: object) -> bool:
    if not (isinstance(found, str) and isinstance(wanted, str)):
        raise TypeError
    return wanted in found


def _text_match_insensitive(found: object, wanted: object) -> bool:
    if not (isinstance(found, str) and isinstance(wanted, str)):
        raise TypeError
    return wanted.lower() in found.lower()


# Values come from users, of any type; those that do not fit raise TypeError.
_TESTS: Mapping[FilterOperator, Callable[[Any, Any], bool]] = {
    FilterOperator.EQ: operator.eq,
    FilterOperator.NE: operator.ne,
    FilterOperator.GT: operator.gt,
    FilterOperator.GTE: operator.ge,
    FilterOperator.LT: operator.lt,
    FilterOperator.LTE: operator.le,
    FilterOperator.IN: lambda found, wanted: found in wanted,
    FilterOperator.NIN: lambda found, wanted: found not in wanted,
    FilterOperator.ANY: lambda found, wanted: any(one in found for one in wanted),
    FilterOperator.ALL: lambda found, wanted: all(one in found for one in wanted),
    FilterOperator.CONTAINS: lambda found, wanted: wanted in found,
    FilterOperator.TEXT_MATCH: _text_match,
    FilterOperator.TEXT_MATCH_INSENSITIVE: _text_match_insensitive,
}

_CONDITIONS: Mapping[FilterCondition, Callable[[Iterable[bool]], bool]] = {
    FilterCondition.AND: all,
    FilterCondition.OR: any,
    FilterCondition.NOT: lambda passed: not any(passed),
}
