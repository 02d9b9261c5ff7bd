from __future__ import annotations

import datetime as dt
import sys

import pandas as pd
import pytest
from pdfs import write_pdf, write_scan
from PIL import Image

from mmrag_jupyter import sources
from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.sources import documents, reading


def content(path, **options):
    return documents.document(path, 256, **options).read(lambda _page, _pages: None)


def test_a_pdf_gives_its_pages_and_then_their_texts(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", ["One", "", "Three"], info={"Title": "T"})
    found = content(path)
    assert [(one.modality, one.page, one.text) for one in found.pieces] == [
        ("page", 1, ""),
        ("page", 2, ""),
        ("page", 3, ""),
        ("text", 1, "One"),
        ("text", 3, "Three"),
    ]
    assert [(one.media.path, one.media.page) for one in found.pieces[:3]] == [
        (path, 1), (path, 2), (path, 3),
    ]  # fmt: skip
    assert found.metadata == {"pages": 3, "title": "T", "author": None, "created": None}
    assert content(path, about=False).metadata == {}


def test_long_pages_are_chunked_each_chunk_with_its_page(tmp_path):
    lines = "\n".join(f"This is sentence number {n} on this page." for n in range(50))
    found = content(write_pdf(tmp_path / "a.pdf", [lines, "Short"]))
    texts = [one for one in found.pieces if one.modality == "text"]
    assert [one.page for one in texts][-2:] == [1, 2]
    assert len(texts) > 2
    assert "".join(one.text for one in texts[:-1]).count("number") == 50


def test_documents_are_listed_and_not_opened(tmp_path, monkeypatch):
    write_pdf(tmp_path / "a.pdf", ["One"])
    (tmp_path / "b.HTML").write_bytes(b"<p>")
    (tmp_path / "c.docx").write_bytes(b"")
    Image.new("RGB", (1, 1)).save(tmp_path / "d.png")
    monkeypatch.setattr(documents, "_READERS", {})
    source = sources.read(tmp_path)
    assert source.ids == ["a.pdf", "b.HTML", "c.docx", "d.png"]
    assert source.modalities == {"page", "text", "image"}
    assert [len(item.documents) for item in source] == [1, 1, 1, 0]
    assert [column.name for column in source.columns][-4:] == [
        "pages",
        "title",
        "author",
        "created",
    ]
    assert source.notice == ""


def test_a_folder_without_documents_has_no_columns_for_them(tmp_path):
    (tmp_path / "a.txt").write_text("x", encoding="utf-8")
    source = sources.read(tmp_path)
    assert [column.name for column in source.columns][-1] == "modified"
    assert source.modalities == {"text"}


def test_a_document_with_a_suffix_in_capitals_is_read(tmp_path):
    write_pdf(tmp_path / "A.PDF", ["One"])
    (item,) = sources.read(tmp_path)
    assert item.metadata["suffix"] == ".pdf"
    assert item.documents[0].read(lambda *_: None).pieces[-1].text == "One"


@pytest.mark.parametrize(
    ("suffix", "what"),
    [(".docx", "a Word document"), (".pptx", "a presentation"), (".html", "a web page")],
)
def test_a_missing_package_is_a_problem_that_names_the_extra(tmp_path, monkeypatch, suffix, what):
    for name in ("docx", "pptx", "trafilatura"):
        monkeypatch.setitem(sys.modules, name, None)
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"x")
    with pytest.raises(SourceError, match=rf"is {what}; pip install 'mmrag-jupyter\[documents\]'"):
        content(path)


def test_a_reader_that_breaks_is_one_line(tmp_path, monkeypatch):
    def broken(_path, _tell):
        raise RecursionError("maximum depth\nexceeded")

    monkeypatch.setitem(documents._READERS, ".pdf", broken)
    with pytest.raises(SourceError, match=r"a.pdf is damaged: maximum depth\.$"):
        content(tmp_path / "a.pdf")


def test_a_document_that_is_gone_or_forbidden_is_one_line(tmp_path, monkeypatch):
    with pytest.raises(SourceError, match=r"a.docx cannot be read: No such file"):
        content(tmp_path / "a.docx")

    def forbidden(_path, _tell):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setitem(documents._READERS, ".pdf", forbidden)
    with pytest.raises(SourceError, match=r"a.pdf cannot be read: Permission denied\."):
        content(tmp_path / "a.pdf")


def test_a_scan_with_nothing_to_read_it_has_pages_and_no_texts(tmp_path):
    found = content(write_scan(tmp_path / "a.pdf", ["Hello"]))
    assert [one.modality for one in found.pieces] == ["page"]
    assert found.unread == 1


def test_texts_in_a_column_are_read_too(tmp_path):
    (tmp_path / "a.md").write_bytes("größe".encode("latin-1"))
    frame = pd.DataFrame({"file": ["a.md"]})
    (item,) = sources.read(frame, root=tmp_path)
    assert [one.text for one in item.documents[0].read(lambda *_: None).pieces] == ["größe"]


def test_pictures_and_documents_may_share_a_column(tmp_path):
    write_pdf(tmp_path / "a.pdf", ["One"])
    Image.new("RGB", (1, 1)).save(tmp_path / "b.png")
    source = sources.read(pd.DataFrame({"file": ["a.pdf", "b.png"]}), root=tmp_path)
    assert "took file as pictures and documents (--image names others)" in source.notice
    assert source.modalities == {"page", "text", "image"}
    assert [(len(item.documents), len(item.pieces)) for item in source] == [(1, 0), (0, 1)]


@pytest.mark.parametrize(
    "cells", [["docs/1.pdf", "docs/2.pdf"], ["https://example.org/a.pdf", "https://b.org/b.pdf"]]
)
def test_names_of_documents_that_are_not_here_are_not_loaded(tmp_path, cells):
    source = sources.read(pd.DataFrame({"file": cells, "n": [1, 2]}), root=tmp_path)
    assert "documents" not in source.notice
    assert all(not item.documents for item in source)


@pytest.mark.parametrize(
    ("given", "title"),
    [
        ("Annual Report", "Annual Report"),
        ("  Annual\n Report ", "Annual Report"),
        ("Microsoft Word - Annual Report", "Annual Report"),
        ("Microsoft Word - report.docx", None),
        ("0000320193-22-000070", None),
        ("untitled", None),
        ("Untitled-1", None),
        ("PowerPoint Presentation", None),
        ("final version 3.indd", None),
        ("", None),
        ("\0", None),
        ("年次報告", "年次報告"),
    ],
)
def test_a_title_that_says_nothing_is_none(given, title):
    assert reading.title_of(given) == title


def test_real_reports_say_what_they_are(shared_data):
    found = content(shared_data / "pdfs" / "NARA2022.pdf")
    assert found.metadata == {
        "pages": 16,
        "title": "NARA2022",
        "author": "Turn-Key Systems Pty Ltd",
        "created": dt.datetime(2022, 7, 4, 4, 53, 34, tzinfo=dt.UTC),
    }
    assert sum(one.modality == "page" for one in found.pieces) == 16
