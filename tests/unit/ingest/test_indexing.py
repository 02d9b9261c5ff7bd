"""A load that makes a space large does not wait for its search index, nor does a query."""

from __future__ import annotations

import threading

import pandas as pd
import pytest
from toys import ToyEmbedder

import mmrag_jupyter as mm
from mmrag_jupyter.errors import SourceError
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

    def waiting(*given):
        given[-1](1, 4)
        held.begun.set()
        held.wait()
        build(*given)

    monkeypatch.setattr(faiss_index, "build", waiting)
    yield held
    held.set()


def load(session, **options):
    frame = pd.DataFrame({"title": [f"word{n} tail{n % 7}" for n in range(COUNT)]})
    model = ToyEmbedder(modalities=("text",))
    return session.load(frame, "words", text="title", model=model, **options)


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
    assert told.endswith("; at least 95% were asked for")


def test_which_recall_is_asked_for_stays_with_the_collection(session):
    collection = load(session, recall=0.99)
    collection.store.wait_for_indexes()
    assert collection.store.searched()[0].facts.recall >= 0.99
    assert info(collection)["search index"].endswith("; at least 99% were asked for")
    folder = collection.folder
    collection.close()
    again = mm.open(folder, ToyEmbedder(modalities=("text",)))
    again.store.wait_for_indexes()
    assert info(again)["search index"].endswith("; at least 99% were asked for")
    again.close()
    later = load(session, recall=0.6)
    assert later.last_load.unchanged == COUNT
    later.store.wait_for_indexes()
    assert info(later)["search index"].endswith("; at least 60% were asked for")
    load(session)
    assert later.store.searched()[0].target == 0.6


def test_of_all_vectors_compared_info_tells_too(session):
    told = info(load(session, recall=1))["search index"]
    assert told.endswith("none: all vectors are compared, as a recall of 1 asks")


@pytest.mark.parametrize("recall", [0, -0.5, 1.01, 95, "high", True, float("nan")])
def test_what_is_no_share_is_told_in_a_line(session, recall):
    with pytest.raises(SourceError) as caught:
        load(session, recall=recall)
    assert str(caught.value).startswith(f"recall is {recall!r}; give which share")
    assert "\n" not in str(caught.value)
    assert session.names() == []


def test_rows_that_join_may_ask_for_another_recall_too(session):
    collection = load(session)
    collection.store.wait_for_indexes()
    more = pd.DataFrame({"title": ["word7 tail0"], "stars": [5]})
    collection.load(more, on="title", called="stars", recall=0.7)
    collection.store.wait_for_indexes()
    assert collection.store.searched()[0].facts.target == 0.7


def test_an_engine_elsewhere_is_told_nothing_of_it(session):
    place = f"lancedb://{session.root / 'shared'}"
    frame = pd.DataFrame({"title": ["word7"]})
    with pytest.raises(SourceError, match=r"searched by the engine.*leave --recall out\.$"):
        session.load(frame, store=place, text="title", model="builtin", recall=0.7)


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
