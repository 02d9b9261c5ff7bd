"""How many of the true neighbours an index finds, measured on vectors that are in it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.store.soundness import refuse_unsound

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    import numpy.typing as npt

    from mmrag_jupyter.store.flat import Found, Mask, Queries
    from mmrag_jupyter.store.index_file import IndexFacts
    from mmrag_jupyter.store.rows import Rows
    from mmrag_jupyter.store.vectors import Vectors

    Integers = npt.NDArray[np.int64]

    class Searched(Protocol):
        """What finds the nearest rows, perhaps not all of them."""

        @property
        def lists(self) -> int:
            """Into how many lists the rows are sorted."""
            ...

        def nearest(
            self, queries: Queries, vectors: Vectors, k: int, allowed: Mask | None
        ) -> Found:
            """Return scores and rows, shape (n, k)."""
            ...


# Neighbours of so many vectors each: of 200 the standard error is well below a hundredth.
NEIGHBOURS = 10
SAMPLED = 200
_FIRST_PROBES = 4
_STEP = 1.25
_DEPTHS = (1, 2, 4)


@dataclass(slots=True, eq=False)
class Sample:
    """Some alive vectors of a space, shape (n, dim), and their true neighbours as far as seen."""

    rows: Integers
    vectors: npt.NDArray[np.float32]
    _scores: npt.NDArray[np.float32]
    _nearest: Integers
    _seen: bool = False

    @classmethod
    def of(cls, vectors: Vectors, rows: Rows) -> Sample:
        """Draw a sample.

        Raises
        ------
        UnsoundError
            One of them is no vector.
        """
        alive = np.arange(len(vectors)) if rows.alive is None else np.flatnonzero(rows.alive)
        count = min(SAMPLED, len(alive))
        chosen = np.sort(np.random.default_rng(1).choice(alive, count, replace=False))
        drawn = np.ascontiguousarray(vectors[chosen], np.float32)
        refuse_unsound(drawn)
        shape = (count, NEIGHBOURS)
        return cls(chosen, drawn, np.full(shape, -np.inf, np.float32), np.full(shape, -1, np.int64))

    def look(self, block: npt.NDArray[np.float32], start: int, alive: Mask | None) -> None:
        """See the rows from `start` on: those nearer than what was seen before take its place."""
        if self._seen:
            return
        scores = self.vectors @ block.T
        if alive is not None:
            scores[:, ~alive[start : start + len(block)]] = -np.inf
        # Each is its own nearest, which is nothing to find.
        own = np.flatnonzero((self.rows >= start) & (self.rows < start + len(block)))
        scores[own, self.rows[own] - start] = -np.inf
        found = np.arange(start, start + len(block))
        if len(block) > NEIGHBOURS:
            best = np.argpartition(-scores, NEIGHBOURS - 1, axis=1)[:, :NEIGHBOURS]
            scores, own_rows = np.take_along_axis(scores, best, 1), found[best]
        else:
            own_rows = np.broadcast_to(found, scores.shape)
        every = np.concatenate([self._scores, scores], axis=1)
        rows = np.concatenate([self._nearest, own_rows], axis=1)
        order = np.argsort(-every, axis=1, kind="stable")[:, :NEIGHBOURS]
        self._scores = np.take_along_axis(every, order, 1)
        self._nearest = np.take_along_axis(rows, order, 1)

    def seen(self) -> None:
        """All rows were seen: to see them again would find each twice."""
        self._seen = True

    def recall(self, index: Searched, vectors: Vectors, alive: Mask | None) -> tuple[float, float]:
        """Return the share of the true neighbours that an index finds, and its standard error."""
        _, found = index.nearest(self.vectors, vectors, NEIGHBOURS + 1, alive)
        # Of vectors that are the same, which one is found does not matter.
        worst = np.where(np.isinf(self._scores), np.inf, self._scores).min(axis=1)
        shares = []
        for at, row in enumerate(self.rows.tolist()):
            there = found[at][(found[at] >= 0) & (found[at] != row)][:NEIGHBOURS]
            wanted = int(np.isfinite(self._scores[at]).sum())
            if wanted:
                own = np.asarray(vectors[there], np.float32) @ self.vectors[at]
                shares.append(min(1.0, int((own >= worst[at] - 1e-5).sum()) / wanted))
        if not shares:
            return 1.0, 0.0
        return float(np.mean(shares)), float(np.std(shares) / math.sqrt(len(shares)))


def raised(
    trying: Callable[[IndexFacts], Searched],
    sample: Sample,
    vectors: Vectors,
    alive: Mask | None,
    facts: IndexFacts,
) -> IndexFacts | None:
    """Return what effort a query needs to find enough of the true neighbours, and how many it does.

    The least with which it is at least `facts.target`, with some confidence: by its standard
    error more. Lists to be visited go up from as many as there were before; None where no effort is
    enough.

    Parameters
    ----------
    trying
        Gives the index that makes the effort that these facts say.
    """

    def measured(probes: int, deep: int) -> tuple[IndexFacts, bool]:
        tried = replace(facts, probes=probes, deep=deep)
        recall, error = sample.recall(trying(tried), vectors, alive)
        return replace(tried, recall=recall), recall - error >= facts.target

    lists = trying(facts).lists
    probes = min(lists, max(facts.probes, _FIRST_PROBES))
    while True:
        found, enough = measured(probes, _DEPTHS[-1])
        if enough:
            break
        if probes >= lists:
            return None
        probes = min(lists, max(probes + 1, int(_STEP * probes)))
    for deep in _DEPTHS[:-1]:
        less, enough = measured(probes, deep)
        if enough:
            return less
    return found
