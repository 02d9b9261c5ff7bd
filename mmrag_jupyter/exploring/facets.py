"""What the items have: the values and ranges of their columns, counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.display.tally import Tally, tally_bundle
from mmrag_jupyter.display.values import shown
from mmrag_jupyter.store import Values

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from mmrag_jupyter.store import Facet, Store

_LABEL = 60  # characters


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Facets:
    """The columns of a collection, and how many items have which value or lie in which range."""

    title: str
    notices: tuple[str, ...]
    total: int
    _facets: tuple[Facet, ...]
    _budget: int

    @property
    def columns(self) -> list[str]:
        """The columns that are counted."""
        return [one.column for one in self._facets]

    def __repr__(self) -> str:
        return f"<Facets: {self.title}>"

    def to_pandas(self) -> pd.DataFrame:
        """Return a row for each value or range: column, value, low, high, count, share.

        `value` is missing for a range, `low` and `high` for a value; a row with none of them
        counts the items without one.
        """
        import pandas as pd

        rows: list[tuple[object, ...]] = []
        for one in self._facets:
            if isinstance(one, Values):
                rows += [(one.column, each.value, None, None, each.count) for each in one.counts]
                continue
            rows += [(one.column, None, each.low, each.high, each.count) for each in one.bins]
            if one.missing:
                rows.append((one.column, None, None, None, one.missing))
        names = ["column", "value", "low", "high", "count"]
        frame = pd.DataFrame(rows, columns=names).astype({"count": "int64"})
        frame["share"] = frame["count"] / max(self.total, 1)
        return frame

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        return tally_bundle(
            [_tally(one) for one in self._facets],
            title=self.title,
            notices=self.notices,
            budget=self._budget,
        )


def facets_of(
    store: Store, name: str, *, where: str | None, notices: Sequence[str], budget: int
) -> Facets:
    """Return the columns of a collection, counted, of those items for which a condition holds."""
    items = None if where is None else np.sort(np.array(store.matching(where), np.int64))
    total = len(store) if items is None else len(items)
    counting = store.facets()
    try:
        columns = counting.columns()
        found = counting.count(dict.fromkeys(columns, items))
    finally:
        counting.close()
    every = [one.name for one in store.columns() if one.role == "column"]
    left = [one for one in every if one not in columns]
    said = list(notices)
    if left:
        some = ", ".join(left[:6]) + (f" and {len(left) - 6:,} more" if len(left) > 6 else "")  # noqa: PLR2004
        said.append(f"not counted, because their values are not shared or are no values: {some}")
    counted = "1 column" if len(found) == 1 else f"{len(found):,} columns"
    return Facets(f"{name}: {counted} of {total:,} items", tuple(said), total, tuple(found), budget)


def _tally(one: Facet) -> Tally:
    if isinstance(one, Values):
        lines = [(shown(each.value, _LABEL), each.count) for each in one.counts if each.count]
        return Tally(one.column, tuple(lines), sum(count for _, count in lines), one.others)
    lines = [(_range(each.low, each.high), each.count) for each in one.bins if each.count]
    if one.missing:
        lines.append((shown(None), one.missing))
    return Tally(one.column, tuple(lines), sum(count for _, count in lines))


def _range(low: float | str, high: float | str) -> str:
    first, last = _edge(low), _edge(high)
    return first if first == last else f"{first} to {last}"


def _edge(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,.6g}"
