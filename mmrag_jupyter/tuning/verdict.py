"""Whether what was learnt is better than chance: the rule by which a collection is changed.

A change is a gain where four things hold.

Of queries that were held out, the 95% bootstrap interval of the paired difference of nDCG@10 lies
above 0; and what a query's own ranking gains beyond the rankings of other queries, whose words
are not about it, has so large a mean by chance, by flipping signs, in less than `UNLIKELY` of all
cases (R. A. Fisher, "The Design of Experiments", 1935, section 21). Among all items of the
collection, those that were learnt from too, the mean is no lower than before.

And the judgements themselves are related to what was asked: labels drawn by chance would be so in
less than `RARE` of all cases. This is the strict one, for it is exact. Held-out parts are learnt
for from nearly the same judgements, so that all of them can be lucky together; and an interval
alone would let any change through that favours what is often judged, whatever is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.evaluation.measures import Difference, paired_difference
from mmrag_jupyter.tuning.asking import DECIDING, MEASURES

if TYPE_CHECKING:
    import numpy.typing as npt

    from mmrag_jupyter.tuning.asking import Pool, Trial

    Values = npt.NDArray[np.float64]

RARE, UNLIKELY = 0.002, 0.01
_FLIPS = 20_000
UNSEEN, WHOLE = "items not learnt from", "whole collection"


@dataclass(frozen=True, slots=True)
class Change:
    """One measure among some items: means over the held-out queries, before and after."""

    measure: str
    among: str
    before: float
    after: float
    difference: Difference


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a trial says: `gained`, and in a sentence why or why not."""

    changes: tuple[Change, ...]
    gained: bool
    reason: str


def verdict_of(trial: Trial, unrelated: float, seed: int) -> Verdict:
    """Return what a trial says.

    Parameters
    ----------
    unrelated
        How often labels drawn by chance would be related to the queries as closely, 0 to 1.
    """
    changes = tuple(
        _change(name, among, pool, seed)
        for among, pool in ((UNSEEN, trial.unseen), (WHOLE, trial.whole))
        for name in MEASURES
    )
    unseen, whole = (next(one for one in changes if one.among == a) for a in (UNSEEN, WHOLE))
    told = (
        f"{DECIDING} of held-out queries goes from {unseen.before:.3f} to {unseen.after:.3f}"
        f" ({_signed(unseen.difference)})"
    )
    own = by_chance(trial.own, seed)
    said = ""
    if not _changes(trial.unseen) and not _changes(trial.whole):
        return Verdict(
            changes,
            gained=False,
            reason="nothing could be learnt that serves queries which were held out, and their"
            f" {DECIDING} stays {unseen.before:.3f}",
        )
    if not unseen.difference.low > 0:
        said = ", no more than chance"
    elif unrelated >= RARE:
        said = (
            ", but labels drawn by chance would have as much to do with the queries in"
            f" {unrelated:.1%} of cases, where {RARE:.1%} is allowed"
        )
    elif own >= UNLIKELY:
        said = (
            f", but what each query gains beyond others comes by chance in {own:.1%} of cases,"
            f" where {UNLIKELY:.0%} is allowed"
        )
    elif whole.difference.mean < 0:
        said = f", but among all items it falls from {whole.before:.3f} to {whole.after:.3f}"
    if said:
        return Verdict(changes, gained=False, reason=told + said)
    rare = f"; labels drawn by chance would do that in less than {RARE:.1%} of cases"
    return Verdict(changes, gained=True, reason=told + rare)


def by_chance(differences: Values, seed: int) -> float:
    """Return how often a mean so large comes where each difference is as likely its opposite."""
    if not differences.any():
        return 1.0
    random = np.random.default_rng(seed)
    wanted = differences.sum()
    reached, left = 0, _FLIPS
    while left:
        rows = min(left, max(1, 4_000_000 // len(differences)))
        signs = random.integers(0, 2, (rows, len(differences)), np.int8) * 2 - 1
        reached += int(np.count_nonzero(signs @ differences >= wanted - 1e-12))
        left -= rows
    return (reached + 1) / (_FLIPS + 1)


def _changes(pool: Pool) -> bool:
    return any((pool.after[name] != pool.before[name]).any() for name in MEASURES)


def _change(name: str, among: str, pool: Pool, seed: int) -> Change:
    before, after = pool.before[name], pool.after[name]
    difference = paired_difference(before, after, seed)
    return Change(name, among, float(before.mean()), float(after.mean()), difference)


def _signed(one: Difference) -> str:
    return f"{one.mean:+.3f}, 95% interval {one.low:+.3f} … {one.high:+.3f}"
