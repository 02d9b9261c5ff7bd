"""A folder in which nothing has changed is told by its listing, and nothing else is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image
from toys import ToyEmbedder

import mmrag_jupyter as mm
from mmrag_jupyter.ingest import arguments
from mmrag_jupyter.sources import files

COUNT = 12
OLD = 1_700_000_000


def settle(path):
    os.utime(path, (OLD, OLD))


@pytest.fixture
def heap(tmp_path):
    folder = tmp_path / "heap"
    folder.mkdir()
    for number in range(COUNT):
        path = folder / f"{number}.txt"
        path.write_text(f"note {number}")
        settle(path)
    return folder


@pytest.fixture
def session(tmp_path):
    return mm.Session(mm.Config(root=str(tmp_path / "store")))


@pytest.fixture
def opened(monkeypatch):
    """The names of the files that were looked into, but for one to see how long texts are."""
    names = []
    monkeypatch.setattr(arguments, "PEEKED_ITEMS", 1)
    own = files._Files._item
    monkeypatch.setattr(
        files._Files, "_item", lambda self, one: names.append(one.relative) or own(self, one)
    )
    return names


def load(session, heap, **options):
    given = {"model": ToyEmbedder(modalities=("text", "image")), **options}
    return session.load(str(heap), "heap", **given).last_load


def told(report):
    return report.added, report.updated, report.unchanged, report.removed, report.failed


def test_no_file_is_opened_where_none_has_changed(session, heap, opened):
    assert told(load(session, heap)) == (COUNT, 0, 0, 0, 0)
    opened.clear()
    assert told(load(session, heap)) == (0, 0, COUNT, 0, 0)
    assert len(opened) <= 1
    assert session.collection("heap").query("7", k=1)[0].id == "7.txt"


def test_pictures_are_told_so_too(session, heap, opened):
    path = heap / "red.png"
    Image.new("RGB", (8, 8), "red").save(path)
    settle(path)
    load(session, heap)
    opened.clear()
    assert told(load(session, heap)) == (0, 0, COUNT + 1, 0, 0)
    assert len(opened) <= 1


CHANGES = {
    "content": (lambda heap: (heap / "3.txt").write_text("other"), (0, 1, COUNT - 1, 0, 0)),
    "new": (lambda heap: (heap / "new.txt").write_text("new"), (1, 0, COUNT, 0, 0)),
    "gone": (lambda heap: (heap / "3.txt").unlink(), (0, 0, COUNT - 1, 1, 0)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_has_changed_is_loaded(session, heap, change):
    load(session, heap)
    load(session, heap)
    make, expected = CHANGES[change]
    make(heap)
    assert told(load(session, heap)) == expected


def test_what_was_deleted_here_comes_back(session, heap):
    load(session, heap)
    session.collection("heap").delete(["3.txt"])
    assert told(load(session, heap)) == (1, 0, COUNT - 1, 0, 0)
    assert told(load(session, heap)) == (0, 0, COUNT, 0, 0)


def test_another_model_is_not_passed_over(session, heap):
    load(session, heap)
    other = ToyEmbedder("other", modalities=("text", "image"))
    load(session, heap, model=other, reembed=True)
    assert [space.name for space in session.collection("heap").store.spaces()] == ["other"]


def test_what_could_not_be_read_is_tried_again(session, heap, opened):
    path = heap / "bad.png"
    path.write_bytes(b"no picture")
    settle(path)
    assert load(session, heap).failed == 1
    opened.clear()
    assert load(session, heap).failed == 1
    assert "bad.png" in opened


def test_young_files_and_documents_are_looked_into(session, heap, opened):
    (heap / "page.html").write_text("<p>hello</p>")
    settle(heap / "page.html")
    load(session, heap)
    opened.clear()
    load(session, heap)
    assert len(opened) > COUNT
    Path(heap / "page.html").unlink()
    (heap / "young.txt").write_text("young")
    load(session, heap)
    opened.clear()
    load(session, heap)
    assert len(opened) > COUNT
