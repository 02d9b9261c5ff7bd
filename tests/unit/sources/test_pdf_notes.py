"""What was typed into the fields of a PDF's form, and notes put on its pages."""

from __future__ import annotations

import numpy as np
import pytest
from pdfs import write_form

from mmrag_jupyter.sources import pdf, pdf_words

TYPED = "/Subtype /Widget /FT /Tx /T (name) /V (Zacharias Quill) /Rect [50 600 300 620] /F 4"
CHOSEN = (
    "/Subtype /Widget /FT /Ch /Ff 131072 /Opt [(red) (ultramarine)] /T (colour) "
    "/V (ultramarine) /Rect [50 560 300 580] /F 4"
)
NOTE = "/Subtype /Text /Contents (Mind the penguin clause) /Rect [400 700 420 720] /F 4"
FREE = "/Subtype /FreeText /Contents (A free walrus) /Rect [350 500 550 540] /F 4"


@pytest.fixture
def form(tmp_path):
    return write_form(tmp_path / "form.pdf", "Application form", [TYPED, CHOSEN, NOTE, FREE])


def test_what_was_typed_or_noted_is_read_after_the_text(form):
    page = pdf.page_of(form, 1)
    assert page.text.split("\n") == [
        "Application form", "Zacharias Quill", "ultramarine", "Mind the penguin clause",
        "A free walrus",
    ]  # fmt: skip
    assert not page.is_scan


def test_what_was_typed_is_drawn_too(form):
    ink = 255 - np.asarray(pdf.page_image(form, 1, dpi=72).convert("L"), int)
    for left, bottom, right, top in ((50, 600, 300, 620), (50, 560, 270, 580)):
        assert ink[792 - top : 792 - bottom, left:right].sum() > 2000


def test_it_is_boxed_where_its_field_is(form):
    box = pdf_words.quote_boxes(form, 1, "Zacharias Quill")[0]
    assert (box.left, box.top) == pytest.approx((50 / 612, 1 - 620 / 792), abs=0.001)
    assert (box.right, box.bottom) == pytest.approx((300 / 612, 1 - 600 / 792), abs=0.001)
    assert [one.text for one in pdf_words.words_on(form, 1)][-2:] == ["free", "walrus"]


@pytest.mark.parametrize(
    "mark",
    [
        TYPED.replace("/F 4", "/F 2"),
        TYPED.replace("/Tx", "/Tx /Ff 8192"),
        TYPED.replace("/Tx", "/Btn /Ff 65536"),
        NOTE.replace("/Text", "/Link"),
        NOTE.replace("/Text", "/Popup"),
        NOTE.replace("(Mind the penguin clause)", "null"),
    ],
)
def test_what_is_hidden_secret_or_a_mere_name_is_left_out(tmp_path, mark):
    path = write_form(tmp_path / "form.pdf", "Application form", [mark])
    assert pdf.page_of(path, 1).text == "Application form"


def test_a_page_with_nothing_but_fields_says_them(tmp_path):
    path = write_form(tmp_path / "form.pdf", "", [TYPED])
    assert pdf.page_of(path, 1) == pdf.Page("Zacharias Quill", is_scan=False)
