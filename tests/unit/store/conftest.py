"""A store in a folder of its own, empty or with many vectors."""

from __future__ import annotations

import pytest
from store_rows import fill_large

from mmrag_jupyter.store import Store, faiss_index, nearest


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
