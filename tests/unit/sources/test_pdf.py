from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from pdfs import Paper, write_pdf, write_scan

from mmrag_jupyter.items import Media
from mmrag_jupyter.sources import pdf
from mmrag_jupyter.sources.images import media_digest, open_image


def test_a_page_is_drawn_at_150_dots_an_inch_on_white(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", ["Hello", "World"])
    image = pdf.page_image(path, 1)
    assert (image.mode, image.size) == ("RGB", (1275, 1650))
    pixels = np.asarray(image)
    assert pixels[-1, -1].tolist() == [255, 255, 255]
    assert pixels.min() < 60
    assert not np.array_equal(pixels, np.asarray(pdf.page_image(path, 2)))


def test_a_page_is_drawn_no_larger_than_twice_what_is_needed(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", ["Hello"])
    assert min(pdf.page_image(path, 1, edge=100).size) == 200
    assert pdf.page_image(path, 1, edge=5000).size == pdf.page_image(path, 1).size


@pytest.mark.parametrize("size", [(14400, 14400), (14400, 3), (1, 14400), (100_000, 90_000)])
def test_an_enormous_page_stays_cheap(tmp_path, size):
    path = write_pdf(tmp_path / "a.pdf", [Paper(["Hello"], size, "/UserUnit 75000")])
    image = pdf.page_image(path, 1)
    assert image.width * image.height <= pdf.MOST_PIXELS * 1.01
    assert max(image.size) <= 20_001
    assert min(pdf.page_image(path, 1, edge=64).size) <= 130


def test_a_turned_page_is_drawn_as_it_is_seen(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", [Paper(["Hello"], extra="/Rotate 90")])
    image = pdf.page_image(path, 1, edge=100)
    assert image.width > image.height


def test_a_page_is_opened_like_a_picture(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", ["Hello"])
    image = open_image(Media(path=path, page=1))
    assert image.size == (1275, 1650)
    assert str(Media(path=path, page=3)) == f"page 3 of {path}"


def test_pages_have_hashes_of_their_document_and_number(tmp_path):
    one = write_pdf(tmp_path / "a.pdf", ["Same", "Same"])
    other = write_pdf(tmp_path / "b.pdf", ["Same", "Other"])
    copy = tmp_path / "c.pdf"
    copy.write_bytes(one.read_bytes())
    digests = {
        (path.name, page): media_digest(Media(path=path, page=page))
        for path in (one, other, copy)
        for page in (1, 2)
    }
    assert all(len(digest) == 16 for digest in digests.values())
    assert digests["a.pdf", 1] == digests["c.pdf", 1] != digests["b.pdf", 1]
    assert len(set(digests.values())) == 4
    assert media_digest(Media(path=one)) not in digests.values()


def test_the_text_of_a_page_is_in_lines(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", ["First (line)\nSecond line"])
    assert pdf.page_of(path, 1) == pdf.Page("First (line)\nSecond line", is_scan=False)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("infor\x02\r\nmation", "information"),
        ("infor\ufffemation", "information"),
        ("in\xadfor\xad\r\nmation", "information"),
        ("e\ufb03cient \ufb01ve", "efficient five"),
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("a\x00b\x07c\td", "abc\td"),
        ("\ud83c", "\ud83c"),
    ],
)
def test_text_is_made_whole_and_clean(raw, text):
    assert pdf.cleaned(raw) == text


def test_a_picture_of_text_is_known_and_a_blank_page_is_none(tmp_path):
    assert pdf.page_of(write_scan(tmp_path / "a.pdf", ["Hello"]), 1).is_scan
    assert not pdf.page_of(write_pdf(tmp_path / "b.pdf", [""]), 1).is_scan
    assert not pdf.page_of(write_pdf(tmp_path / "c.pdf", ["7"]), 1).is_scan


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("D:20220728093000-07'00'", (2022, 7, 28, 16, 30)),
        ("D:20220728093000+02'30'", (2022, 7, 28, 7, 0)),
        ("D:20220728093000Z", (2022, 7, 28, 9, 30)),
        ("D:20220728093000Z00'00'", (2022, 7, 28, 9, 30)),
        ("20220728", (2022, 7, 28, 0, 0)),
        ("D:2022", (2022, 1, 1, 0, 0)),
        ("D:20221399", None),
        ("yesterday", None),
        ("", None),
        ("D:20220728093000+99'99'", None),
        ("D:00000000", None),
    ],
)
def test_dates_are_told_in_utc(text, date):
    assert pdf.date_of(text) == (dt.datetime(*date, tzinfo=dt.UTC) if date else None)
