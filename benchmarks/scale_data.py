"""The collection that `scale.py` measures: texts with ready vectors, of any size, in blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from store_data import DIM, VOCABULARY, WORDS_PER_TEXT, word

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK = 20_000
QUERIES = 200
WORDS_PER_QUERY = 3
# Embeddings of a model lie around topics, spread over some tens of directions that all have in
# common, and a little over all others: so long are the two beside the topic's own vector.
TOPICS = 2000
DIRECTIONS = 32
_SPREAD, _NOISE = 0.6, 0.3

_SEED = 11


def blocks(parts: int, dim: int = DIM) -> Iterator[tuple[int, np.ndarray, list[str]]]:
    """Yield the number of the first part, vectors `(n, dim) float32` of length 1, and texts."""
    for first in range(0, parts, BLOCK):
        count = min(BLOCK, parts - first)
        yield first, vectors(count, first, dim), texts(count, first)


def vectors(count: int, seed: int, dim: int = DIM) -> np.ndarray:
    """Return vectors that lie as those of a model do: in some directions more than in others."""
    common = np.random.default_rng(_SEED)
    basis = common.standard_normal((DIRECTIONS, dim), dtype=np.float32)
    topics = _units(common.standard_normal((TOPICS, dim), dtype=np.float32))
    rng = np.random.default_rng((_SEED, seed))
    found = topics[rng.integers(0, TOPICS, count)]
    spread = rng.standard_normal((count, DIRECTIONS), dtype=np.float32) @ basis
    found += np.float32(_SPREAD) * _units(spread)
    noise = rng.standard_normal((count, dim), dtype=np.float32)
    found += np.float32(_NOISE) * _units(noise)
    return _units(found)


def _units(rows: np.ndarray) -> np.ndarray:
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def texts(count: int, seed: int) -> list[str]:
    """Return texts whose words are as frequent as in language (Zipf): some are in nearly all."""
    return [" ".join(_WORDS[number] for number in row) for row in _drawn(count, seed)]


def queries(parts: int) -> tuple[list[str], np.ndarray]:
    """Return queries, words as frequent as in the texts, and vectors that are in no block."""
    asked = _drawn(QUERIES, parts + 1)[:, :WORDS_PER_QUERY]
    return [" ".join(_WORDS[number] for number in row) for row in asked], vectors(
        QUERIES, parts + 1
    )


def _drawn(count: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng((_SEED, seed, 1))
    return rng.choice(VOCABULARY, size=(count, WORDS_PER_TEXT), p=_SHARES)


_WORDS = [word(number) for number in range(VOCABULARY)]
_SHARES = 1 / np.arange(1, VOCABULARY + 1)
_SHARES /= _SHARES.sum()
