from __future__ import annotations

import pytest
from pdfs import write_pdf, write_scan

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.sources import ocr, pdf_reader


def read(path):
    told = []
    found = pdf_reader.read(path, lambda page, pages: told.append((page, pages)))
    return found, told


def test_each_page_gives_its_text_and_can_be_drawn(tmp_path):
    path = write_pdf(
        tmp_path / "a.pdf",
        ["One", "", "Three"],
        info={"Title": "Größe ☃", "Author": "Ann", "CreationDate": "D:2020"},
    )
    found, told = read(path)
    assert list(found.texts) == [(1, "One"), (2, ""), (3, "Three")]
    assert list(found.pictures) == [1, 2, 3]
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert (found.pages, found.title, found.author) == (3, "Größe ☃", "Ann")
    assert found.created.year == 2020
    assert (found.unread, found.recognised, list(found.problems)) == (0, 0, [])


def test_pictures_of_text_are_counted_where_nothing_reads_them(tmp_path):
    found, _ = read(write_scan(tmp_path / "a.pdf", ["Hello", "World"]))
    assert [text for _, text in found.texts] == ["", ""]
    assert (found.unread, found.recognised) == (2, 0)


def test_pictures_of_text_are_read_by_an_engine_in_their_order(tmp_path, engine):
    found, told = read(write_scan(tmp_path / "a.pdf", [str(n) for n in range(12)]))
    assert list(found.texts) == [(n, "seen text\nsecond line") for n in range(1, 13)]
    assert (found.unread, found.recognised) == (0, 12)
    assert [page for page, _ in told] == list(range(1, 13))
    assert engine.sizes == [(2550, 3300)] * 12  # at 300 dots an inch


def test_pages_with_text_are_not_recognised(tmp_path, engine):
    found, _ = read(write_pdf(tmp_path / "a.pdf", ["One", ""]))
    assert [text for _, text in found.texts] == ["One", ""]
    assert engine.sizes == []


def test_what_an_engine_does_not_find_leaves_the_page_as_it_was(tmp_path, engine):
    engine.text = ""
    found, _ = read(write_scan(tmp_path / "a.pdf", ["Hello"]))
    assert list(found.texts) == [(1, "")]


def test_an_engine_that_fails_costs_the_text_of_a_page(tmp_path, engine, monkeypatch):
    def fail(_image):
        raise SourceError("Tesseract read for more than 120 s")

    monkeypatch.setattr(engine, "words", fail)
    found, _ = read(write_scan(tmp_path / "a.pdf", ["Hello"]))
    assert list(found.problems) == ["page 1: Tesseract read for more than 120 s"]
    assert list(found.pictures) == [1]


def broken_pages(path, count):
    data = path.read_bytes().replace(b"/Type /Page /Parent", b"/Type /Pixy /Parent", count)
    path.write_bytes(data)
    return path


def test_a_broken_page_is_a_problem_and_the_others_are_read(tmp_path):
    path = broken_pages(write_pdf(tmp_path / "a.pdf", ["One", "Two", "Three"]), 1)
    found, _ = read(path)
    assert list(found.texts) == [(2, "Two"), (3, "Three")]
    assert list(found.pictures) == [2, 3]
    assert len(found.problems) == 1


def test_a_document_whose_pages_are_all_broken_cannot_be_read(tmp_path):
    with pytest.raises(SourceError, match="is damaged"):
        read(broken_pages(write_pdf(tmp_path / "a.pdf", ["One", "Two"]), 2))
    with pytest.raises(SourceError, match="is damaged"):
        read(broken_pages(write_pdf(tmp_path / "b.pdf", ["x"] * 60), 50))


def test_an_interrupt_leaves_pages_unread(tmp_path, engine):
    path = write_scan(tmp_path / "a.pdf", ["x"] * 30)

    def stop(page, _pages):
        if page == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pdf_reader.read(path, stop)
    assert len(engine.sizes) < 12


def test_a_scan_is_read_for_real(tmp_path, monkeypatch):
    found = ocr.find()
    if found is None:
        pytest.skip("neither tesseract nor rapidocr is installed")
    monkeypatch.setattr(ocr, "engine", lambda: found)
    path = write_scan(tmp_path / "a.pdf", ["Invoice number 4711\nTotal 99 euros", "Thank you"])
    reading, _ = read(path)
    assert [text.split("\n")[0] for _, text in reading.texts] == [
        "Invoice number 4711",
        "Thank you",
    ]
    assert "Total 99 euros" in reading.texts[0][1]
