"""The stories of joined tables, each again in a store elsewhere: they are to end alike.

What they load first is made elsewhere; the rest of them are the same commands. The few that look
into the files of a folder stay there.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from served_places import Place, place_of

from mmrag_jupyter.config import Config
from mmrag_jupyter.session import Session
from mmrag_jupyter.store import Store
from mmrag_jupyter.store.llama import CollectionVectorStore

_STORIES = Path(__file__).parents[1] / "test_joined.py"
# What looks into a selection of a folder.
_IN_FILES = {"test_a_condition_on_rows_alone_means_what_it_does_beside_one_on_items"}
# Milvus Lite takes seconds to begin each: its joined rows are tried in `test_joined`.
_ENGINES = ("lancedb", "qdrant", "postgresql", "llama")


def _stories():
    spec = importlib.util.spec_from_file_location("stories_of_joined_tables", _STORIES)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {
        name: one
        for name, one in vars(module).items()
        if not name.startswith("__") and name not in {*_IN_FILES, "session"}
    }


globals().update(_stories())


class Elsewhere(Session):
    """A session whose new collections are all in one store."""

    def __init__(self, folder, store):
        super().__init__(Config(root=str(folder)))
        self._elsewhere = store

    def load(self, source, name=None, **options):
        # What joins needs a collection that is there, and finds it by its name.
        if not {"into", "on"} & options.keys() and name not in self.names():
            options["store"] = self._elsewhere
        return super().load(source, name, **options)


@pytest.fixture(params=_ENGINES)
def place(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("place")
    if request.param == "llama":
        if "after_a_restart" in request.node.name:
            pytest.skip("a vector store object is no address to open again")
        nodes = CollectionVectorStore(Store.create(folder / "nodes", "nodes"))
        return Place("llama", nodes, folder)
    return place_of(request.param, folder, request)


@pytest.fixture
def session(place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Elsewhere(tmp_path / "collections", place.store)
