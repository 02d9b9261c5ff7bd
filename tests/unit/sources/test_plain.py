# ruff: noqa: DTZ001 - moments without a zone are among what is read
from __future__ import annotations

import datetime as dt
import json
import sys
from decimal import Decimal
from enum import StrEnum
from pathlib import PurePosixPath
from uuid import UUID

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mmrag_jupyter.sources.plain import as_text, clean, id_of, is_missing, kind_of, plain_list


class Colour(StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    "value",
    [None, float("nan"), np.nan, np.float32("nan"), pd.NA, pd.NaT, np.datetime64("NaT"),
     np.timedelta64("NaT"), Decimal("NaN")],
    ids=repr,
)  # fmt: skip
def test_every_way_to_be_missing_is_missing(value):
    assert is_missing(value)
    assert plain_list([value], "any") == [None]


@pytest.mark.parametrize("value", [0, "", False, "nan", b"", [], 0.0, float("inf"), Decimal(0)])
def test_empty_and_zero_are_not_missing(value):
    assert not is_missing(value)


@pytest.mark.parametrize(
    ("values", "kind", "plain"),
    [
        ([True, np.True_, None], "bool", [True, True, None]),
        ([1, np.int8(2), 2**80], "int", [1, 2, 2**80]),
        ([1.5, np.float32(0.5)], "float", [1.5, 0.5]),
        (["a", np.str_("b"), Colour.RED, None], "str", ["a", "b", "red", None]),
        ([UUID(int=1), PurePosixPath("a/b")], "str", [str(UUID(int=1)), "a/b"]),
        ([b"a", bytearray(b"b"), memoryview(b"c")], "bytes", [b"a", b"b", b"c"]),
        ([Decimal("1.10")], "decimal", [Decimal("1.10")]),
        ([dt.date(2020, 1, 2)], "date", [dt.date(2020, 1, 2)]),
        ([dt.time(3, 4)], "time", [dt.time(3, 4)]),
        ([pd.Timestamp("2020"), np.datetime64("2021-01-01"), pd.NaT], "datetime",
         [dt.datetime(2020, 1, 1), dt.datetime(2021, 1, 1), None]),
        ([np.datetime64("20000-01-01")], "datetime", ["20000-01-01"]),
        ([pd.Timedelta("1s"), np.timedelta64(2, "s")], "timedelta",
         [dt.timedelta(seconds=1), dt.timedelta(seconds=2)]),
        ([[np.int64(2)], {"a": np.float32(0.5)}, (None,)], "json", [[2], {"a": 0.5}, (None,)]),
        ([np.array([[1, 2]])], "json", [[[1, 2]]]),
        ([None, float("nan")], "any", [None, None]),
        (["a", 1, 2.5, b"c", True], "any", ["a", 1, 2.5, b"c", True]),
        ([[1], "a", Decimal("1.5")], "any", [[1], "a", Decimal("1.5")]),
        ([UUID(int=1), 1, Colour.RED], "any", [UUID(int=1), 1, "red"]),
        ([1, 2.5], "any", [1, 2.5]),
    ],
)  # fmt: skip
def test_values_become_plain_by_the_kind_that_fits_all(values, kind, plain):
    assert kind_of(values) == kind
    found = plain_list(values, kind)
    assert found == plain
    assert list(map(type, found)) == list(map(type, plain))


def test_moments_with_a_zone_keep_it_and_are_never_of_one_kind_with_those_without():
    madrid = pd.Timestamp("2020-07-01 12:00", tz="Europe/Madrid")
    (moment,) = plain_list([madrid], kind_of([madrid]))
    assert (type(moment), moment, str(moment.tzinfo)) == (dt.datetime, madrid, "Europe/Madrid")
    mixed = [madrid, pd.Timestamp("2020-07-01")]
    assert kind_of(mixed) == "any"
    assert plain_list(mixed, "any") == [madrid, dt.datetime(2020, 7, 1)]


def test_nanoseconds_are_not_lost():
    exact = pd.Timestamp("2020-01-01 00:00:00.000000001")
    assert plain_list([exact], "datetime") == [exact]
    assert plain_list([pd.Timedelta(1, "ns")], "timedelta") == [pd.Timedelta(1, "ns")]


def test_pictures_are_a_kind_of_their_own():
    assert kind_of([Image.new("RGB", (1, 1)), None]) == "media"
    assert kind_of([Image.new("RGB", (1, 1)), "a.png"]) == "media"


def test_what_is_nested_is_plain_and_keeps_its_types():
    value = {1: [dt.date(2020, 1, 1), pd.Timestamp("2020"), b"\xff", Decimal("1.5"), np.int8(3)],
             "pair": (UUID(int=1), pd.NaT, pd.NA), "red": {"of": Colour.RED}}  # fmt: skip
    (found,) = plain_list([value], "json")
    assert found == {
        1: [dt.date(2020, 1, 1), dt.datetime(2020, 1, 1), b"\xff", Decimal("1.5"), 3],
        "pair": (UUID(int=1), None, None), "red": {"of": "red"},
    }  # fmt: skip
    assert [type(one) for one in found[1]] == [dt.date, dt.datetime, bytes, Decimal, int]
    assert type(found["red"]["of"]) is str


def test_a_set_is_read_in_an_order_that_is_the_same_in_every_kernel():
    assert plain_list([{"b", "a", "c", 1}], "json") == [["a", "b", "c", 1]]


def test_missing_values_in_a_list_are_no_text():
    assert as_text([1.0, float("nan"), None, dt.date(2020, 1, 1)]) == "1, 2020-01-01"
    told = as_text({"a": [float("nan"), Decimal("1.5")], 2: (dt.date(2020, 1, 1),)})
    assert json.loads(told) == {"a": [None, "1.5"], "2": ["2020-01-01"]}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("a", 2), "a/2"), ((12.0,), "12"), ((1.5,), "1.5"), ((1e300,), "1e+300"), ((7,), "7"),
        ((None,), ""), (("a", None), ""), (("",), ""), ((dt.date(2020, 1, 2),), "2020-01-02"),
        ((True,), "True"), (("\ud800",), "\\ud800"),
    ],
)  # fmt: skip
def test_an_id_reads_as_a_person_would_write_it(values, expected):
    assert id_of(values) == expected


def test_lists_and_mappings_read_as_text():
    assert as_text(["red", "blue", None, 2.0]) == "red, blue, 2"
    assert as_text({"größe": 3}) == '{"größe": 3}'


@given(st.text(st.characters()) | st.text(st.characters(categories=["Cs"])))
def test_cleaned_text_is_always_utf8_and_good_text_is_left_alone(text):
    cleaned = clean(text)
    cleaned.encode()
    if not any("\ud800" <= letter <= "\udfff" for letter in text):
        assert cleaned == text


@given(
    st.lists(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
        | st.decimals(allow_nan=False) | st.dates() | st.times() | st.timedeltas()
        | st.datetimes(timezones=st.none() | st.just(dt.UTC))
        | st.lists(st.integers() | st.text()) | st.dictionaries(st.text(), st.floats())
    )
)  # fmt: skip
def test_any_values_become_plain_and_keep_their_places(values):
    kind = kind_of(values)
    found = plain_list(values, kind)
    assert [value is None for value in found] == [is_missing(value) for value in values]
    assert all(type(value).__module__ in {"builtins", "datetime", "decimal"} for value in found)
    if kind not in {"any", "json"}:
        assert all(a == b for a, b in zip(found, values, strict=True) if a is not None)


def test_looking_at_values_imports_no_pandas():
    import subprocess

    script = (
        "import sys; from mmrag_jupyter.sources.plain import kind_of, plain_list;"
        "plain_list([None, 1.5, 'a', [1]], kind_of(['a'])); print('pandas' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "False"
