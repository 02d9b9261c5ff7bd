"""Read parts and vectors that lie in a store elsewhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.served.cells import as_key, from_key
from mmrag_jupyter.served.conditions import among, both
from mmrag_jupyter.served.itemreading import ItemReading
from mmrag_jupyter.served.partrows import READ, part_of
from mmrag_jupyter.served.selection import looked_at, test_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import numpy.typing as npt

    from mmrag_jupyter.items import Modality
    from mmrag_jupyter.served.conditions import Plain, Test
    from mmrag_jupyter.served.rows import FieldType, Row, Table
    from mmrag_jupyter.served.tokens import ServedTokens
    from mmrag_jupyter.store.selection import Selection
    from mmrag_jupyter.store.values import PartRow, Space

# Rows of parts, which never change, that are remembered between the steps of a query.
_REMEMBERED = 20_000
_MANY = 20_000


class Reading(ItemReading):
    """What a store elsewhere says that a collection has.

    A part's row counts only if the row of its item says so, which is written after it and is
    the commit: what a killed load has left behind is nowhere seen.
    """

    tokens: ServedTokens

    # Parts.

    def parts(self, parts: Sequence[int]) -> list[PartRow]:
        """Return parts in the order asked; those that are gone are left out."""
        self._refresh()
        wanted = [int(one) for one in parts]
        lacking = [one for one in wanted if one not in self._known_parts]
        if lacking:
            found = [
                part_of(row)
                for table in self.part_tables()
                for row in self.scanned(table, "part", "int", lacking, READ)
            ]
            self.remember(found)
        there = self.valid({
            one: self._known_parts[one].item for one in wanted if one in self._known_parts
        })  # fmt: skip
        return [self._known_parts[one] for one in wanted if one in there]

    def items_of(self, parts: Sequence[int]) -> dict[int, int]:
        """Return the item of each of those parts that there are."""
        return {row.part: row.item for row in self.parts(parts)}

    def parts_of(
        self, items: Sequence[int], allows: Callable[[Row], bool] | None = None
    ) -> list[PartRow]:
        """Return all parts of items, item by item; or those that something allows."""
        wanted = [int(one) for one in items]
        found = self._parts_with("item", "int", wanted, allows=allows)
        place = {item: at for at, item in enumerate(wanted)}
        return sorted(found, key=lambda row: (place[row.item], row.part))

    def page(self, item: int, page: int) -> PartRow | None:
        """Return the part that shows a page of an item, counted from 1, or None."""
        more = both(among("page", "int", [page]), among("modality", "text", ["page"]))
        return next(iter(self._parts_with("item", "int", [item], more)), None)

    def pictures(self, items: Sequence[int]) -> dict[int, PartRow]:
        """Return the first part that is a picture or a page, of those items that have one."""
        return self._first(items, ["image", "page"])

    def sounds(self, items: Sequence[int]) -> dict[int, PartRow]:
        """Return the first part that is a stretch of sound, of those items that have one."""
        return self._first(items, ["audio"])

    def items_with(self, modality: Modality) -> list[int]:
        """Return the numbers of the items that have parts of a modality, sorted."""
        test = among("modality", "text", [modality])
        rows = {
            row.number("part"): row.number("item")
            for table in self.part_tables()
            for row in self.engine.scan(table, test, ("part", "item"))
        }
        return sorted(self.valid(rows, items=True))

    def file_digests(self, paths: Sequence[str]) -> dict[str, tuple[int | None, int | None, bytes]]:
        """Return size, mtime and content hash of the files that parts came from."""
        return {
            path: (size, time_, digest)
            for path, size, time_, digest, _ in self._files("path", "text", map(as_key, paths))
        }

    def item_files(self, ids: Sequence[str]) -> dict[str, dict[str, tuple[int | None, int | None]]]:
        """Return for each of those ids that there are its files: paths, sizes and mtimes."""
        found: dict[str, dict[str, tuple[int | None, int | None]]] = {}
        for path, size, mtime, _, row in self._files("item_id", "text", map(as_key, ids)):
            found.setdefault(from_key(row.text("item_id")), {})[path] = (size, mtime)
        return found

    def files_of_parts(
        self, parts: Sequence[int]
    ) -> Iterator[tuple[int, str, int | None, int | None]]:
        """Yield each of these parts that came from a file: its path, size and mtime."""
        for path, size, mtime, _, row in self._files("part", "int", parts):
            yield row.number("part"), path, size, mtime

    def _files(
        self, field: str, type_: FieldType, values: Iterable[Plain]
    ) -> Iterator[tuple[str, int | None, int | None, bytes, Row]]:
        wanted = list(values)
        rows = [
            row
            for table in (self.part_tables() if wanted else [])
            for row in self.scanned(table, field, type_, wanted, READ)
            if row.text("path")
        ]
        there = self.valid({row.number("part"): row.number("item") for row in rows})
        for row in rows:
            if row.number("part") in there:
                told = json.loads(row.text("record"))
                digest = bytes.fromhex(row.text("digest"))
                yield from_key(row.text("path")), told["size"], told["mtime_ns"], digest, row

    def _first(self, items: Sequence[int], modalities: Sequence[str]) -> dict[int, PartRow]:
        rows = self._parts_with(
            "item", "int", map(int, items), among("modality", "text", modalities)
        )
        found: dict[int, PartRow] = {}
        for row in sorted(rows, key=lambda one: one.part):
            found.setdefault(row.item, row)
        return found

    def _parts_with(
        self,
        name: str,
        type_: FieldType,
        values: Iterable[Plain],
        more: Test | None = None,
        allows: Callable[[Row], bool] | None = None,
    ) -> list[PartRow]:
        wanted = list(values)
        rows = [
            part_of(row)
            for table in self.part_tables()
            for row in self.scanned(table, name, type_, wanted, READ, more=more)
            if allows is None or allows(row)
        ]
        self.remember(rows)
        own = {row.part: row for row in rows}
        there = self.valid({row.part: row.item for row in own.values()})
        return [row for part, row in own.items() if part in there]

    def remember(self, rows: Iterable[PartRow]) -> None:
        """Keep parts at hand: another step of the same query will ask for them."""
        if len(self._known_parts) > _REMEMBERED:
            self._known_parts.clear()
        self._known_parts.update((row.part, row) for row in rows)

    def valid(self, parts: Mapping[int, int], *, items: bool = False) -> set[int]:
        """Return those parts, given with their items, that their items say they have.

        With `items`, return the items that have one of them instead.
        """
        self._look_up(parts.values())
        found = set()
        for part, item in parts.items():
            first, count = self._ranges.get(item, (0, 0))
            if first <= part < first + count:
                found.add(item if items else part)
        return found

    def first_parts(self, items: Iterable[int]) -> dict[int, int]:
        """Return the number of the first part of those items that there are."""
        wanted = set(items)
        self._look_up(wanted)
        return {one: self._ranges[one][0] for one in wanted if one in self._ranges}

    def _look_up(self, items: Iterable[int]) -> None:
        self._refresh()
        lacking = [one for one in dict.fromkeys(items) if one not in self._ranges]
        fields = ("item", "part", "parts")
        # All are sooner read than very many looked up.
        every = len(lacking) > _MANY
        rows = self.engine.scan(self.layout.items, None, fields) if every else None
        for row in rows or self._items("item", lacking, fields):
            self._ranges[row.number("item")] = (row.number("part"), row.number("parts"))

    # Vectors.

    def vectors_of(
        self, space: int, digests: Sequence[bytes]
    ) -> dict[bytes, npt.NDArray[np.float32]]:
        """Return the vectors, shape (dim,) float32, of parts with these content hashes.

        Those that a killed load has left serve too: they are not made twice.
        """
        table = self._table(space)
        rows = self.scanned(
            table, "digest", "text", (one.hex() for one in digests), ("digest",), vectors=True
        )
        return {
            bytes.fromhex(row.text("digest")): row.vector for row in rows if row.vector is not None
        }

    def parts_without_vector(self, space: int, modality: Modality) -> list[int]:
        """Return the parts of a modality that have no vector in a space, and could have one."""
        test = among("modality", "text", [modality])
        rows = [
            row
            for table in self.part_tables()
            if table != self._table(space)
            for row in self.engine.scan(table, test, ("part", "item", "length"))
            if modality != "text" or row.number("length")
        ]
        there = self.valid({row.number("part"): row.number("item") for row in rows})
        if not there:
            return []
        have = self.scanned(self._table(space), "part", "int", there, ("part",))
        return sorted(there - {row.number("part") for row in have})

    def vectors(self, space: int, parts: Sequence[int]) -> npt.NDArray[np.float32]:
        """Return the vectors of parts, shape (n, dim) float32.

        Raises
        ------
        KeyError
            A part has none in this space.
        """
        if self.space(space).token_dim:
            return self.tokens.few(space, parts)
        rows = self.scanned(
            self._table(space), "part", "int", map(int, parts), ("part",), vectors=True
        )
        found = {row.number("part"): row.vector for row in rows}
        vectors = [found[int(part)] for part in parts]
        return np.stack([one for one in vectors if one is not None])

    def spaces_of(self, part: int) -> list[int]:
        """Return the numbers of the spaces in which a part has a vector."""
        test = among("part", "int", [int(part)])
        return [
            one.number
            for one in self.state.spaces()
            if self.engine.count(self.layout.of_space(one), test)
        ]

    def _nearest(
        self, space: int, query: npt.NDArray[np.float32], k: int, within: Selection | None
    ) -> list[tuple[int, float]]:
        test, allows = test_of(within), looked_at(within)
        asked = k
        while True:
            rows = self.engine.nearest(self._table(space), query, asked, test, READ)
            wanted = [one for one in rows if allows is None or allows(one[0])]
            parts = [(part_of(row), score) for row, score in wanted]
            self.remember(part for part, _ in parts)
            there = self.valid({part.part: part.item for part, _ in parts})
            found = [(part.part, score) for part, score in parts if part.part in there]
            if len(found) >= k or len(rows) < asked:
                # Equal parts are equally near: the older first, however an engine adds up.
                found.sort(key=lambda one: (-round(one[1], 5), one[0]))
                return found[:k]
            # What a killed load has left stands in the way, or what a condition leaves out.
            asked *= 2

    def space(self, number: int) -> Space:
        """Return the space with this number; raise KeyError where there is none."""
        for one in self.state.spaces():
            if one.number == number:
                return one
        raise KeyError(f"there is no space {number}")

    def _table(self, space: int) -> Table:
        return self.layout.of_space(self.space(space))
