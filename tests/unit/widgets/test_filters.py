"""Facets that were chosen are conditions that `where` reads as they were meant."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toys import ToyEmbedder

import mmrag_jupyter as mm
from mmrag_jupyter.errors import QueryError
from mmrag_jupyter.widgets.filters import condition, expression
from mmrag_jupyter.widgets.questions import RangeFilter, ValuesFilter


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (ValuesFilter("brand", ("Acme",)), "brand == 'Acme'"),
        (ValuesFilter("brand", ("Acme", "O'Neill")), "brand in ['Acme', 'O''Neill']"),
        (ValuesFilter("brand", (None,)), "brand is null"),
        (ValuesFilter("brand", ("Acme", None)), "(brand == 'Acme' or brand is null)"),
        (ValuesFilter("brand", ()), ""),
        (ValuesFilter("sold", (True, False)), "sold in [True, False]"),
        (ValuesFilter("two words", (1, 2.5)), "`two words` in [1, 2.5]"),
        (ValuesFilter("a`b", (1,)), "`a``b` == 1"),
        (ValuesFilter("select", (1,)), "`select` == 1"),
        (RangeFilter("price", 1.5, None), "price >= 1.5"),
        (RangeFilter("price", -1, 2), "price >= -1 and price <= 2"),
        (RangeFilter("added", "2024-01-01", None), "added >= '2024-01-01'"),
        (RangeFilter("price", None, None), ""),
    ],
)
def test_a_filter_reads_as_a_person_would_write_it(one, text):
    assert expression(one) == text


def test_all_of_them_hold_together_with_the_user_s_own_condition():
    brand, price = ValuesFilter("brand", ("A",)), RangeFilter("price", 1, None)
    assert condition("", []) is None
    assert condition("  ", [brand]) == "brand == 'A'"
    assert condition("a == 1 or b == 2", [brand, price]) == (
        "(a == 1 or b == 2) and (brand == 'A') and (price >= 1)"
    )


def test_a_column_whose_name_cannot_be_written_is_refused():
    with pytest.raises(QueryError, match="cannot be filtered by"):
        expression(ValuesFilter("\ud800", (1,)))


text = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1)


@settings(max_examples=60, deadline=None)
@given(st.lists(text, min_size=1, max_size=4, unique=True), text)
def test_any_text_and_any_name_mean_themselves(tmp_path_factory, values, name):
    if name in {"id", "t"}:
        return
    folder = tmp_path_factory.mktemp("any")
    frame = pd.DataFrame({"t": ["x"] * len(values), name: pd.Series(values, dtype=object)})
    session = mm.Session(mm.Config(root=str(folder)))
    try:
        shop = session.load(frame, "any", text="t", model=ToyEmbedder())
    except mm.MmragError:
        return
    stored = shop.items()[name].tolist()
    numbers = shop.store.numbers()
    for value in stored:
        found = shop.store.matching(expression(ValuesFilter(name, (value,))))
        assert found == [numbers[at] for at, one in enumerate(stored) if one == value]
