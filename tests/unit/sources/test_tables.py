from __future__ import annotations

import io

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mmrag_jupyter import sources
from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.items import Item, Problem
from mmrag_jupyter.sources.images import open_image


def png(colour="red"):
    out = io.BytesIO()
    Image.new("RGB", (4, 3), colour).save(out, "PNG")
    return out.getvalue()


def texts(source):
    return [[piece.text for piece in item.pieces] for item in source]


@pytest.mark.parametrize(
    ("values", "ids"),
    [
        ([3, 1], ["3", "1"]),
        ([12.0, 7.0], ["12", "7"]),
        ([1.5, 2.0], ["1.5", "2"]),
        (["007", "a/b"], ["007", "a/b"]),
        (
            pd.to_datetime(["2020-01-02", "2020-01-03"]),
            ["2020-01-02 00:00:00", "2020-01-03 00:00:00"],
        ),
        (pd.Categorical(["b", "a"]), ["b", "a"]),
    ],
)
def test_ids_come_from_the_named_column(values, ids):
    frame = pd.DataFrame({"key": values, "x": [1, 2]})
    assert sources.read(frame, id="key").ids == ids
    assert [item.id for item in sources.read(frame, id="key")] == ids
    assert sources.read(frame.set_index("key")).ids == ids
    assert sources.read(frame.set_index("key"), id="key").ids == ids


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, ""])
def test_missing_ids_are_counted_and_named(missing):
    frame = pd.DataFrame({"key": ["a", missing, "b", missing]})
    with pytest.raises(
        SourceError, match=r"2 rows without an id in column 'key'.*: 1, 3\)"
    ) as raised:
        sources.read(frame, id="key")
    assert "--id" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_duplicate_ids_are_counted_and_the_first_are_named():
    frame = pd.DataFrame({"key": list("aabbbccddx")})
    with pytest.raises(SourceError, match=r"4 ids are not unique in column 'key'") as raised:
        sources.read(frame, id="key")
    assert "'a' (2 times), 'b' (3 times), 'c' (2 times), ..." in str(raised.value)


def test_duplicates_in_the_index_are_refused_too():
    with pytest.raises(SourceError, match="1 id is not unique in the index of the dataframe"):
        sources.read(pd.DataFrame({"x": [1, 2]}, index=["a", "a"]))
    index = pd.MultiIndex.from_tuples([("a", "b/c"), ("a/b", "c")])
    with pytest.raises(SourceError, match="'a/b/c'"):
        sources.read(pd.DataFrame({"x": [1, 2]}, index=index))


@given(st.lists(st.text(min_size=1) | st.integers() | st.floats(allow_nan=False), unique_by=str))
def test_ids_are_as_many_as_rows_and_the_same_while_iterating(values):
    frame = pd.DataFrame({"key": pd.Series(values, dtype=object)})
    try:
        source = sources.read(frame, id="key", text=[], image=[])
    except SourceError as error:
        assert "not unique" in str(error)  # noqa: PT017 - 1 and 1.0 are the same id
        return
    assert [item.id for item in source] == list(source.ids)
    assert len(set(source.ids)) == len(values)


@pytest.mark.parametrize("option", ["text", "image", "id"])
def test_an_unknown_column_is_named_and_the_nearest_suggested(option):
    frame = pd.DataFrame({"title": ["a"], "price": [1]})
    with pytest.raises(
        SourceError, match=r"no column 'titel' in the dataframe\. Did you mean 'title'"
    ):
        sources.read(frame, **{option: "titel"})
    with pytest.raises(
        SourceError, match=r"no column 'zzz' in the dataframe\. Its columns are: title, price"
    ):
        sources.read(frame, **{option: "zzz"})


@pytest.mark.parametrize(
    "named", ["name,blank,about", " name , blank, about ", ["name", "blank", "about"]]
)
def test_texts_are_joined_by_lines_and_missing_ones_left_out(named):
    frame = pd.DataFrame(
        {"name": ["Ant", None, " "], "blank": " ", "about": ["Six legs", "Eight", None]}
    )
    assert texts(sources.read(frame, text=named)) == [["Ant\nSix legs"], ["Eight"], []]


def test_a_column_whose_name_has_a_comma_can_be_named():
    frame = pd.DataFrame({"a, b": ["x y"], "a": ["z"]})
    assert texts(sources.read(frame, text="a, b")) == [["x y"]]


def test_named_columns_of_any_kind_read_as_text():
    frame = pd.DataFrame(
        {"n": [12.0], "tags": [["red", "blue"]], "day": pd.to_datetime(["2020-01-02"])}
    )
    assert texts(sources.read(frame, text=["n", "tags", "day"])) == [
        ["12\nred, blue\n2020-01-02 00:00:00"]
    ]


def test_missing_text_is_never_the_word_nan():
    frame = pd.DataFrame({"t": ["a", None, np.nan, pd.NA]})
    source = sources.read(frame, text="t")
    assert texts(source) == [["a"], [], [], []]
    assert [item.metadata["t"] for item in source] == ["a", None, None, None]


@pytest.mark.parametrize(
    "text", ["مرحبا بالعالم", "🍌🍌", "日本語のテキスト", "a\0b", "\ud800 lone", "x" * 1_000_000]
)
def test_texts_of_any_kind_are_loaded(text):
    frame = pd.DataFrame({"t": pd.Series([text], dtype=object)})
    (item,) = sources.read(frame, text="t", image=[])
    assert item.pieces
    for piece in item.pieces:
        piece.text.encode()
        assert "\0" not in piece.text
    assert item.metadata["t"] == text


def test_long_texts_are_chunked_and_short_ones_are_one_part():
    frame = pd.DataFrame({"t": ["Short.", "A sentence of several words. " * 200]})
    short, long = texts(sources.read(frame, text="t", chunk_tokens=64))
    assert short == ["Short."]
    assert len(long) > 5


def test_a_row_has_one_picture_part_for_each_picture():
    frame = pd.DataFrame(
        {"front": [png(), None], "back": [png("blue"), png("green")], "t": ["a b", "c"]}
    )
    source = sources.read(frame, image="front,back", text="t")
    assert [[piece.modality for piece in item.pieces] for item in source] == [
        ["text", "image", "image"], ["text", "image"],
    ]  # fmt: skip
    assert source.modalities == {"text", "image"}
    (item, _) = source
    assert open_image(item.pieces[2].media).getpixel((0, 0)) == (0, 0, 255)


def test_pictures_in_memory_are_no_metadata_but_their_column_is_known():
    frame = pd.DataFrame({"photo": [png(), None], "t": ["a b", "c"]})
    source = sources.read(frame)
    assert [item.metadata for item in source] == [{"t": "a b"}, {"t": "c"}]
    assert [(column.name, column.kind) for column in source.columns[1:]] == [
        ("photo", "media"), ("t", "str"),
    ]  # fmt: skip
    assert source.columns[1].kind == "media"


def test_pictures_in_memory_are_no_metadata_even_where_another_column_is_named():
    frame = pd.DataFrame({"photo": [png()], "t": ["Ant Bee"]})
    source = sources.read(frame, image=[])
    assert [item.metadata for item in source] == [{"t": "Ant Bee"}]
    assert source.modalities == {"text"}


def test_paths_of_pictures_stay_metadata(tmp_path):
    (tmp_path / "a.png").write_bytes(png())
    source = sources.read(pd.DataFrame({"photo": ["a.png"]}), root=tmp_path)
    (item,) = source
    assert item.metadata == {"photo": "a.png"}
    assert item.pieces[0].media.path == tmp_path / "a.png"


def test_a_picture_that_is_not_there_is_a_problem_and_the_row_is_loaded_without_it(tmp_path):
    (tmp_path / "a.png").write_bytes(png())
    frame = pd.DataFrame(
        {"photo": ["a.png", "gone.png", None], "t": ["x y", "z w", "v"]}, index=[5, 6, 7]
    )
    found = list(sources.read(frame, image="photo", text="t", root=tmp_path))
    problems = [one for one in found if isinstance(one, Problem)]
    items = [one for one in found if isinstance(one, Item)]
    assert [item.id for item in items] == ["5", "6", "7"]
    assert [len(item.pieces) for item in items] == [2, 1, 1]
    assert [problem.source for problem in problems] == ["6"]
    assert "column 'photo'" in problems[0].reason
    assert "gone.png" in problems[0].reason
    assert "--root" in problems[0].reason


def test_an_item_may_have_neither_text_nor_picture():
    source = sources.read(pd.DataFrame({"n": [1]}))
    (item,) = source
    assert (list(item.pieces), item.metadata) == ([], {"n": 1})
    assert source.modalities == frozenset()


def test_bytes_cannot_be_text():
    with pytest.raises(SourceError, match="'code' of the dataframe holds bytes or pictures"):
        sources.read(pd.DataFrame({"code": [b"\x01"]}), text="code")
    with pytest.raises(SourceError, match="'photo' of the dataframe holds bytes or pictures"):
        sources.read(pd.DataFrame({"photo": [png()]}), text="photo")
    with pytest.raises(SourceError, match="'photo' of the dataframe holds bytes or pictures"):
        sources.read(pd.DataFrame({"photo": [{"bytes": png()}]}), text="photo", image="photo")


def test_pictures_of_polars_and_of_mappings():
    frame = pl.DataFrame(
        {"photo": [{"bytes": png(), "path": "a.png"}, None], "t": ["one two", "three"]}
    )
    source = sources.read(frame)
    first, second = source
    assert [piece.modality for piece in first.pieces] == ["text", "image"]
    assert [piece.modality for piece in second.pieces] == ["text"]
    assert first.metadata == {"t": "one two"}


def test_sound_columns_are_parts_of_their_own(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    frame = pd.DataFrame({"clip": ["a.wav"], "t": ["hello there"]})
    source = sources.read(frame, audio="clip", text="t", root=tmp_path)
    (item,) = source
    assert [piece.modality for piece in item.pieces] == ["text"]
    assert [one.media.path for one in item.recordings] == [tmp_path / "a.wav"]
    assert source.modalities == {"text", "audio"}


def test_the_key_of_a_table_stands_for_its_columns():
    one = sources.read(pd.DataFrame({"a": [1], "b": ["x"]})).key
    assert sources.read(pd.DataFrame({"a": [1.5, None], "b": ["x", "y"]})).key == one
    assert sources.read(pd.DataFrame({"a": [1], "c": ["x"]})).key != one
    assert sources.read(pd.DataFrame({"a": [1]}), key="mine").key == "mine"


def test_a_source_can_be_walked_twice():
    source = sources.read(pd.DataFrame({"t": ["Ant", "Bee"]}))
    assert texts(source) == texts(source) == [["Ant"], ["Bee"]]


def test_numbered_rows_are_told_of_a_better_id():
    frame = pd.DataFrame({"product_id": ["a1", "a2"], "name": ["Ant", "Bee"]})
    assert "--id product_id" in sources.read(frame).notice
    assert "--id" not in sources.read(frame, id="product_id").notice
    assert "--id" not in sources.read(frame.set_index("name")).notice


def test_columns_may_be_named_by_their_own_labels_that_are_no_texts():
    source = sources.read(
        pd.DataFrame({0: ["a", "b"], 1: ["some words", "other words"]}), id=0, text=[1]
    )
    assert source.ids == ["a", "b"]
    with pytest.raises(SourceError, match="5 names no column"):
        sources.read(pd.DataFrame({"a": [1]}), text=5)
