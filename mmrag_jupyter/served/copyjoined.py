"""The rows of joined tables that stand beside items, as a folder is given new ones."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.served.cells import from_key
from mmrag_jupyter.served.copyrows import item_of, placed, torn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt

    from mmrag_jupyter.items import NewItem
    from mmrag_jupyter.served.copyrows import Matrix, Way
    from mmrag_jupyter.served.rows import Row

_FIELDS = ("item", "part", "row", "row_id", "source", "first", "count", "digest", "record")


class JoinedRows:
    """Copies what was joined to items, once these are there."""

    def __init__(self, way: Way) -> None:
        self._store, self._copied, self._writer = way.store, way.copied, way.writer
        store, writer = way.store, way.writer
        self._tables = store.state.joined().sources
        self._numbers: npt.NDArray[np.int64] = np.empty(0, np.int64)
        for number, own in self._tables.items():
            theirs, ours = store.state.by(number)
            columns = [physical.column for physical in own.columns]
            writer.add_joined(own.key, own.label, columns, theirs=theirs, ours=ours)
        if self._tables:
            rows = store.engine.scan(store.layout.joined, None, ("row",))
            self._numbers = np.unique(np.fromiter((row.number("row") for row in rows), np.int64))
            self._first = writer.take_rows(len(self._numbers))

    def __len__(self) -> int:
        """Return how many tables there are."""
        return len(self._tables)

    def beside(self, items: Iterable[int]) -> dict[int, list[Row]]:
        """Return the rows that stand beside each of some items that has any."""
        found: dict[int, list[Row]] = defaultdict(list)
        for row in self._store.joins.having("item", "int", items, _FIELDS):
            found[row.number("item")].append(row)
        return found

    def copy(
        self,
        ids: Mapping[int, str],
        beside: Mapping[int, Sequence[Row]],
        parts: Mapping[int, Row],
        vectors: Mapping[int, Mapping[int, Matrix]],
        blobs: Mapping[bytes, bytes],
    ) -> None:
        """Copy the rows beside some items, which are there.

        Parameters
        ----------
        ids
            The ids of the items by their numbers.
        beside
            Their rows.
        parts, vectors, blobs
            What the items have: parts, their vectors by space, and what is kept as bytes.
        """
        tables: dict[int, dict[int, list[Row]]] = defaultdict(lambda: defaultdict(list))
        for item in ids:
            for row in beside.get(item, ()):
                tables[int(row.text("source"))][row.number("row")].append(row)
        here = self._copied.find(list(ids.values())) if tables else {}
        for source, found in sorted(tables.items()):
            own, numbers = self._tables[source], sorted(found)
            rows: list[NewItem] = []
            which: list[int] = []
            for number in numbers:
                row = found[number][0]
                first = row.number("first")
                of_row = range(first, first + row.number("count"))
                some = [parts[part] for part in of_row if part in parts]
                if len(some) < len(of_row):
                    raise torn(self._store.address, row, len(some), len(of_row))
                rows.append(item_of(from_key(row.text("row_id")), row, some, own, blobs))
                which += of_row
            self._writer.join(
                rows,
                placed(which, vectors),
                source=own.key,
                numbers=(self._first + np.searchsorted(self._numbers, numbers)).tolist(),
                onto=[[here[ids[row.number("item")]] for row in found[one]] for one in numbers],
                dropped={},
            )
