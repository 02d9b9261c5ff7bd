"""A store in a folder of its own, empty or with many vectors."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from coded_items import COUNT, put
from store_rows import fill_large

from mmrag_jupyter.store import Store, coded_columns, faiss_index, nearest
from mmrag_jupyter.store.select import Conditions


@pytest.fixture
def store(tmp_path):
    with Store.create(tmp_path / "things", "things") as made:
        yield made


@pytest.fixture
def large(store, monkeypatch):
    """A store of 3000 vectors in clusters, which is large as the limits are set here."""
    monkeypatch.setattr(faiss_index, "INDEX_ABOVE", 1000)
    monkeypatch.setattr(nearest, "_EXACT_UP_TO", 200)
    return store, *fill_large(store)


class Asked(NamedTuple):
    """A condition as the user wrote it, and what SQLite was asked."""

    expression: str
    statement: str


@pytest.fixture
def asked(monkeypatch):
    """What SQLite was asked of items."""
    run = []
    own = Conditions._run
    monkeypatch.setattr(
        Conditions,
        "_run",
        lambda self, *of: run.append(Asked(*of[:2])) or own(self, *of),
    )
    return run


@pytest.fixture
def coded_limits(monkeypatch):
    """What is many for coded columns, as the limits are set here."""
    monkeypatch.setattr(coded_columns, "INDEX_ABOVE", 100)
    monkeypatch.setattr(coded_columns, "_MOST_BESIDE", 20)


@pytest.fixture
def many(store, coded_limits):  # noqa: ARG001
    """A store of as many items as have coded columns."""
    put(store, range(COUNT))
    store.wait_for_indexes()
    return store
