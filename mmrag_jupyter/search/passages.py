"""The best parts of a query's hits, whatever their item: what an answer is made of."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mmrag_jupyter.search.fusion import fuse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mmrag_jupyter.search.fusion import Signal

# In ranks: how far down a passage of the first item may stand and still come before the best
# one of the next. The whole document tells better than a passage which of them answers.
_PATIENCE = 10


def order(signals: Sequence[Signal], item_of: Mapping[int, str], items: Sequence[str]) -> list[int]:
    """Return the parts of `items` that the signals rank, best first.

    Parameters
    ----------
    signals
        The rankings of parts; each is taken by its own scores, since that of words puts the
        parts of the best whole item first.
    item_of
        The id of the item of every part that occurs in a signal.
    items
        The ids of the items that were found, best first.
    """
    rankings = [_by_score(signal) for signal in signals if not signal.avoid]
    parts = [fused.item for fused in fuse(rankings, {part: part for part in item_of})]
    place = {item: rank for rank, item in enumerate(items, start=1)}
    kept = [part for part in parts if item_of[part] in place]
    points = {
        part: 1 / (_PATIENCE + rank) + 1 / (_PATIENCE + place[item_of[part]])
        for rank, part in enumerate(kept, start=1)
    }
    return sorted(kept, key=lambda part: (-points[part], place[item_of[part]]))


def _by_score(signal: Signal) -> Signal:
    best_first = sorted(zip(signal.parts, signal.scores, strict=True), key=lambda one: -one[1])
    parts, scores = zip(*best_first, strict=True) if best_first else ((), ())
    return replace(signal, parts=parts, scores=scores)
