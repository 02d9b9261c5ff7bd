"""A small collection with pictures, and a page that asks for things."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sounds import noise, quiet, tone, write
from toys import ToyEmbedder, picture

import mmrag_jupyter as mm
from mmrag_jupyter.ingest import SilentReporter
from mmrag_jupyter.widgets.service import Service

COLOURS = {"red": (220, 20, 20), "blue": (20, 20, 220), "green": (20, 160, 20)}


@pytest.fixture
def session(tmp_path):
    made = mm.Session(mm.Config(root=str(tmp_path / "collections")))
    made.reporter = SilentReporter
    return made


@pytest.fixture
def products():
    kinds = ["hat", "shoe", "lamp"]
    rows = [
        {
            "sku": f"{colour}-{kind}",
            "title": f"{colour} {kind}",
            "kind": kind,
            "price": 10.0 * (1 + at + 3 * k),
            "stock": None if kind == "lamp" else at,
            "added": pd.Timestamp("2024-01-01") + pd.Timedelta(days=at + 3 * k),
            "photo": picture(COLOURS[colour], (80, 40)),
        }
        for k, kind in enumerate(kinds)
        for at, colour in enumerate(COLOURS)
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def shop(session, products):
    return session.load(
        products, "shop", text="title", image="photo", id="sku", model=ToyEmbedder()
    )


@pytest.fixture
def calls(session, tmp_path):
    """Load a few recordings; what is current stays so."""
    write(tmp_path / "calls" / "bell.wav", np.concatenate([quiet(3), tone(880, 2), quiet(3)]))
    write(tmp_path / "calls" / "rain.wav", noise(3))
    current = session.current
    made = session.load(tmp_path / "calls", "calls", model="builtin")
    session.current = current
    return made


class Page:
    """What a page does: it asks, and every answer must be JSON."""

    def __init__(self, service):
        self.service = service
        self.buffers = []

    def message(self, verb, *, buffers=(), **question):
        sent = {"type": verb, "uuid": "u1", "collection": None, **question}
        answer, self.buffers = self.service.handle(sent, list(buffers))
        assert answer["uuid"] == "u1"
        return json.loads(json.dumps(answer, allow_nan=False))

    def ask(self, verb, **question):
        answer = self.message(verb, **question)
        assert answer["type"] == "answer", answer
        assert answer["verb"] == verb
        return answer["result"]

    def refused(self, verb, **question):
        answer = self.message(verb, **question)
        assert answer["type"] == "error", answer
        return answer["error"]

    def search(self, *words, offset=0, limit=10, buffers=(), **asked):
        terms = [{"text": word.lstrip("-"), "sign": -1 if word[0] == "-" else 1} for word in words]
        return self.ask(
            "search",
            asked={"terms": terms, **asked},
            offset=offset,
            limit=limit,
            buffers=buffers,
        )

    def ids(self, *words, **asked):
        return [hit["id"] for hit in self.search(*words, **asked)["hits"]]


@pytest.fixture
def page(session, shop):  # noqa: ARG001 - a page needs something to look at
    service = Service(session, session.loads)
    yield Page(service)
    service.close()
