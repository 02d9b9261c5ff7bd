"""Write the rows of joined tables to a store elsewhere, with the items that they join."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import StoreError
from mmrag_jupyter.naming import shortened
from mmrag_jupyter.served import joinrows, laying, partrows
from mmrag_jupyter.served.itemwriter import ItemWriter, lots
from mmrag_jupyter.served.rows import Row
from mmrag_jupyter.store import joining
from mmrag_jupyter.store.joined import CHANGES
from mmrag_jupyter.store.lookup import Place

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from mmrag_jupyter.items import Column, NewItem
    from mmrag_jupyter.store.catalogue import SourceColumns
    from mmrag_jupyter.store.writer import NewVectors

_ROWS = "row"  # the counter of rows


class JoinWriter(ItemWriter):
    """The part of a writer that writes the rows of joined tables."""

    def add_joined(
        self, key: str, label: str, columns: Sequence[Column], *, theirs: str, ours: str
    ) -> None:
        """Add a joined table, or give the one with this key another label and other columns."""
        self._lease.check()
        self._engine.create(self._layout.joined, self._joined_fields())
        self._state.add_joined(key, label, columns, theirs=theirs, ours=ours)
        # With the items' columns too: the table may be older, of a load that was killed here.
        self._engine.widen(self._layout.joined, self._joined_fields())

    def take_rows(self, count: int) -> int:
        """Return the first of so many numbers of rows that have never been used."""
        return self._state.count(_ROWS, count) + 1

    def join(
        self,
        rows: Sequence[NewItem],
        vectors: NewVectors,
        *,
        source: str,
        numbers: Sequence[int],
        onto: Sequence[Sequence[int]],
        dropped: Mapping[int, Collection[int]],
    ) -> None:
        """Make rows of a joined table, in place of those with the same ids, parts of items."""
        self._lease.check()
        origin = self._declared_joined(source)
        known = self._store.joins.known(source, [row.id for row in rows])
        numbers = [
            known[row.id].row if row.id in known else number
            for row, number in zip(rows, numbers, strict=True)
        ]
        wanted = sorted({*dropped, *(item for items in onto for item in items)})
        found = self._store.scanned(
            self._layout.items, "item", "int", wanted, list(self._item_fields())
        )
        items = sorted(found, key=lambda row: row.number("item"))
        refs = joining.joined_refs(
            self._store.joins.links_of(wanted),
            [Place(row.number("item"), row.number("part"), row.number("parts")) for row in items],
            rows,
            numbers,
            source=origin.number,
            onto=onto,
            dropped=dropped,
        )
        before = self._stored(wanted)
        blobs = self._keep_pictures(rows)
        new = [partrows.new(one, has_blob=one.digest in blobs) for row in rows for one in row.parts]
        told = dict(zip(numbers, joinrows.told(rows, origin, numbers), strict=True))
        fresh = iter(self._fresh(sum(len(own.parts) + 1 for own in refs)))
        moved = []
        for row, own in zip(items, refs, strict=True):
            first = next(fresh) + 1
            moved.append(Row({**row.fields, "part": first}))
            for _ in own.parts:
                next(fresh)
        # Before the rows: what a killed load has changed is not taken to be as it was.
        self._state.count(CHANGES)
        laid = laying.laid(moved, refs, new=new, vectors=vectors, before=before, rows=told)
        self._write(laid)
        used = {str(fields["digest"]) for fields in laid.parts}
        self._drop_orphans(
            bytes.fromhex(digest) for digest in _pictures(before) if digest not in used
        )

    def update_joined(self, rows: Sequence[NewItem], *, source: str) -> None:
        """Store the metadata, index and hash of rows that are there; not their parts."""
        self._lease.check()
        origin = self._declared_joined(source)
        known = self._store.joins.known(source, [row.id for row in rows])
        there = [row for row in rows if row.id in known]
        numbers = [known[row.id].row for row in there]
        told = dict(zip(numbers, joinrows.told(there, origin, numbers), strict=True))
        fields = list(self._joined_fields())
        found = self._store.scanned(self._layout.joined, "row", "int", numbers, fields)
        changed = [
            joinrows.again(row, told[row.number("row")], joinrows.columns_of_item(row, origin))
            for row in found
        ]
        for some in lots(changed):
            self._engine.put(self._layout.joined, some)
        self._store.forget()

    def _declared_joined(self, key: str) -> SourceColumns:
        found = self._state.joined().by_key(key)
        if found is None:
            raise StoreError(f"There is no joined table {shortened(key)!r}; add it first.")
        return found


def _pictures(before: laying.Stored) -> set[str]:
    """Return the hashes of what is kept as bytes."""
    return {
        str(fields["digest"])
        for fields in before.parts.values()
        if json.loads(str(fields["record"]))["has_blob"]
    }
