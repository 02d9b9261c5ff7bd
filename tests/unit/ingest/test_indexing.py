"""A load that makes a space large shows how its search index is built, and can be stopped there."""

from __future__ import annotations

import os
import signal

import pandas as pd
import pytest
from toys import ToyEmbedder

import mmrag_jupyter as mm
from mmrag_jupyter.errors import LoadStoppedError
from mmrag_jupyter.ingest import aside
from mmrag_jupyter.store import faiss_index, nearest

BUILDING = "building the search index"
COUNT = 1500


class Recorder:
    """Keeps what it is told; `on_index` is called when the index is half done."""

    def __init__(self):
        self.told = []
        self.ended = []
        self.on_index = lambda: None

    def start(self, label, total):
        self.label, self.total = label, total

    def advance(self, done):
        self.told.append((self.label, done, self.total))
        if self.label == BUILDING and done > self.total // 3:
            self.on_index()

    def finish(self, message):
        self.ended.append(message)


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def session(tmp_path, recorder, monkeypatch):
    monkeypatch.setattr(faiss_index, "INDEX_ABOVE", 1000)
    monkeypatch.setattr(nearest, "_EXACT_UP_TO", 50)
    monkeypatch.setattr(aside, "PATIENCE", 0)
    session = mm.Session(mm.Config(root=str(tmp_path)))
    session.reporter = lambda: recorder
    return session


def load(session):
    frame = pd.DataFrame({"title": [f"word{n} tail{n % 7}" for n in range(COUNT)]})
    return session.load(frame, "words", text="title", model=ToyEmbedder(modalities=("text",)))


def leftovers(collection):
    return [path.name for path in collection.folder.iterdir() if path.suffix == ".new"]


def test_the_building_of_the_index_is_shown(session, recorder):
    collection = load(session)
    done = [done for label, done, _ in recorder.told if label == BUILDING]
    assert done == sorted(done)
    assert len(done) > 5
    assert done[-1] == COUNT
    assert {total for label, _, total in recorder.told if label == BUILDING} == {COUNT}
    assert (collection.folder / "space-1.faiss").exists()
    assert recorder.ended == [str(collection.last_load)]
    assert collection.query("word77", k=1)[0].metadata["title"] == "word77 tail0"


def test_a_load_that_changes_nothing_builds_nothing(session, recorder):
    load(session)
    recorder.told.clear()
    load(session)
    assert {label for label, *_ in recorder.told} != set()
    assert BUILDING not in {label for label, *_ in recorder.told}


def test_an_interrupt_of_the_building_loses_nothing(session, recorder):
    recorder.on_index = lambda: os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(LoadStoppedError, match="everything is loaded") as caught:
        load(session)
    assert "\n" not in str(caught.value)
    assert recorder.ended[-1].startswith("stopped while the search index was built")
    collection = session.collection("words")
    assert len(collection) == COUNT
    assert not (collection.folder / "space-1.faiss").exists()
    assert leftovers(collection) == []
    recorder.on_index = lambda: None
    report = load(session).last_load
    assert (report.unchanged, report.added) == (COUNT, 0)
    assert (collection.folder / "space-1.faiss").exists()
    assert report.notices == ()


def test_a_query_builds_the_index_that_an_interrupt_left_out(session, recorder):
    recorder.on_index = lambda: os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(LoadStoppedError):
        load(session)
    collection = session.collection("words")
    hits = collection.query("word77", k=1)
    assert hits[0].metadata["title"] == "word77 tail0"
    assert any("rebuilt the search index" in notice for notice in hits.notices)
    assert (collection.folder / "space-1.faiss").exists()
