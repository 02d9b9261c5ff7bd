from __future__ import annotations

import subprocess
import sys

import datasets
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from mmrag_jupyter import sources
from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.sources.frames import as_table

DATA = {"name": ["ant", None], "legs": [6, None], "tags": [["a"], None]}


def rows(source, **options):
    return [item.metadata for item in sources.read(source, **options)]


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame(DATA),
        pa.table(DATA),
        pa.RecordBatch.from_pydict(DATA),
        datasets.Dataset.from_dict(DATA),
    ],
    ids=lambda frame: type(frame).__module__,
)
def test_frames_of_any_library_give_the_same_rows(frame):
    source = sources.read(frame)
    assert [item.metadata for item in source] == [
        {"name": "ant", "legs": 6, "tags": ["a"]},
        {"name": None, "legs": None, "tags": None},
    ]
    assert source.ids == ["0", "1"]
    assert [item.index for item in source] == [(0,), (1,)]
    index, name, legs, tags = source.columns
    assert (index.role, index.name, index.kind) == ("index", "", "int")
    assert (name.kind, name.dtype) == ("str", "str")
    assert (legs.kind, legs.dtype) == ("int", "Int64")
    assert tags.kind == "json"


def test_pandas_rows_come_with_their_index_and_missing_is_missing():
    frame = pd.DataFrame(DATA, index=pd.Index(["x", "y"], name="letter"))
    source = sources.read(frame)
    assert [item.metadata for item in source] == [
        {"name": "ant", "legs": 6.0, "tags": ["a"]},
        {"name": None, "legs": None, "tags": None},
    ]
    assert source.ids == ["x", "y"]
    assert [item.index for item in source] == [("x",), ("y",)]
    assert source.columns[0].name == "letter"


def test_a_subclass_of_a_dataframe_is_a_dataframe():
    class Mine(pd.DataFrame):
        pass

    assert rows(Mine({"a": [1]})) == [{"a": 1}]


def test_a_multiindex_is_several_levels_and_one_id():
    index = pd.MultiIndex.from_tuples([("a", 1), ("a", 2)], names=["shop", None])
    source = sources.read(pd.DataFrame({"x": [1, 2]}, index=index))
    assert source.ids == ["a/1", "a/2"]
    assert [(column.name, column.role) for column in source.columns] == [
        ("shop", "index"), ("", "index"), ("x", "column"),
    ]  # fmt: skip
    assert [item.index for item in source] == [("a", 1), ("a", 2)]


def test_a_selection_of_a_dataset_is_respected():
    dataset = datasets.Dataset.from_dict({"n": list(range(10))}).select([7, 3])
    assert rows(dataset) == [{"n": 7}, {"n": 3}]


def test_class_labels_are_read_as_their_names():
    features = datasets.Features(
        {"animal": datasets.ClassLabel(names=["cat", "dog"]), "n": datasets.Value("int64")}
    )
    dataset = datasets.Dataset.from_dict({"animal": [1, 0, None], "n": [1, 2, 3]}, features)
    source = sources.read(dataset)
    assert [item.metadata["animal"] for item in source] == ["dog", "cat", None]
    column = source.columns[1]
    assert column.dtype == "category"
    assert column.detail["categories"] == ["cat", "dog"]


def test_polars_objects_and_wide_integers_are_values_not_addresses():
    frame = pl.DataFrame(
        {
            "thing": pl.Series([{1}, None], dtype=pl.Object),
            "wide": pl.Series([2**100, None], dtype=pl.Int128),
            "n": [1, 2],
        }
    )
    assert rows(frame) == [
        {"thing": [1], "wide": 2**100, "n": 1},
        {"thing": None, "wide": None, "n": 2},
    ]


def test_polars_types_come_back_as_pandas_ones():
    frame = pl.DataFrame(
        {
            "kind": pl.Series(["a", None], dtype=pl.Enum(["b", "a"])),
            "box": pl.Series([[1, 2], [3, 4]], dtype=pl.Array(pl.Int8, 2)),
            "point": [{"x": 1.5}, None],
        }
    )
    source = sources.read(frame)
    assert [item.metadata for item in source] == [
        {"kind": "a", "box": [1, 2], "point": {"x": 1.5}},
        {"kind": None, "box": [3, 4], "point": None},
    ]
    kind, box, point = source.columns[1:]
    assert kind.dtype == "category"
    assert kind.detail["categories"] == ["b", "a"]
    assert (box.kind, point.kind) == ("json", "json")


@pytest.mark.parametrize(
    ("source", "advice"),
    [
        (pd.Series([1]), "to_frame"),
        (pl.Series([1]), "to_frame"),
        (pl.LazyFrame({"a": [1]}), "collect"),
        (datasets.DatasetDict({"train": datasets.Dataset.from_dict({"a": [1]})}), "train"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_near_miss_says_what_to_do(source, advice):
    with pytest.raises(SourceError, match=advice) as raised:
        sources.read(source)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("columns", [["a", "a"], [1, "1"]])
def test_two_columns_of_one_name_are_refused(columns):
    with pytest.raises(SourceError, match=r"More than one column of the dataframe is named '[a1]'"):
        sources.read(pd.DataFrame([[1, 2]], columns=columns))


def test_arrow_tables_with_two_columns_of_one_name_are_refused():
    table = pa.table([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(SourceError, match="More than one column of the arrow table is named 'a'"):
        sources.read(table)


def test_labels_that_are_no_strings_become_names():
    frame = pd.DataFrame([[1, 2]], columns=[0, ("a", "b")])
    assert rows(frame) == [{"0": 1, "a.b": 2}]
    nested = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "")]))
    assert rows(nested) == [{"a.x": 1, "a": 2}]


@pytest.mark.parametrize("name", ["id", "rowid", "select", 'with "quotes" and .dots', "größe 🍌"])
def test_column_names_of_any_kind_are_kept(name):
    assert rows(pd.DataFrame({name: ["x"]})) == [{name: "x"}]


@pytest.mark.parametrize("frame", [pd.DataFrame(), pl.DataFrame(), pd.DataFrame({"a": []})])
def test_an_empty_frame_is_an_empty_source(frame):
    source = sources.read(frame)
    assert list(source.ids) == list(source) == []
    assert source.notice == ""


def test_a_frame_without_columns_still_has_rows():
    source = sources.read(pd.DataFrame(index=["a", "b"]))
    assert [(item.id, item.metadata, item.pieces) for item in source] == [
        ("a", {}, []),
        ("b", {}, []),
    ]


def test_large_frames_are_read_in_blocks_without_a_gap():
    frame = pd.DataFrame({"n": np.arange(10_000), "name": [f"row {n}" for n in range(10_000)]})
    assert [item.metadata["n"] for item in sources.read(frame)] == list(range(10_000))
    assert [item.metadata["n"] for item in sources.read(pl.from_pandas(frame))] == list(
        range(10_000)
    )


def test_recognising_a_source_imports_no_library():
    script = (
        "import sys; from mmrag_jupyter.sources.frames import as_table;"
        "assert as_table([]) is None;"
        "print(*sorted({'pandas', 'polars', 'datasets', 'pyarrow', 'PIL'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == ""
    assert as_table({"a": [1]}) is None
