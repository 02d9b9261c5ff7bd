"""LlamaIndex metadata filters mean here what they mean to LlamaIndex itself."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from llama_index.core.vector_stores.types import (
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
)
from llama_index.core.vector_stores.utils import build_metadata_filter_fn

from mmrag_jupyter.errors import MmragError
from mmrag_jupyter.items import Column
from mmrag_jupyter.store.catalogue import Physical
from mmrag_jupyter.store.filter_sql import compiled
from mmrag_jupyter.store.filters import keys, passing

KEYS = ["color", "size", "tags", "missing"]
scalars = st.one_of(
    st.integers(-2, 2), st.sampled_from([0.5, -1.0, 2.0]), st.sampled_from(["", "a", "A", "ab"])
)
stored = st.one_of(scalars, st.none(), st.booleans(), st.lists(scalars, max_size=3))
metadata = st.dictionaries(st.sampled_from(KEYS[:3]), stored)
wanted = st.one_of(
    scalars,
    st.none(),
    st.lists(st.integers(-2, 2), max_size=3),
    st.lists(st.sampled_from(["", "a", "A", "ab"]), max_size=3),
)
leaves = st.builds(
    MetadataFilter,
    key=st.sampled_from(KEYS),
    value=wanted,
    operator=st.sampled_from(list(FilterOperator)),
)
conditions = st.sampled_from([*FilterCondition, None])


def group(filters):
    return st.builds(MetadataFilters, filters=st.lists(filters, max_size=3), condition=conditions)


nested = group(st.recursive(leaves, group, max_leaves=6))


def passes(filters, values):
    """Tell whether one item passes."""
    return passing(filters, {key: [value] for key, value in values.items()}, 1) == [True]


def outcome(function, *arguments):
    """Return what a function gives, or that it raises for the types of values."""
    try:
        return function(*arguments)
    except TypeError:
        return TypeError


def reference(filters, values):
    """Ask LlamaIndex, group by group: it refuses groups within groups."""
    if not isinstance(filters, MetadataFilters):
        filters = MetadataFilters(filters=[filters])
    if all(isinstance(one, MetadataFilter) for one in filters.filters):
        return build_metadata_filter_fn(lambda _: values, filters)("any")
    # Each part becomes a key of its own that is "yes" where the part matches.
    answers = {
        str(n): "yes" if reference(one, values) else "no" for n, one in enumerate(filters.filters)
    }
    flat = MetadataFilters(
        filters=[MetadataFilter(key=key, value="yes") for key in answers],
        condition=filters.condition,
    )
    return build_metadata_filter_fn(lambda _: answers, flat)("any")


@settings(max_examples=200, deadline=None)
@given(values=metadata, filters=group(leaves))
def test_flat_filters_mean_what_llama_index_means(values, filters):
    ours = outcome(passes, filters, values)
    assert ours == outcome(build_metadata_filter_fn(lambda _: values, filters), "any")


@settings(max_examples=200, deadline=None)
@given(values=metadata, filters=nested)
def test_nested_filters_mean_what_their_parts_mean(values, filters):
    assert outcome(passes, filters, values) == outcome(reference, filters, values)


@given(filters=nested)
def test_keys_are_all_that_is_looked_at(filters):
    looked_at = set()

    class Watched(dict):
        def get(self, key):
            looked_at.add(key)

    passing(filters, Watched(), 1)
    assert looked_at == keys(filters)


@given(items=st.lists(metadata, max_size=5), filters=nested)
def test_many_items_pass_as_each_alone(items, filters):
    columns = {key: [item.get(key) for item in items] for key in KEYS}
    alone = [outcome(passes, filters, item) for item in items]
    together = outcome(passing, filters, columns, len(items))
    assert together == (TypeError if TypeError in alone else alone)


@pytest.mark.parametrize("operator", list(FilterOperator))
def test_a_missing_key_matches_not_equal_not_in_and_is_empty_only(operator):
    filters = MetadataFilters(filters=[MetadataFilter(key="k", value=["a"], operator=operator)])
    assert passes(filters, {}) == (operator in {"!=", "nin", "is_empty"})


def test_no_filters_match_everything():
    assert passes(None, {})
    assert passes(MetadataFilters(filters=[], condition="not"), {"a": 1})


def test_values_that_do_not_compare_are_told_in_one_line():
    filters = MetadataFilters(filters=[MetadataFilter(key="price", value=5, operator=">")])
    with pytest.raises(TypeError, match=r"^Filter 'price' > 5 does not fit the value 'cheap'$"):
        passes(filters, {"price": "cheap"})
    with pytest.raises(MmragError):
        passes(filters, {"price": "cheap"})


# The same filters as SQL.

COLUMNS = {"color": "str", "size": "int", "weight": "float", "tags": "json", "on": "bool"}
typed = st.fixed_dictionaries(
    {},
    optional={
        "color": st.sampled_from(["", "a", "A", "ab", "é", "b\0a"]),
        "size": st.integers(-2, 2) | st.just(2**53 + 1),
        "weight": st.sampled_from([0.5, -1.0, 2.0, float(2**53)]),
        "tags": st.lists(st.sampled_from(["a", "b"]), max_size=2),
        "on": st.booleans(),
    },
)
typed_leaves = st.builds(
    MetadataFilter,
    key=st.sampled_from([*COLUMNS, "missing"]),
    value=st.one_of(wanted, st.sampled_from(["é", "a\0", 2**53, float(2**53), 2**70])),
    operator=st.sampled_from(list(FilterOperator)),
)
typed_filters = group(st.recursive(typed_leaves, group, max_leaves=4))


@settings(max_examples=300, deadline=None)
@given(items=st.lists(typed, max_size=6), filters=typed_filters)
def test_as_sql_filters_select_the_same(items, filters):
    columns = {
        name: Physical(n, Column(name, kind)) for n, (name, kind) in enumerate(COLUMNS.items())
    }
    condition = compiled(filters, columns)
    if condition is None:
        return
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute(f"CREATE TABLE items (item, {', '.join(one.name for one in columns.values())})")
        for number, item in enumerate(items):
            # What SQL is not asked about may be stored in any way.
            stored = [None if type(item.get(one)) is list else item.get(one) for one in columns]
            db.execute("INSERT INTO items VALUES (?, ?, ?, ?, ?, ?)", (number, *stored))
        rows = db.execute(f"SELECT item FROM items WHERE {condition.sql}", condition.values)
        found = [item for (item,) in rows]
    values = {name: [item.get(name) for item in items] for name in COLUMNS}
    assert [number in found for number in range(len(items))] == passing(filters, values, len(items))


@pytest.mark.parametrize(
    ("key", "operator", "value", "as_sql"),
    [
        ("size", "==", 1, True), ("size", ">", 0.5, True), ("size", "in", [1, 2], True),
        ("color", "<", "b", True), ("color", "contains", "b", True),
        ("color", "is_empty", None, True), ("weight", "nin", [0.5, 1], True),
        ("size", "==", "1", False), ("size", "in", 1, False), ("color", "in", "ab", False),
        ("size", "contains", 1, False), ("size", "==", None, False), ("tags", "==", 1, False),
        ("color", "any", ["a"], False), ("missing", "==", 1, False), ("size", "==", 2**70, False),
    ],
)  # fmt: skip
def test_sql_is_used_where_it_means_the_same(key, operator, value, as_sql):
    columns = {
        name: Physical(n, Column(name, kind)) for n, (name, kind) in enumerate(COLUMNS.items())
    }
    one = MetadataFilter(key=key, value=value, operator=FilterOperator(operator))
    nested = MetadataFilters(filters=[MetadataFilters(filters=[one])], condition="not")
    assert (compiled(nested, columns) is not None) == as_sql
