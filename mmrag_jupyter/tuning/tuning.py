"""What came of tuning a collection, to be shown in a cell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mmrag_jupyter.display import Options
from mmrag_jupyter.display.tuning import ChangeLine, tuning_bundle

if TYPE_CHECKING:
    import pandas as pd

    from mmrag_jupyter.tuning.verdict import Change


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Tuning:
    """What was learnt, what it changed where it was held out, and whether it serves now.

    Attributes
    ----------
    title
        What was tuned, by what.
    applied
        Whether the collection's queries are turned by it now.
    reason
        Why, or why not, in a sentence.
    changes
        nDCG@10, recall@10 and MRR before and after, among items that nothing was learnt from
        and in the whole collection.
    queries, pairs
        How many queries were held out, each once, and how many pairs of a query and a right
        item were learnt from.
    modalities
        The kinds of parts that are found in another way.
    forced
        Whether it was applied although it is no gain.
    notices
        What has to be said with it.
    undo
        The command that takes it back, or "".
    """

    title: str
    applied: bool
    reason: str
    changes: tuple[Change, ...] = ()
    queries: int = 0
    pairs: int = 0
    modalities: tuple[str, ...] = ()
    forced: bool = False
    notices: tuple[str, ...] = ()
    undo: str = ""
    options: Options = field(default_factory=Options)

    def to_pandas(self) -> pd.DataFrame:
        """Return a row for each measure: before, after, their difference and its 95% interval."""
        import pandas as pd

        rows = [
            {
                "among": one.among,
                "measure": one.measure,
                "before": one.before,
                "after": one.after,
                "difference": one.difference.mean,
                "low": one.difference.low,
                "high": one.difference.high,
                "queries": self.queries,
            }
            for one in self.changes
        ]
        columns = ["among", "measure", "before", "after", "difference", "low", "high", "queries"]
        return pd.DataFrame(rows, columns=columns)

    def __repr__(self) -> str:
        return str(self._repr_mimebundle_()["text/plain"])

    def _repr_mimebundle_(self, **_wanted: object) -> dict[str, object]:
        lines = [
            ChangeLine(
                one.among, one.measure, one.before, one.after,
                (one.difference.mean, one.difference.low, one.difference.high),
            )
            for one in self.changes
        ]  # fmt: skip
        facts = []
        if self.changes:
            facts = [
                ("held-out queries", f"{self.queries:,}"),
                ("training pairs", f"{self.pairs:,}"),
            ]
        if self.modalities:
            facts.append(("finds in another way", ", ".join(self.modalities)))
        if self.undo:
            facts.append(("to undo", self.undo))
        return tuning_bundle(
            self.title, self.reason, facts, lines, notices=self.notices, budget=self.options.budget
        )
