"""Collections whose vectors can be foretold: their pictures are named by what they are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import mmrag_jupyter as mm

DIM = 16


class Named:
    """Embeds a text as the vector that it names: "3 7" is the direction 3, turned by seed 7."""

    name, dim, modalities = "named:1", DIM, frozenset({"text"})

    def embed_text(self, texts, *, query):  # noqa: ARG002
        return np.stack([vector(text) for text in texts])


def vector(text):
    """Return the vector that a text such as "3 7 0.2" names: direction, seed, how far off."""
    direction, seed, off = [float(word) for word in (*text.split(), "0", "0", "0")[:3]]
    found = np.eye(DIM)[int(direction) % DIM] + off * _unit(int(seed))
    return (found / np.linalg.norm(found)).astype(np.float32)


def _unit(seed):
    found = np.random.default_rng(seed).standard_normal(DIM)
    return found / np.linalg.norm(found)


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return mm.Session(mm.Config(root=str(tmp_path / "collections")))


@pytest.fixture
def load(session):
    """Return a function that makes a collection of texts, with columns beside them."""

    def made(texts, name="points", *, model=None, **columns):
        frame = pd.DataFrame({"text": list(texts), **columns})
        frame.insert(0, "key", [f"i{at:03}" for at in range(len(frame))])
        return session.load(
            frame, name, text="text", id="key", model=model or Named(), progress=False
        )

    return made


@pytest.fixture
def load_words(session):
    """Return a function that makes a collection of texts without vectors."""

    def made(texts, name="words", **columns):
        frame = pd.DataFrame({"text": list(texts), **columns})
        frame.insert(0, "key", [f"i{at:03}" for at in range(len(frame))])
        return session.load(frame, name, text="text", id="key", model="builtin", progress=False)

    return made
