"""A dataframe of any dtypes, index and labels is loaded, and comes back exactly after reopening."""

from __future__ import annotations

import enum
import io
from uuid import UUID

import numpy as np
import pandas as pd
import pandas.testing as pdt
import pyarrow as pa
import pytest
from dtype_cases import COLUMNS, INDEXES, LABELS, ROWS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from toys import picture

import mmrag_jupyter as mm
from mmrag_jupyter.config import Config
from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.session import Session

TEXTS = [f"text {number}" for number in range(ROWS)]


def encoded(colour):
    data = io.BytesIO()
    picture(colour).save(data, "PNG")
    return data.getvalue()


def name_of(label):
    """Return the name that a column of this label has in `where` and the like."""
    words = label if isinstance(label, tuple) else (label,)
    return ".".join(str(word) for word in words if str(word))


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Session(Config())


@pytest.fixture
def reopened(tmp_path):
    """Load a dataframe, whose last column holds the texts, and open the collection again."""
    opened = []

    def load(frame):
        name, store = name_of(frame.columns[-1]), tmp_path / f"{len(opened)}"
        options = {"text": name, "image": [], "model": "builtin", "progress": False}
        mm.load(frame, f"c{len(opened)}", store=store, **options).close()
        opened.append(mm.open(store))
        return opened[-1]

    yield load
    for collection in opened:
        collection.close()


def types_of(value):
    if isinstance(value, (list, tuple)):
        return type(value), [types_of(inner) for inner in value]
    if isinstance(value, dict):
        return dict, [(types_of(key), types_of(inner)) for key, inner in value.items()]
    return type(value), getattr(value, "dtype", None), str(getattr(value, "tzinfo", None))


def assert_same(found, expected):
    """Compare everything: classes of indexes, names, dtypes, values, and types of objects."""
    pdt.assert_frame_equal(
        found, expected, check_exact=True, check_index_type="exact", check_column_type="exact"
    )
    for at in range(expected.shape[1]):
        if expected.dtypes.iloc[at].name == "object":
            pairs = zip(found.iloc[:, at], expected.iloc[:, at], strict=True)
            assert [types_of(a) for a, b in pairs if types_of(a) != types_of(b)] == []


def asked(collection, frame):
    """Return what a query finds of the dataframe's own columns, and what it should be."""
    hits = collection.query("text", k=4)
    found = hits.to_pandas()
    assert len(found) == 4
    rows = [TEXTS.index(hit.text) for hit in hits]
    return found.iloc[:, : frame.shape[1]], frame.iloc[rows]


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_of_any_dtype_comes_back(reopened, name):
    frame = pd.DataFrame({"own": COLUMNS[name], "text": TEXTS}).set_index(pd.Index(list("abcdef")))
    collection = reopened(frame)
    assert_same(collection.items(), frame)
    assert_same(*asked(collection, frame))


@pytest.mark.parametrize("name", INDEXES)
def test_an_index_of_any_kind_comes_back(reopened, name):
    frame = pd.DataFrame({"n": range(ROWS), "text": TEXTS}, index=INDEXES[name])
    collection = reopened(frame)
    assert_same(collection.items(), frame)
    pdt.assert_frame_equal(*asked(collection, frame), check_freq=False)


@pytest.mark.parametrize("name", LABELS)
def test_labels_of_columns_of_any_kind_come_back(reopened, name):
    frame = pd.DataFrame([[at, at * 2, text] for at, text in enumerate(TEXTS)])
    frame.columns = LABELS[name]
    collection = reopened(frame)
    assert_same(collection.items(), frame)
    found, expected = asked(collection, frame)
    assert list(found.columns) == list(expected.columns) or name in {"nan", "missing in levels"}
    assert found.to_numpy().tolist() == expected.to_numpy().tolist()


@settings(max_examples=25, deadline=None, suppress_health_check=[*HealthCheck])
@given(
    columns=st.lists(st.sampled_from(sorted(COLUMNS)), max_size=4),
    index=st.sampled_from(sorted(INDEXES)),
    names=st.lists(st.text(max_size=4), min_size=5, max_size=5, unique=True),
    rows=st.permutations(range(ROWS)),
)
def test_any_frame_comes_back(reopened, columns, index, names, rows):
    parts = [pd.Series(COLUMNS[name].array, dtype=COLUMNS[name].dtype) for name in columns]
    frame = pd.concat([*parts, pd.Series(TEXTS)], axis=1)
    frame.columns = pd.Index([f"{at} {name}" for at, name in enumerate(names)][: len(parts) + 1])
    frame = frame.set_index(INDEXES[index]).iloc[list(rows)]
    pdt.assert_frame_equal(reopened(frame).items(), frame, check_exact=True)


def test_labels_of_several_levels_come_back_with_a_query(reopened):
    frame = pd.DataFrame(
        [[1, "red shoe"], [2, "blue hat"]],
        columns=pd.MultiIndex.from_tuples(
            [("price", "eur"), ("title", "en")], names=["what", "in"]
        ),
    )
    found = reopened(frame).query("hat", where="`price.eur` > 1").to_pandas()
    pdt.assert_frame_equal(found[["price", "title"]], frame.iloc[[1]])
    assert found["rank"].tolist() == [1]


def test_an_interval_is_a_text_to_conditions_and_on_the_screen(reopened):
    frame = pd.DataFrame(
        {"price": pd.cut(np.array([3, 12, 30, 7, 1, 40]), [0, 10, 50]), "text": TEXTS},
        index=pd.interval_range(0, ROWS, name="band"),
    )
    collection = reopened(frame)
    found = collection.items(where="price == '(0, 10]' and band != '(0, 1]'")
    pdt.assert_frame_equal(found, frame.iloc[[3, 4]])
    hit = collection.query("text 5")[0]
    assert hit.metadata["price"] == "(10, 50]"
    bundle = collection.query("text 5")._repr_mimebundle_()
    assert "(10, 50]" in bundle["text/html"]
    assert (
        bundle["application/vnd.mmrag.hits.v1+json"]["hits"][0]["metadata"]["price"] == "(10, 50]"
    )


def test_columns_of_several_frames_keep_the_labels_that_they_have(session):
    first = pd.DataFrame([["red"], ["blue"]], index=["a", "b"])
    second = pd.DataFrame({"name": ["green"]}, index=["c"])
    options = {"text": ["0"], "image": [], "model": "builtin"}
    collection = session.load(first, "both", key="first", **options)
    collection.load(second, key="second", text="name", image=[])
    assert list(collection.items().columns) == [0, "name"]


def test_values_that_an_earlier_load_left_keep_their_categories(session):
    options = {"key": "k", "text": "text", "image": [], "model": "builtin"}
    old = pd.DataFrame({"size": pd.Categorical(["S", "M"]), "text": ["a", "b"]}, index=["x", "y"])
    new = pd.DataFrame({"size": pd.Categorical(["L"]), "text": ["c"]}, index=["z"])
    collection = session.load(old, "shop", **options)
    collection.load(new, keep_missing=True, **options)
    assert collection.items()["size"].tolist() == ["S", "M", "L"]


class Colour(enum.Enum):
    RED = 1


@pytest.mark.parametrize(
    ("values", "back"),
    [
        ([Colour.RED] * ROWS, ["Colour.RED"] * ROWS),
        ([pd.Period("2020", "M"), pd.Period("2020", "Y")] * 3, ["2020-01", "2020"] * 3),
        ([pd.Interval(0, 1), pd.Interval(0, 1, "left")] * 3, ["(0, 1]", "[0, 1)"] * 3),
        ([UUID(int=1), "x"] * 3, [str(UUID(int=1)), "x"] * 3),
        (["a", None, np.nan] * 2, ["a", None, None] * 2),
        ([np.int8(1), np.float32(0.5)] * 3, [1, 0.5] * 3),
        ([np.arange(2), np.arange(2.0)] * 3, [[0, 1], [0.0, 1.0]] * 3),
    ],
    ids=["enum", "periods", "intervals", "uuid and text", "missing", "numpy", "arrays"],
)
def test_objects_that_do_not_come_back_as_they_were_come_back_as_documented(reopened, values, back):
    frame = pd.DataFrame({"own": pd.Series(values, dtype=object), "text": TEXTS})
    found = reopened(frame).items()["own"].tolist()
    assert found == back
    assert list(map(type, found)) == list(map(type, back))


def test_nan_of_an_arrow_column_comes_back_as_missing(reopened):
    numbers = pa.array([1.5, float("nan"), None, 1, 2, 3])
    frame = pd.DataFrame({"own": pd.arrays.ArrowExtensionArray(numbers), "text": TEXTS})
    assert reopened(frame).items()["own"].isna().tolist() == [False, True, True, *[False] * 3]


def test_columns_that_one_name_would_stand_for_are_refused(tmp_path):
    twice = pd.DataFrame([[1, 2]], columns=["a", "a"])
    joined = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a.b", ""), ("a", "b")]))
    for frame, name in ((twice, "'a'"), (joined, "'a.b'")):
        with pytest.raises(SourceError, match=f"More than one column .* is named {name}"):
            mm.load(frame, store=tmp_path / "c", model="builtin")


def test_each_picture_comes_back_in_its_own_column(session):
    red, green, blue = (encoded(colour) for colour in ("red", "green", "blue"))
    frame = pd.DataFrame(
        {"front": [red, None, green, b"no picture"], "back": [green, blue, None, red]},
        index=list("wxyz"),
    )
    options = {"image": ["back", "front"], "text": [], "model": "builtin"}
    shoes = session.load(frame, "shoes", **options)
    readable = frame.assign(front=[red, None, green, None])
    assert_same(shoes.items(), readable)
    assert_same(shoes.show("x").to_pandas()[["front", "back"]], readable.loc[["x"]])
    # The only picture of a row moves to the other column.
    moved = readable.assign(front=[red, blue, green, None], back=[green, None, None, red])
    session.load(moved, "shoes", **options)
    assert_same(shoes.items(), moved)


def test_a_path_in_one_column_is_no_picture_of_another(session, tmp_path):
    picture("red").save(tmp_path / "red.png")
    blue = encoded("blue")
    frame = pd.DataFrame({"file": ["red.png", None], "shot": [blue, blue]})
    options = {"image": ["file", "shot"], "text": [], "root": tmp_path, "model": "builtin"}
    assert_same(session.load(frame, "shots", **options).items(), frame)


def test_a_column_is_named_by_its_label_too(session):
    frame = pd.DataFrame([["k1", "red"], ["k2", "blue"]], columns=[0, 1])
    by_number = session.load(frame, "n", text=1, id=0, image=[], model="builtin")
    assert by_number.query("red").ids == ["k1"]
    frame.columns = pd.MultiIndex.from_tuples([("a", "key"), ("a", "text")])
    by_levels = session.load(frame, "l", text=("a", "text"), id=("a", "key"), model="builtin")
    assert by_levels.query("blue").ids == ["k2"]
