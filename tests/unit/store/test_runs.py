"""Evenly spaced numbers of a run take few bytes; in format 1 they were written one by one."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from store_rows import fill, image, item, units

from mmrag_jupyter.store import Store, changes, schema
from mmrag_jupyter.store.runs import packed, unpacked


@given(st.lists(st.integers(-(2**62), 2**62 - 1)))
def test_numbers_come_back(numbers):
    array = np.array(numbers, np.int64)
    assert unpacked(packed(array), len(array)).tolist() == numbers


@given(st.integers(-(2**40), 2**40), st.integers(-(2**20), 2**20), st.integers(3, 600))
def test_evenly_spaced_numbers_take_few_bytes_and_come_back(first, step, count):
    array = first + step * np.arange(count)
    assert len(packed(array)) == 17
    assert unpacked(packed(array), count).tolist() == array.tolist()


def version(folder):
    with closing(sqlite3.connect(folder / schema.RECORDS)) as db:
        return db.execute("PRAGMA user_version").fetchone()[0]


def run_bytes(folder):
    with closing(sqlite3.connect(folder / schema.RECORDS)) as db:
        return db.execute("SELECT sum(length(parts) + length(items)) FROM runs").fetchone()[0]


@pytest.fixture
def old(store, monkeypatch):
    """The folder of a collection of format 1."""
    with monkeypatch.context() as patch:
        patch.setattr(changes, "packed", lambda numbers: numbers.astype("<i8").tobytes())
        _, vectors = fill(store, 40)
    store.close()
    with closing(sqlite3.connect(store.folder / schema.RECORDS)) as db:
        db.execute("PRAGMA user_version = 1")
    return store.folder, vectors


def found(store, vectors):
    return store.nearest(1, vectors, 1)[0][:, 0].tolist()


def test_a_collection_of_format_1_is_read_as_it_is(old):
    folder, vectors = old
    with Store.open(folder) as store:
        assert found(store, vectors) == list(range(1, 81))
    assert version(folder) == 1
    assert run_bytes(folder) == 16 * 80


def test_a_collection_of_format_1_is_written_to_compacted_and_repaired(old):
    folder, vectors = old
    with Store.open(folder) as store:
        more = units(60, vectors.shape[1], seed=5)
        with store.writer() as writer:
            items = [item(f"more{n}", image(f"more{n}")) for n in range(60)]
            writer.put(items, {1: (np.arange(60), more)}, source="rows")
        assert found(store, np.concatenate([vectors, more])) == list(range(1, 141))
    assert version(folder) == schema.VERSION
    assert run_bytes(folder) == 16 * 80 + 2 * 17
    assert Store.repair(folder) == []
    with Store.open(folder) as store:
        assert found(store, more) == list(range(81, 141))
        with store.writer() as writer:
            writer.delete(["i0"])
            writer.compact()
        assert found(store, more) == list(range(81, 141))
    # Items of several parts come several times each.
    assert run_bytes(folder) == 17 + 8 * (78 + 60)
