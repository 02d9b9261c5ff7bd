"""Outliers, and how they show themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from mmrag_jupyter.search.hits import Hits


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Outliers:
    """Items far from their neighbours, the farthest first.

    Attributes
    ----------
    hits
        The farthest, as many as were asked for.
    ids
        Their ids.
    """

    hits: Hits
    _all: pd.DataFrame

    @property
    def ids(self) -> list[str]:
        """The ids of the farthest items, the farthest first."""
        return self.hits.ids

    def __len__(self) -> int:
        return len(self.hits)

    def to_pandas(self) -> pd.DataFrame:
        """Return a row for each item of the collection, the farthest first.

        `score` says by how many robust standard deviations an item is farther from its
        neighbours than usual (3.5 and more are commonly taken for outliers), `distance` how
        far that is, `signal` by what they were compared.
        """
        return self._all.copy()

    def __repr__(self) -> str:
        return f"<Outliers: {self.hits.title}>"

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        return self.hits._repr_mimebundle_()
