from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from IPython.core.error import UsageError
from PIL import Image

from mmrag_jupyter.errors import QueryError, SourceError
from mmrag_jupyter.items import Media
from mmrag_jupyter.notebook.namespace import (
    Namespace,
    column_names,
    is_picture,
    is_table,
    name_for,
)

FRAME = pd.DataFrame({"name": ["a", "b"], "photo": ["a.jpg", None]})
PICTURE = Image.new("RGB", (2, 2))


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def of(**names):
    return Namespace({}, names)


@pytest.mark.parametrize("table", [FRAME, pl.DataFrame(FRAME), pa.Table.from_pandas(FRAME)])
def test_tables_of_all_kinds_are_found_with_their_columns(table):
    names = of(products=table, _hidden=table, number=3, rows=[1], series=FRAME["name"])
    assert list(names.tables()) == ["products"]
    assert column_names(table) == ["name", "photo"]


def test_a_dataset_is_a_table():
    datasets = pytest.importorskip("datasets")
    table = datasets.Dataset.from_pandas(FRAME)
    assert is_table(table)
    assert column_names(table) == ["name", "photo"]


def test_a_subclass_of_a_table_is_one():
    class Mine(pd.DataFrame):
        pass

    assert is_table(Mine())


def test_a_variable_comes_before_a_path(here):
    (here / "products").mkdir()
    found = of(products=FRAME).source("products")
    assert found.value is FRAME
    assert (found.name, found.key) == ("products", "table:products")


def test_a_local_variable_comes_before_a_global_one():
    assert Namespace({"df": FRAME}, {"df": 1}).source("df").value is FRAME


def test_a_path_comes_before_a_variable_that_cannot_be_meant(here):
    (here / "photos").mkdir()
    assert of(photos=print).source("photos").value == Path("photos")


@pytest.mark.parametrize(
    ("text", "name"),
    [("shop.products", "products"), ("frames['may 1']", "may 1"), ("rows[0]", "")],
)
def test_a_source_is_reached_by_attributes_and_keys(text, name):
    class Shop:
        products = FRAME

    found = of(shop=Shop(), frames={"may 1": FRAME}, rows=[FRAME]).source(text)
    assert found.value is FRAME
    assert (found.name, found.key) == (name, f"table:{text}")


def test_a_source_without_a_name_asks_for_one():
    with pytest.raises(UsageError, match="add --as NAME"):
        name_for(of(rows=[FRAME]).source("rows[0]"), "rows[0]")


def test_a_variable_that_holds_a_path_is_known_by_the_path():
    found = of(folder="./photos").source("folder")
    assert (found.value, found.name, found.key) == ("./photos", "folder", None)


@pytest.mark.parametrize("text", ["shop.csv", "./photos", "photos/", "."])
def test_a_path_is_left_to_name_itself(here, text):
    (here / "shop.csv").touch()
    (here / "photos").mkdir()
    found = of().source(text)
    assert (found.value, found.key, name_for(found, text)) == (Path(text), None, None)


def test_an_unknown_source_suggests_the_nearest(here):
    (here / "photos").mkdir()
    with pytest.raises(SourceError, match=r"no variable and no file .*'prodcts'.*'products'"):
        of(products=FRAME).source("prodcts")
    with pytest.raises(SourceError, match=r"Did you mean '\./photos'"):
        of().source("./phtos")


@pytest.mark.parametrize("text", ["products.head()", "products[products.name == 'a']"])
def test_nothing_is_called_or_computed(text):
    with pytest.raises(SourceError, match=r"computes something.*Assign it to a variable"):
        of(products=FRAME).source(text)


def test_a_call_in_a_picture_never_runs():
    ran = []
    with pytest.raises(QueryError, match="computes something"):
        of(boom=lambda: ran.append(1)).picture("boom()")
    with pytest.raises(QueryError, match="computes something"):
        of(photos=[1], boom=lambda: ran.append(1)).picture("photos[boom()]")
    assert not ran


@pytest.mark.parametrize("text", ["photos[-1]", "photos[i]", "table.loc[1, 'photo']"])
def test_pictures_are_reached_by_index(text):
    table = pd.DataFrame({"photo": [None, PICTURE]})
    assert of(photos=[PICTURE], i=0, table=table).picture(text) is PICTURE


def test_a_picture_may_be_a_url_or_a_path(here):
    (here / "a.jpg").touch()
    assert of().picture("https://example.com/a.jpg") == "https://example.com/a.jpg"
    assert of().picture("a.jpg") == Path("a.jpg")
    # `a.jpg` also reads as the attribute `jpg` of a variable.
    assert of(a=FRAME).picture("a.jpg") == Path("a.jpg")
    assert of(products=FRAME).picture("products.loc[0].photo") == "a.jpg"


@pytest.mark.parametrize("missing", [None, math.nan, pd.NA, pd.NaT])
def test_a_missing_picture_is_said_to_be_missing(missing):
    with pytest.raises(QueryError, match="photo is a missing value, not a picture"):
        of(photo=missing).picture("photo")


def test_what_is_no_picture_is_refused():
    with pytest.raises(QueryError, match=r"products is of type pandas\.\S*DataFrame"):
        of(products=FRAME).picture("products")
    with pytest.raises(QueryError, match=r"'products.loc\[9\]' cannot be read: KeyError: 9"):
        of(products=FRAME).picture("products.loc[9]")


def test_an_unknown_picture_suggests_the_nearest(here):
    (here / "shoe.jpg").touch()
    with pytest.raises(QueryError, match=r"no picture './sho.jpg'.*Did you mean './shoe.jpg'"):
        of().picture("./sho.jpg")


def test_things_to_avoid_are_words_unless_they_are_pictures(here):
    (here / "a.jpg").touch()
    names = of(leather=FRAME, red="dark red", photo=PICTURE)
    assert names.avoided("leather") == "leather"
    assert names.avoided("red") == "red"
    assert names.avoided("red.leather") == "red.leather"
    assert names.avoided("print(1)") == "print(1)"
    assert names.avoided("photo") is PICTURE
    assert names.avoided("a.jpg") == Path("a.jpg")
    url = names.avoided("http://example.com/a.jpg")
    assert isinstance(url, Media)
    assert url.url == "http://example.com/a.jpg"


def test_a_model_is_a_variable_or_a_name():
    embedder = object()
    names = of(clip=embedder, auto=embedder, math=math, name="tiny")
    assert names.model("clip") is embedder
    assert names.model("auto") == "auto"
    assert names.model("math") == "math"
    assert names.model("name") == "tiny"
    assert names.model("google/siglip2") == "google/siglip2"


def test_expansion_is_asked_for_and_complete():
    names = of(colour="red", price=5)
    assert names.expand("{colour} under {price + 1} $colour {{x}}") == "red under 6 red {x}"
    with pytest.raises(QueryError, match=r"--expand cannot fill in .* NameError"):
        names.expand("{shade}")


@pytest.mark.parametrize("text", ["\0", "(" * 500, "a" * 5000, "x" * 300 + "/y", "~nobody0/x"])
def test_odd_words_are_only_unknown(text):
    with pytest.raises(SourceError, match="no variable and no file"):
        of().source(text)
    assert of().avoided(text) == text


@pytest.mark.parametrize("value", [b"1", Path("x"), PICTURE, {"path": "x"}])
def test_pictures_are_recognised(value):
    assert is_picture(value)


@pytest.mark.parametrize("value", ["x", None, 1, FRAME, {"a": 1}, Image])
def test_other_things_are_no_pictures(value):
    assert not is_picture(value)


def test_what_ipython_and_imports_bring_along_is_not_suggested_as_a_picture(here):  # noqa: ARG001
    names = of(open=open, math=math, photo=FRAME)
    with pytest.raises(QueryError) as told:
        names.picture("open.png")
    assert "Did you mean" not in str(told.value)
    with pytest.raises(QueryError, match="Did you mean 'photo'"):
        names.picture("photos")


def test_a_recording_is_a_value_a_path_or_a_url(here):
    (here / "call.wav").touch()
    samples = ([0.0, 0.5], 16_000)
    assert of(call=samples).recording("call") is samples
    assert of(calls=[b"RIFF"]).recording("calls[0]") == b"RIFF"
    assert of(row={"array": [0.0], "sampling_rate": 8_000}).recording("row")["sampling_rate"]
    assert of().recording("call.wav") == Path("call.wav")
    assert of().recording("https://example.com/a.mp3") == "https://example.com/a.mp3"


def test_what_is_no_recording_is_refused(here):
    (here / "call.wav").touch()
    with pytest.raises(QueryError, match="not a recording, a path or a URL"):
        of(products=FRAME).recording("products")
    with pytest.raises(QueryError, match=r"There is no recording 'cal.wav'.*'call.wav'"):
        of().recording("cal.wav")
