from __future__ import annotations

import io

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from mmrag_jupyter import sources
from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.items import Problem


def write(folder, name, text, encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def rows(path, **options):
    return [item.metadata for item in sources.read(path, **options)]


def test_a_csv_is_a_table_known_by_its_path(tmp_path):
    path = write(tmp_path, "things.csv", "name,price\nAnt,1\nBee,2\n")
    source = sources.read(str(path))
    assert [item.metadata for item in source] == [
        {"name": "Ant", "price": 1}, {"name": "Bee", "price": 2},
    ]  # fmt: skip
    assert (source.key, source.label, source.ids) == (f"path:{path}", "things.csv", ["0", "1"])
    assert [column.role for column in source.columns] == ["index", "column", "column"]


def test_leading_zeros_survive_and_numbers_stay_numbers(tmp_path):
    path = write(tmp_path, "a.csv", "zip,n,share\n00501,1,0.5\n10001,2,0.25\n,3,\n")
    assert rows(path) == [
        {"zip": "00501", "n": 1, "share": 0.5},
        {"zip": "10001", "n": 2, "share": 0.25},
        {"zip": None, "n": 3, "share": None},
    ]


def test_a_leading_zero_far_down_counts_too(tmp_path):
    path = write(tmp_path, "a.csv", "code\n" + "12\n" * 300_000 + "007\n")
    assert rows(path)[-1] == {"code": "007"}


@pytest.mark.parametrize(
    ("written", "ids"),
    [("007,8", ["007", "8"]), ("1E5,2E5", ["1E5", "2E5"]), ("NA,null", ["NA", "null"]),
     ("1.10,1.1", ["1.10", "1.1"]), ("3,4", ["3", "4"]),
     ("90071992547409931,1", ["90071992547409931", "1"])],
)  # fmt: skip
def test_ids_of_a_csv_are_what_is_written(tmp_path, written, ids):
    first, second = written.split(",")
    path = write(tmp_path, "a.csv", f"key,n\n{first},1\n{second},2\n")
    assert sources.read(path, id="key").ids == ids


def test_an_id_column_of_plain_numbers_stays_numbers(tmp_path):
    path = write(tmp_path, "a.csv", "key\n3\n4\n")
    assert rows(path, id="key") == [{"key": 3}, {"key": 4}]


def test_a_missing_id_in_a_csv_is_refused(tmp_path):
    path = write(tmp_path, "a.csv", "key,n\na,1\n,2\n")
    with pytest.raises(SourceError, match=r"1 row without an id in column 'key' of a.csv"):
        sources.read(path, id="key")


def test_missing_values_are_missing(tmp_path):
    path = write(tmp_path, "a.csv", "t,n\nnan,1\n,\nNA,3\n")
    assert rows(path) == [{"t": None, "n": 1.0}, {"t": None, "n": None}, {"t": None, "n": 3.0}]


@pytest.mark.parametrize(
    ("name", "text", "encoding"),
    [("a.tsv", "a\tb\n1\tx, y\n", "utf-8"), ("a.csv", "a;b\n1;x, y\n", "utf-8"),
     ("a.csv", 'a,b\n1,"x, y"\n', "utf-8-sig"), ("a.csv", 'a,b\n1,"x, y"\n', "utf-16"),
     ("a.CSV", 'a,b\r\n1,"x, y"\r\n', "utf-8")],
)  # fmt: skip
def test_separators_and_encodings(tmp_path, name, text, encoding):
    assert rows(write(tmp_path, name, text, encoding)) == [{"a": 1, "b": "x, y"}]


def test_a_csv_that_is_not_utf8_is_read_and_said(tmp_path):
    path = write(tmp_path, "a.csv", "name\ncafé\n", "cp1252")
    assert rows(path) == [{"name": "café"}]
    assert "Windows-1252" in sources.read(path).notice


@pytest.mark.parametrize(
    ("text", "message"),
    [("a,a\n1,2\n", "More than one column of a.csv is named 'a'"), ("a,b\n1,2\n1,2,3\n", "line 3"),
     ('a\n"open\n', "cannot be read as csv")],
)  # fmt: skip
def test_a_broken_csv_is_one_line(tmp_path, text, message):
    with pytest.raises(SourceError) as raised:
        sources.read(write(tmp_path, "a.csv", text))
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("text", ["", "a,b\n"])
def test_an_empty_csv_is_an_empty_source(tmp_path, text):
    assert sources.read(write(tmp_path, "a.csv", text)).ids == []


def test_a_header_one_name_short_makes_an_index(tmp_path):
    path = write(tmp_path, "a.csv", "n,code\nx,1,007\ny,2,008\n")
    source = sources.read(path)
    assert source.ids == ["x", "y"]
    assert [item.metadata for item in source] == [{"n": 1, "code": "007"}, {"n": 2, "code": "008"}]


def test_paths_in_a_table_begin_in_its_folder_then_in_the_working_folder(tmp_path, monkeypatch):
    inner, working = tmp_path / "inner", tmp_path / "working"
    for folder, name in ((inner, "a.png"), (working, "b.png")):
        folder.mkdir()
        Image.new("RGB", (1, 1)).save(folder / name)
    monkeypatch.chdir(working)
    path = write(inner, "t.csv", "image\na.png\nb.png\n")
    paths = [item.pieces[0].media.path for item in sources.read(path)]
    assert paths == [inner / "a.png", working / "b.png"]
    problem, *_ = sources.read(path, root=inner / "..", image="image")
    assert isinstance(problem, Problem)


def test_parquet_of_pandas_comes_with_its_index_and_dtypes(tmp_path):
    frame = pd.DataFrame(
        {"kind": pd.Categorical(["a", "b"], ["b", "a"], ordered=True),
         "n": pd.array([1, None], dtype="Int64"), "tags": [["x"], ["y", "z"]]},
        index=pd.Index(["p", "q"], name="key"),
    )  # fmt: skip
    frame.to_parquet(tmp_path / "t.parquet")
    source = sources.read(tmp_path / "t.parquet")
    assert source.ids == ["p", "q"]
    assert [column.dtype for column in source.columns[1:3]] == ["category", "Int64"]
    assert [item.metadata for item in source] == [
        {"kind": "a", "n": 1, "tags": ["x"]}, {"kind": "b", "n": None, "tags": ["y", "z"]},
    ]  # fmt: skip


def test_parquet_of_others_keeps_whole_numbers_whole(tmp_path):
    pl.DataFrame({"n": [2**60 + 1, None], "id": [1, 2]}).write_parquet(tmp_path / "t.parquet")
    source = sources.read(tmp_path / "t.parquet", id="id")
    assert [item.metadata["n"] for item in source] == [2**60 + 1, None]
    assert source.ids == ["1", "2"]


def test_pictures_in_parquet(tmp_path):
    out = io.BytesIO()
    Image.new("RGB", (2, 2)).save(out, "PNG")
    table = pa.table({"image": [{"bytes": out.getvalue(), "path": "x.png"}, None]})
    pq.write_table(table, tmp_path / "t.parquet")
    first, second = sources.read(tmp_path / "t.parquet")
    assert first.pieces[0].media.data == out.getvalue()
    assert list(second.pieces) == []


def test_a_broken_parquet_is_one_line(tmp_path):
    with pytest.raises(SourceError, match="cannot be read as parquet") as raised:
        sources.read(write(tmp_path, "t.parquet", "not parquet at all"))
    assert "\n" not in str(raised.value)


def test_json_lines_keep_strings_and_whole_numbers(tmp_path):
    path = write(
        tmp_path,
        "a.jsonl",
        '{"id": "007", "n": 1, "made_at": "2020-01-01", "x": 1, "ok": true}\n\n'
        '{"id": "008", "n": null, "tags": ["a"], "x": 0.5}\n',
    )
    assert rows(path) == [
        {"id": "007", "n": 1, "made_at": "2020-01-01", "x": 1.0, "ok": True, "tags": None},
        {"id": "008", "n": None, "made_at": None, "x": 0.5, "ok": None, "tags": ["a"]},
    ]
    columns = {column.name: column.dtype for column in sources.read(path).columns[1:]}
    assert (columns["n"], columns["ok"], columns["x"]) == ("Int64", "boolean", "float64")
    assert sources.read(path, id="id").ids == ["007", "008"]


def test_bad_lines_are_problems_and_the_rest_is_loaded(tmp_path):
    path = write(tmp_path, "a.ndjson", '{"a": 1}\n{"a": \n[1]\n{"a": 2}\n' + "[" * 100_000 + "\n")
    source = sources.read(path)
    assert [item.metadata for item in source] == [{"a": 1}, {"a": 2}]
    assert [problem.source for problem in source.problems] == [
        "a.ndjson, line 2", "a.ndjson, line 3", "a.ndjson, line 5",
    ]  # fmt: skip


def test_a_table_that_is_a_folder_is_a_folder(tmp_path):
    (tmp_path / "t.csv").mkdir()
    assert "no pictures, recordings, texts or documents" in sources.read(tmp_path / "t.csv").notice


def test_columns_without_a_name_are_read_too(tmp_path):
    path = write(tmp_path, "a.csv", ",n,\n007,1,2\n008,2,3\n")
    assert rows(path) == [
        {"Unnamed: 0": "007", "n": 1, "Unnamed: 2": 2},
        {"Unnamed: 0": "008", "n": 2, "Unnamed: 2": 3},
    ]
