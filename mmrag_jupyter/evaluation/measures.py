"""Measures of rankings, query by query, and how sure one can be of their means.

The measures are those of trec_eval, by way of ir-measures: S. MacAvaney, C. Macdonald and
I. Ounis, "Streamlining Evaluation with ir-measures" (ECIR 2022).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.errors import MissingError, QueryError, a_kind, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

    import numpy.typing as npt
    from ir_measures.measures import Measure

# 95% percentile intervals of so many resamples are steady to about a tenth of their width.
RESAMPLES = 2000
LEVEL = 0.95
# Two queries that happen to agree would have an interval of no width, and seem certain.
LEAST = 5

_AT = {
    "ndcg": ("nDCG@{}", "nDCG"),
    "recall": ("recall@{}", "R"),
    "precision": ("precision@{}", "P"),
}
_WHOLE = {"mrr": ("MRR", "RR"), "map": ("MAP", "AP")}
_SHORT = {"r": "recall", "p": "precision", "rr": "mrr", "ap": "map"}
_NAME = re.compile(r"\s*([a-z]+)\s*(?:@\s*([0-9]+))?\s*", re.IGNORECASE)
# Grades such as 4.5 or 0.333 become whole numbers, as trec_eval wants them; its time grows
# with the highest.
_FINEST_GRADE = 1000
_HIGHEST_GRADE = 100_000
_NUMBERS_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class PerQuery:
    """One measure's value for each query.

    Attributes
    ----------
    queries
        The queries, in the order of the judgements.
    values
        Shape (n,) float64, from 0 to 1.
    """

    queries: tuple[str, ...]
    values: npt.NDArray[np.float64]

    @property
    def mean(self) -> float:
        """The mean over the queries; NaN where there is none."""
        return float(self.values.mean()) if len(self.values) else math.nan


@dataclass(frozen=True, slots=True)
class Difference:
    """How much higher one mean is than another over the same queries, and its interval."""

    mean: float
    low: float
    high: float

    @property
    def beyond(self) -> bool:
        """Whether the interval leaves out 0: the difference is more than chance."""
        return self.low > 0 or self.high < 0


def usual(k: int = 10) -> tuple[str, ...]:
    """Return the measures that are taken where none is named, at `k` hits."""
    return (f"nDCG@{k}", f"recall@{k}", f"precision@{k}", "MRR", "MAP")


def canonical(names: Sequence[str]) -> tuple[str, ...]:
    """Return measures by their proper names: `"r@5"` is `"recall@5"`.

    Raises
    ------
    QueryError
        There is no such measure; the nearest is suggested.
    """
    return tuple(dict.fromkeys(_parsed(name)[0] for name in names))


def cutoff(name: str) -> int | None:
    """Return how many hits a measure looks at; None for all."""
    return _parsed(name)[2]


def measure(
    rankings: Mapping[str, Sequence[str]],
    qrels: Mapping[str, Mapping[str, float]],
    measures: Sequence[str],
) -> dict[str, PerQuery]:
    """Return each measure of each query that has something to find.

    Parameters
    ----------
    rankings
        For each query the ids of its hits, best first. Of an id that comes again the first
        place counts; a query without a ranking has found nothing.
    qrels
        For each query the relevance of ids: above 0 is relevant, and nDCG counts it as gain.
        Ids that nobody judged are not relevant.
    measures
        `nDCG@k`, `recall@k`, `precision@k`, `MRR`, `MAP`. Where a ranking has fewer than k
        hits, precision still divides by k.

    Returns
    -------
    By the measures' proper names. Queries of which nothing is relevant are left out: no
    ranking of them is better than another.

    Raises
    ------
    QueryError
        There is no such measure, or a relevance is not a number.
    MissingError
        ir-measures is not installed.
    """
    ir_measures = _library()
    wanted = {name: made for name, made, _ in map(_parsed, measures)}
    grades = _whole_grades(qrels)
    queries = tuple(query for query, judged in grades.items() if any(judged.values()))
    values = {name: np.zeros(len(queries)) for name in wanted}
    if not (queries and wanted):
        return {name: PerQuery(queries, found) for name, found in values.items()}
    # Numbers for names: whatever the ids hold, nothing of it is read as a format.
    place = {query: at for at, query in enumerate(queries)}
    run = {str(place[query]): _scored(rankings.get(query, ())) for query in queries}
    judged = {str(at): grades[query] for query, at in place.items()}
    names = {str(made): name for name, made in wanted.items()}
    for found in ir_measures.iter_calc(list(wanted.values()), judged, run):
        values[names[str(found.measure)]][int(found.query_id)] = found.value
    return {name: PerQuery(queries, found) for name, found in values.items()}


def interval(
    values: npt.NDArray[np.float64], seed: int = 0, *, level: float = LEVEL
) -> tuple[float, float]:
    """Return the bootstrap interval of a mean: its percentiles over resampled queries.

    B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13.

    Parameters
    ----------
    values
        Shape (n,), one value a query.

    Returns
    -------
    Low and high; both NaN for fewer than `LEAST` queries.
    """
    if len(values) < LEAST:
        return math.nan, math.nan
    rest = 50 * (1 - level)
    low, high = np.percentile(_resampled_means(values, seed), [rest, 100 - rest])
    return float(low), float(high)


def paired_difference(
    first: npt.NDArray[np.float64], second: npt.NDArray[np.float64], seed: int = 0
) -> Difference:
    """Return how much higher `second` is than `first`, query by query, with its interval.

    Parameters
    ----------
    first, second
        Shape (n,), values of the same queries in the same order.
    """
    if first.shape != second.shape:
        raise ValueError(f"values of {first.shape} and {second.shape} queries")
    change = second - first
    low, high = interval(change, seed)
    return Difference(float(change.mean()) if len(change) else math.nan, low, high)


def _resampled_means(values: npt.NDArray[np.float64], seed: int) -> npt.NDArray[np.float64]:
    """Return the means of resamples, shape (RESAMPLES,), a bounded amount at a time."""
    random = np.random.default_rng(seed)
    rows = max(1, _NUMBERS_AT_ONCE // len(values))
    means = [
        values[random.integers(len(values), size=(min(rows, RESAMPLES - start), len(values)))]
        .mean(axis=1)
        for start in range(0, RESAMPLES, rows)
    ]  # fmt: skip
    return np.concatenate(means)


def _parsed(name: str) -> tuple[str, Measure, int | None]:
    """Return a measure's proper name, what computes it, and its cutoff."""
    ir_measures = _library()
    found = _NAME.fullmatch(name)
    word = found[1].lower() if found else ""
    word = _SHORT.get(word, word)
    at = int(found[2]) if found and found[2] else None
    if word in _WHOLE and at is None:
        proper, own = _WHOLE[word]
        return proper, getattr(ir_measures, own), None
    if word in _AT and at:
        proper, own = _AT[word]
        return proper.format(at), getattr(ir_measures, own) @ at, at
    known = [*(proper.format(10) for proper, _ in _AT.values()), "MRR", "MAP"]
    raise QueryError(
        f"Unknown measure {name!r}; known are {', '.join(known)}, with any number of hits"
        f" behind @.{did_you_mean(name, known)}"
    )


def _library() -> ModuleType:
    try:
        import ir_measures
    except ImportError:
        raise MissingError(
            "Measuring needs ir-measures: pip install ir-measures. Where there is no wheel for the"
            " machine, it is compiled, which takes a C compiler and the network."
        ) from None
    return ir_measures


def _scored(ranking: Sequence[str]) -> dict[str, float]:
    # Falling whole numbers: no ties, and exact in the single precision of trec_eval.
    ids = list(dict.fromkeys(ranking))
    return {one: float(len(ids) - at) for at, one in enumerate(ids)}


def _whole_grades(qrels: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, int]]:
    """Return the grades as whole numbers in the same proportions, 0 for what is below."""
    exact = {
        query: {one: _grade(query, grade) for one, grade in judged.items()}
        for query, judged in qrels.items()
    }
    grades = {grade for judged in exact.values() for grade in judged.values()}
    highest = max(grades, default=Fraction(0))
    factor = Fraction(math.lcm(*(grade.denominator for grade in grades)))
    if factor * highest > _HIGHEST_GRADE:
        factor = _HIGHEST_GRADE / highest
    # Ceiling, so that a grade above 0 stays above it.
    return {
        query: {one: math.ceil(grade * factor) for one, grade in judged.items()}
        for query, judged in exact.items()
    }


def _grade(query: str, value: float) -> Fraction:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        seen = a_kind(value) if not isinstance(value, int | float | str) else repr(value)
        raise QueryError(
            f"The relevance of a hit of {query!r} is {seen}; give numbers, 0 for not relevant."
        )
    if number <= 0:
        return Fraction(0)
    return max(Fraction(number).limit_denominator(_FINEST_GRADE), Fraction(1, _FINEST_GRADE))
