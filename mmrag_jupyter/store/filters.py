"""LlamaIndex metadata filters, with the meaning that LlamaIndex itself gives them.

The semantics are those of `llama_index.core.vector_stores.utils.build_metadata_filter_fn`:
a missing key matches `!=` and `nin` only, every condition is evaluated (so that one which
cannot be, is told), `not` means that none matches, and no filters match everything. Groups
of filters within groups, which that function refuses, mean what their parts mean.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, TypeAlias

from llama_index.core.vector_stores.types import FilterCondition, FilterOperator, MetadataFilters

from mmrag_jupyter.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from llama_index.core.vector_stores.types import MetadataFilter

    Predicate: TypeAlias = Callable[[Mapping[str, object]], bool]


class FilterTypeError(QueryError, TypeError):
    """A filter compares values of types that do not compare."""


def keys(filters: MetadataFilters | None) -> frozenset[str]:
    """Return the metadata keys that `filters` look at."""
    return frozenset(one.key for one in _leaves(filters))


def predicate(filters: MetadataFilters | None) -> Predicate:
    """Return the function that tells whether an item's metadata pass `filters`.

    It takes a mapping in which missing keys are absent or None, and raises
    `FilterTypeError` where a value cannot be compared with the filter's.
    """
    if filters is None or not filters.filters:
        return lambda _: True
    tests = [
        predicate(one) if isinstance(one, MetadataFilters) else _leaf(one)
        for one in filters.filters
    ]
    combined = _CONDITIONS[filters.condition or FilterCondition.AND]
    return lambda metadata: combined([test(metadata) for test in tests])


def _leaves(filters: MetadataFilters | None) -> Iterator[MetadataFilter]:
    for one in filters.filters if filters is not None else ():
        if isinstance(one, MetadataFilters):
            yield from _leaves(one)
        else:
            yield one


def _leaf(one: MetadataFilter) -> Predicate:
    key, wanted, kind = one.key, one.value, one.operator
    if kind == FilterOperator.IS_EMPTY:
        return lambda metadata: metadata.get(key) in (None, "", [])
    test = _TESTS[kind]
    if_missing = kind in {FilterOperator.NE, FilterOperator.NIN}

    def passes(metadata: Mapping[str, object]) -> bool:
        found = metadata.get(key)
        if found is None:
            return if_missing
        try:
            return bool(test(found, wanted))
        except TypeError:
            message = f"Filter {key!r} {kind.value} {wanted!r} does not fit the value {found!r}"
            raise FilterTypeError(message) from None

    return passes


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

_CONDITIONS: Mapping[FilterCondition, Callable[[list[bool]], bool]] = {
    FilterCondition.AND: all,
    FilterCondition.OR: any,
    FilterCondition.NOT: lambda passed: not any(passed),
}
