"""How much items are alike, over everything that they are made of."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.models.late import is_late
from mmrag_jupyter.search.diversity import spread
from mmrag_jupyter.search.phrases import telling
from mmrag_jupyter.search.vectors import mean_direction

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from mmrag_jupyter.search.signals import Serving
    from mmrag_jupyter.store import PartRow, Store

    Numbers = npt.NDArray[np.float64]


def likeness(items: Sequence[int], store: Store, serving: Serving) -> Numbers:
    """Return how alike items are pairwise, shape (n, n), from 0 to 1.

    The mean over the spaces in which both have a vector, and over the words of those that
    have texts; 0 where they have nothing in common to be compared by.
    """
    rows = {
        item: list(own) for item, own in groupby(store.parts_of(items), key=lambda row: row.item)
    }
    views = [
        spread(_cosines([_direction(rows.get(item, []), modality, space, store) for item in items]))
        for modality, (space, embedder) in serving.items()
        if not is_late(embedder)
    ]
    if "text" not in serving:
        views.append(spread(_shared([_words(rows.get(item, [])) for item in items])))
    stacked = np.stack(views) if views else np.full((1, len(items), len(items)), np.nan)
    there = np.isfinite(stacked)
    total = np.where(there, stacked, 0).sum(axis=0)
    mean: Numbers = total / np.maximum(there.sum(axis=0), 1)
    return mean


def _direction(
    rows: Sequence[PartRow], modality: str, space: int, store: Store
) -> npt.NDArray[np.float32] | None:
    parts = [row.part for row in rows if row.modality == modality]
    parts = [part for part in parts if space in store.spaces_of(part)]
    return mean_direction(store.vectors(space, parts)) if parts else None


def _cosines(vectors: Sequence[npt.NDArray[np.float32] | None]) -> Numbers:
    dim = next((len(one) for one in vectors if one is not None), 1)
    missing = np.full(dim, np.nan, np.float32)
    matrix = np.stack([missing if one is None else one for one in vectors])
    cosines: Numbers = (matrix @ matrix.T).astype(np.float64)
    return cosines


def _words(rows: Sequence[PartRow]) -> set[str]:
    return {word for row in rows for word in telling(row.text)}


def _shared(words: Sequence[set[str]]) -> Numbers:
    """Return the Jaccard index of each two sets of words; NaN where one is empty."""
    shared = np.full((len(words), len(words)), np.nan)
    for one, own in enumerate(words):
        for other, others in enumerate(words):
            if own and others:
                shared[one, other] = len(own & others) / len(own | others)
    return shared
