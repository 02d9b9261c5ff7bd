"""A session without store or models, which remembers what it was asked."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from mmrag_jupyter.config import Config
from mmrag_jupyter.errors import NotFoundError, did_you_mean


@dataclass
class FakeCollection:
    name: str
    columns: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    folder: Path = Path(".mmrag/fake")
    last_load: str = ""
    asked: list[tuple] = field(default_factory=list)

    def __len__(self):
        return len(self.ids)

    def query(self, text, **options):
        self.asked.append((text, options))
        return [text]

    @property
    def joined_columns(self):
        return ["stars"]

    def some_ids(self, start, limit):
        return [one for one in self.ids if one.startswith(start)][:limit]

    def delete(self, ids=None, *, where=None):
        self.asked.append((ids, where))
        return len(ids or ())

    def show(self, item_id):
        return f"item {item_id}"

    def info(self):
        return f"info of {self.name}"


class FakeSession:
    def __init__(self):
        self.config = SimpleNamespace(**asdict(Config()))
        self.current = "products"
        self.on_disk = {"old stock"}
        self.reporter = object
        self.loaded = []
        self.dropped = []
        self.collections = {
            "products": FakeCollection(
                "products", ["name", "price", "unit price", "in"], ["A-1", "A-2", "B 3"]
            ),
            "photos": FakeCollection("photos", ["path"], ["cat.jpg"]),
        }

    def names(self):
        return sorted({*self.collections, *self.on_disk})

    def opened(self, name=None):
        return self.collections.get(name or self.current)

    def collection(self, name=None):
        name = name or self.current
        if name not in self.collections:
            near = did_you_mean(name, self.names())
            raise NotFoundError(f"No collection {name!r}.{near}")
        return self.collections[name]

    def load(self, source, name=None, **options):
        self.loaded.append((source, name, options))
        return SimpleNamespace(last_load=f"loaded {name}")

    def use(self, name):
        self.current = self.collection(name).name
        return self.collections[name]

    def open(self, name, model=None, *, repair=False):
        return ("opened", name, model, repair)

    def drop(self, name):
        self.dropped.append(name)


@pytest.fixture
def session():
    return FakeSession()
