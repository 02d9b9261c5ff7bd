"""Where in a recording a query matched: how well each of its spans does, and what is said there."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.display.spans import SpanLine, drawn
from mmrag_jupyter.display.stretches import Stretch
from mmrag_jupyter.display.waves import BARS
from mmrag_jupyter.search.feedback import judged
from mmrag_jupyter.search.listening import read, recording
from mmrag_jupyter.search.named import numbers_of
from mmrag_jupyter.search.query import LEXICAL
from mmrag_jupyter.search.signals import Ranker
from mmrag_jupyter.sources.outline import outline
from mmrag_jupyter.store import Selection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt
    from PIL.Image import Image

    from mmrag_jupyter.search.parts import Part
    from mmrag_jupyter.search.query import Query
    from mmrag_jupyter.search.signals import Serving
    from mmrag_jupyter.store import PartRow, Store

# What the heat along the waveform is of: the first of these that says something.
_ORDER = ("audio", "text", LEXICAL)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a recording and how it answers the query.

    Attributes
    ----------
    start, end
        In seconds.
    scores
        Of each signal that reaches it, its own raw measure (a cosine, or BM25).
    share
        How well it does among the spans of its recording: 0 the least, 1 the most.
    text
        What is said in it, as far as that is known.
    """

    start: float
    end: float
    scores: Mapping[str, float] = field(default_factory=dict)
    share: float = 0.0
    text: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class HeardMap:
    """A whole recording with what matched in it, its spans in their order.

    `levels` are how loud it is from beginning to end, shape (bars,), and `seconds` how long;
    `part` is one of its stretches.
    """

    spans: tuple[Span, ...]
    levels: npt.NDArray[np.float32]
    seconds: float
    part: Part

    @property
    def image(self) -> Image:
        """The waveform, each span as warm as it answers the query."""
        return drawn(
            self.levels, self.seconds, [(one.start, one.end, one.share) for one in self.spans]
        )

    def lines(self) -> list[SpanLine]:
        """Return the spans as they are told, the best first."""
        best = sorted(self.spans, key=lambda one: (-one.share, one.start))
        return [
            SpanLine(
                one.share,
                tuple(one.scores.items()),
                one.text,
                Stretch(one.start, one.end, partial(read, self.part)),
            )
            for one in best
            if one.scores
        ]


def heard_map(query: Query, store: Store, serving: Serving, item_id: str, part: Part) -> HeardMap:
    """Return where in a recording a query matched; `part` is one of the recording's.

    Raises
    ------
    SourceError
        It is gone, or no longer readable.
    """
    levels, seconds = outline(recording(part), BARS)
    return HeardMap(spans(query, store, serving, item_id), levels, seconds, part)


def spans(query: Query, store: Store, serving: Serving, item_id: str) -> tuple[Span, ...]:
    """Return the spans of an item's recording in their order, with what the query says of each."""
    (item,) = numbers_of(store, (item_id,)).values()
    like = store.parts_of(list(numbers_of(store, query.like).values()))
    only = Selection(items=np.array([item], np.int64))
    ranker = Ranker(query, store, serving, like, only, judged=judged(query, store))
    rows = [row for row in store.parts_of([item]) if row.start is not None]
    found = {
        signal.name: dict(zip(signal.parts, signal.scores, strict=True))
        for signal in ranker.signals(max(len(rows), 1))
        if not (signal.avoid or signal.stands_in)
    }
    sounds = [row for row in rows if row.modality == "audio"]
    said = [row for row in rows if row.text]
    told = sounds if "audio" in found or not said else said
    scores = {row.part: _scores(row, said, found) for row in told}
    shares = _shares(scores)
    return tuple(
        Span(row.start or 0.0, row.end or row.start or 0.0, scores[row.part], shares[row.part],
             " ".join(one.text for one in said if _overlap(row, one)))
        for row in sorted(told, key=lambda row: row.start or 0.0)
    )  # fmt: skip


def _scores(
    row: PartRow, said: Sequence[PartRow], found: Mapping[str, Mapping[int, float]]
) -> dict[str, float]:
    """Return what each signal says of a span, or of what is said in it."""
    scores: dict[str, list[float]] = defaultdict(list)
    for one in [row, *(other for other in said if _overlap(row, other))]:
        for name, parts in found.items():
            if one.part in parts:
                scores[name].append(parts[one.part])
    return {name: max(own) for name, own in scores.items()}


def _shares(scores: Mapping[int, Mapping[str, float]]) -> dict[int, float]:
    name = next((one for one in _ORDER if any(one in own for own in scores.values())), "")
    known = [own[name] for own in scores.values() if name in own]
    # Words match or they do not; all sounds are somewhat like each other.
    least = min(known, default=0.0) if name != LEXICAL and len(known) > 1 else 0.0
    wide = max(known, default=0.0) - least
    return {
        part: (own[name] - least) / wide if name in own and wide > 0 else float(name in own)
        for part, own in scores.items()
    }


def _overlap(one: PartRow, other: PartRow) -> bool:
    return (one.start or 0.0) < (other.end or 0.0) and (other.start or 0.0) < (one.end or 0.0)
