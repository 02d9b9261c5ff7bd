"""The items of a collection elsewhere, batch by batch, as a folder is given new ones."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.items import NewItem
from mmrag_jupyter.served import media
from mmrag_jupyter.served.cells import from_key
from mmrag_jupyter.served.conditions import Compare, Constant, Every, Field
from mmrag_jupyter.served.copyjoined import JoinedRows
from mmrag_jupyter.served.copyrows import item_of, placed, torn
from mmrag_jupyter.served.partrows import READ, part_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    from mmrag_jupyter.served.conditions import Test
    from mmrag_jupyter.served.copyrows import Matrix, Way
    from mmrag_jupyter.served.rows import Row

    Integers = npt.NDArray[np.int64]

# Parts that are in memory at once, with their vectors and pictures.
AT_ONCE = 500
_ITEM = ("item_id", "item", "part", "parts", "source", "digest", "record")


@dataclass(frozen=True, slots=True, eq=False)
class _Given:
    """An item as it lies there: its number, that of the first of its parts, and its source."""

    item: NewItem
    number: int
    first: int
    source: str


class Batches:
    """Copies the items of a collection to another one, which has its sources."""

    def __init__(self, way: Way) -> None:
        self._store, self._writer = way.store, way.writer
        self._joined = JoinedRows(way)
        store, writer = way.store, way.writer
        self._spaces = {
            one.number: writer.add_space(
                one.name, one.address, one.token_dim or one.dim, one.modalities,
                late=bool(one.token_dim),
            )
            for one in store.spaces()
        }  # fmt: skip
        rows = store.engine.scan(store.layout.items, None, ("item", "part", "parts"))
        # Three numbers an item: all that there is of all items at once.
        self._places: Integers = np.fromiter(
            ((row.number("item"), row.number("part"), row.number("parts")) for row in rows),
            np.dtype((np.int64, 3)),
        ).astype(np.int64, copy=False)

    @property
    def total(self) -> int:
        """How many items there are."""
        return len(self._places)

    def write(self) -> Iterator[int]:
        """Copy them, and yield after each batch how many are there.

        Items keep their order, and so do parts: what is equally near is found in that order.
        """
        places = self._places[np.argsort(self._places[:, 0], kind="stable")]
        order = np.argsort(places[:, 1], kind="stable")
        if (np.diff(order) < 0).any():
            # Some were loaded again: their parts came later than they.
            for batch in _cut(places, by_parts=False):
                self._name(batch)
        done = 0
        for batch in _cut(places[order], by_parts=True):
            self._copy(batch)
            done += len(batch)
            yield done
        if self._joined:
            # Items were written twice: alone, and with what is joined to them.
            self._writer.compact()

    def _name(self, batch: Integers) -> None:
        """Write items without anything, so that they are numbered in their order."""
        catalogue = self._store.state.catalogue()
        rows = self._items("item", batch[0, 0], batch[-1, 0] + 1)
        rows.sort(key=lambda row: row.number("item"))
        for source, own in groupby(rows, lambda row: int(row.text("source"))):
            items = [NewItem(from_key(row.text("item_id")), b"", ()) for row in own]
            self._writer.put(items, {}, source=catalogue.sources[source].key)

    def _copy(self, batch: Integers) -> None:
        sources = self._store.state.catalogue().sources
        rows = {row.number("item"): row for row in self._items("part", *_reach(batch, 1))}
        parts, vectors = self._parts(batch)
        wanted = [row for row in map(part_of, parts.values()) if row.has_blob]
        kept = self._store.engine, self._store.layout.kept
        blobs = media.blobs(*kept, {row.digest for row in wanted})
        given = []
        for item, first, count in batch.tolist():
            own = [parts[part] for part in range(first, first + count) if part in parts]
            if item not in rows or len(own) < count:
                raise torn(self._store.address, rows.get(item), len(own), count)
            row, source = rows[item], sources[int(rows[item].text("source"))]
            mine = [one for one in own if not part_of(one).row]
            item_id = from_key(row.text("item_id"))
            made = item_of(item_id, row, mine, source, blobs)
            given.append(_Given(made, item, first, source.key))
        beside = self._joined.beside(batch[:, 0].tolist())
        for same in _runs(given, beside):
            numbers = [one.first + at for one in same for at in range(len(one.item.parts))]
            items = [one.item for one in same]
            self._writer.put(items, placed(numbers, vectors), source=same[0].source)
            ids = {one.number: one.item.id for one in same}
            self._joined.copy(ids, beside, parts, vectors, blobs)

    def _items(self, name: str, first: int, end: int) -> list[Row]:
        test = _between(name, first, end)
        return list(self._store.engine.scan(self._store.layout.items, test, _ITEM))

    def _parts(self, batch: Integers) -> tuple[dict[int, Row], dict[int, dict[int, Matrix]]]:
        """Return the rows of the parts of some items, and the vectors by space, by number."""
        store = self._store
        test = _between("part", *_reach(batch, 0))
        found: dict[int, Row] = {}
        vectors: dict[int, dict[int, Matrix]] = {}
        for table, space in zip(store.part_tables(), [None, *store.spaces()], strict=True):
            rows = {
                row.number("part"): row
                for row in store.engine.scan(table, test, READ, vectors=bool(table.dim))
            }
            found |= rows
            if space is None:
                continue
            vectors[self._spaces[space.number]] = (
                store.tokens.of(space.number, list(rows))
                if space.token_dim
                else {part: row.vector for part, row in rows.items() if row.vector is not None}
            )
        return found, vectors


def _runs(given: Sequence[_Given], beside: Mapping[int, Sequence[Row]]) -> Iterator[list[_Given]]:
    """Cut items into runs that are written together, so that their parts keep their order.

    What is joined to items has their parts written anew, those of all of them in the order of
    the items' numbers.
    """
    run: list[_Given] = []
    before: tuple[str, set[str]] | None = None
    for one in given:
        own = one.source, {row.text("source") for row in beside.get(one.number, ())}
        if run and (own != before or (own[1] and one.number < run[-1].number)):
            yield run
            run = []
        run.append(one)
        before = own
    if run:
        yield run


def _cut(places: Integers, *, by_parts: bool) -> Iterator[Integers]:
    """Yield items that have so many parts together as are in memory at once; one at least."""
    sizes = np.maximum(places[:, 2], 1) if by_parts else np.ones(len(places), np.int64)
    ends, first = np.cumsum(sizes), 0
    while first < len(places):
        before = int(ends[first - 1]) if first else 0
        last = max(int(np.searchsorted(ends, before + AT_ONCE, "right")), first + 1)
        yield places[first:last]
        first = last


def _reach(batch: Integers, least: int) -> tuple[int, int]:
    """Return the first number of the parts of items, and that behind them.

    The last item is taken to have `least` parts at least.
    """
    first, last, count = int(batch[0, 1]), int(batch[-1, 1]), int(batch[-1, 2])
    return first, last + max(count, least)


def _between(name: str, first: int, end: int) -> Test:
    field = Field(name, "int")
    return Every(
        (Compare(field, ">=", Constant(int(first))), Compare(field, "<", Constant(int(end))))
    )
