"""How much of what was joined to an item matched: "3 of 41 reviews"."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import NotFoundError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from mmrag_jupyter.search.engine import Found
    from mmrag_jupyter.store import Store


@dataclass(frozen=True, slots=True)
class Joined:
    """How many rows of a joined table, here `origin`, matched, of all that the item has.

    A row matched if a part of it stands in a ranking of the query, as deep as that looked.
    """

    origin: str
    matched: int
    total: int

    def __str__(self) -> str:
        return f"{self.matched:,} of {self.total:,} {self.origin}"


def joined(found: Found, items: Sequence[int], store: Store) -> Mapping[int, tuple[Joined, ...]]:
    """Return for each item that has some what matched of each table that was joined to it."""
    labels = store.joins.labels()
    if not labels:
        return {}
    totals = store.joins.totals(items)
    wanted = [signal for signal in found.signals if not signal.avoid and signal.weight > 0]
    # What was ranked before is known by its parts alone.
    parts = {part for signal in wanted for part in signal.parts} or set(found.parts)
    seen: dict[int, set[int]] = defaultdict(set)
    for part in parts:
        row = found.parts.get(part)
        if row is not None and row.row:
            seen[row.item].add(row.row)
    sources = store.joins.sources_of(sorted({row for rows in seen.values() for row in rows}))
    told = {}
    for item, own in totals.items():
        counts = Counter(sources[row] for row in seen.get(item, ()) if row in sources)
        told[item] = tuple(
            Joined(labels[key], counts[key], total) for key, total in own.items() if key in labels
        )
    return told


def all_joined(items: Sequence[int], store: Store) -> Mapping[int, tuple[Joined, ...]]:
    """Return what was joined to items that nothing was asked of: all of it is shown."""
    labels = store.joins.labels()
    return {
        item: tuple(Joined(labels[key], total, total) for key, total in own.items())
        for item, own in (store.joins.totals(items) if labels else {}).items()
    }


def joined_frame(store: Store, name: str | None) -> pd.DataFrame:
    """Return the rows of a joined table as a dataframe, or without a name one of the tables.

    Raises
    ------
    NotFoundError
        No table of this name was joined; the nearest is suggested.
    """
    import pandas as pd

    from mmrag_jupyter.store import text_column

    sources = store.joins.sources()
    if name is None:
        return pd.DataFrame(
            {
                "name": text_column(one.label for one in sources),
                "rows": [one.rows for one in sources],
                "items": [one.items for one in sources],
                "on": text_column(one.by for one in sources),
            }
        )
    keys = {one.label: one.key for one in sources}
    if name not in keys:
        there = f"; there are {', '.join(keys)}" if keys else ", nor was any other"
        raise NotFoundError(
            f"No table {name!r} was joined to {store.name!r}{there}.{did_you_mean(name, keys)}"
        )
    return store.joins.frame(keys[name])


def with_counts(frame: pd.DataFrame, store: Store, items: Sequence[int]) -> pd.DataFrame:
    """Return a dataframe of these items with how many rows of each joined table they have."""
    totals = store.joins.totals(items)
    levels = frame.columns.nlevels
    for key, label in store.joins.labels().items():
        free = label
        while free in frame.columns:
            free = f"{free}_rows"
        column = free if levels == 1 else (free, *[""] * (levels - 1))
        counts = [totals[item].get(key, 0) if item in totals else 0 for item in items]
        frame.insert(len(frame.columns), column, counts)
    return frame
