"""What the one writer does with tables that are joined to the collection's items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import StoreError
from mmrag_jupyter.items import NewItem
from mmrag_jupyter.store import changes, joined, joining, lookup, tokens_writing
from mmrag_jupyter.store.batch import encode_cells, encode_parts
from mmrag_jupyter.store.catalogue import add_exact, write_source
from mmrag_jupyter.store.joined import JOINED, OWN
from mmrag_jupyter.store.joining import Refs
from mmrag_jupyter.store.session import WriteSession
from mmrag_jupyter.store.spaces import read_spaces, space_of
from mmrag_jupyter.store.text import clean, to_key, to_keys
from mmrag_jupyter.store.tokens_writing import block
from mmrag_jupyter.store.widen import reencode

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Mapping, Sequence

    from mmrag_jupyter.items import Column
    from mmrag_jupyter.store.catalogue import Catalogue, SourceColumns
    from mmrag_jupyter.store.joined import Link
    from mmrag_jupyter.store.joining import Vectors
    from mmrag_jupyter.store.lookup import Place
    from mmrag_jupyter.store.nearest import View


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """Items with all parts that they are to have, in order, and the vectors of these."""

    items: Sequence[NewItem]
    refs: Sequence[Refs]
    vectors: Vectors

    def links(self, first: int) -> list[list[Link]]:
        """Return each item's links, once its parts are numbered from `first` on."""
        found = []
        for one in self.refs:
            found.append(one.placed(first))
            first += len(one.parts)
        return found


class JoinWriter(WriteSession):
    """Writes the rows of joined tables; every method is one commit."""

    def add_joined(
        self, key: str, label: str, columns: Sequence[Column], *, theirs: str, ours: str
    ) -> None:
        """Add a joined table, or give the one with this key another label and other columns.

        Parameters
        ----------
        theirs, ours
            Its column and that of the items ("" for their ids) that name the same thing.

        Raises
        ------
        StoreError
            Two columns have the same name, or there are too many.
        """
        with self._transaction() as db:
            for statement in joined.TABLES.split(";\n"):
                db.execute(statement)
            before = joined.catalogue(db).by_key(key)
            now = write_source(db, key, label, columns, JOINED)
            db.execute(
                "UPDATE joined_sources SET theirs = ?, ours = ? WHERE source = ?",
                (to_key(theirs), to_key(ours), now.number),
            )
            if before is not None:
                reencode(db, before, now, joined.catalogue(db), JOINED)

    def take_rows(self, count: int) -> int:
        """Return the first of so many numbers of rows that have never been used."""
        with self._transaction() as db:
            return changes.take_numbers(db, "next_row", count)

    def join(
        self,
        rows: Sequence[NewItem],
        vectors: Vectors,
        *,
        source: str,
        numbers: Sequence[int],
        onto: Sequence[Sequence[int]],
        dropped: Mapping[int, Collection[int]],
    ) -> None:
        """Make rows of a joined table, in place of those with the same ids, parts of items.

        Parameters
        ----------
        vectors
            As `put` takes them, of the parts counted over `rows` in order.
        source
            The key of the joined table, which `add_joined` has made known.
        numbers
            The numbers of rows that are new, from `take_rows`; the others keep theirs.
        onto
            For each row the numbers of the items that it belongs to.
        dropped
            By the number of an item, the numbers of rows that are no longer part of it.

        Raises
        ------
        StoreError
            A row has metadata that its table does not declare, or the disk is full; nothing
            of this call is kept then.
        ValueError
            The vectors do not fit the parts or the space, or are not finite.
        """
        with self._transaction() as db:
            known = joined.catalogue(db)
            origin = _declared(known, source)
            numbers = _row_numbers(db, rows, origin, numbers)
            places = _places(db, {*dropped, *(item for items in onto for item in items)})
            links = joined.links_of(db, [place.item for place in places])
            refs = joining.joined_refs(
                links, places, rows, numbers, source=origin.number, onto=onto, dropped=dropped
            )
            views = [self._view(db, space) for space in read_spaces(db)]
            bare = [NewItem("", b"", ()) for _ in places]
            laid = self._laid(db, views, bare, refs, new=rows, vectors=vectors)
            orphans = changes.remove_parts(db, views, places)
            first = changes.take_numbers(db, "next_part", sum(len(one.parts) for one in refs))
            parts = encode_parts(laid.items, [place.item for place in places], first)
            blocks = [
                block(space_of(db, number), ordinals, found, len(parts))
                for number, (ordinals, found) in laid.vectors.items()
            ]
            with self._written(blocks):
                self._store_rows(db, rows, numbers, origin, known)
                changes.insert_parts(db, parts)
                _move_items(db, places, refs, first)
                joining.link(db, [place.item for place in places], laid.links(first))
                joining.forget_rows(db, sorted({row for some in dropped.values() for row in some}))
                changes.drop_orphans(db, orphans)
                for one in blocks:
                    tokens_writing.append_run(db, one, parts.run(one.ordinals))

    def update_joined(self, rows: Sequence[NewItem], *, source: str) -> None:
        """Store the metadata, index and hash of rows that are there; not their parts."""
        with self._transaction() as db:
            known = joined.catalogue(db)
            origin = _declared(known, source)
            numbers = _row_numbers(db, rows, origin, [0] * len(rows))
            self._store_rows(db, rows, numbers, origin, known)

    def _with_joined(
        self,
        db: sqlite3.Connection,
        views: Sequence[View],
        items: Sequence[NewItem],
        places: Mapping[str, Place],
        vectors: Vectors,
    ) -> Laid | None:
        """Return new items with the rows that were joined to those of before; None without any."""
        links = joined.links_of(db, [place.item for place in places.values()])
        if not links:
            return None
        refs, first = [], 0
        for item in items:
            place = places.get(item.id)
            own = Refs([], [])
            own.add(OWN, OWN, range(first, first + len(item.parts)))
            first += len(item.parts)
            for one, parts in joining.rows_in(links.get(place.item, ()) if place else ()):
                own.add(one.row, one.source, parts)
            refs.append(own)
        return self._laid(db, views, items, refs, new=items, vectors=vectors)

    def _laid(
        self,
        db: sqlite3.Connection,
        views: Sequence[View],
        items: Sequence[NewItem],
        refs: Sequence[Refs],
        *,
        new: Sequence[NewItem],
        vectors: Vectors,
    ) -> Laid:
        numbers = [-ref for one in refs for ref in one.parts if ref < 0]
        kept = joining.kept(db, self._folder, views, numbers)
        parts = [part for one in new for part in one.parts]
        whole = joining.laid_out(items, refs, parts, kept)
        return Laid(whole, refs, joining.gathered(refs, vectors, kept))

    def _store_rows(
        self,
        db: sqlite3.Connection,
        rows: Sequence[NewItem],
        numbers: Sequence[int],
        origin: SourceColumns,
        known: Catalogue,
    ) -> None:
        if not rows:
            return
        cells = encode_cells(rows, origin, known.exact)
        add_exact(db, cells.exact - known.exact, JOINED)
        names = ["row", "id", "source", "digest", *cells.names]
        columns = [
            numbers,
            to_keys([row.id for row in rows]),
            [origin.number] * len(rows),
            [row.digest for row in rows],
            *cells.values,
        ]
        update = ", ".join(f"{name} = excluded.{name}" for name in names[3:])
        ending = f" ON CONFLICT (row) DO UPDATE SET {update}"
        changes.insert(db, JOINED.rows, dict(zip(names, columns, strict=True)), ending)


def _declared(known: Catalogue, key: str) -> SourceColumns:
    found = known.by_key(key)
    if found is None:
        raise StoreError(f"There is no joined table {clean(key)!r}; add it first.")
    return found


def _row_numbers(
    db: sqlite3.Connection, rows: Sequence[NewItem], origin: SourceColumns, fresh: Sequence[int]
) -> list[int]:
    before = joined.known(db, origin.key, [row.id for row in rows])
    return [
        before[row.id].row if row.id in before else number
        for row, number in zip(rows, fresh, strict=True)
    ]


def _places(db: sqlite3.Connection, items: Collection[int]) -> list[Place]:
    return lookup.places_of(db, sorted(items))


def _move_items(
    db: sqlite3.Connection, places: Sequence[Place], refs: Sequence[Refs], first: int
) -> None:
    """Note where the parts of items are now."""
    moved = []
    for place, own in zip(places, refs, strict=True):
        moved.append((first, len(own.parts), place.item))
        first += len(own.parts)
    db.executemany("UPDATE items SET part = ?, parts = ? WHERE item = ?", moved)
