# ruff: noqa: DTZ001 - moments without a zone are among what is read
from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from mmrag_jupyter.sources.arrow import describe_arrow
from mmrag_jupyter.sources.columns import describe

MADRID = "Europe/Madrid"


def read(series):
    found = describe("x", series)
    return found.column, found.read(series)


@pytest.mark.parametrize(
    ("series", "kind", "dtype", "values"),
    [
        (pd.Series([1, 2], dtype="int8"), "int", "int8", [1, 2]),
        (pd.Series([2**64 - 1], dtype="uint64"), "int", "uint64", [2**64 - 1]),
        (pd.Series([1, None], dtype="Int64"), "int", "Int64", [1, None]),
        (pd.Series([True, False]), "bool", "bool", [True, False]),
        (pd.Series([True, None], dtype="boolean"), "bool", "boolean", [True, None]),
        (pd.Series([1.5, None, np.inf]), "float", "float64", [1.5, None, np.inf]),
        (pd.Series([1.5, None], dtype="Float32"), "float", "Float32", [1.5, None]),
        (pd.Series([1.5], dtype="longdouble"), "float", "float128", [1.5]),
        (pd.Series(["a", None], dtype="string"), "str", "string[pyarrow]", ["a", None]),
        (pd.Series(["a", None], dtype="string[python]"), "str", "string[python]", ["a", None]),
        (pd.Series(["nan", None], dtype="str"), "str", "str", ["nan", None]),
        (pd.Series(["a", None], dtype=object), "str", "object", ["a", None]),
        (pd.Series([None, None], dtype=object), "any", "object", [None, None]),
        (pd.Series([None, None], dtype="float64"), "float", "float64", [None, None]),
        (pd.Series(["2020", None], dtype="datetime64[s]"), "datetime", "datetime64[s]",
         [dt.datetime(2020, 1, 1), None]),
        (pd.Series(np.array(["20000-01-01", "NaT"], "datetime64[s]")), "str", "datetime64[s]",
         ["20000-01-01T00:00:00", None]),
        (pd.Series(np.array([10**15, "NaT"], "timedelta64[s]")), "int", "timedelta64[s]",
         [10**15, None]),
        (pd.Series([1, None], dtype="timedelta64[s]"), "timedelta", "timedelta64[s]",
         [dt.timedelta(seconds=1), None]),
        (pd.Series(["2020-01", None], dtype="period[M]"), "str", "period[M]", ["2020-01", None]),
        (pd.Series(pd.IntervalIndex.from_breaks([0, 1])), "str", "interval[int64, right]",
         ["(0, 1]"]),
        (pd.Series([1j]), "str", "complex128", ["1j"]),
        (pd.Series(pd.arrays.SparseArray([0, 1])), "int", "Sparse[int64, 0]", [0, 1]),
        (pd.Series([1, None], dtype="int32[pyarrow]"), "int", "int32[pyarrow]", [1, None]),
        (pd.Series([[1], None], dtype=pd.ArrowDtype(pa.list_(pa.int64()))), "json",
         "list<item: int64>[pyarrow]", [[1], None]),
    ],
    ids=lambda value: str(getattr(value, "dtype", "")),
)  # fmt: skip
def test_each_pandas_dtype_is_read_as_plain_values_and_its_name_kept(series, kind, dtype, values):
    column, found = read(series)
    assert (column.kind, column.dtype) == (kind, dtype)
    assert found == values
    assert list(map(type, found)) == list(map(type, values))


def test_moments_keep_their_zone():
    series = pd.Series(pd.to_datetime(["2020-07-01 12:00", None]).tz_localize(MADRID))
    column, values = read(series)
    assert column.dtype == f"{series.dtype}"
    assert MADRID in column.dtype
    assert values[1] is None
    assert values[0].utcoffset() == dt.timedelta(hours=2)
    assert type(values[0]) is dt.datetime


def test_nanoseconds_stay_pandas_own():
    series = pd.Series([pd.Timestamp("2020-01-01 00:00:00.000000001"), pd.NaT])
    _, values = read(series)
    assert values == [pd.Timestamp("2020-01-01 00:00:00.000000001"), None]
    _, spans = read(pd.Series([pd.Timedelta(1, "ns"), pd.NaT]))
    assert spans == [pd.Timedelta(1, "ns"), None]


@pytest.mark.parametrize(
    ("categories", "kind", "inner"),
    [(["z", "a"], "str", "str"), ([3, 1], "int", "int64"),
     (pd.to_datetime(["2020", "2019"]), "datetime", "datetime64[us]")],
)  # fmt: skip
def test_a_categorical_keeps_its_categories_and_their_order(categories, kind, inner):
    categories = pd.Index(categories)
    series = pd.Series(pd.Categorical.from_codes([1, -1, 0], categories, ordered=True))
    column, values = read(series)
    detail = column.detail
    assert (column.kind, column.dtype) == (kind, "category")
    assert values == [categories[1], None, categories[0]]
    assert detail["ordered"] is True
    again = pd.Categorical(
        values, pd.Index(detail["categories"], dtype=column.inner.dtype), ordered=True
    )
    assert (pd.Series(again).cat.codes == [1, -1, 0]).all()
    assert column.inner.dtype == str(categories.dtype) == inner


def test_a_slice_reads_like_the_whole():
    series = pd.Series([1.5, None, 2.5, None])
    found = describe("x", series)
    assert found.read(series.iloc[1:3]) == [None, 2.5]


@pytest.mark.parametrize(
    ("values", "kind", "dtype", "plain"),
    [
        (pa.array([1, 2], pa.int8()), "int", "int8", [1, 2]),
        (pa.array([1, None], pa.uint16()), "int", "UInt16", [1, None]),
        (pa.array([True, None]), "bool", "boolean", [True, None]),
        (pa.array([False]), "bool", "bool", [False]),
        (pa.array([1.5, None, float("nan")], pa.float32()), "float", "float32", [1.5, None, None]),
        (pa.array(["a", None], pa.large_string()), "str", "str", ["a", None]),
        (pa.array(["a"], pa.string_view()), "str", "str", ["a"]),
        (pa.array([b"a", None]), "bytes", "object", [b"a", None]),
        (pa.array([None, None]), "any", "object", [None, None]),
        (pa.array([dt.date(2020, 1, 1)]), "date", "object", [dt.date(2020, 1, 1)]),
        (pa.array([1_000_000_001], pa.time64("ns")), "time", "object", [dt.time(0, 0, 1)]),
        (pa.array([1], pa.duration("s")), "timedelta", "timedelta64[s]", [dt.timedelta(0, 1)]),
        (pa.array([0, None], pa.timestamp("ms")), "datetime", "datetime64[ms]",
         [dt.datetime(1970, 1, 1), None]),
        (pa.array([0], pa.timestamp("ns")), "datetime", "datetime64[ns]",
         [dt.datetime(1970, 1, 1)]),
        (pa.array([10**12], pa.timestamp("s")), "str", "object", ["33658-09-27T01:46:40"]),
        (pa.array([[1, None], None]), "json", "object", [[1, None], None]),
        (pa.array([{"a": b"x"}]), "json", "object", [{"a": b"x"}]),
    ],
    ids=lambda value: str(getattr(value, "type", "")),
)  # fmt: skip
def test_each_arrow_type_is_read_as_plain_values(values, kind, dtype, plain):
    chunked = pa.chunked_array([values])
    found = describe_arrow("x", chunked)
    assert (found.column.kind, found.column.dtype) == (kind, dtype)
    assert found.read(chunked) == plain
    assert list(map(type, found.read(chunked))) == list(map(type, plain))


def test_arrow_moments_keep_their_zone_and_decimals_their_digits():
    moments = pa.chunked_array([pa.array([0], pa.timestamp("us", tz=MADRID))])
    found = describe_arrow("x", moments)
    assert found.column.dtype == f"datetime64[us, {MADRID}]"
    assert found.read(moments)[0].utcoffset() == dt.timedelta(hours=1)
    decimals = pa.chunked_array([pa.array(["1.10"]).cast(pa.decimal128(5, 2))])
    assert str(describe_arrow("x", decimals).read(decimals)[0]) == "1.10"


def test_arrow_dictionaries_are_categories_over_all_chunks():
    first = pa.array(["a", "b", None]).dictionary_encode()
    chunks = pa.chunked_array([first, pa.array(["c", "a"]).dictionary_encode()])
    found = describe_arrow("x", chunks)
    assert found.column.dtype == "category"
    assert found.column.detail["categories"] == ["a", "b", "c"]
    assert found.read(chunks.slice(2, 2)) == [None, "c"]
