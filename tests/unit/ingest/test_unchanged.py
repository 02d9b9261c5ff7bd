"""A folder in which nothing has changed is told by its listing, and nothing else is."""

from __future__ import annotations

import os

import pytest
from PIL import Image
from toys import ToyEmbedder

import mmrag_jupyter as mm
from mmrag_jupyter.errors import LoadStoppedError
from mmrag_jupyter.ingest import arguments, aside
from mmrag_jupyter.ingest.run import Run
from mmrag_jupyter.sources import files, listing, walk

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
    own = files._Items._item
    monkeypatch.setattr(
        files._Items, "_item", lambda self, one: names.append(one.relative) or own(self, one)
    )
    return names


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(listing, "_FILES_A_BLOCK", 4)


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


@pytest.mark.usefixtures("small_blocks")
def test_young_files_and_documents_are_looked_into(session, heap, opened):
    (heap / "page.html").write_text("<p>hello</p>")
    settle(heap / "page.html")
    (heap / "young.txt").write_text("young")
    load(session, heap)
    opened.clear()
    assert told(load(session, heap)) == (0, 0, COUNT + 2, 0, 0)
    assert {"page.html", "young.txt"} <= set(opened)
    assert len(opened) < COUNT


def grown(heap, count):
    for number in range(100, 100 + count):
        path = heap / f"{number}.txt"
        path.write_text(f"note {number}")
        settle(path)
    return count + COUNT


@pytest.mark.usefixtures("small_blocks")
def test_among_many_files_only_those_beside_a_change_are_opened(session, heap, opened):
    count = grown(heap, 200)
    load(session, heap)
    opened.clear()
    (heap / "150.txt").write_text("other words")
    (heap / "160b.txt").write_text("fresh words")
    (heap / "170.txt").unlink()
    assert told(load(session, heap)) == (1, 1, count - 2, 1, 0)
    assert {"150.txt", "160b.txt"} <= set(opened)
    assert len(opened) < count / 2
    collection = session.collection("heap")
    assert len(collection) == count
    assert collection.query("fresh", k=1)[0].id == "160b.txt"
    assert collection.query("other", k=1)[0].id == "150.txt"
    assert "170.txt" not in collection.store.ids()
    assert told(load(session, heap)) == (0, 0, count, 0, 0)


@pytest.mark.usefixtures("small_blocks")
def test_one_broken_picture_among_many_is_told_again_and_costs_no_look_at_the_rest(
    session, heap, opened
):
    count = grown(heap, 100)
    path = heap / "150.png"
    path.write_bytes(b"no picture")
    settle(path)
    first = load(session, heap)
    opened.clear()
    again = load(session, heap)
    assert again.problems == first.problems != ()
    assert told(again) == (0, 0, count, 0, 1)
    assert "150.png" in opened
    assert len(opened) < count / 2


def test_a_picture_that_has_become_unreadable_is_tried_again(session, heap):
    path = heap / "red.png"
    Image.new("RGB", (8, 8), "red").save(path)
    settle(path)
    load(session, heap)
    good = path.read_bytes()
    path.write_bytes(b"no picture")
    settle(path)
    assert told(load(session, heap)) == (0, 0, COUNT, 0, 1)
    assert told(load(session, heap)) == (0, 0, COUNT, 0, 1)
    path.write_bytes(good)
    settle(path)
    assert told(load(session, heap)) == (0, 0, COUNT + 1, 0, 0)


def test_what_was_kept_although_it_is_gone_is_told_again(session, heap):
    load(session, heap)
    (heap / "3.txt").unlink()
    assert load(session, heap, keep_missing=True).kept == 1
    assert load(session, heap, keep_missing=True).kept == 1
    assert load(session, heap).removed == 1


def stop(*_):
    raise KeyboardInterrupt


def stop_at(where, name, monkeypatch, session, heap):
    """Interrupt a load when it comes to a method; what was settled before is counted as done."""
    with monkeypatch.context() as broken:
        broken.setattr(where, name, stop)
        with pytest.raises(LoadStoppedError, match=r"^Stopped after [1-9]\d* of \d+ items"):
            load(session, heap)


def test_what_a_load_had_changed_before_it_was_stopped_is_looked_at_again(
    session, heap, monkeypatch
):
    load(session, heap)
    (heap / "3.txt").write_text("other!")
    stop_at(Run, "_report", monkeypatch, session, heap)
    assert session.collection("heap").query("other!", k=1)[0].parts[0].text == "other!"
    # As it was listed when all was loaded: the same size and time.
    (heap / "3.txt").write_text("note 3")
    settle(heap / "3.txt")
    assert told(load(session, heap)) == (0, 1, COUNT - 1, 0, 0)
    assert session.collection("heap").query("3", k=1)[0].parts[0].text == "note 3"


@pytest.mark.usefixtures("small_blocks")
def test_a_stopped_load_goes_on_without_a_look_at_what_has_not_changed(
    session, heap, opened, monkeypatch
):
    count = grown(heap, 200)
    load(session, heap)
    (heap / "150.txt").write_text("other words")
    settle(heap / "150.txt")
    stop_at(Run, "_commit", monkeypatch, session, heap)
    opened.clear()
    assert told(load(session, heap)) == (0, 1, count - 1, 0, 0)
    assert len(opened) < count / 2


class Told:
    """A reporter that remembers what it is told."""

    def __init__(self):
        self.lines = []

    def start(self, label, total):
        self.lines.append((label, total))

    def advance(self, done):
        pass

    def finish(self, message):
        self.lines.append(message)


@pytest.fixture
def reporter(session, monkeypatch):
    """What is told from the first moment on, as of a folder that takes long to list."""
    monkeypatch.setattr(aside, "PATIENCE", 0.0)
    monkeypatch.setattr(walk, "_TOLD_EVERY", 1)
    told = Told()
    session.reporter = lambda: told
    return told


def test_files_that_are_being_found_are_told_of(session, heap, reporter):
    report = load(session, heap)
    assert reporter.lines == [("finding files", None), ("loading heap", COUNT), str(report)]


def test_an_interrupt_while_files_are_found_is_one_line(session, heap, reporter, monkeypatch):
    reporter.advance = stop
    with pytest.raises(LoadStoppedError, match=r"^Stopped; what was loaded is kept"):
        load(session, heap)
    assert reporter.lines == [("finding files", None), "stopped while finding files"]
    assert session.names() == []
    monkeypatch.undo()
    reporter.advance = lambda _: None
    assert told(load(session, heap)) == (COUNT, 0, 0, 0, 0)
