"""Pictures of hits are opened once, however often they are shown, and no larger than shown."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from PIL import Image

import mmrag_jupyter as mm
from mmrag_jupyter.search import parts

SIZE = (1200, 900)


@pytest.fixture
def hits(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    # Thumbnails are found again by content: no two tests have the same.
    rng = np.random.default_rng(zlib.crc32(str(tmp_path).encode()))
    for number in range(12):
        soft = Image.fromarray(rng.integers(0, 256, (9, 12, 3), np.uint8)).resize(SIZE)
        soft.save(folder / f"{number}.jpg")
    session = mm.Session(mm.Config(root=str(tmp_path / "root")))
    collection = session.load(folder, model="builtin", progress=False)
    return collection.query(image=folder / "3.jpg", k=12)


@pytest.fixture
def opened(monkeypatch):
    """Return the sizes of the pictures that were decoded."""
    sizes = []
    decode = parts.open_image

    def watched(media, **options):
        image = decode(media, **options)
        sizes.append(image.size)
        return image

    monkeypatch.setattr(parts, "open_image", watched)
    return sizes


def test_hits_that_are_shown_again_are_the_same_and_decode_nothing(hits, opened):
    first = hits._repr_mimebundle_()
    assert len(opened) == 12
    assert hits._repr_mimebundle_() == first
    assert len(opened) == 12


def test_other_hits_of_the_same_pictures_decode_nothing_either(hits, opened):
    hits._repr_mimebundle_()
    before = len(opened)
    html = hits[2:5]._repr_mimebundle_()["text/html"]
    assert html.count("<img") == 3
    assert len(opened) == before


def test_large_photos_are_decoded_smaller_and_their_own_shape_is_shown(hits, opened):
    html = hits._repr_mimebundle_()["text/html"]
    assert all(max(size) < 900 for size in opened)
    assert all(min(size) >= 192 for size in opened)
    assert html.count("<img") == 12
    assert hits[0].image.size == SIZE


def test_a_picture_that_is_gone_before_it_was_shown_is_said_to_be(hits):
    hits[4].picture.source.unlink()
    html = hits._repr_mimebundle_()["text/html"]
    assert html.count("<img") == 11
    assert "picture is gone" in html
