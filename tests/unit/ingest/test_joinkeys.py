"""Keys of two tables are the same thing where a person would say so, and nowhere else."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.ingest import joinkeys


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (17, "17"),
        (17.0, "17"),
        (17.5, "17.5"),
        (Decimal("17.00"), "17"),
        (Decimal("17.5"), "17.5"),
        (" a b ", "a b"),
        ("007", "007"),
        (None, ""),
        ("  ", ""),
        (True, "True"),
        (float("inf"), "inf"),
        (dt.datetime(2024, 5, 1), "2024-05-01"),  # noqa: DTZ001 - as dataframes have them
        (dt.datetime(2024, 5, 1, 12), "2024-05-01 12:00:00"),  # noqa: DTZ001
        (dt.date(2024, 5, 1), "2024-05-01"),
    ],
)
def test_a_key_reads_as_a_person_would_write_it(value, text):
    assert joinkeys.written(value) == text


@pytest.mark.parametrize(
    ("text", "number"),
    [("17.0", "17"), ("17.", "17"), ("-3.00", "-3"), ("007.0", "007.0"), ("1.50", "1.50"),
     ("1e3", "1e3"), ("17.0 x", "17.0 x"), ("\u0661.0", "\u0661.0")],
)  # fmt: skip
def test_only_whole_numbers_lose_the_zeros_behind_their_point(text, number):
    assert joinkeys.as_number(text) == number


@given(st.integers())
def test_a_whole_number_is_one_key_however_it_comes(number):
    forms = {number, str(number), f"{number}.0", Decimal(number), f" {number} "}
    assert {joinkeys.as_number(joinkeys.written(form)) for form in forms} == {str(number)}


@given(st.one_of(st.text(), st.floats(), st.integers(), st.none(), st.booleans(), st.decimals()))
def test_every_value_can_be_a_key(value):
    assert isinstance(joinkeys.written(value), str)


@pytest.mark.parametrize(
    ("on", "columns"),
    [("sku", ("sku", "sku")), (" a = b ", ("a", "b")), ("a=b=c", ("a", "b=c"))],
)
def test_on_names_one_column_or_two(on, columns):
    assert joinkeys.names(on) == columns


@pytest.mark.parametrize("on", ["", " ", "=", "a=", "=b"])
def test_on_without_a_column_is_refused(on):
    with pytest.raises(SourceError, match="names no column"):
        joinkeys.names(on)
