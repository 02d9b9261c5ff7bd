"""Retrieved parts, numbered for an answer."""

from __future__ import annotations

import pandas as pd
import pytest
from pdfs import write_pdf
from toys import ToyEmbedder, write_pictures

from mmrag_jupyter.answers.passages import numbered


def test_a_row_is_one_passage_with_its_text_columns_and_picture(shop):
    first = numbered(shop.query("running shoe wide feet"), 5)[0]
    assert (first.key, first.hit.id, first.title) == (1, "a1", "Red shoe")
    assert "wide feet" in first.text
    assert first.fields == (("price", "59.9"),)
    assert first.line == "price: 59.9"
    assert first.open().getpixel((0, 0))[0] > 200


def test_a_picture_without_words_is_a_passage_of_its_own(session, tmp_path):
    folder = write_pictures(tmp_path / "photos", ["red", "blue"])
    photos = session.load(folder, "photos", model=ToyEmbedder(), progress=False)
    [first, second] = numbered(photos.query("anything red"), 5)
    assert {first.title, second.title} == {"red.png", "blue.png"}
    assert first.text == ""
    assert first.fields == ()
    assert first.open() is not None


def test_a_long_text_gives_several_passages_in_their_order(session, tmp_path):
    words = " ".join(f"Sentence number {n} tells of cork and soles." for n in range(300))
    (tmp_path / "long.txt").write_text(words)
    texts = session.load(tmp_path / "long.txt", "texts", model="builtin", progress=False)
    found = numbered(texts.query("cork soles"), 4)
    assert [one.key for one in found] == [1, 2, 3, 4]
    assert len({one.part.id for one in found}) == 4
    assert found[0].shown_by is None


def test_the_columns_of_a_file_are_no_fields(session, tmp_path):
    (tmp_path / "note.txt").write_text("Cork is light.")
    texts = session.load(tmp_path / "note.txt", "texts", model="builtin", progress=False)
    [only] = numbered(texts.query("cork"), 4)
    assert only.fields == ()
    assert only.title == "note.txt"


def test_fields_that_the_text_or_the_id_repeats_are_left_out(session):
    frame = pd.DataFrame({
        "id": ["k1"], "body": ["A shoe by Acme for the rain."], "brand": ["Acme"], "size": [44],
    })  # fmt: skip
    rows = session.load(frame, "rows", text="body", id="id", model="builtin", progress=False)
    [only] = numbered(rows.query("shoe"), 4)
    assert only.fields == (("size", "44"),)


@pytest.fixture
def reports(session, tmp_path):
    first = "\n".join(f"The sole number {n} of the shoe is made of light cork." for n in range(40))
    write_pdf(
        tmp_path / "report.pdf",
        [f"{first}\nThe heel of the shoe is made of rubber.", "Leather is used for boots."],
    )
    return session.load(tmp_path / "report.pdf", "reports", model="builtin", progress=False)


def test_the_texts_of_a_page_are_one_passage_shown_by_the_page(reports):
    found = numbered(reports.query("cork sole heel rubber leather boots"), 6)
    assert sorted(one.part.page for one in found) == [1, 2]
    first = next(one for one in found if one.part.page == 1)
    assert first.place == "p. 1"
    assert first.text.startswith("The sole number 0")
    assert first.text.endswith("The heel of the shoe is made of rubber.")
    assert first.shown_by.modality == "page"
    assert first.open().width > 100


def test_a_quote_is_traced_to_its_part_of_the_page(reports):
    first = numbered(reports.query("cork sole heel rubber"), 6)[0]
    heel = first.part_of("The heel of the shoe is made of rubber.")
    assert len(first.parts) > 1
    assert "heel" in heel.text
    assert heel.id != first.parts[0].id
