"""The recall of an index is measured, and the effort raised until it is enough."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from store_rows import COLUMNS, image, item, units

from mmrag_jupyter.store import faiss_index, flat, nearest
from mmrag_jupyter.store.index_file import IndexFacts
from mmrag_jupyter.store.index_recall import NEIGHBOURS, Sample, raised
from mmrag_jupyter.store.rows import Rows
from mmrag_jupyter.store.values import RECALL as TARGET
from mmrag_jupyter.store.values import RECALL_SETTING

COUNT = 2000
DIM = 24


def rows(count, alive=None):
    numbers = np.arange(count)
    return Rows(0, numbers, numbers, np.zeros(count, np.uint8), alive, None)


def seen(vectors, alive=None, step=300):
    sample = Sample.of(vectors, rows(len(vectors), alive))
    for start in range(0, len(vectors), step):
        sample.look(vectors[start : start + step], start, alive)
    sample.seen()
    return sample


class Partly:
    """Finds the exact neighbours, but for those in a share of the rows."""

    lists = 100

    def __init__(self, facts):
        self.share = facts.probes / self.lists
        self.depth = facts.deep

    def nearest(self, queries, vectors, k, allowed):
        mask = np.random.default_rng(5).random(len(vectors)) < self.share
        return flat.nearest(queries, vectors, k, mask if allowed is None else mask & allowed)


@pytest.mark.parametrize("dead", [0, 700])
def test_what_is_measured_is_the_share_of_true_neighbours(dead):
    vectors = units(COUNT, DIM)
    alive = np.arange(COUNT) >= dead if dead else None
    sample = seen(vectors, alive)
    assert sample.recall(Partly(IndexFacts(COUNT, COUNT, b"", probes=100)), vectors, alive)[0] == 1
    half, error = sample.recall(Partly(IndexFacts(COUNT, COUNT, b"", probes=50)), vectors, alive)
    assert half == pytest.approx(0.5, abs=0.05)
    assert 0 < error < 0.02


def test_vectors_that_are_the_same_are_as_good_as_each_other():
    vectors = np.repeat(units(20, DIM), 40, axis=0)
    sample = seen(vectors)
    found, _ = sample.recall(Partly(IndexFacts(800, 800, b"", probes=60)), vectors, None)
    assert found > 0.99


def test_the_effort_goes_up_until_it_is_enough_and_no_further():
    vectors = units(COUNT, DIM)
    found = raised(Partly, seen(vectors), vectors, None, IndexFacts(COUNT, COUNT, b""))
    assert found.recall >= TARGET
    assert 95 <= found.probes <= 100
    assert found.deep == 1


def test_where_no_effort_is_enough_there_is_none():
    class Bad(Partly):
        def nearest(self, queries, _vectors, k, _allowed):
            return flat.empty(len(queries), k)

    vectors = units(COUNT, DIM)
    assert raised(Bad, seen(vectors), vectors, None, IndexFacts(COUNT, COUNT, b"")) is None


def test_few_vectors_are_measured_too():
    vectors = units(NEIGHBOURS // 2, DIM)
    sample = seen(vectors)
    index = Partly(IndexFacts(len(vectors), len(vectors), b"", probes=100))
    assert sample.recall(index, vectors, None) == (1.0, 0.0)


@pytest.fixture
def hard(store, monkeypatch):
    """Vectors without any order, of which an index finds few neighbours at its first try."""
    monkeypatch.setattr(faiss_index, "INDEX_ABOVE", 1000)
    monkeypatch.setattr(nearest, "_EXACT_UP_TO", 200)
    return store, add(store, 0, COUNT), units(COUNT, DIM, seed=9)


def add(store, first, count, seed=9):
    items = [item(f"i{n}", image(f"p{n}"), price=float(n)) for n in range(first, first + count)]
    with store.writer() as writer:
        writer.add_source("rows", "rows", COLUMNS)
        space = writer.add_space("model", None, DIM, frozenset({"image"}))
        own = (np.arange(count), units(count, DIM, seed))
        writer.put(items, {space: own}, source="rows")
    store.wait_for_indexes()
    return space


def share(store, space, vectors, alive, **options):
    queries = units(100, DIM, seed=4)
    _, true = flat.nearest(queries, vectors, 10, alive)
    parts, _ = store.nearest(space, queries, 10, **options)
    return np.mean([len(np.intersect1d(a, b + 1)) / 10 for a, b in zip(parts, true, strict=True)])


def test_of_vectors_without_order_enough_are_found_all_the_same(hard, monkeypatch):
    store, space, vectors = hard
    (searched,) = store.searched()
    assert searched.facts.recall >= TARGET
    assert searched.facts.probes > 20
    assert share(store, space, vectors, None) >= TARGET - 0.02
    monkeypatch.setattr(
        faiss_index.Index, "nearest", lambda _, queries, *__: flat.empty(len(queries), 10)
    )
    assert share(store, space, vectors, None, exact=True) == 1


def test_adding_and_deleting_keep_the_recall(hard):
    store, space, vectors = hard
    before = store.searched()[0]
    add(store, COUNT, 600, seed=10)
    after = store.searched()[0]
    assert (after.facts.covered, after.facts.trained) == (COUNT + 600, COUNT)
    assert after.lists == before.lists
    assert after.facts.recall >= TARGET
    every = np.concatenate([vectors, units(600, DIM, seed=10)])
    assert share(store, space, every, None) >= TARGET - 0.02
    with store.writer() as writer:
        writer.delete([f"i{n}" for n in range(0, COUNT, 3)])
    alive = (np.arange(len(every)) % 3 > 0) | (np.arange(len(every)) >= COUNT)
    assert share(store, space, every, alive) >= TARGET - 0.02


def test_an_index_that_has_grown_much_gets_other_lists(hard):
    store, _, _ = hard
    add(store, COUNT, 2 * COUNT, seed=10)
    (searched,) = store.searched()
    assert searched.facts.trained == 3 * COUNT
    assert searched.lists > 100


def test_where_bits_do_not_tell_neighbours_apart_bytes_do(hard, monkeypatch):
    store, _, _ = hard
    (store.folder / "space-1.faiss").unlink()
    own = faiss_index.raised
    tried = []

    def first_in_vain(trying, sample, vectors, alive, facts):
        found = own(trying, sample, vectors, alive, facts)
        tried.append(found)
        return None if len(tried) == 1 else found

    monkeypatch.setattr(faiss_index, "raised", first_in_vain)
    before = store.searched()[0].facts
    store.wait_for_indexes()
    after = store.searched()[0].facts
    assert before is None
    assert replace(after, row_bytes=0).recall >= TARGET
    assert after.row_bytes == DIM + 8


def ask_for(store, recall):
    with store.writer() as writer:
        writer.set_setting(RECALL_SETTING, repr(recall))
    store.wait_for_indexes()


def test_another_target_is_measured_again_over_the_same_lists(hard, monkeypatch):
    store, space, vectors = hard
    before = store.searched()[0]
    monkeypatch.setattr(faiss_index, "_empty", None)  # lists are made no more
    ask_for(store, 0.5)
    less = store.searched()[0]
    assert (before.target, less.target, less.facts.target) == (TARGET, 0.5, 0.5)
    assert less.facts.probes < before.facts.probes
    assert 0.5 <= less.facts.recall < before.facts.recall
    assert (less.facts.covered, less.facts.trained) == (COUNT, COUNT)
    assert share(store, space, vectors, None) < 0.9
    ask_for(store, 0.8)
    more = store.searched()[0]
    assert less.facts.probes < more.facts.probes < before.facts.probes
    assert 0.8 <= more.facts.recall < before.facts.recall


def test_where_the_index_that_is_there_cannot_find_as_many_another_does(hard):
    store, space, vectors = hard
    before = store.searched()[0].facts
    ask_for(store, 0.999)
    after = store.searched()[0].facts
    assert after.recall >= 0.999
    assert after.row_bytes == DIM + 8 > before.row_bytes
    assert share(store, space, vectors, None) >= 0.99


def test_until_an_index_finds_as_many_as_are_asked_for_the_search_is_exact(hard, monkeypatch):
    store, space, vectors = hard
    ask_for(store, 0.5)
    assert share(store, space, vectors, None) < 0.95
    gate, build = threading.Event(), faiss_index.build

    def waiting(*given):
        gate.wait()
        build(*given)

    monkeypatch.setattr(faiss_index, "build", waiting)
    with store.writer() as writer:
        writer.set_setting(RECALL_SETTING, "0.9")
    found = share(store, space, vectors, None)
    gate.set()
    store.wait_for_indexes()
    assert found == 1
    (line,) = store.notices
    assert "was made to find fewer of the true neighbours: it is built in the background" in line
    assert store.searched()[0].facts.target == 0.9


def test_where_all_are_asked_for_there_is_no_index(hard):
    store, space, vectors = hard
    (store.folder / "space-1.faiss").unlink()
    ask_for(store, 1.0)
    assert share(store, space, vectors, None) == 1
    assert (store.searched()[0].facts, store.searched()[0].building) == (None, None)
    store.wait_for_indexes()
    assert not (store.folder / "space-1.faiss").exists()
    assert store.notices == []


def test_an_index_of_another_version_is_made_anew(hard):
    store, _, _ = hard
    path = store.folder / "space-1.faiss"
    path.write_bytes(path.read_bytes()[:-1] + b"2")
    assert store.searched()[0].facts is None
    assert "was made by another version: it is built in the background" in store.notices[-1]
    store.wait_for_indexes()
    assert store.searched()[0].facts.recall >= TARGET
