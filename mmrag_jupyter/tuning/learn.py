"""Learn a linear map that brings queries near to their parts: closed form, then contrastive.

Ridge regression towards the mean of a query's good parts (A. E. Hoerl and R. W. Kennard, 1970)
gives a start that a few dozen examples suffice for. From there the map, cut to a low rank, is
refined by the contrastive loss (InfoNCE: A. van den Oord, Y. Li and O. Vinyals,
"Representation Learning with Contrastive Predictive Coding", 2018). How much of either is chosen
on examples held out of the training share, and nothing may win there as well.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.tuning.lesson import Lesson, Map
from mmrag_jupyter.tuning.refine import STEPS, refined

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    Wide = npt.NDArray[np.float64]

_RIDGES = (0.1, 1.0, 10.0)
_STRENGTHS = (0.5, 1.0, 2.0, 4.0)
_RANK = 64
# Of the largest axis: what is shorter is rounding.
_NOTHING = 1e-9
_FOLDS = 3


@dataclass(frozen=True, slots=True)
class _Choice:
    """A ridge, how strongly it counts beside the query's own vector, and the steps after it."""

    ridge: float
    strength: float
    steps: int = 0


def learn(lesson: Lesson, seed: int, told: Callable[[], None] = lambda: None) -> Map | None:
    """Return the map that a lesson teaches; None where nothing held out is served by it.

    `told` is called now and then, while that goes on.
    """
    folds = _splits(lesson, seed)
    if not folds:
        return None
    ridges = [_Ridge(train) for train, _ in folds]
    start = _orders([held for _, held in folds], [None] * len(folds))
    strengths = (*_STRENGTHS, np.inf) if lesson.keeps else (np.inf,)
    best, gains = None, np.zeros_like(start)
    for amount, strength in product(_RIDGES, strengths):
        choice = _Choice(amount, float(strength))
        maps = [ridge.map(choice) for ridge in ridges]
        more = _orders([held for _, held in folds], maps) - start
        if more.mean() > gains.mean():
            best, gains = choice, more
    told()
    if best is None:
        return None
    ways = []
    for ridge, (train, _) in zip(ridges, folds, strict=True):
        ways.append(refined(ridge.map(best), train, seed))
        told()
    for at, steps in enumerate(STEPS):
        more = _orders([held for _, held in folds], [way[at] for way in ways]) - start
        if more.mean() > gains.mean():
            best, gains = replace(best, steps=steps), more
    whole = _Ridge(lesson).map(best)
    if not best.steps:
        return whole
    return refined(whole, lesson, seed)[STEPS.index(best.steps)]


class _Ridge:
    """Ridge regressions of one lesson, of any strength: what is the same in all is done once."""

    def __init__(self, lesson: Lesson) -> None:
        self._keeps = lesson.keeps
        queries = lesson.queries.astype(np.float64)
        positives = lesson.positives()
        counts = np.maximum(positives.sum(axis=1, keepdims=True), 1)
        # What all parts share tells none of them from the others.
        means = (positives / counts) @ lesson.parts.astype(np.float64)
        targets = means - lesson.parts.mean(axis=0, dtype=np.float64)
        values, axes = np.linalg.eigh(queries @ queries.T)
        told = values > _NOTHING * max(float(values[-1]), 1.0)
        self._values, axes = values[told], axes[:, told]
        self._right = (axes / np.sqrt(self._values)).T @ queries
        self._outer, self._inner = np.linalg.qr(targets.T)
        self._inner = self._inner @ axes
        self._cut: dict[float, tuple[Wide, Wide, Wide]] = {}

    def map(self, choice: _Choice) -> Map:
        """Return the regression, cut to a low rank."""
        left, values, right = self._low_rank(choice.ridge)
        alone = not (self._keeps and np.isfinite(choice.strength))
        root = np.sqrt(values * (1.0 if alone else choice.strength))
        down, up = root[:, None] * right, left * root
        return Map(
            0.0 if alone else 1.0,
            np.ascontiguousarray(down, np.float32),
            np.ascontiguousarray(up, np.float32),
        )

    def _low_rank(self, ridge: float) -> tuple[Wide, Wide, Wide]:
        """Return the best approximation of a rank: left (d, r), values (r,), right (r, f)."""
        if ridge not in self._cut:
            shrunk = np.sqrt(self._values) / (self._values + ridge)
            left, values, right = np.linalg.svd(self._inner * shrunk, full_matrices=False)
            left, values, right = left[:, :_RANK], values[:_RANK], right[:_RANK]
            self._cut[ridge] = (self._outer @ left, values, right @ self._right)
        return self._cut[ridge]


def _splits(lesson: Lesson, seed: int) -> list[tuple[Lesson, Lesson]]:
    """Return splits of a lesson to choose by: what is held out shares no item with the rest."""
    random = np.random.default_rng(seed)
    order = random.permutation(len(lesson.good))
    folds = []
    for at in range(_FOLDS):
        held = np.sort(order[at::_FOLDS])
        rest = np.sort(np.setdiff1d(order, held))
        items = frozenset[int]().union(*(lesson.good[one] for one in held.tolist()))
        others = frozenset(lesson.owners.tolist()) - items
        train, test = lesson.some(rest, others), lesson.some(held, items)
        if len(train.good) > 1 and len(set(test.good)) > 1:
            folds.append((train, test))
    return folds


def _orders(lessons: Sequence[Lesson], maps: Sequence[Map | None]) -> Wide:
    """Return for each query how many pairs of a good part and another are in order."""
    return np.concatenate([_order(*one) for one in zip(lessons, maps, strict=True)])


def _order(lesson: Lesson, found: Map | None) -> Wide:
    """Return shape (n,), from 0 to 1: Mann and Whitney's U of each query's good parts.

    Without a map, as the queries stand: a half where queries are of another space.
    """
    orders = np.full(len(lesson.good), 0.5)
    if found is None and not lesson.keeps:
        return orders
    turned = lesson.queries if found is None else found(lesson.queries)
    rows = zip(turned @ lesson.parts.T, lesson.positives(), strict=True)
    for at, (scores, good) in enumerate(rows):
        right, wrong = scores[good], np.sort(scores[~good])
        if len(right) and len(wrong):
            # Ties count half.
            ends = (np.searchsorted(wrong, right, side) for side in ("left", "right"))
            orders[at] = sum(end.mean() for end in ends) / (2 * len(wrong))
    return orders
