"""The collection that every arm of `store.py` builds: as many texts as pictures, ready embedded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from report import WORK

if TYPE_CHECKING:
    from pathlib import Path

DIM = 512
QUERIES = 200
WORDS_PER_TEXT = 30
VOCABULARY = 20_000


@dataclass(frozen=True, slots=True)
class Data:
    """Texts and pictures with their vectors, and queries whose right answers are known.

    Query `i` is near text `targets[i]` in the text space and near picture `targets[i]` in
    the picture space; vectors are `(n, 512) float32`, L2-normalised.
    """

    texts: list[str]
    paths: list[str]
    brands: list[str]
    prices: list[float]
    text_vectors: np.ndarray
    image_vectors: np.ndarray
    targets: list[int]
    queries: list[str]
    text_queries: np.ndarray
    image_queries: np.ndarray


def prepare(half: int) -> Path:
    """Draw `half` texts and `half` pictures once, with a fixed seed; return their folder."""
    folder = WORK / f"data-{half}"
    if (folder / "words.json").is_file():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    # Word frequencies fall as in language (Zipf), so that common words match many texts.
    weights = 1 / np.arange(1, VOCABULARY + 1)
    drawn = rng.choice(VOCABULARY, size=(half, WORDS_PER_TEXT), p=weights / weights.sum())
    targets = rng.integers(0, half, QUERIES)
    asked = [drawn[target, rng.choice(WORDS_PER_TEXT, 3)] for target in targets]
    for name in ("text", "image"):
        vectors = _normalised(rng.standard_normal((half, DIM), dtype=np.float32))
        noise = _normalised(rng.standard_normal((QUERIES, DIM), dtype=np.float32))
        np.save(folder / f"{name}.npy", vectors)
        np.save(folder / f"{name}_queries.npy", _normalised(vectors[targets] + noise / 2))
    words = {
        "texts": [" ".join(map(word, row)) for row in drawn],
        "brands": [f"brand {number}" for number in rng.integers(0, 50, 2 * half)],
        "prices": rng.uniform(1, 200, 2 * half).round(2).tolist(),
        "targets": targets.tolist(),
        "queries": [" ".join(map(word, row)) for row in asked],
    }
    (folder / "words.json").write_text(json.dumps(words), encoding="utf-8")
    return folder


def read(folder: Path) -> Data:
    """Read what `prepare` wrote."""
    words = json.loads((folder / "words.json").read_text(encoding="utf-8"))
    return Data(
        **words,
        paths=[f"photos/{number:06d}.jpg" for number in range(len(words["texts"]))],
        text_vectors=np.load(folder / "text.npy"),
        image_vectors=np.load(folder / "image.npy"),
        text_queries=np.load(folder / "text_queries.npy"),
        image_queries=np.load(folder / "image_queries.npy"),
    )


def _normalised(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def word(number: int) -> str:
    """Return a made-up word for a number, another one for each."""
    letters = []
    while True:
        number, letter = divmod(int(number), 26)
        letters.append(chr(97 + letter))
        if not number:
            return "w" + "".join(letters)
