"""Search of many vectors a part against brute force: right answers, time, and bytes a part.

Vectors are made up, in two ways. At random: nothing tells the best parts apart but chance,
the hardest case there is. Clustered: every page is about some of many topics, and a question
is made of the tokens of one page, with noise. The truth is MaxSim over every token that is
stored. Prints Markdown for docs/late-interaction.md:
`python benchmarks/late.py [--parts 2000 20000] [--tokens 340] [--queries 50]`.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import time
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import torch
from report import WORK, machine, table

from mmrag_jupyter.items import NewItem, NewPart
from mmrag_jupyter.store import Question, Store, tokens_search

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DIM = 128
QUESTION_TOKENS = 24
K = 10
DEPTH = 50  # how many parts a query of ten hits asks each signal for
TOPICS, TOPICS_A_PART = 2000, 24
BATCH = 250


def units(rng: np.random.Generator, *shape: int) -> np.ndarray:
    found = rng.standard_normal(shape, dtype=np.float32)
    return found / np.linalg.norm(found, axis=-1, keepdims=True)


class Corpus:
    """Made-up tokens of parts, and questions about them."""

    def __init__(self, kind: str, parts: int, tokens: int) -> None:
        self.kind, self.parts, self.tokens = kind, parts, tokens
        self._topics = units(np.random.default_rng(7), TOPICS, DIM)
        self._common = units(np.random.default_rng(8), DIM)

    def part(self, number: int) -> np.ndarray:
        """Return the tokens of a part; the same every time."""
        rng = np.random.default_rng(number)
        if self.kind == "random":
            return units(rng, self.tokens, DIM)
        topics = rng.choice(TOPICS, TOPICS_A_PART, replace=False)
        share = rng.dirichlet(np.full(TOPICS_A_PART, 0.7))
        own = self._topics[rng.choice(topics, self.tokens, p=share)] + 0.5 * self._common
        own += 0.8 * units(rng, self.tokens, DIM)
        return own / np.linalg.norm(own, axis=1, keepdims=True)

    def questions(self, count: int) -> Iterator[Question]:
        """Yield questions; in the clustered corpus, each is about one part."""
        rng = np.random.default_rng(99)
        weights = np.full(QUESTION_TOKENS, 1 / QUESTION_TOKENS, np.float32)
        for _ in range(count):
            found = units(rng, QUESTION_TOKENS, DIM)
            if self.kind == "clustered":
                own = self.part(int(rng.integers(self.parts)))
                found = own[rng.choice(len(own), QUESTION_TOKENS)] + 0.6 * found
                found /= np.linalg.norm(found, axis=1, keepdims=True)
            yield Question(found.astype(np.float32), weights)


def build(corpus: Corpus, folder: Path) -> tuple[Store, int, float]:
    """Store a corpus; return the store, its space and the seconds that took."""
    store = Store.create(folder, "late")
    took = 0.0
    with store.writer() as writer:
        writer.add_source("made", "made up", ())
        space = writer.add_space("late", None, DIM, frozenset({"text", "page"}), late=True)
        for start in range(0, corpus.parts, BATCH):
            numbers = range(start, min(start + BATCH, corpus.parts))
            own = [corpus.part(number) for number in numbers]
            items = [_item(number) for number in numbers]
            before = time.perf_counter()
            writer.put(items, {space: (np.arange(len(own)), own)}, source="made")
            took += time.perf_counter() - before
    return store, space, took


def _item(number: int) -> NewItem:
    digest = hashlib.blake2b(str(number).encode(), digest_size=16).digest()
    return NewItem(str(number), digest, [NewPart("page", digest)])


def brute_force(store: Store, space: int, question: Question) -> np.ndarray:
    """Return the best parts by MaxSim over all stored tokens, in one obvious loop."""
    view = _view(store, space)
    q = torch.from_numpy(question.tokens)
    scores = np.empty(len(view.counts))
    for row, (start, count) in enumerate(zip(view.starts, view.counts, strict=True)):
        own = torch.from_numpy(view.tokens[start : start + count]).float()
        scores[row] = float((own @ q.T).amax(dim=0).mean())
    return view.view.rows.parts[np.argsort(-scores, kind="stable")[:K]]


def _view(store: Store, space: int) -> object:
    def read(db: object, view: object) -> object:
        return store.tokens._of(db, view)  # noqa: SLF001 - brute force must read what is stored

    return store._in_space(space, read)  # noqa: SLF001


def measure(kind: str, parts: int, tokens: int, queries: int) -> list[str]:
    """Return a row of the table."""
    folder = WORK / f"late-{kind}-{parts}"
    shutil.rmtree(folder, ignore_errors=True)
    corpus = Corpus(kind, parts, tokens)
    store, space, took = build(corpus, folder)
    size = sum(file.stat().st_size for file in folder.iterdir()) / parts
    found, same, times, exact, visited = 0, 0, [], [], []
    for question in corpus.questions(queries):
        before = time.perf_counter()
        truth = set(brute_force(store, space, question).tolist())
        exact.append(time.perf_counter() - before)
        before = time.perf_counter()
        parts_found, _ = store.tokens.nearest(space, question, DEPTH)
        times.append(time.perf_counter() - before)
        best = set(parts_found[:K].tolist())
        found += len(best & truth)
        same += best == truth
        visited.append(_visited(store, space, question))
    store.close()
    shutil.rmtree(folder)
    return [
        f"{parts:,}", kind, f"{found / (K * queries):.4f}", f"{same / queries:.2f}",
        f"{median(visited) / parts:.0%}", f"{1000 * median(times):.0f} ms",
        f"{1000 * median(exact):.0f} ms", f"{size / 1000:.0f} KB", f"{1000 * took / parts:.1f} ms",
    ]  # fmt: skip


def _visited(store: Store, space: int, question: Question) -> int:
    """Return how many parts a search scores exactly."""
    seen = 0
    scored = tokens_search.scored

    def counted(view: object, question: Question, rows: np.ndarray) -> np.ndarray:
        nonlocal seen
        seen += len(rows)
        return scored(view, question, rows)

    tokens_search.scored = counted
    try:
        store.tokens.nearest(space, question, DEPTH)
    finally:
        tokens_search.scored = scored
    return seen


HEADER = (
    "parts", "vectors", "of the 10 best found", "all 10 the same", "parts visited",
    "a query", "brute force", "disk a part", "writing a part",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", type=int, nargs="+", default=[2000, 20_000])
    parser.add_argument("--tokens", type=int, default=340)
    parser.add_argument("--queries", type=int, default=50)
    given = parser.parse_args()
    print(machine("numpy", "torch"))
    rows = [
        measure(kind, parts, given.tokens, given.queries)
        for parts in given.parts
        for kind in ("random", "clustered")
    ]
    print(table(list(HEADER), rows))


if __name__ == "__main__":
    main()
