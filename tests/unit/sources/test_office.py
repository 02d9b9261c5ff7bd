from __future__ import annotations

import datetime as dt
import zipfile

import pytest

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.sources import office

docx = pytest.importorskip("docx", reason="python-docx reads Word documents")
pptx = pytest.importorskip("pptx", reason="python-pptx reads presentations")


def quiet(_done, _total):
    pass


def test_a_word_document_is_read_in_order_its_tables_row_by_row(tmp_path):
    document = docx.Document()
    document.core_properties.title, document.core_properties.author = "Plan", "Ann"
    document.core_properties.created = dt.datetime(2024, 5, 6, 7, 8)  # noqa: DTZ001 - as Word has it
    document.add_heading("Plan 2024", 0)
    document.add_paragraph("Before the table.")
    table = document.add_table(2, 3)
    table.cell(0, 0).text, table.cell(0, 1).text = "Region", "Rev\nenue"
    table.cell(1, 0).merge(table.cell(1, 1)).text = "Europe"
    table.cell(1, 2).text = "5"
    document.add_paragraph("After it.")
    document.save(tmp_path / "a.docx")
    found = office.read_docx(tmp_path / "a.docx", quiet)
    assert list(found.texts) == [
        (None, "Plan 2024\nBefore the table.\nRegion | Rev enue | \nEurope | 5\nAfter it.")
    ]
    assert (found.title, found.author, found.pages) == ("Plan", "Ann", None)
    assert found.created == dt.datetime(2024, 5, 6, 7, 8, tzinfo=dt.UTC)


def test_slides_are_pages_with_their_tables_groups_and_notes(tmp_path):
    show = pptx.Presentation()
    first = show.slides.add_slide(show.slide_layouts[1])
    first.shapes.title.text, first.placeholders[1].text = "First", "One\nTwo"
    first.notes_slide.notes_text_frame.text = "Say hello"
    show.slides.add_slide(show.slide_layouts[6])
    third = show.slides.add_slide(show.slide_layouts[6])
    table = third.shapes.add_table(1, 2, 0, 0, 9, 9).table
    table.cell(0, 0).text, table.cell(0, 1).text = "Europe", "12"
    inner = third.shapes.add_group_shape().shapes.add_group_shape()
    inner.shapes.add_textbox(0, 0, 9, 9).text_frame.text = "grouped"
    show.save(tmp_path / "a.pptx")
    found = office.read_pptx(tmp_path / "a.pptx", quiet)
    assert list(found.texts) == [
        (1, "First\nOne\nTwo\nSay hello"),
        (2, ""),
        (3, "Europe | 12\ngrouped"),
    ]
    assert found.pages == 3


@pytest.mark.parametrize(
    ("reader", "suffix", "what"),
    [(office.read_docx, ".docx", "Word document"), (office.read_pptx, ".pptx", "presentation")],
)
def test_what_is_no_such_document_says_so(tmp_path, reader, suffix, what):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"hello")
    with pytest.raises(SourceError, match=f"is damaged, or no {what}"):
        reader(path, quiet)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(SourceError, match=f"is no {what}"):
        reader(path, quiet)


def test_an_archive_that_unpacks_to_gigabytes_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(office, "MOST_BYTES", 10_000)
    with zipfile.ZipFile(tmp_path / "a.docx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", " " * 10_001)
    with pytest.raises(SourceError, match=r"10,001 bytes when unpacked, and the limit is 10,000"):
        office.read_docx(tmp_path / "a.docx", quiet)
