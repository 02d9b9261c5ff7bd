"""Thumbnails: encoded once, and only so many kept."""

from __future__ import annotations

from dataclasses import replace

import pytest
from toys import picture

from mmrag_jupyter.display.thumbnails import Gone
from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.items import Media
from mmrag_jupyter.search.hits import Part
from mmrag_jupyter.widgets.pictures import Encoded, Pictures


def part(number, image=None, opened=None):
    def media():
        if opened is not None:
            opened.append(number)
        return Media(image=image if image is not None else picture("red", (200, 100)))

    return Part(f"p{number}", "image", "", None, digest=f"{number:016}".encode(), _media=media)


@pytest.fixture
def pictures():
    made = Pictures()
    yield made
    made.close()


def test_a_picture_is_decoded_once_for_each_size(pictures):
    opened = []
    one = part(1, opened=opened)
    pictures.encoded([one, one], 64)
    before = len(opened)
    first = pictures.encoded([one], 64)[0]
    assert pictures.encoded([one], 64)[0] is first
    assert 1 <= before == len(opened) <= 2
    pictures.encoded([one], 128)
    assert len(opened) == before + 1


def test_changed_content_is_another_picture(pictures):
    red, blue = part(1), replace(part(2, picture("blue", (200, 100))), id="p1")
    assert pictures.encoded([red], 64)[0].data != pictures.encoded([blue], 64)[0].data


def test_only_so_many_bytes_are_kept():
    pictures = Pictures(room=3000)
    opened = []
    parts = [part(number, opened=opened) for number in range(20)]
    found = pictures.encoded(parts, 64)
    assert all(isinstance(one, Encoded) for one in found)
    held = pictures._kept
    assert sum(len(one.data) for one in held._made.values()) == held._bytes <= 3000
    pictures.encoded(parts[:1], 64)
    assert len(opened) == 21
    pictures.close()


def test_what_cannot_be_opened_says_why_and_is_tried_again(pictures):
    def gone():
        raise SourceError("a.png is gone: there is no such file.")

    lost = Part("p", "image", "", None, digest=b"d", _media=gone)
    assert pictures.encoded([lost, None], 64) == [
        Gone("a.png is gone: there is no such file."),
        Gone("this item is no longer in the collection"),
    ]
    assert pictures.encoded([replace(lost, _media=part(3)._media)], 64)[0].width == 200


def test_a_part_without_a_picture_says_so(pictures):
    words = Part("p", "text", "words", None)
    assert pictures.encoded([words], 64) == [Gone("this part has no picture")]


@pytest.mark.parametrize("size", [(20_000, 3), (3, 20_000)])
def test_very_wide_and_very_tall_pictures_keep_a_pixel_of_the_other_side(pictures, size):
    made = pictures.encoded([part(1, picture("red", size))], 64)[0]
    assert (made.width, made.height) == size


def test_sizes_are_read_once_and_unknown_where_nothing_says(pictures):
    opened = []
    one = part(1, opened=opened)
    assert pictures.sizes([one, one, None]) == [(200, 100), (200, 100), None]
    before = len(opened)
    pictures.sizes([one])
    assert len(opened) == before
