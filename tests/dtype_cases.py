"""Columns of every dtype that pandas has, six values each; and indexes and labels likewise."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path, PurePosixPath
from uuid import UUID

import numpy as np
import pandas as pd
import pyarrow as pa

ROWS = 6
MADRID = "Europe/Madrid"
UNITS = ("s", "ms", "us", "ns")
DAYS = pd.date_range("2020-01-01", periods=ROWS + 1)


def _numbers():
    for name in ("int8", "int64", "uint8", "float16", "float32", "complex64", "complex256", "bool"):
        yield name, pd.Series(np.array([0, 1, 2, 3, 100, 5]).astype(name))
    yield "uint64", pd.Series([2**64 - 1, 0, 1, 2, 3, 2**63], dtype="uint64")
    yield "float64", pd.Series([0.1, np.nan, np.inf, -np.inf, -0.0, 1e300])
    yield "complex128", pd.Series([1 + 2j, complex("nan"), 3, 4j, np.inf, 1])
    for name in ("Int8", "Int64", "UInt64", "Float32", "Float64", "boolean"):
        yield name, pd.Series([0, 1, None, 1, 0, 1], dtype=name)
        yield f"{name} whole", pd.Series([0, 1, 1, 1, 0, 1], dtype=name)
        yield f"{name} missing", pd.Series([None] * ROWS, dtype=name)


def _texts():
    kinds = ["str", "string[python]", "string[pyarrow]", object,
             pd.StringDtype("python", na_value=np.nan)]  # fmt: skip
    for kind in kinds:
        yield f"text {kind!r}", pd.Series(["a", None, "", "nan", "None", "é🎈"], dtype=kind)
        yield f"text missing {kind!r}", pd.Series([None] * ROWS, dtype=kind)
    yield "surrogate", pd.Series(["a\ud800", "b"] * 3, dtype=object)
    yield "NUL", pd.Series(["a\0b", "b"] * 3)
    yield "bytes", pd.Series([b"a", None, b"", b"\0\1", b"x", b"y"])


def _moments():
    moments = ["2020-01-01T10:11:12.123456789", "NaT", "1999-12-31", "2262-01-01", "1700-01-01",
               "2020-10-25T00:30"]  # fmt: skip
    for unit in UNITS:
        naive = pd.Series(np.array(moments, f"datetime64[{unit}]"))
        yield f"datetime {unit}", naive
        for zone in ("UTC", MADRID, "+05:30"):
            aware = naive.dt.tz_localize("UTC").dt.tz_convert(zone)
            yield f"datetime {unit} {zone}", aware
        spans = np.array([1, "NaT", -5, 10**6, 86400 * 400, 0], f"timedelta64[{unit}]")
        yield f"timedelta {unit}", pd.Series(spans)
    far = np.array(["12000-01-01", "NaT", "-0100-12-31", *["2020-01-01"] * 3], "datetime64[s]")
    yield "far datetime", pd.Series(far)
    yield "far datetime UTC", pd.Series(far).dt.tz_localize("UTC")
    spans = np.array([10**15, "NaT", -(10**15), 0, 1, 2], "timedelta64[s]")
    yield "far timedelta", pd.Series(spans)
    yield "no datetime", pd.Series([pd.NaT] * ROWS)
    yield "no timedelta", pd.Series([pd.NaT] * ROWS, dtype="timedelta64[ns]")
    frequencies = ["D", "M", "Q", "Q-JAN", "Y", "Y-MAR", "W", "W-WED", "h", "min", *UNITS]
    for frequency in [*frequencies, "2D", "3M", "15min"]:
        yield (
            f"period {frequency}",
            pd.Series(pd.period_range("2020-01-01", periods=ROWS, freq=frequency)),
        )
    yield "period missing", pd.Series(pd.PeriodIndex(["2020-01", None] * 3, freq="M"))


def _intervals():
    def breaks(values, closed="right"):
        return pd.Series(pd.arrays.IntervalArray.from_breaks(values, closed=closed))

    def pairs(*values):
        return pd.Series(pd.arrays.IntervalArray.from_tuples(list(values)))

    for closed in ("left", "right", "both", "neither"):
        yield f"interval {closed}", breaks(range(ROWS + 1), closed)
    for name in ("int32", "uint64", "float32"):
        yield f"interval {name}", breaks(np.arange(ROWS + 1).astype(name))
    yield "interval float", breaks(np.linspace(0, 1, ROWS + 1) ** 2)
    yield "interval inf", pairs((0.5, 1), np.nan, (1, 2), (2, np.inf), (-np.inf, 3), np.nan)
    yield "no interval", pairs(*[np.nan] * ROWS)
    for unit in ("s", "us", "ns"):
        days = DAYS.as_unit(unit)
        yield f"interval datetime {unit}", breaks(days, "left")
        yield f"interval zone {unit}", breaks(days.tz_localize(MADRID), "both")
        spans = pd.timedelta_range(0, periods=ROWS + 1, freq="36s", unit=unit)
        yield f"interval timedelta {unit}", breaks(spans)
    yield "interval ns", breaks(DAYS.as_unit("ns") + pd.Timedelta(1, "ns"))
    yield "interval NaT", pairs(*[(DAYS[0], DAYS[1]), np.nan] * 3)


def _categories():
    def of(categories, *, ordered=False, codes=(0, 1, -1, 1, 0, 0)):
        values = pd.Categorical.from_codes(codes, categories=categories, ordered=ordered)
        return pd.Series(values)

    yield "cut", pd.cut(pd.Series([1, 2, 3, 4, np.nan, 6]), 3)
    yield "qcut", pd.qcut(pd.Series([1, 2, 3, 4, 5, 6]), 3)
    yield "cut labels", pd.cut(pd.Series([1, 2, 3, 4, 5, 6]), 3, labels=["lo", "mid", "hi"])
    for ordered in (False, True):
        yield f"category {ordered}", of(["b", "a", "unused"], ordered=ordered)
        yield f"category int {ordered}", of([3, 1, 2], ordered=ordered)
    for name, categories in {
        "float": [0.1, 2.5], "bool": [True, False], "datetime": DAYS,
        "zone": DAYS.tz_localize("UTC"),
        "timedelta": pd.timedelta_range(0, periods=3, freq="h"),
        "some days": DAYS[[0, 2, 5]], "range": pd.RangeIndex(1, 7, 3),
        "period": pd.period_range("2020", periods=3, freq="M"),
        "date": pd.Index([dt.date(2020, 1, 1), dt.date(2021, 1, 1)]),
        "decimal": pd.Index([Decimal("1.10"), Decimal(2)]), "bytes": pd.Index([b"a", b"b"]),
        "mixed": pd.Index([1, "1", 2.5], dtype=object),
        "object": pd.Index(["a", "b"], dtype=object),
        "tuple": pd.Index([("a", 1), ("b", 2)], tupleize_cols=False),
        "uuid": pd.Index([UUID(int=1), UUID(int=2)]),
        "Int64": pd.Index([1, 2], dtype="Int64"), "int8": pd.Index([1, 2], dtype="int8"),
        "string": pd.Index(["a", "b"], dtype="string"),
        "interval": pd.interval_range(DAYS[0], periods=3),
        "named": pd.Index(["a", "b"], name="letters"),
    }.items():  # fmt: skip
        yield f"category {name}", of(categories)
    yield "no category", pd.Series([None] * ROWS, dtype="category")
    yield "category all missing", of(["a"], codes=[-1] * ROWS)


def _arrow():
    def typed(values, kind):
        return pd.Series(pd.arrays.ArrowExtensionArray(pa.array(values, kind)))

    for kind in (pa.int8(), pa.int64(), pa.uint64(), pa.float32(), pa.float64(), pa.bool_()):
        yield f"arrow {kind}", pd.Series([0, 1, None, 1, 0, 1], dtype=pd.ArrowDtype(kind))
    for kind in (pa.string(), pa.large_string()):
        yield f"arrow {kind}", typed(["a", None, "b", "", "é", "x"], kind)
    for kind in (pa.binary(), pa.large_binary(), pa.binary(2)):
        yield f"arrow {kind}", typed([b"ab", None, b"cd", b"\0\1", b"ef", b"xx"], kind)
    moments = [DAYS[0].to_pydatetime(), None, *DAYS[1:5].to_pydatetime()]
    for unit in UNITS:
        yield f"arrow datetime {unit}", typed(moments, pa.timestamp(unit))
        yield f"arrow zone {unit}", typed(moments, pa.timestamp(unit, MADRID))
        yield f"arrow span {unit}", typed([1, None, -5, 10**6, 7, 0], pa.duration(unit))
        time = pa.time32(unit) if unit in {"s", "ms"} else pa.time64(unit)
        yield f"arrow time {unit}", typed([dt.time(1, 2, 3), None] * 3, time)
    yield "arrow nanoseconds", typed([1577836800123456789, None, 1, 2, 3, 4], pa.timestamp("ns"))
    for name, value, kind in (
        ("date", dt.date(2020, 1, 1), pa.date32()),
        ("date64", dt.date(2020, 1, 1), pa.date64()),
        ("decimal", Decimal("1.10"), pa.decimal128(10, 2)),
        ("decimal256", Decimal("1.10"), pa.decimal256(40, 2)),
        ("list", [1, None], pa.list_(pa.int32())),
        ("large list", ["a"], pa.large_list(pa.string())),
        ("fixed list", [1.0, 2.0], pa.list_(pa.float32(), 2)),
        ("dates", [dt.date(2020, 1, 1)], pa.list_(pa.date32())),
        ("blobs", [b"\xff"], pa.list_(pa.binary())),
        ("struct", {"a": 1, "b": "x"}, pa.struct([("a", pa.int64()), ("b", pa.string())])),
        ("deep", {"a": [{"b": Decimal("1.5")}]},
         pa.struct([("a", pa.list_(pa.struct([("b", pa.decimal128(5, 2))])))])),
        ("map", [("a", 1), ("b", 2)], pa.map_(pa.string(), pa.int64())),
        ("dictionary", "a", pa.dictionary(pa.int32(), pa.string())),
    ):  # fmt: skip
        yield f"arrow {name}", typed([value, None] * 3, kind)
    codes = pa.array([0, 1, None, 1, 0, 0], pa.int8())
    ordered = pa.DictionaryArray.from_arrays(codes, pa.array(["z", "a", "u"]), ordered=True)
    yield "arrow ordered", pd.Series(pd.arrays.ArrowExtensionArray(ordered))
    yield "arrow null", typed([None] * ROWS, pa.null())


def _sparse():
    def of(values, fill=None):
        return pd.Series(pd.arrays.SparseArray(values, fill_value=fill))

    yield "sparse nan", of([0, 1.5, np.nan, np.nan, 0, 3], np.nan)
    yield "sparse 0.0", of([0, 1.5, 0, np.nan, 0, 3], 0.0)
    yield "sparse 0", of([0, 1, 0, 0, 2, 0], 0)
    yield "sparse int nan", of(np.arange(ROWS), np.nan)
    yield "sparse 7", of([7, 1, 7, 7, 2, 7], 7)
    yield "sparse int8", of(np.array([0, 1, 0, 0, 0, 2], "int8"), 0)
    yield "sparse False", of([True, False, False, True, False, False], fill=False)
    yield "sparse True", of([True, False, True, True, True, True], fill=True)
    yield "sparse text", of(np.array(["a", "", "", "b", "", ""], object), "")
    yield "sparse no text", of(np.array(["a", np.nan, np.nan, "b", np.nan, "c"], object))
    yield "sparse datetime", of(np.array(["2020", "NaT", "2021", *["NaT"] * 3], "datetime64[us]"))
    yield "sparse complex", of(np.array([1j, 0, 0, 0, 0, 2]), 0j)
    yield "dummies", pd.get_dummies(pd.Series(list("abcabc")), sparse=True)["a"]


def _objects():
    for name, values in {
        "bool None": [True, None, False, None, True, True],
        "bool nan": [True, np.nan, False, True, True, True],
        "int None": [1, None, 2**70, -1, 0, 3], "float None": [1.5, None, 2.0, -1.0, 0.1, 3.0],
        "text nan": ["a", np.nan] * 3, "text NA": ["a", pd.NA] * 3,
        "date NaT": [dt.date(2020, 1, 1), pd.NaT] * 3,
        "decimal": [Decimal("1.10"), None, Decimal(1), Decimal("1e30"), Decimal("-0.0"), None],
        "decimal nan": [Decimal("1.10"), Decimal("NaN"), Decimal("Infinity")] * 2,
        "date": [dt.date(2020, 1, 1), None] * 3, "time": [dt.time(1, 2, 3, 4), None] * 3,
        "time zone": [dt.time(1, tzinfo=dt.UTC)] * ROWS, "timedelta": [dt.timedelta(1), None] * 3,
        "naive": [DAYS[0].to_pydatetime(), None] * 3,
        "zones": [dt.datetime(2020, 1, 1, tzinfo=dt.UTC), None,
                  dt.datetime(2020, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=2)))] * 2,
        "naive and aware": [DAYS[0].to_pydatetime(), dt.datetime(2020, 1, 1, tzinfo=dt.UTC)] * 3,
        "Timestamp": [pd.Timestamp("2020-01-01 00:00:00.123456789"), DAYS[0]] * 3,
        "Timedelta": [pd.Timedelta(5, "ns"), pd.Timedelta(3, "D")] * 3,
        "uuid": [UUID(int=1), None] * 3, "path": [Path("a/b"), PurePosixPath("a")][:1] * ROWS,
        "complex": [1j, 2 + 1j] * 3, "bytearray": [bytearray(b"a")] * ROWS,
        "list": [[1, 2], None, [], ["a", None], [1.5, np.nan], [[1]]],
        "tuple": [(1, 2), None, (), ("a", None), (1.5,), ((1,),)],
        "dict": [{"a": 1}, None, {1: "a"}, {2: (3,)}, {"b": {"c": [dt.date(2020, 1, 1)]}}, {}],
        "nested": [[dt.date(2020, 1, 1)], [Decimal("1.5"), b"\xff", UUID(int=3)]] * 3,
        "set": [{1, 2}, {"a"}, None] * 2, "frozenset": [frozenset("abc")] * ROWS,
        "array": [np.arange(3, dtype="float32") * n / 3 for n in range(ROWS)],
        "arrays": [np.arange(n) for n in range(ROWS)], "matrix": [np.eye(2), None] * 3,
        "array of text": [np.array(["a", "b"])] * ROWS,
        "array of objects": [np.array(["a", None], object)] * ROWS,
        "array of dates": [np.array(["2020-01-01"], "datetime64[ns]")] * ROWS,
        "long array": [np.random.default_rng(n).random(2000) for n in range(ROWS)],
        "mixture": [1, "a", None, 2.5, True, b"x"],
        "more mixture": [dt.date(2020, 1, 1), Decimal("1.5"), UUID(int=3), [1], (1, 2), {"a": 1}],
        "nothing": [None] * ROWS, "nan": [np.nan] * ROWS,
    }.items():  # fmt: skip
        yield f"object {name}", pd.Series(values, dtype=object)


COLUMNS = {
    name: values
    for group in (_numbers, _texts, _moments, _intervals, _categories, _arrow, _sparse, _objects)
    for name, values in group()
}

INDEXES = {
    "range": pd.RangeIndex(ROWS), "named range": pd.RangeIndex(ROWS, name="r"),
    "steps": pd.RangeIndex(10, 10 + 3 * ROWS, 3), "backwards": pd.RangeIndex(ROWS, 0, -1),
    "int": pd.Index([3, 1, 2, 5, 4, 6]), "uint8": pd.Index(range(ROWS), dtype="uint8"),
    "float": pd.Index([0.5, 1, 2, 3, 4, 5]), "Int64": pd.Index(range(ROWS), dtype="Int64"),
    "text": pd.Index(list("abcdef"), name="k"), "object": pd.Index(list("abcdef"), dtype=object),
    "string": pd.Index(list("abcdef"), dtype="string"),
    "arrow": pd.Index(list("abcdef"), dtype=pd.ArrowDtype(pa.string())),
    "mixed": pd.Index([1, "1a", 2.5, dt.date(2020, 1, 1), "x", True], dtype=object),
    "tuples": pd.Index([("a", n) for n in range(ROWS)], tupleize_cols=False),
    "dates": pd.Index([day.date() for day in DAYS[:ROWS]]),
    "uuid": pd.Index([UUID(int=n) for n in range(ROWS)]),
    "period": pd.period_range("2020", periods=ROWS, freq="M", name="p"),
    "days": DAYS[:ROWS], "business days": pd.bdate_range("2020", periods=ROWS),
    "months": pd.date_range("2020", periods=ROWS, freq="MS", tz=MADRID, name="when"),
    "moments": pd.DatetimeIndex(["2020", "2021", "2019", "2017-05-01", "2022", "2023"]),
    "hours": pd.timedelta_range(0, periods=ROWS, freq="h"),
    "category": pd.CategoricalIndex(list("abcdef"), list("fedcbaz"), ordered=True, name="c"),
    "interval": pd.interval_range(0, ROWS), "sparse": pd.Index(pd.arrays.SparseArray(range(ROWS))),
    "interval of days": pd.interval_range(DAYS[0], periods=ROWS, closed="both", name="iv"),
    "levels": pd.MultiIndex.from_product([["a", "b"], [1, 2, 3]], names=["x", None]),
    "levels of one name": pd.MultiIndex.from_product([["a", "b"], [1, 2, 3]], names=["x", "x"]),
    "one level": pd.MultiIndex.from_arrays([list("abcdef")], names=["only"]),
    "rich levels": pd.MultiIndex.from_arrays(
        [pd.interval_range(0, ROWS), DAYS[:ROWS], pd.CategoricalIndex(list("abcabc"))],
        names=["iv", "d", "c"],
    ),
    "name 0": pd.Index(list("abcdef"), name=0), "name ''": pd.Index(list("abcdef"), name=""),
    "name tuple": pd.Index(list("abcdef"), name=("a", "b")),
    "name date": pd.Index(list("abcdef"), name=dt.date(2020, 1, 1)),
}  # fmt: skip

# Labels of three columns.
LABELS = {
    "levels": pd.MultiIndex.from_tuples([("a", "x"), ("a", "y"), ("b", "text")]),
    "named levels": pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 3)], names=["l", None]),
    "rich levels": pd.MultiIndex.from_product(
        [["a"], DAYS[:3], [pd.Interval(0, 1)]], names=[1, 2, "3"]
    ),
    "after reset_index": pd.MultiIndex.from_tuples([("idx", ""), ("a", "y"), ("b", "text")]),
    "categories in levels": pd.MultiIndex.from_arrays(
        [pd.CategoricalIndex(["a", "b", "b"], categories=["b", "a"]), ["x", "y", "text"]]
    ),
    "missing in levels": pd.MultiIndex.from_tuples([("a", np.nan), ("a", "y"), ("b", "text")]),
    "named": pd.Index(["a", "b", "text"], name="cols"), "name 3": pd.Index(list("abc"), name=3),
    "name ''": pd.Index(["a", "b", "text"], name=""), "''": pd.Index(["a", "", "text"]),
    "range": pd.RangeIndex(3, name="n"), "int": pd.Index([2, 5, 1]), "float": pd.Index([0.5, 1, 2]),
    "date": pd.Index([day.date() for day in DAYS[:3]]), "days": DAYS[:3],
    "moments": pd.DatetimeIndex(["2020", "2022", "2023"], name="w"),
    "period": pd.period_range("2020", periods=3, freq="M"),
    "timedelta": pd.timedelta_range(0, periods=3), "interval": pd.interval_range(0, 3),
    "category": pd.CategoricalIndex(["a", "b", "text"], categories=["text", "b", "a", "z"]),
    "mixed": pd.Index(["a", 1, "text"]), "None": pd.Index(["a", None, "text"], dtype=object),
    "nan": pd.Index(["a", np.nan, "text"]), "bool": pd.Index([True, False, "text"]),
    "object": pd.Index(["a", "b", "text"], dtype=object),
    "string": pd.Index(["a", "b", "text"], dtype="string"),
    "tuple": pd.Index([("a", "b"), "c", "text"]),
    "surrogate": pd.Index(["a\ud800", "b", "text"], dtype=object),
}  # fmt: skip
