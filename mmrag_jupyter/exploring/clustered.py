"""Clusters of items with their names, and how they show themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.display.sections import Section
from mmrag_jupyter.exploring.listed import Listed

if TYPE_CHECKING:
    import pandas as pd

    from mmrag_jupyter.exploring.clusters import Grouped
    from mmrag_jupyter.exploring.shown import Shelf
    from mmrag_jupyter.search.hits import Hits

_SHOWN = 5  # of a cluster, in its gallery


@dataclass(frozen=True, slots=True, eq=False)
class Cluster:
    """Items that are alike, the most central first; `name` says by what.

    `distance` is each item's cosine distance to the middle.
    """

    name: str
    ids: tuple[str, ...]
    distance: tuple[float, ...]
    _items: tuple[int, ...]
    _shelf: Shelf

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def hits(self) -> Hits:
        """The items, the most central first."""
        return self.head(len(self))

    def head(self, n: int = _SHOWN) -> Hits:
        """Return the `n` most central items."""
        near = [1 - one for one in self.distance[:n]]
        return self._shelf.hits(
            self._items[:n],
            self.name,
            scores=near,
            signal="nearness",
            raw=near,
            reason="{:.3f} near the middle",
        )

    def __repr__(self) -> str:
        return f"<Cluster {self.name!r}: {len(self):,} items>"

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        return self.hits._repr_mimebundle_()


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Clusters(Listed[Cluster]):
    """Clusters of items, the largest first: list-like, and a dataframe; a slice is `Clusters`."""

    _noun = "clusters"

    _names: tuple[str, ...]
    _items: np.ndarray[tuple[int], np.dtype[np.int64]]
    _grouped: Grouped

    def _group(self, number: int) -> Cluster:
        here = np.flatnonzero(self._grouped.groups == number)
        here = here[np.argsort(self._grouped.distance[here], kind="stable")]
        return Cluster(
            self._names[number],
            tuple(self._ids[one] for one in here.tolist()),
            tuple(self._grouped.distance[here].tolist()),
            tuple(self._items[here].tolist()),
            self._shelf,
        )

    def _section(self, number: int, group: Cluster) -> Section:
        items = "1 item" if len(group) == 1 else f"{len(group):,} items"
        return Section(f"{number + 1}. {group.name}", group.head().cards(), items)

    @property
    def names(self) -> list[str]:
        """What the clusters are called, the largest first."""
        return [self._names[number] for number in self._numbers]

    def to_pandas(self) -> pd.DataFrame:
        """Return a row for each item: id, cluster (from 1), name, distance to its middle."""
        import pandas as pd

        from mmrag_jupyter.store import text_column

        groups = self._grouped.groups
        frame = pd.DataFrame(
            {
                "id": text_column(self._ids),
                "cluster": groups + 1,
                "name": [self._names[one] for one in groups.tolist()],
                "distance": self._grouped.distance,
            }
        )
        if len(self) == len(self._names):
            return frame
        return frame[np.isin(groups, self._numbers)].reset_index(drop=True)
