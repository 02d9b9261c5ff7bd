"""Whatever the embedder, a query returns what a plain loop over all vectors returns."""

from __future__ import annotations

import zlib

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import mmrag_jupyter as mm

DIM = 16
ITEMS = 300


class RandomEmbedder:
    """Gives every distinct text and picture a random direction, always the same one."""

    def __init__(self, seed):
        self.name = f"random:{seed}"
        self.dim = DIM
        self.modalities = frozenset({"text", "image"})

    def direction(self, content):
        # Not hash(): its salt differs between runs, and once in some runs two scores lie so
        # near to each other that rounding alone decides which of the two comes first.
        seed = zlib.crc32(repr((self.name, content)).encode())
        vector = np.random.default_rng(seed).standard_normal(DIM).astype(np.float32)
        return vector / np.linalg.norm(vector)

    def embed_text(self, texts, *, query):  # noqa: ARG002
        return np.stack([self.direction(text) for text in texts])

    def embed_image(self, images):
        return np.stack([self.direction(image.getpixel((0, 0))) for image in images])


def colour_of(number):
    return (number % 7 * 30, number // 7 % 256, number * 13 % 256)


@pytest.fixture(scope="module")
def frame():
    return pd.DataFrame(
        {
            "id": [f"i{number}" for number in range(ITEMS)],
            "title": [f"title {number}" if number % 3 else None for number in range(ITEMS)],
            "photo": [
                Image.new("RGB", (8, 8), colour_of(number)) if number % 5 else None
                for number in range(ITEMS)
            ],
            "price": [float(number % 50) for number in range(ITEMS)],
        }
    )


@pytest.fixture(scope="module", params=[1, 2])
def collection(request, frame, tmp_path_factory):
    session = mm.Session(mm.Config(root=str(tmp_path_factory.mktemp("root"))))
    embedder = RandomEmbedder(request.param)
    made = session.load(frame, "c", text="title", image="photo", id="id", model=embedder)
    made.embedder = embedder
    return made


def brute_force(frame, embedder, query, *, k, depth, where):
    """Rank texts and pictures apart, fuse by reciprocal rank; one part an item and modality."""
    rankings = []
    for column, content in (
        ("title", lambda title: title),
        ("photo", lambda p: p.getpixel((0, 0))),
    ):
        rows = frame[frame[column].notna()]
        if where is not None:
            rows = rows.query(where)
        scores = {
            row.id: float(query @ embedder.direction(content(getattr(row, column))))
            for row in rows.itertuples()
        }
        rankings.append(sorted(scores, key=lambda item: -scores[item])[:depth])
    points = {}
    for ranking in rankings:
        for rank, item in enumerate(ranking, start=1):
            points[item] = points.get(item, 0) + 1 / (60 + rank) / (2 / 61)
    order = {item: number for number, item in enumerate(frame["id"])}
    best = sorted(points, key=lambda item: (-points[item], order[item]))[:k]
    return best, [points[item] for item in best]


@pytest.mark.parametrize("where", [None, "price < 20", "price == 49"])
@pytest.mark.parametrize("k", [1, 8, 30])
@pytest.mark.parametrize("asked", ["text", "image", "both", "avoid"])
def test_results_equal_a_loop_over_all_vectors(collection, frame, where, k, asked):
    embedder = collection.embedder
    text = embedder.direction("question")
    image = embedder.direction((200, 0, 100))
    photo = Image.new("RGB", (8, 8), (200, 0, 100))
    words_off = {"lexical": 0}
    query, hits = {
        "text": (text, {"text": "question", "weights": words_off}),
        "image": (image, {"image": photo}),
        "both": (text + image, {"text": "question", "image": photo, "weights": words_off}),
        "avoid": (image - 0.5 * text, {"image": photo, "exclude": "question"}),
    }[asked]
    if asked == "avoid":
        hits["weights"] = words_off
    found = collection.query(**hits, k=k, where=where)
    query = query / np.linalg.norm(query)
    expected, scores = brute_force(frame, embedder, query, k=k, depth=max(4 * k, 50), where=where)
    assert [hit.score for hit in found] == pytest.approx(scores, abs=1e-6)
    assert found.ids == expected
