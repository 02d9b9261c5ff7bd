"""Read a collection elsewhere as a whole: to map it, to find duplicates, to count its values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from mmrag_jupyter.served.conditions import among
from mmrag_jupyter.served.counting import ServedFacets
from mmrag_jupyter.served.reading import Reading
from mmrag_jupyter.served.selection import looked_at
from mmrag_jupyter.store.matrix import Matrix

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from mmrag_jupyter.items import Modality
    from mmrag_jupyter.served.conditions import Test
    from mmrag_jupyter.served.rows import Row
    from mmrag_jupyter.store.facets import Facets
    from mmrag_jupyter.store.nearest import View
    from mmrag_jupyter.store.selection import Selection
    from mmrag_jupyter.store.values import Space


@dataclass(frozen=True, slots=True, eq=False)
class _Fetched:
    """Vectors that were fetched, as a matrix of a folder reads its own."""

    space: Space
    vectors: npt.NDArray[np.float32]

    def read(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return the vectors of rows, shape (n, dim)."""
        return self.vectors[rows]


class WholeReading(Reading):
    """What takes all parts of a collection: they are fetched, each time anew."""

    def item_counts(self) -> dict[str, int]:
        """Return how many items have parts of each modality."""
        return {one: len(self.items_with(one)) for one in self.part_counts()}

    def digests(self, modality: Modality) -> tuple[npt.NDArray[np.int64], list[bytes]]:
        """Return the item, shape (n,), and the content hash of each part of a modality."""
        rows = self._whole(("digest",), among("modality", "text", [modality]))
        items = np.array([row.number("item") for row in rows], np.int64)
        return items, [bytes.fromhex(row.text("digest")) for row in rows]

    def texts(self) -> Iterator[tuple[int, str]]:
        """Yield the item's number and the text of each part that has one, item by item."""
        for row in self._whole(("text",)):
            if row.text("text"):
                yield row.number("item"), row.text("text")

    def matrix(self, space: int, within: Selection | None = None) -> Matrix:
        """Return all vectors of a space, or those in a selection."""
        table = self._table(space)
        own = next(one for one in self.spaces() if one.number == space)
        modality = within.modality if within is not None else None
        test = among("modality", "text", sorted(modality)) if modality is not None else None
        allows = looked_at(within)
        fields = ("part", "item") if allows is None else ("part", "item", "record")
        found = self.engine.scan(table, test, fields, vectors=True)
        rows = [row for row in found if allows is None or allows(row)]
        there = self.valid({row.number("part"): row.number("item") for row in rows})
        rows = [row for row in rows if row.number("part") in there]
        if within is not None and within.items is not None:
            # A test would list them all.
            wanted = set(within.items.tolist())
            rows = [row for row in rows if row.number("item") in wanted]
        rows.sort(key=_place)
        if own.token_dim:
            vectors = self.tokens.few(space, [row.number("part") for row in rows])
        else:
            vectors = np.array([row.vector for row in rows], np.float32).reshape(len(rows), own.dim)
        return Matrix(
            np.array([row.number("part") for row in rows], np.int64),
            np.array([row.number("item") for row in rows], np.int64),
            self.folder,
            cast("View", _Fetched(own, vectors)),
            np.arange(len(rows)),
        )

    def facets(self) -> Facets:
        """Return what counts the values that items have."""
        return ServedFacets(self)

    def _whole(self, fields: tuple[str, ...], test: Test | None = None) -> list[Row]:
        """Return the rows of all parts, each once, item by item."""
        found = {
            row.number("part"): row
            for table in self.part_tables()
            for row in self.engine.scan(table, test, ("part", "item", *fields))
        }
        there = self.valid({part: row.number("item") for part, row in found.items()})
        return sorted((found[part] for part in there), key=_place)


def _place(row: Row) -> tuple[int, int]:
    return row.number("item"), row.number("part")
