"""What an evaluation found: means with intervals, differences, times, and the worst queries."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.display import Options
from mmrag_jupyter.display.budget import bundle_bytes
from mmrag_jupyter.display.scores import ScoreLine, scores_bundle
from mmrag_jupyter.errors import MmragError, QueryError
from mmrag_jupyter.evaluation.measures import (
    Difference,
    canonical,
    interval,
    measure,
    paired_difference,
)
from mmrag_jupyter.evaluation.worst import Worst, case

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import pandas as pd

    from mmrag_jupyter.evaluation.questions import Question
    from mmrag_jupyter.evaluation.running import Run

_IN_OUTPUT, _HITS = 3, 4  # queries that are shown with it, and hits of each
_CASE = 9000  # bytes that one of them takes at least


@dataclass(frozen=True, slots=True)
class Score:
    """A measure of one setting over one slice: its mean over queries, and the 95% interval.

    `difference` is that to the first setting, over the same queries; None for itself.
    """

    setting: str
    slice: str
    measure: str
    mean: float
    low: float
    high: float
    queries: int
    difference: Difference | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """How well a collection answers what is known to be right; shows itself in a cell.

    Attributes
    ----------
    title
        What was measured, by what.
    measures
        Their names, the first one decides what is worst.
    questions
        What was asked; queries that were left out are not among them.
    runs
        What each setting found; the others are compared with the first.
    notices
        What has to be said with it: what was left out, what was guessed.
    k
        How many hits were timed.
    """

    title: str
    measures: tuple[str, ...]
    questions: tuple[Question, ...]
    runs: tuple[Run, ...]
    notices: tuple[str, ...] = ()
    k: int = 10
    seed: int = 0
    options: Options = field(default_factory=Options)

    @property
    def settings(self) -> tuple[str, ...]:
        """The names of what was compared."""
        return tuple(run.setting.name for run in self.runs)

    @property
    def slices(self) -> tuple[str, ...]:
        """The names of the slices, in the order of their first query; none where not sliced."""
        return tuple(dict.fromkeys(one.slice for one in self.questions if one.slice))

    @cached_property
    def measured(self) -> dict[str, dict[str, npt.NDArray[np.float64]]]:
        """Each measure by setting, then by its name: shape (n,), a value for each question."""
        qrels = {one.key: one.judged for one in self.questions}
        found = {run.setting.name: measure(run.rankings, qrels, self.measures) for run in self.runs}
        return {
            setting: {name: own.values for name, own in measures.items()}  # noqa: PD011
            for setting, measures in found.items()
        }

    @cached_property
    def scores(self) -> tuple[Score, ...]:
        """Every measure of every setting: over all queries, then slice by slice."""
        everywhere = np.ones(len(self.questions), bool)
        parts = [("", everywhere)] if self._is_one else []
        own = np.array([one.slice for one in self.questions], object)
        parts += [(name, own == name) for name in self.slices]
        return tuple(
            self._score(run.setting.name, part, name, chosen)
            for part, chosen in parts
            for run in self.runs
            for name in self.measures
        )

    @property
    def _is_one(self) -> bool:
        """Whether all queries ask for the same kind of thing, so that a mean over them says one."""
        return len({one.modality for one in self.questions}) == 1

    def _score(self, setting: str, part: str, name: str, chosen: npt.NDArray[np.bool_]) -> Score:
        values = self.measured[setting][name][chosen]
        low, high = interval(values, self.seed)
        first = self.settings[0]
        difference = None
        if setting != first:
            base = self.measured[first][name][chosen]
            difference = paired_difference(base, values, self.seed)
        return Score(setting, part, name, float(values.mean()), low, high, len(values), difference)

    def to_pandas(self) -> pd.DataFrame:
        """Return one row for each setting, slice and measure.

        Its columns are setting, slice ("" for all), measure, mean, low, high, queries,
        difference, difference_low and difference_high (to the first setting), median_ms and
        p95_ms (of a query of k hits).
        """
        import pandas as pd

        rows = [
            {
                "setting": one.setting,
                "slice": one.slice,
                "measure": one.measure,
                "mean": one.mean,
                "low": one.low,
                "high": one.high,
                "queries": one.queries,
                "difference": one.difference.mean if one.difference else np.nan,
                "difference_low": one.difference.low if one.difference else np.nan,
                "difference_high": one.difference.high if one.difference else np.nan,
                "median_ms": self.latency(one.setting, one.slice)[0],
                "p95_ms": self.latency(one.setting, one.slice)[1],
            }
            for one in self.scores
        ]
        return pd.DataFrame(rows)

    @property
    def per_query(self) -> pd.DataFrame:
        """One row for each setting and query: its slice, measures, first right rank and time."""
        import pandas as pd

        rows = [
            {
                "setting": run.setting.name,
                "query": one.text or one.label,
                "slice": one.slice,
                **{name: float(found[name][at]) for name in self.measures},
                "relevant": len(one.relevant),
                "first_rank": first_right(run.rankings[one.key], one),
                "ms": run.milliseconds[one.key],
            }
            for run in self.runs
            for found in [self.measured[run.setting.name]]
            for at, one in enumerate(self.questions)
        ]
        return pd.DataFrame(rows).astype({"first_rank": "Int64"})

    def latency(self, setting: str, part: str = "") -> tuple[float, float]:
        """Return the median and the 95th percentile of the milliseconds of a query."""
        run = next(run for run in self.runs if run.setting.name == setting)
        chosen = [one.key for one in self.questions if not part or one.slice == part]
        found = np.array([run.milliseconds[key] for key in chosen])
        median, high = np.percentile(found, [50, 95])
        return float(median), float(high)

    def worst(self, n: int = 3, *, measure: str | None = None, setting: str | None = None) -> Worst:
        """Return the `n` queries that went worst, each as the hits that it gave.

        Parameters
        ----------
        measure
            What says how well a query went; otherwise the first one.
        setting
            In which setting; otherwise the first one.

        Raises
        ------
        QueryError
            It was not measured so, or there is no such setting.
        """
        name = self.measures[0] if measure is None else canonical([measure])[0]
        if name not in self.measures:
            raise QueryError(f"{name} was not measured; there are {', '.join(self.measures)}.")
        run = self._run(setting)
        values = self.measured[run.setting.name][name]
        # The first of equals, so that the same evaluation always shows the same.
        order = np.argsort(values, kind="stable")[: max(n, 0)].tolist()
        return Worst(
            tuple(
                case(
                    self.questions[at],
                    run,
                    name=name,
                    value=float(values[at]),
                    k=self.k,
                    options=self.options,
                )
                for at in order
            )
        )

    def _run(self, setting: str | None) -> Run:
        if setting is None:
            return self.runs[0]
        found = next((run for run in self.runs if run.setting.name == setting), None)
        if found is None:
            raise QueryError(
                f"No setting {setting!r} was measured; there are {', '.join(self.settings)}."
            )
        return found

    def __repr__(self) -> str:
        return str(self._drawn([])["text/plain"])

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        bare, budget = self._drawn([]), self.options.budget
        try:
            # What went as well as it can has nothing to show.
            worst = [one for one in self.worst(_IN_OUTPUT).cases if one.value < 1]
        except MmragError:
            # Without the collection, closed or gone by now, the figures still stand.
            return bare
        left = max(budget - bundle_bytes(bare), budget // 3)
        worst = worst[: left // _CASE]
        pages = [one.page(left // len(worst), _HITS) for one in worst]
        return self._drawn(pages) if pages else bare

    def _drawn(self, pages: Sequence[str]) -> dict[str, object]:
        lines = [
            ScoreLine(
                one.setting,
                one.slice,
                one.measure,
                one.mean,
                one.low,
                one.high,
                one.queries,
                (one.difference.mean, one.difference.low, one.difference.high)
                if one.difference
                else None,
                self.latency(one.setting, one.slice),
            )
            for one in self.scores
        ]
        return scores_bundle(
            lines,
            title=self.title,
            notices=self.notices,
            pages=pages,
            k=self.k,
            budget=self.options.budget,
        )


def first_right(ranking: Sequence[str], question: Question) -> int | None:
    """Return the rank of the first relevant item, from 1, or None where none was found."""
    relevant = set(question.relevant)
    return next((rank for rank, one in enumerate(ranking, start=1) if one in relevant), None)
