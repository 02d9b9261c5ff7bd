"""Tell whether judgements say anything at all: is what is right related to what is asked.

The trial learns from nearly the same judgements for each part that it holds out, so that its
parts are not independent, and what is luck in the judgements may be luck in all of them. This is
asked of the judgements alone, and exactly: the Hilbert-Schmidt independence criterion with linear
kernels (A. Gretton et al., "A Kernel Statistical Test of Independence", NIPS 2007), as a
permutation test. Where labels are drawn by chance, every order of them is as likely.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from mmrag_jupyter.tuning.lesson import Lesson

    Wide = npt.NDArray[np.float64]

_ORDERS = 4_999
# More groups than these tell no more, and the time grows with their square.
_MOST = 300


def unrelated(lesson: Lesson, seed: int) -> float:
    """Return how often chance alone would relate queries and right parts as closely, 0 to 1.

    Queries that share a right item count as one: they are no two observations.
    """
    known = np.isin(lesson.owners, list(frozenset[int]().union(*lesson.good)))
    groups = [own for own in _groups(lesson.good) if _has_parts(lesson, own, known)]
    random = np.random.default_rng(seed)
    if len(groups) > _MOST:
        groups = [groups[at] for at in random.permutation(len(groups))[:_MOST].tolist()]
    if len(groups) < 3:  # noqa: PLR2004 - of two, each order is the other one reversed
        return 1.0
    queries = np.stack([lesson.queries[own].mean(axis=0) for own in groups])
    positives = lesson.positives()
    means = [lesson.parts[positives[own].any(axis=0)].mean(axis=0) for own in groups]
    first, second = _alike(queries), _alike(np.stack(means))
    wanted = float((first * second).sum())
    slack = 1e-9 * float(np.abs(first * second).sum())
    reached = 0
    for _ in range(_ORDERS):
        order = random.permutation(len(groups))
        reached += float((first * second[np.ix_(order, order)]).sum()) >= wanted - slack
    return (reached + 1) / (_ORDERS + 1)


def _alike(rows: npt.NDArray[np.floating]) -> Wide:
    """Return how alike each two rows are, shape (n, n), in what is not the same in all."""
    centred = rows.astype(np.float64) - rows.mean(axis=0, dtype=np.float64)
    products: Wide = centred @ centred.T
    np.fill_diagonal(products, 0)
    return products


def _has_parts(lesson: Lesson, group: Sequence[int], known: npt.NDArray[np.bool_]) -> bool:
    items = frozenset[int]().union(*(lesson.good[at] for at in group))
    return bool(np.isin(lesson.owners[known], list(items)).any())


def _groups(good: Sequence[frozenset[int]]) -> list[list[int]]:
    """Return the queries, by their places, that hang together by right items."""
    group = list(range(len(good)))
    first: dict[int, int] = {}
    for at, items in enumerate(good):
        for item in items:
            one, other = _root(group, at), _root(group, first.setdefault(item, at))
            group[max(one, other)] = min(one, other)
    found: dict[int, list[int]] = {}
    for at in range(len(good)):
        found.setdefault(_root(group, at), []).append(at)
    return list(found.values())


def _root(group: list[int], at: int) -> int:
    while group[at] != at:
        group[at] = group[group[at]]
        at = group[at]
    return at
