"""Weighted reciprocal rank fusion of signals into one order of items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and
# individual Rank Learning Methods" (SIGIR 2009) found 60 good over many collections.
RRF_CONSTANT = 60


@dataclass(frozen=True, slots=True)
class Signal:
    """One ranking that a query produces: parts, best first, with their raw scores.

    `avoid` marks a ranking of what the user does not want: it counts against items.
    `stands_in` marks one that reaches only items which the others cannot.
    """

    name: str
    parts: Sequence[int]
    scores: Sequence[float]
    weight: float = 1.0
    avoid: bool = False
    stands_in: bool = False

    @property
    def label(self) -> str:
        """The signal's name as the why of a hit shows it."""
        return f"not {self.name}" if self.avoid else self.name


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one signal added to an item: its rank there, and its points."""

    signal: str
    rank: int
    points: float
    part: int
    part_score: float


@dataclass(frozen=True, slots=True)
class Fused:
    """An item with its fused score and where it comes from.

    The score is the sum of weight / (60 + rank) over the signals, divided by the most
    that it could be: 1.0 is an item that every signal which can reach it ranks first.
    """

    item: int
    score: float
    contributions: tuple[Contribution, ...]


def fuse(signals: Sequence[Signal], item_of: Mapping[int, int]) -> list[Fused]:
    """Roll parts up to items and fuse the signals' rankings, best item first.

    An item's rank in a signal is that of its best part there, counted in items. Items
    that only things to avoid have found are left out: nobody asked for them.

    Parameters
    ----------
    signals
        The rankings; those of weight 0 are passed over.
    item_of
        The item of every part that occurs in a signal.
    """
    counted = [signal for signal in signals if signal.weight > 0]
    found: dict[int, list[Contribution]] = {}
    for signal in counted:
        for contribution, item in _rolled_up(signal, item_of):
            found.setdefault(item, []).append(contribution)
    wanted = [signal.weight for signal in counted if not (signal.avoid or signal.stands_in)]
    best = (sum(wanted) or 1.0) / (RRF_CONSTANT + 1)
    fused = []
    for item, contributions in found.items():
        points = [one.points for one in contributions]
        if max(points) > 0:
            fused.append(Fused(item, sum(points) / best, tuple(contributions)))
    # Equal scores are common (two signals, mirrored ranks): the lower item number first,
    # so that the same query always gives the same order.
    fused.sort(key=lambda hit: (-hit.score, hit.item))
    return fused


def _rolled_up(signal: Signal, item_of: Mapping[int, int]) -> list[tuple[Contribution, int]]:
    sign = -1.0 if signal.avoid else 1.0
    seen: set[int] = set()
    rolled = []
    for part, score in zip(signal.parts, signal.scores, strict=True):
        item = item_of.get(part)
        # A part without an item was deleted by another process since the search.
        if item is None or item in seen:
            continue
        seen.add(item)
        rank = len(seen)
        points = sign * signal.weight / (RRF_CONSTANT + rank)
        rolled.append((Contribution(signal.label, rank, points, part, float(score)), item))
    return rolled
