"""A load that makes a space large does not wait for its search index, nor does a query."""

from __future__ import annotations

import threading

import pandas as pd
import pytest
from toys import ToyEmbedder

import mmrag_jupyter as mm
from mmrag_jupyter.store import faiss_index, nearest

COUNT = 1500


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.setattr(faiss_index, "INDEX_ABOVE", 1000)
    monkeypatch.setattr(nearest, "_EXACT_UP_TO", 50)
    return mm.Session(mm.Config(root=str(tmp_path)))


@pytest.fixture
def gate(monkeypatch):
    """Holds the building of an index until it is set; `begun` says that it has begun."""
    held = threading.Event()
    held.begun = threading.Event()
    build = faiss_index.build

    def waiting(path, uid, vectors, rows, told):
        told(len(vectors) // 4, len(vectors))
        held.begun.set()
        held.wait()
        build(path, uid, vectors, rows, told)

    monkeypatch.setattr(faiss_index, "build", waiting)
    yield held
    held.set()


def load(session):
    frame = pd.DataFrame({"title": [f"word{n} tail{n % 7}" for n in range(COUNT)]})
    return session.load(frame, "words", text="title", model=ToyEmbedder(modalities=("text",)))


def indexes(collection):
    return [path.name for path in collection.folder.glob("*.faiss")]


def info(collection):
    return dict(collection.info().rows)


def test_neither_a_load_nor_a_query_waits_for_the_index(session, gate):
    collection = load(session)
    assert collection.last_load.added == COUNT
    assert indexes(collection) == []
    hits = collection.query("word77", k=1)
    assert hits[0].metadata["title"] == "word77 tail0"
    (notice,) = hits.notices
    assert "is not there yet: it is built in the background" in notice
    gate.begun.wait()
    assert info(collection)["search index"].endswith("being built (25%)")
    gate.set()
    collection.store.wait_for_indexes()
    assert indexes(collection) == ["space-1.faiss"]
    hits = collection.query("word77", k=1)
    assert hits[0].metadata["title"] == "word77 tail0"
    assert hits.notices == ()


def test_info_tells_the_recall_that_was_measured(session):
    collection = load(session)
    collection.store.wait_for_indexes()
    (searched,) = collection.store.searched()
    assert searched.facts.recall >= 0.95
    told = info(collection)["search index"]
    assert f"finds {searched.facts.recall:.1%} of the true neighbours" in told
    assert f"{searched.facts.probes:,} of {searched.lists:,} lists" in told


def test_a_load_that_changes_nothing_builds_nothing(session, monkeypatch):
    load(session).store.wait_for_indexes()
    monkeypatch.setattr(faiss_index, "build", None)
    report = load(session).last_load
    assert (report.unchanged, report.added) == (COUNT, 0)
    assert report.notices == ()


def test_closing_ends_the_building_and_the_next_query_begins_anew(session, gate):
    collection = load(session)
    closing = threading.Thread(target=collection.close)
    closing.start()
    collection.store._views._background._stop.wait()
    gate.set()
    closing.join()
    assert indexes(collection) == []
    assert list(collection.folder.glob("*.new")) == []
    again = mm.open(collection.folder, ToyEmbedder(modalities=("text",)))
    assert again.query("word77", k=1)[0].metadata["title"] == "word77 tail0"
    again.store.wait_for_indexes()
    assert indexes(again) == ["space-1.faiss"]
    again.close()
