from __future__ import annotations

from itertools import groupby

import pytest
from pdfs import Paper, write_pdf, write_scan

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.sources import pdf
from mmrag_jupyter.sources.pdf_words import Box, quote_boxes, words_on


def ink(path, page, box):
    """Return how dark the darkest pixel is inside a box of a page, 0 being black."""
    image = pdf.page_image(path, page).convert("L")
    place = (box.left * image.width, box.top * image.height)
    return image.crop((*place, box.right * image.width, box.bottom * image.height)).getextrema()[0]


def blanked(path, page, boxes):
    """Return how dark the rest of a page is."""
    image = pdf.page_image(path, page).convert("L")
    for box in boxes:
        place = (box.left * image.width - 2, box.top * image.height - 2)
        image.paste(255, (*map(int, place), int(box.right * image.width) + 3,
                          int(box.bottom * image.height) + 3))  # fmt: skip
    return image.getextrema()[0]


@pytest.mark.parametrize(
    "extra",
    ["", "/Rotate 90", "/Rotate 180", "/Rotate 270", "/CropBox [40 600 400 780]",
     "/CropBox [40 600 400 780] /Rotate 90", "/UserUnit 3"],
)  # fmt: skip
def test_boxes_lie_upon_the_words_as_the_page_is_seen(tmp_path, extra):
    path = write_pdf(tmp_path / "a.pdf", [Paper(["Hello world", "second line"], extra=extra)])
    boxes = words_on(path, 1)
    assert {box.text for box in boxes} == {"Hello", "world", "second", "line"}
    assert all(ink(path, 1, box) < 100 for box in boxes)
    assert blanked(path, 1, boxes) == 255


def test_boxes_are_in_the_order_of_reading(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", ["Hello world\nsecond line"])
    hello, world, second, _ = words_on(path, 1)
    assert hello.left < hello.right < world.left
    assert hello.top < hello.bottom < second.top + 0.001 < second.bottom
    assert 0 < hello.left < world.right < 1


def test_a_quote_has_a_box_for_each_line(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", ["Alpha beta (gamma)\ndelta, epsilon\nbeta gamma"])
    boxes = quote_boxes(path, 1, "BETA gamma\u2026 Delta")
    assert [box.text for box in boxes] == ["beta (gamma)", "delta,"]
    assert all(ink(path, 1, box) < 100 for box in boxes)


@pytest.mark.parametrize(
    ("quote", "texts"),
    [
        ("lpha beta gam", ["Alpha beta gamma"]),
        ("gamma", ["gamma"]),
        ("gam", []),
        ("alpha gamma", []),
        ("not here at all", []),
        ("", []),
        ("...", []),
        ("alpha beta gamma delta", []),
    ],
)
def test_what_is_quoted_is_found_word_by_word(tmp_path, quote, texts):
    path = write_pdf(tmp_path / "a.pdf", ["Alpha beta gamma"])
    assert [box.text for box in quote_boxes(path, 1, quote)] == texts


def test_words_on_a_scan_are_recognised(tmp_path, engine):
    path = write_scan(tmp_path / "a.pdf", ["Hello"])
    assert [box.text for box in words_on(path, 1)] == ["seen", "text", "second", "line"]
    assert words_on(path, 1)[0] == Box("seen", 0.1, 0.1, 0.2, 0.2)
    assert len(engine.sizes) == 1  # and kept


def test_a_scan_that_nothing_can_read_and_a_blank_page_have_no_words(tmp_path):
    assert words_on(write_scan(tmp_path / "a.pdf", ["Hello"]), 1) == []
    assert words_on(write_pdf(tmp_path / "b.pdf", [""]), 1) == []


def test_a_file_that_changed_is_looked_at_again(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", ["before"])
    assert [box.text for box in words_on(path, 1)] == ["before"]
    write_pdf(path, ["afterwards"])
    assert [box.text for box in words_on(path, 1)] == ["afterwards"]
    path.unlink()
    with pytest.raises(SourceError, match="is gone"):
        words_on(path, 1)


def test_the_words_of_real_reports_are_those_of_their_texts(shared_data):
    for path in sorted((shared_data / "pdfs").glob("*.pdf")):
        page = pdf.page_count(path) // 2
        text = pdf.page_of(path, page).text
        boxes = words_on(path, page)
        # A word that goes on in the next line has two.
        assert list(dict.fromkeys(boxes)) == boxes
        assert [word for word, _ in groupby(box.text for box in boxes)] == [
            word for word, _ in groupby(text.split())
        ]
        quote = " ".join(text.split()[20:45])
        boxes = quote_boxes(path, page, quote)
        assert " ".join(box.text for box in boxes) == quote
