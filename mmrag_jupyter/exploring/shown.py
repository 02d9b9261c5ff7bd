"""Items on the way to the screen: as hits, and as cards of a gallery."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mmrag_jupyter import display
from mmrag_jupyter.display.escape import one_line
from mmrag_jupyter.display.fields import at_a_glance, names_of, title_name
from mmrag_jupyter.display.values import missing, shown
from mmrag_jupyter.search import build
from mmrag_jupyter.search.hits import Hits, Why

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from mmrag_jupyter.store import ItemRow, Store

_FIELDS = 4  # of an item that are told beside its id and title
_VALUE = 60  # characters of one
_LOOKED_AT = 500  # items that decide which


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """The collection that results are shown from: its store, its name, and how to draw."""

    store: Store
    name: str
    options: display.Options

    def hits(
        self,
        items: Sequence[int],
        title: str,
        *,
        scores: Sequence[float] = (),
        signal: str = "",
        raw: Sequence[float] = (),
        reason: str = "",
        notices: tuple[str, ...] = (),
    ) -> Hits:
        """Return items as hits in this order.

        Parameters
        ----------
        scores, raw
            Of each item: what its score is, and what one `signal` measured.
        reason
            What that is, with `{}` for the measure.
        """
        hits, snapshot = build.in_order(items, self.store)
        if len(scores):
            by_number = dict(zip(items, zip(scores, raw, strict=True), strict=True))
            numbers = self.store.find([hit.id for hit in hits])
            hits = [
                replace(
                    hit,
                    score=float(by_number[numbers[hit.id]][0]),
                    why=(Why(signal, hit.rank, 1.0, float(by_number[numbers[hit.id]][1])),),
                    reason=reason.format(by_number[numbers[hit.id]][1]),
                )
                for hit in hits
            ]
        return Hits(
            tuple(hits),
            title=f"{self.name}: {title}",
            notices=notices,
            options=self.options,
            _collection=self.name,
            _items=snapshot,
        )

    def texts(self, rows: Sequence[ItemRow]) -> dict[str, list[str]]:
        """Return what tells items apart, in columns: their id, title and some short fields."""
        cards = [display.Card(row.id, 0, 0.0, metadata=row.metadata) for row in rows[:_LOOKED_AT]]
        names = names_of(cards)
        title = title_name(cards, names)
        told = [*([title] if title else []), *at_a_glance(cards, names, title)[:_FIELDS]]
        found = {"id": [one_line(row.id, _VALUE) for row in rows]}
        for name in told:
            values = (row.metadata.get(name) for row in rows)
            found.setdefault(
                one_line(name, _VALUE),
                ["" if missing(one) else shown(one, _VALUE) for one in values],
            )
        return found


def labelled(frame: pd.DataFrame, added: Mapping[str, Any], prefix: str) -> pd.DataFrame:
    """Return a dataframe with columns put before its own; those whose name is taken, prefixed."""
    levels = frame.columns.nlevels
    for at, (name, values) in enumerate(added.items()):
        free = name
        while free in frame.columns:
            free = f"{prefix}{free}"
        frame.insert(at, free if levels == 1 else (free, *[""] * (levels - 1)), values)
    return frame
