from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mmrag_jupyter import sources


def png():
    out = io.BytesIO()
    Image.new("RGB", (4, 3)).save(out, "PNG")
    return out.getvalue()


def columns(frame, tmp_path, **options):
    source = sources.read(frame, root=tmp_path, **options)
    found = list(source)
    modality = {"image": [], "text": []}
    for kind in modality:
        modality[kind] = [
            [piece for piece in item.pieces if piece.modality == kind]
            for item in found
            if hasattr(item, "pieces")
        ]
    return source.notice, modality


@pytest.mark.parametrize(
    "cells",
    [
        [png(), png(), None],
        [{"bytes": png(), "path": None}, None, {"bytes": png()}],
        [Image.new("RGB", (2, 2)), None, Image.new("L", (2, 2))],
        [np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2), np.uint8), None],
        ["https://example.org/a.jpg?w=100", "http://example.org/b.PNG", None],
        ["a.png", "sub/b.jpeg", None],
        ["a.tif", "a.webp", "a.gif"],
    ],
    ids=lambda cells: type(cells[0]).__name__,
)
def test_columns_of_pictures_are_found(cells, tmp_path):
    frame = pd.DataFrame({"thing": pd.Series(cells, dtype=object), "n": [1, 2, 3]})
    notice, _ = columns(frame, tmp_path)
    assert notice.startswith("took thing as pictures (--image names others)")


@pytest.mark.parametrize(
    "cells",
    [
        [b"no picture", b"neither"],
        ["a.txt", "b.pdf"],
        ["Mr.png and friends\nwent out", "b"],
        ["https://example.org/page", "https://example.org/other"],
        [{"width": 1}, {"width": 2}],
        [np.zeros(3), np.zeros(3)],
        ["jpg", "png"],
        [1, 2],
        [None, None],
    ],
    ids=lambda cells: repr(cells[0])[:20],
)
def test_other_columns_are_not_taken_for_pictures(cells, tmp_path):
    frame = pd.DataFrame({"thing": pd.Series(cells, dtype=object)})
    notice, _ = columns(frame, tmp_path)
    assert "thing as pictures" not in notice


def test_addresses_without_a_suffix_are_pictures_where_the_column_says_so(tmp_path):
    urls = ["https://example.org/1/200", "https://example.org/2/200"]
    notice, _ = columns(pd.DataFrame({"photo_url": urls, "page": urls}), tmp_path)
    assert "took photo_url as pictures" in notice


def test_of_two_columns_of_paths_the_one_whose_files_exist_is_taken(tmp_path):
    (tmp_path / "a.png").write_bytes(png())
    frame = pd.DataFrame({"original": ["/nowhere/b.png"], "image": ["a.png"]})
    assert columns(frame, tmp_path)[0].startswith("took image as pictures")


def test_several_columns_of_pictures_are_all_taken(tmp_path):
    notice, modality = columns(pd.DataFrame({"front": [png()], "back": [png()]}), tmp_path)
    assert "took front, back as pictures" in notice
    assert [len(pieces) for pieces in modality["image"]] == [2]


SHOP = {
    "product_id": ["laptop", "tablet", "mouse"] * 10,
    "sku": [f"SKU-{n:03}" for n in range(30)],
    "name": [f"Laptop {colour}" for colour in "abcdefghij" * 3],
    "description": ["A long and quite convincing text about this product."] * 30,
    "category": ["Electronics", "Home", "Garden"] * 10,
    "url": [f"https://example.org/{n}" for n in range(30)],
    "file": [f"docs/{n}.pdf" for n in range(30)],
    "email": [f"a{n}@example.org" for n in range(30)],
    "day": [f"2020-01-{n + 1:02}" for n in range(30)],
    "volume": ["12 x 50", "6 x 33", "1 x 2"] * 10,
    "price": range(30),
}


def test_prose_and_names_are_text_and_ids_addresses_paths_and_categories_are_not(tmp_path):
    notice, _ = columns(pd.DataFrame(SHOP), tmp_path)
    assert "took name, description as text (--text names others)" in notice


def test_names_are_text_by_being_different(tmp_path):
    frame = pd.DataFrame({"animal": ["Ant", "Bee", "Cow", "Dog"], "size": ["small", "large"] * 2})
    assert "took animal as text" in columns(frame, tmp_path)[0]


def test_ids_that_are_words_are_no_text_and_neither_are_categories(tmp_path):
    words = ["laptop", "tablet", "mouse", "screen"]
    moods = ["A very long category, like a sentence", "Another one that is just as long"] * 2
    frame = pd.DataFrame({"product_id": words, "mood": pd.Categorical(moods), "note": words[::-1]})
    assert "took note as text" in columns(frame, tmp_path)[0]


def test_where_nothing_reads_like_text_the_string_columns_are_taken(tmp_path):
    frame = pd.DataFrame(
        {"size": ["small", "large"] * 20, "kind": pd.Categorical(["red hat", "blue hat"] * 20),
         "sku": [f"S{n}" for n in range(40)]}
    )  # fmt: skip
    assert "took size, kind as text" in columns(frame, tmp_path)[0]


def test_prose_in_other_scripts_is_text(tmp_path):
    frame = pd.DataFrame({"a": ["这是一个很长的句子", "另一个不同的句子"], "n": [1, 2]})
    assert "took a as text" in columns(frame, tmp_path)[0]


def test_nothing_to_find_is_said(tmp_path):
    notice, modality = columns(pd.DataFrame({"n": [1, 2]}), tmp_path)
    assert "no column as pictures" in notice
    assert "no column as text" in notice
    assert modality == {"image": [[], []], "text": [[], []]}


def test_what_is_named_is_not_guessed(tmp_path):
    frame = pd.DataFrame(SHOP)
    notice, modality = columns(frame, tmp_path, text="category", image=[], id="sku")
    assert notice == ""
    assert modality["text"][0][0].text == "Electronics"


def test_an_empty_option_means_no_column(tmp_path):
    _, modality = columns(pd.DataFrame({"name": ["Ant", "Bee"]}), tmp_path, text="")
    assert modality["text"] == [[], []]


def test_a_notice_is_one_line(tmp_path):
    assert "\n" not in columns(pd.DataFrame(SHOP), tmp_path)[0]


def test_a_guess_looks_at_more_than_the_first_rows(tmp_path):
    things = ["same"] * 1000 + [f"a thing of its own, this being number {n}" for n in range(2000)]
    frame = pd.DataFrame({"thing": things, "about": ["A sentence of some words."] * 3000})
    assert "took thing, about as text" in columns(frame, tmp_path)[0]


def test_a_column_of_pictures_may_begin_with_many_missing_ones(tmp_path):
    cells = [None] * 500 + [png()] + [None] * 300
    frame = pd.DataFrame({"thing": pd.Series(cells, dtype=object)})
    assert "took thing as pictures" in columns(frame, tmp_path)[0]


def test_sound_in_mappings_is_no_picture(tmp_path):
    frame = pd.DataFrame({"clip": [{"bytes": b"RIFF....WAVE", "path": "a.wav"}],
                          "other": [{"bytes": None, "path": "a.wav"}]})  # fmt: skip
    assert "as pictures" not in columns(frame, tmp_path)[0].replace("no column as pictures", "")
