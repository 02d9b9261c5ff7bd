"""A share that stalls: a load that waits for a file can be stopped, tells which, and goes on."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest
from toys import picture

from mmrag_jupyter.config import Config
from mmrag_jupyter.errors import LoadStoppedError
from mmrag_jupyter.session import Session
from mmrag_jupyter.sources import awaited


@pytest.fixture
def stall(monkeypatch):
    """Return a function that makes reading a file hang, and interrupts whoever waits for it."""
    released = threading.Event()

    def stall(name):
        plain_open, plain_read = Path.open, Path.read_bytes

        def hang(path):
            if path.name == name and not released.is_set():
                os.kill(os.getpid(), signal.SIGINT)
                released.wait(60)

        def opened(path, *args, **kwargs):
            hang(path)
            return plain_open(path, *args, **kwargs)

        def read(path):
            hang(path)
            return plain_read(path)

        monkeypatch.setattr(Path, "open", opened)
        monkeypatch.setattr(Path, "read_bytes", read)
        return released

    yield stall
    released.set()


@pytest.mark.parametrize("name", ["P3.png", "note.txt", "page.html"])
def test_a_file_that_does_not_answer_is_named_when_the_load_is_stopped(
    tmp_path, stall, monkeypatch, name
):
    monkeypatch.setattr(awaited, "PATIENCE", 0.0)
    shared = tmp_path / "share"
    shared.mkdir()
    for number in range(5):
        picture((40 * number, 0, 0)).save(shared / f"P{number}.png")
    (shared / "note.txt").write_text("about shoes")
    (shared / "page.html").write_text("<p>about boots</p>")
    released = stall(name)
    session = Session(Config(root=str(tmp_path / "kept"), model="builtin"))
    with pytest.raises(LoadStoppedError) as caught:
        session.load(shared, progress=False)
    told = str(caught.value)
    assert told.startswith("Stopped")
    assert f"/{name}, which was being read for" in told
    assert told.endswith("the same command goes on from there.")
    released.set()
    assert len(session.load(shared, progress=False)) == 7


def test_a_table_that_does_not_answer_is_named(tmp_path, stall, monkeypatch):
    monkeypatch.setattr(awaited, "PATIENCE", 0.0)
    table = tmp_path / "shoes.csv"
    table.write_text("name,price\nred,5\nblue,6\n")
    stall("shoes.csv")
    session = Session(Config(root=str(tmp_path / "kept"), model="builtin"))
    with pytest.raises(LoadStoppedError, match=r"Stopped at .*/shoes\.csv, which was being read"):
        session.load(table, progress=False)
