"""A dataframe comes back from the store as it was: columns, dtypes, order, categories, index."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pandas.testing as pdt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_rows import image, item

from mmrag_jupyter import sources
from mmrag_jupyter.items import Column, Item, NewItem
from mmrag_jupyter.store import Store

COUNT = 4


def load(store, frame, key="frame", prefix=""):
    """Store a dataframe's rows as its source describes them."""
    source = sources.read(frame, key=key, text="", image="")
    rows = [one for one in source if isinstance(one, Item)]
    assert len(rows) == len(frame)
    items = [
        NewItem(f"{prefix}{number}", b"", (), row.metadata, row.index)
        for number, row in enumerate(rows)
    ]
    with store.writer() as writer:
        writer.add_source(source.key, source.label, source.columns)
        writer.put(items, {}, source=source.key)


def back(frame):
    """Return the dataframe as a new store gives it back."""
    with tempfile.TemporaryDirectory() as folder:
        with Store.create(Path(folder) / "c", "c") as store:
            load(store, frame)
        with Store.open(Path(folder) / "c") as store:
            return store.frame()


COLUMNS = {
    "int64": [1, -2, 3, 2**62],
    "uint8": pd.Series([0, 1, 2, 255], dtype="uint8"),
    "float": [1.5, np.nan, np.inf, -0.0],
    "float32": pd.Series([0.1, 0.2, np.nan, 3e38], dtype="float32"),
    "bool": [True, False, True, True],
    "boolean": pd.array([True, None, False, None], dtype="boolean"),
    "Int64": pd.array([1, None, 2**60, -1], dtype="Int64"),
    "Float64": pd.array([1.5, None, 2.5, -1], dtype="Float64"),
    "str": ["a", None, "", "nan"],
    "string": pd.array(["a", None, "", "NaN"], dtype="string"),
    "object": pd.Series(["a", None, 5, True], dtype=object),
    "datetime": pd.to_datetime(
        ["2024-05-31 18:30:00.123456", None, "1700-01-01", "2024-01-01"], format="ISO8601"
    ),
    "zoned": pd.to_datetime(
        ["2024-10-27 00:30", "2024-10-27 01:30", None, "2024-01-01 00:00"], utc=True
    ).tz_convert("Europe/Madrid"),
    "timedelta": pd.to_timedelta(["1 days 00:00:01.5", None, "-3 min", "0 s"]),
    "category": pd.Categorical(["b", None, "a", "b"], categories=["b", "unused", "a"]),
    "ordered": pd.Categorical([3, 1, None, 3], categories=[3, 2, 1], ordered=True),
    "dated": pd.Categorical(pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-01", None])),
    "period": pd.PeriodIndex(["2024-01", "2024-02", None, "2023-12"], freq="M"),
    "nested": [[1, 2], {"a": [None, "x"]}, None, []],
    "decimal": [Decimal("12.50"), Decimal("0.1"), None, Decimal("1E+3")],
    "date": [pd.Timestamp("2024-05-31").date(), None, None, pd.Timestamp("1999-12-31").date()],
    "bytes": [b"\x00\xff", None, b"", b"x"],
    "nothing": [None] * COUNT,
    "all nan": [np.nan] * COUNT,
    "complex": [1 + 2j, 0j, -1j, 3 + 0j],
    "arrow": pd.array([1, None, 3, 4], dtype="int64[pyarrow]"),
    "big": pd.Series([2**63, 1, 2, 2**64 - 1], dtype="uint64"),
}  # fmt: skip


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_of_any_dtype_comes_back(name):
    frame = pd.DataFrame({name: COLUMNS[name]})
    pdt.assert_frame_equal(back(frame), frame)


@pytest.mark.parametrize(
    "index",
    [
        pd.Index(["w", "x", "y", "z"], name="sku"),
        pd.Index(["w", "x", "y", "z"]),
        pd.Index([5, 3, 2, 1], name="id"),
        pd.RangeIndex(COUNT),
        pd.date_range("2024-01-01", periods=COUNT, tz="Europe/Madrid", name="when"),
        pd.CategoricalIndex(["a", "b", "c", "d"], name="letter"),
        pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1), ("b", 2)], names=["x", "y"]),
        pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1), ("b", 2)]),
        pd.Index([1.5, 2.5, 3.5, 4.5], name="f"),
    ],
    ids=lambda index: f"{type(index).__name__} {index.names}",
)
def test_an_index_of_any_kind_comes_back(index):
    frame = pd.DataFrame({"v": [1, 2, 3, 4], "v2": list("abcd")}, index=index)
    pdt.assert_frame_equal(back(frame), frame, check_freq=False)


names = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=6)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    chosen=st.lists(st.sampled_from(sorted(COLUMNS)), max_size=6),
    given_names=st.lists(names, min_size=6, max_size=6, unique=True),
    order=st.permutations(range(COUNT)),
)
def test_any_frame_comes_back(chosen, given_names, order):
    columns = {given_names[at]: COLUMNS[one] for at, one in enumerate(chosen)}
    frame = pd.DataFrame(columns, range(COUNT)).iloc[list(order)]
    pdt.assert_frame_equal(back(frame), frame, check_column_type=bool(chosen))


def test_ids_that_pandas_cannot_hold_as_text_are_an_index_of_objects(store):
    with store.writer() as writer:
        writer.add_source("folder", "folder", [Column("s", "str", "str")])
        writer.put([item("\udcff.jpg", image("a"), s="\udcff")], {}, source="folder")
    frame = store.frame()
    assert frame.index.tolist() == ["\udcff.jpg"]
    assert frame["s"].tolist() == ["\udcff"]


def test_some_rows_come_in_the_order_asked(store):
    frame = pd.DataFrame({"c": pd.Categorical(list("abca")), "n": [1, 2, 3, 4]}, index=list("wxyz"))
    load(store, frame)
    pdt.assert_frame_equal(store.frame([3, 1]), frame.iloc[[2, 0]])
    pdt.assert_frame_equal(store.frame([]), frame.iloc[:0], check_index_type=False)


def test_items_of_several_sources_have_the_union_of_columns(store):
    load(store, pd.DataFrame({"n": [1, 2], "both": ["x", "y"]}), "first", "a")
    load(store, pd.DataFrame({"both": ["z"], "flag": [True]}), "second", "b")
    frame = store.frame()
    assert frame.index.name == "id"
    assert frame.index.tolist() == ["a0", "a1", "b0"]
    assert frame.columns.tolist() == ["n", "both", "flag"]
    assert frame["both"].tolist() == ["x", "y", "z"]
    assert frame["both"].dtype == "str"
    assert frame["n"].dtype == "Int64"
    assert frame["flag"].dtype == "boolean"
    pdt.assert_frame_equal(
        store.frame([3]), pd.DataFrame({"both": ["z"], "flag": [True]}), check_index_type="equiv"
    )


def test_a_column_that_sources_disagree_on_holds_the_values_of_both(store):
    load(store, pd.DataFrame({"x": [1, 2]}), "first", "a")
    load(store, pd.DataFrame({"x": ["one"]}), "second", "b")
    assert store.frame()["x"].tolist() == [1, 2, "one"]


def test_items_without_an_index_have_their_ids(store):
    with store.writer() as writer:
        writer.add_source("folder", "folder", [Column("size", "int", "int64")])
        writer.put([item("a.jpg", image("a"), size=1)], {}, source="folder")
    frame = store.frame()
    assert frame.index.tolist() == ["a.jpg"]
    assert frame.index.name == "id"
    assert frame["size"].dtype == "int64"


def test_pictures_of_a_column_come_back_as_bytes_or_paths(store):
    columns = [Column("name", "str", "str"), Column("photo", "media"), Column("back", "media")]
    with store.writer() as writer:
        writer.add_source("rows", "rows", columns)
        first = item("a", image("1", blob=b"one"), image("2", path="/two.jpg"), name="a")
        second = item("b", image("3", blob=b"three"), name="b")
        writer.put([first, second, item("c", name="c")], {}, source="rows")
    frame = store.frame()
    assert frame.columns.tolist() == ["name", "photo", "back"]
    assert frame["photo"].tolist() == [b"one", b"three", None]
    assert frame["back"].tolist() == ["/two.jpg", None, None]
    assert store.items([1])[0].metadata == {"name": "a"}


def test_a_frame_of_nothing_but_an_index_comes_back():
    frame = pd.DataFrame(index=pd.Index(["a", "b"], name="k"))
    found = back(frame)
    assert found.index.equals(frame.index)
    assert found.shape == (2, 0)
