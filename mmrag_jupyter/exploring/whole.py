"""A collection at a glance: its duplicates, outliers, clusters, facets, and its map."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.errors import QueryError, did_you_mean
from mmrag_jupyter.exploring import clusters as clustering
from mmrag_jupyter.exploring import duplicates as twins
from mmrag_jupyter.exploring import outliers as distances
from mmrag_jupyter.exploring.cloud import gather
from mmrag_jupyter.exploring.clustered import Clusters
from mmrag_jupyter.exploring.colours import coloured, plain
from mmrag_jupyter.exploring.groups import Groups
from mmrag_jupyter.exploring.layout import as_layout, laid_out
from mmrag_jupyter.exploring.lonely import Outliers
from mmrag_jupyter.exploring.map import Map
from mmrag_jupyter.exploring.names import named, typical_words
from mmrag_jupyter.exploring.signals import chosen
from mmrag_jupyter.exploring.work import working

if TYPE_CHECKING:
    from collections.abc import Callable

    from mmrag_jupyter.exploring.cloud import Cloud
    from mmrag_jupyter.exploring.shown import Shelf
    from mmrag_jupyter.exploring.signals import Models
    from mmrag_jupyter.exploring.work import Work
    from mmrag_jupyter.ingest import Reporter
    from mmrag_jupyter.store import ItemRow, Store


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """A collection as it is looked at: what is kept of it, its models, and how to show it.

    Its items are compared by `modality`, or by the one that most have; only those are for which
    `where` holds.
    """

    shelf: Shelf
    models: Models
    reporter: Callable[[], Reporter]
    notices: tuple[str, ...] = ()
    modality: str | None = None
    where: str | None = None

    def duplicates(self, near: float | None, *, exact: bool) -> Groups:
        """Return the items that are there twice or nearly so, in groups."""
        store, name = self.shelf.store, self.shelf.name
        signal = chosen(store, self.models, self.modality)
        with working(self.reporter(), f"looking for duplicates in {name}") as work:
            found = twins.find(store, signal, where=self.where, near=near, exact=exact, work=work)
        count = int(found.groups[-1]) if len(found.groups) else 0
        more = len(found.items) - count
        title = f"{name}: {_of(count, 'group')} of duplicates, {_of(more, 'item')} more than needed"
        if not count:
            title = f"{name}: no duplicates among {_of(found.looked_at, 'item')}"
        how = "the same content alone"
        if found.limit is not None:
            how = f"the same content, or a similarity from {found.limit:.3f} on (near=)"
        if found.pictured:
            how += " and the same picture at a second look"
        notices = [*self.notices, f"compared by {signal}: {how}"]
        if found.missing:
            notices.append(f"{_of(found.missing, 'item')} without {signal.modality} not compared")
        if found.unseen:
            which = "of which no picture can be opened"
            notices.append(f"{_of(found.unseen, 'item')} {which} compared by vectors alone")
        ids, numbers = self._ids(found.items), range(1, count + 1)
        return Groups(title, tuple(notices), ids, numbers, self.shelf, found)

    def outliers(self, k: int, neighbours: int) -> Outliers:
        """Return the items that are farthest from their neighbours."""
        import pandas as pd

        from mmrag_jupyter.store import text_column

        for name, value in (("k", k), ("neighbours", neighbours)):
            if _number(name, value) < 1:
                raise QueryError(f"{name} is a whole number from 1 on, not {value}.")
        with working(self.reporter(), f"looking for outliers in {self.shelf.name}") as work:
            cloud = self._cloud(None, work)
            far = distances.far(cloud, work, neighbours)
        order = np.lexsort((cloud.items, -far.score))
        items = cloud.items[order]
        frame = pd.DataFrame(
            {
                "id": text_column(self._ids(items)),
                "score": far.score[order],
                "distance": far.distance[order],
                "signal": cloud.signal.modality,
            }
        )
        hits = self.shelf.hits(
            items[:k].tolist(),
            f"the {min(k, len(items)):,} of {_of(len(items), 'item')} farthest from their like",
            scores=far.score[order][:k].tolist(),
            signal=cloud.signal.modality,
            raw=far.distance[order][:k].tolist(),
            reason="{:.3f} from its neighbours",
            notices=(*self.notices, f"compared by {cloud.signal}", *cloud.told()),
        )
        return Outliers(hits, frame)

    def clusters(self, k: int | None) -> Clusters:
        """Return the items in groups of their like, with names."""
        store, name = self.shelf.store, self.shelf.name
        wanted = None if k is None else _number("k", k)
        with working(self.reporter(), f"looking for clusters in {name}") as work:
            cloud = self._cloud(None, work)
            found = clustering.grouped(cloud, wanted, work)
            words = typical_words(store, cloud.items, found.groups, found.count, work)
        ids = self._ids(cloud.items)
        order = np.lexsort((found.distance, found.groups))
        first = order[np.searchsorted(found.groups[order], np.arange(found.count))]
        names = named(words, [ids[at] for at in first.tolist()])
        told = "" if k is None or found.count == k else f" of the {k:,} asked for"
        notices = (*self.notices, f"compared by {cloud.signal}", *cloud.told())
        return Clusters(
            f"{name}: {_of(len(cloud), 'item')} in {_of(found.count, 'cluster')}{told}",
            notices,
            ids,
            range(found.count),
            self.shelf,
            tuple(names),
            cloud.items,
            found,
        )

    def map(self, color: str | None, layout: str, sample: int | None) -> Map:
        """Return the items in two dimensions, near to their like."""
        store, name = self.shelf.store, self.shelf.name
        wanted = as_layout(layout)
        column = self._column(color)
        with working(self.reporter(), f"making a map of {name}") as work:
            cloud = self._cloud(sample, work)
            xy, how = laid_out(cloud.vectors, wanted, work)
        snapshot = store.snapshot(cloud.items.tolist())
        rows = snapshot.rows()
        if len(rows) < len(cloud):  # some were deleted meanwhile
            kept = np.isin(cloud.items, [row.item for row in rows])
            xy, cloud = xy[kept], cloud.only(kept)
        colouring = plain(len(rows))
        if column is not None:
            colouring = coloured(column, [_value(row, column) for row in rows])
        notices = [*self.notices, f"compared by {cloud.signal}, laid out by {how}", *cloud.told()]
        if colouring.notice:
            notices.append(colouring.notice)
        return Map(
            f"{name}: a map of {_of(len(rows), 'item')}",
            tuple(notices),
            tuple(row.id for row in rows),
            column or "",
            tuple(cloud.items.tolist()),
            xy,
            colouring,
            tuple(rows),
            snapshot,
            cloud.signal.modality in {"image", "page"} or _has_pictures(store),
            self.shelf,
        )

    def _column(self, name: str | None) -> str | None:
        if name is None:
            return None
        known = [one.name for one in self.shelf.store.columns() if one.role == "column"]
        if name not in known:
            raise QueryError(
                f"There is no column {str(name)[:80]!r} to colour by in collection"
                f" {self.shelf.name!r}.{did_you_mean(str(name), known)}"
            )
        return name

    def _cloud(self, sample: int | None, work: Work) -> Cloud:
        signal = chosen(self.shelf.store, self.models, self.modality)
        if sample is not None:
            sample = _number("sample", sample)
        return gather(self.shelf.store, signal, where=self.where, sample=sample, work=work)

    def _ids(self, items: np.ndarray[tuple[int], np.dtype[np.int64]]) -> tuple[str, ...]:
        known = self.shelf.store.ids_of(items.tolist())
        return tuple(known.get(item, "") for item in items.tolist())


def _value(row: ItemRow, name: str) -> object:
    return row.metadata.get(name)


def _has_pictures(store: Store) -> bool:
    return bool(store.part_counts().keys() & {"image", "page"})


def _number(name: str, value: int) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise QueryError(f"{name} is a whole number, not {str(value)[:40]!r}.") from None


def _of(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"
