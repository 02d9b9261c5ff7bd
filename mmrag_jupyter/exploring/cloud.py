"""Items as points: one direction an item, from the vectors of its parts or from its words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.errors import QueryError
from mmrag_jupyter.exploring.lexical import word_vectors
from mmrag_jupyter.exploring.texts import texts_of
from mmrag_jupyter.exploring.work import SILENT
from mmrag_jupyter.store import Selection

if TYPE_CHECKING:
    import numpy.typing as npt

    from mmrag_jupyter.exploring.signals import Signal
    from mmrag_jupyter.exploring.work import Work
    from mmrag_jupyter.store import Store
    from mmrag_jupyter.store.matrix import Matrix

    Integers = npt.NDArray[np.int64]
    Vectors = npt.NDArray[np.float32]

_BLOCK_BYTES = 32 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Cloud:
    """Items as points of one space.

    Attributes
    ----------
    items
        The numbers of the items, shape (n,) int64, sorted.
    vectors
        Their directions, shape (n, dim) float32, each of length 1.
    signal
        What they are compared by.
    missing
        How many of the items asked for have nothing to be compared by.
    of
        How many items there are, where a sample of them was taken.
    """

    items: Integers
    vectors: Vectors
    signal: Signal
    missing: int = 0
    of: int | None = None

    def __len__(self) -> int:
        return len(self.items)

    def only(self, kept: npt.NDArray[np.bool_]) -> Cloud:
        """Return those points that are to be kept."""
        return replace(self, items=self.items[kept], vectors=self.vectors[kept])

    def told(self) -> tuple[str, ...]:
        """Return what a reader has to know of what is not shown."""
        said = []
        if self.of is not None:
            said.append(f"a sample of {len(self):,} of {self.of:,} items")
        if self.missing:
            some = "1 item has" if self.missing == 1 else f"{self.missing:,} items have"
            said.append(f"{some} nothing to be compared by {self.signal}: not shown")
        return tuple(said)


def gather(
    store: Store,
    signal: Signal,
    *,
    where: str | None = None,
    sample: int | None = None,
    work: Work = SILENT,
) -> Cloud:
    """Return the items of a collection as points.

    Parameters
    ----------
    where
        Only items for which this holds.
    sample
        At most so many of them, drawn at random but always the same.

    Raises
    ------
    QueryError
        No item is left, or the sample is none.
    WhereError
        The condition cannot be understood.
    """
    if sample is not None and sample < 1:
        raise QueryError(f"A sample has at least 1 item, not {sample}.")
    wanted = asked_for(store, where)
    asked, of = len(wanted), None
    if signal.space is None:
        wanted, of = _sampled(wanted, sample)
        texts = texts_of(store, wanted, work)
        known, vectors = word_vectors([texts.get(item, "") for item in wanted.tolist()], work)
        items = wanted[known]
        missing = len(wanted) - len(items)
    else:
        kind = frozenset({signal.modality})
        within = Selection(None if where is None else wanted, None, kind)
        matrix = store.matrix(signal.space.number, within)
        having = np.unique(matrix.items)
        missing = asked - len(having)
        items, of = _sampled(having, sample)
        vectors = _directions(matrix, items, work)
    if not len(items):
        raise incomparable(store, signal, where)
    return Cloud(items, vectors, signal, missing, of)


def asked_for(store: Store, where: str | None) -> Integers:
    """Return the numbers of the items for which a condition holds, sorted.

    Raises
    ------
    QueryError
        There is none.
    """
    found = np.array(store.numbers() if where is None else store.matching(where), np.int64)
    if not len(found):
        raise QueryError(f"No item of collection {store.name!r} matches {where!r}.")
    return np.sort(found)


def incomparable(store: Store, signal: Signal, where: str | None) -> QueryError:
    """Return the error for items of which none has anything to be compared by."""
    which = "" if where is None else f" that matches {where!r}"
    return QueryError(
        f"No item of collection {store.name!r}{which} has anything to be compared by {signal}."
    )


def _sampled(items: Integers, sample: int | None) -> tuple[Integers, int | None]:
    if sample is None or sample >= len(items):
        return items, None
    kept = np.random.default_rng(0).choice(len(items), sample, replace=False)
    return items[np.sort(kept)], len(items)


def _directions(matrix: Matrix, items: Integers, work: Work) -> Vectors:
    """Return the mean direction of each item's vectors, shape (len(items), dim)."""
    sums = np.zeros((len(items), matrix.dim), np.float32)
    if not len(items):
        return sums
    place = np.searchsorted(items, matrix.items)
    place[place == len(items)] = 0
    wanted = items[place] == matrix.items
    step = max(1, _BLOCK_BYTES // (4 * max(matrix.dim, 1)))
    work.start(f"reading the vectors of {len(items):,} items", len(items))
    for start in range(0, len(matrix), step):
        here = wanted[start : start + step]
        if not here.any():
            continue
        block = matrix.read(start, start + step)[here]
        at = place[start : start + step][here]
        # The rows come item by item: the parts of an item are added up at once.
        first = np.flatnonzero(np.diff(at, prepend=-1))
        sums[at[first]] += np.add.reduceat(block, first, axis=0)
        work.advance(int(at[-1]) + 1)
    for start in range(0, len(sums), step):
        block = sums[start : start + step]
        block /= np.maximum(np.linalg.norm(block, axis=1, keepdims=True), 1e-12)
    return sums
