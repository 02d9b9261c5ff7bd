from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.sources.cells import media_of


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")
    (tmp_path / "inner").mkdir()
    return tmp_path


def test_paths_are_looked_for_in_each_folder_in_order(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (other / "b.png").write_bytes(b"x")
    assert media_of("a.png", [folder, other]).path == folder / "a.png"
    assert media_of("./b.png", [folder, other]).path == other / "b.png"
    assert media_of("inner/../a.png", [folder]).path.samefile(folder / "a.png")
    assert media_of(Path("a.png"), [folder]).path == folder / "a.png"
    assert media_of(str(folder / "a.png"), [other]).path == folder / "a.png"
    assert media_of("  a.png ", [folder]).path == folder / "a.png"


def test_the_home_folder_has_its_sign(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder))
    assert media_of("~/a.png", [Path("/nowhere")]).path == folder / "a.png"


@pytest.mark.parametrize(
    "cell", [None, float("nan"), pd.NA, pd.NaT, "", "  ", {"bytes": None, "path": None}]
)
def test_missing_cells_are_no_picture_and_no_problem(cell, folder):
    assert media_of(cell, [folder]) is None


@pytest.mark.parametrize(
    "cell",
    [b"abc", bytearray(b"abc"), memoryview(b"abc"), np.bytes_(b"abc"),
     np.frombuffer(b"abc", np.uint8), {"bytes": b"abc", "path": "gone.png"}],
    ids=lambda cell: type(cell).__name__,
)  # fmt: skip
def test_encoded_bytes_are_taken_as_they_are(cell, folder):
    assert media_of(cell, [folder]).data == b"abc"


def test_a_mapping_with_only_a_path_is_that_path(folder):
    assert media_of({"bytes": None, "path": "a.png"}, [folder]).path == folder / "a.png"


def test_images_and_arrays_of_pixels():
    image = Image.new("RGB", (2, 1))
    assert media_of(image, []).image is image
    colour = np.zeros((1, 2, 3), np.uint8)
    colour[0, 1] = (255, 0, 0)
    assert media_of(colour, []).image.getpixel((1, 0)) == (255, 0, 0)
    assert media_of(np.full((2, 2), 7, np.uint8), []).image.mode == "L"
    assert media_of(np.full((2, 2, 1), 7, np.uint8), []).image.getpixel((0, 0)) == 7
    assert media_of(np.zeros((2, 2, 4), np.uint8), []).image.mode == "RGBA"


@pytest.mark.parametrize("url", ["http://example.org/a.png", "HTTPS://example.org/x?y=1"])
def test_web_addresses_are_kept_and_not_asked(url):
    assert media_of(url, []).url == url


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("gone.png", "no file 'gone.png' in"),
        ("/nowhere/gone.png", "no file '/nowhere/gone.png'"),
        ("inner", "'inner' is a folder or a device"),
        ("file:///etc/passwd", "'file:///etc/passwd' is not read: give the path itself"),
        ("ftp://example.org/a.png", "only http and https"),
        ("s3://bucket/a.png", "only http and https"),
        ("data:image/png;base64,AAAA", "only http and https"),
        ("a\0b.png", "no file"),
        ("x" * 5000, "no file"),
        (b"", "bytes are empty"),
        (3, "an int is no picture"),
        (object(), "an object is no picture"),
        (["a.png"], "a list is no picture"),
        ({"url": "x"}, "a mapping with url is no picture"),
        ({}, "a mapping with nothing is no picture"),
        (np.zeros((2, 2, 3)), "an array of float64 is no picture"),
        (np.zeros((2, 2, 7), np.uint8), "shape 2 x 2 x 7"),
        (np.zeros((0, 2, 3), np.uint8), "shape 0 x 2 x 3"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_anything_else_is_refused_in_one_line(cell, reason, folder):
    with pytest.raises(SourceError) as raised:
        media_of(cell, [folder])
    assert reason in str(raised.value)
    assert (" in " in str(raised.value)) <= (not str(cell).startswith("/"))
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 400


def test_a_pipe_is_no_picture(folder):
    os.mkfifo(folder / "pipe.png")
    with pytest.raises(SourceError, match="a device"):
        media_of("pipe.png", [folder])


def test_an_open_file_is_no_picture():
    with pytest.raises(SourceError, match="BytesIO is no picture"):
        media_of(io.BytesIO(b"abc"), [])
