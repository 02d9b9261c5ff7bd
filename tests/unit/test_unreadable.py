"""Sources that cannot be read, or are none: one clear line, and nothing is lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import mmrag_jupyter as mm
from mmrag_jupyter.errors import SourceError


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return mm.Session(mm.Config())


@pytest.fixture
def notes(tmp_path):
    """Return a folder with two notes, and six more in a folder in it."""
    folder = tmp_path / "notes"
    (folder / "inside").mkdir(parents=True)
    for name in ["a", "b", *(f"inside/{number}" for number in range(6))]:
        (folder / f"{name}.txt").write_text(f"about {name}")
    return folder


@pytest.fixture
def forbid(monkeypatch):
    """Let a folder be one that may not be read, as far as anybody can tell."""
    scandir = os.scandir

    def forbidden(folder):
        def refused(path="."):
            if Path(path) == folder:
                raise PermissionError(13, "Permission denied", str(path))
            return scandir(path)

        monkeypatch.setattr(os, "scandir", refused)

    yield forbidden
    monkeypatch.setattr(os, "scandir", scandir)


@pytest.mark.parametrize("source", ["", "  ", "\t"])
def test_an_empty_text_is_no_source(session, source):
    with pytest.raises(SourceError, match=r"names no source; the folder .* is '\.'\.$"):
        session.load(source, "c", model="builtin")
    assert session.names() == []


def test_an_empty_path_in_a_list_is_refused(session, notes):
    with pytest.raises(SourceError, match="One of the paths in the list is empty; leave it out"):
        session.load([notes / "a.txt", ""], "c", model="builtin")


def test_a_folder_that_cannot_be_read_is_an_error(session, notes, forbid):
    forbid(notes)
    with pytest.raises(SourceError) as raised:
        session.load(notes, model="builtin")
    assert str(raised.value) == f"{notes} cannot be read: Permission denied."
    assert session.names() == []


def test_a_folder_that_cannot_be_read_any_more_takes_nothing_away(session, notes, forbid):
    collection = session.load(notes, model="builtin")
    forbid(notes)
    with pytest.raises(SourceError, match=r"notes cannot be read: Permission denied\.$"):
        collection.load(notes)
    assert len(collection) == 8


def test_what_lies_in_a_folder_that_cannot_be_read_is_not_gone(session, notes, forbid):
    collection = session.load(notes, model="builtin")
    (notes / "b.txt").unlink()
    forbid(notes / "inside")
    report = collection.load(notes)
    assert (report.removed, report.unchanged, report.failed) == (1, 1, 1)
    assert len(collection) == 7
    assert collection.problems().to_numpy().tolist() == [["inside", "Permission denied"]]
    assert collection.query("about inside 3")[0].id == "inside/3.txt"


def test_a_list_in_which_nothing_can_be_read_names_the_first(session):
    with pytest.raises(SourceError, match=r"list of files: gone\.txt: No such file.*1 more prob"):
        session.load(["gone.txt", "away.txt"], "c", model="builtin")


def test_a_line_that_cannot_be_read_counts_as_failed(session, tmp_path):
    table = tmp_path / "table.jsonl"
    table.write_text('{"id": 1, "text": "one"}\n{broken\n{"id": 3, "text": "three"}\n')
    report = session.load(table, model="builtin").last_load
    assert (report.added, report.failed) == (2, 1)
    assert [each.source for each in report.problems] == ["table.jsonl, line 2"]


def test_each_of_some_damaged_files_is_named_though_their_content_is_the_same(session, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in "abc":
        (folder / f"{name}.jpg").write_bytes(b"\xff\xd8\xff\xe0 half a picture")
    problems = session.load(folder, "c", model="builtin").problems()
    assert problems["source"].tolist() == ["a.jpg", "b.jpg", "c.jpg"]
    told = [Path(reason.split()[0]).name for reason in problems["reason"]]
    assert told == ["a.jpg", "b.jpg", "c.jpg"]


def test_names_of_files_that_are_no_utf8_come_back_in_every_dataframe(session, tmp_path):
    folder, table, broken = (os.fsdecode(name) for name in (b"f\xe9", b"rev\xe9.csv", b"\xe9.png"))
    try:
        (tmp_path / folder).mkdir()
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    (tmp_path / folder / broken).write_bytes(b"no picture")
    for number in range(4):
        (tmp_path / folder / f"{number}.txt").write_text(f"about {number // 2}")
    (tmp_path / table).write_text("name,body\n1.txt,nice\n")
    notes = session.load(folder, "notes", model="builtin")
    session.load(table, into="notes", on="name", text="body")
    session.load(table, into="notes", on="name", text="body")
    (reason,) = notes.problems()["reason"]
    assert reason.startswith(f"{folder}/{broken} is not a picture")
    assert notes.joined()["name"].tolist() == ["rev\udce9"]
    assert notes.joined()["rows"].tolist() == [1]
