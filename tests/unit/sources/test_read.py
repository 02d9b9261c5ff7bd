from __future__ import annotations

import inspect

import pandas as pd
import pytest
from PIL import Image

from mmrag_jupyter import sources
from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.items import Item
from mmrag_jupyter.sources.images import open_image


@pytest.mark.parametrize(
    "source", [None, 3, {"a": [1]}, b"bytes", [1, 2], ["a", 1], ..., open], ids=repr
)
def test_what_cannot_be_loaded_says_what_can(source):
    with pytest.raises(SourceError, match="give a dataframe, a path, a list of paths") as raised:
        sources.read(source)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("path", ["\0", "x" * 5000, "no/such/thing"])
def test_impossible_paths_are_one_line(path):
    with pytest.raises(SourceError) as raised:
        sources.read(path)
    assert "\n" not in str(raised.value)


def test_a_root_that_is_no_folder_is_refused(tmp_path):
    with pytest.raises(SourceError, match=r"no folder .*nowhere"):
        sources.read(pd.DataFrame({"a": [1]}), root=tmp_path / "nowhere")


def test_chunks_of_next_to_nothing_are_refused():
    with pytest.raises(SourceError, match="chunk_tokens is 3; it must be 16 or more"):
        sources.read(pd.DataFrame({"a": [1]}), chunk_tokens=3)


def test_options_are_keywords():
    parameters = list(inspect.signature(sources.read).parameters.values())
    assert all(one.kind is one.KEYWORD_ONLY for one in parameters[1:])


def test_the_home_folder_has_its_sign(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    Image.new("RGB", (1, 1)).save(tmp_path / "a.png")
    assert sources.read("~/a.png").ids == ["a.png"]


def test_real_formats(shared_data):
    table = pd.read_csv(shared_data / "formats" / "formats.csv").set_index("path")
    source = sources.read(shared_data / "formats")
    assert source.ids == sorted(path.removeprefix("formats/") for path in table.index)
    for item in source:
        row = table.loc[f"formats/{item.id}"]
        found = open_image(item.pieces[0].media)
        assert (found.mode, *found.size) == ("RGB", row["width"], row["height"])


def test_real_pictures_inside_a_table(shared_data):
    path = shared_data / "grocery" / "products_with_image_bytes.parquet"
    source = sources.read(path, id="product_id")
    items = list(source)
    assert all(isinstance(item, Item) for item in items)
    assert "took image as pictures" in source.notice
    assert [item.id for item in items] == list(source.ids)
    assert len(items) == 47
    for item in items:
        *texts, picture = item.pieces
        assert texts[0].text.startswith(item.metadata["name"])
        assert "image" not in item.metadata
        assert min(open_image(picture.media, edge=32).size) > 32


def test_a_real_catalogue(shared_data):
    source = sources.read(
        shared_data / "catalog" / "products.csv", id="product_id", root=shared_data
    )
    items = list(source)
    assert len(items) == 54
    assert source.notice == (
        "took image as pictures (--image names others) and name, description as text (--text "
        "names others)"
    )
    assert all([piece.modality for piece in item.pieces] == ["text", "image"] for item in items)
    assert items[0].metadata["color"] is None
    assert open_image(items[0].pieces[1].media).mode == "RGB"
