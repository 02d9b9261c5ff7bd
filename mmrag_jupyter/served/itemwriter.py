"""Write items to a store elsewhere: parts first, then the items that name them.

The row of an item is the commit of its parts. Killed in between, the new parts are nobody's: the
next load of the item writes them again, takes their vectors over and removes the old ones.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, NoReturn, TypeVar

from mmrag_jupyter.errors import NotFoundError, StoreError
from mmrag_jupyter.served import cells, joinrows, laying, media, partrows
from mmrag_jupyter.served.cells import as_key
from mmrag_jupyter.served.conditions import Compare, Constant, Every, Field, among
from mmrag_jupyter.served.itemreading import AT_ONCE
from mmrag_jupyter.served.itemrows import item_row, kept_pictures, restamped
from mmrag_jupyter.served.lease import Lease
from mmrag_jupyter.served.rows import ITEM_FIELDS, JOINED_FIELDS, KEY, PART_FIELDS, Row
from mmrag_jupyter.served.tokens_rows import with_vectors
from mmrag_jupyter.served.wordsearch import STATS, stats
from mmrag_jupyter.store import joining
from mmrag_jupyter.store.joined import CHANGES, OWN
from mmrag_jupyter.store.joining import Refs
from mmrag_jupyter.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    from mmrag_jupyter.items import NewItem
    from mmrag_jupyter.served.rows import FieldType, Value
    from mmrag_jupyter.served.store import ServedStore
    from mmrag_jupyter.store.catalogue import SourceColumns
    from mmrag_jupyter.store.noderows import NodeRow
    from mmrag_jupyter.store.tokens_writing import PartVectors
    from mmrag_jupyter.store.writer import NewVectors

    Fields = Mapping[str, Value]

T = TypeVar("T")

# Rows that are sent at once, with their vectors.
SENT = 500
# Numbers are set aside for the next minute.
_RESERVED, _AHEAD = "reserved", 60_000_000


class ItemWriter(Writer):
    """The half of a writer that writes items."""

    def __init__(self, store: ServedStore) -> None:
        # Not that of a folder: there are no files.
        self._store = store
        self._engine = store.engine
        self._layout = store.layout
        self._state = store.state
        self._last = self._reserved = 0
        self._lease = Lease(store.engine, store.layout.kept, store.name)
        # What was read before is of a time when others could write.
        store.forget()

    def _transaction(self) -> NoReturn:
        raise self._store.needs_folder()

    def put(
        self,
        items: Sequence[NewItem],
        vectors: NewVectors,
        *,
        source: str,
        nodes: Mapping[str, NodeRow] | None = None,  # noqa: ARG002 - nodes are items like others
    ) -> None:
        """Store items with their parts and vectors, in place of those with the same ids."""
        self._lease.check()
        origin = self._declared(source)
        kept = self._numbers([item.id for item in items])
        links = self._store.joins.links_of(kept.values())
        before = self._stored(list(links))
        numbers = self._fresh(sum(len(item.parts) + 1 for item in items) + len(before.parts))
        blobs = self._keep_pictures(items)
        rows: list[Row] = []
        refs: list[Refs] = []
        new: list[Fields] = []
        at = 0
        for item, own in zip(items, cells.cells(items, origin), strict=True):
            number, first = kept.get(item.id, numbers[at]), numbers[at] + 1
            rows.append(item_row(item, number, first, origin, own))
            has = Refs([], [])
            has.add(OWN, OWN, range(len(new), len(new) + len(item.parts)))
            new += [partrows.new(part, has_blob=part.digest in blobs) for part in item.parts]
            for link, parts in joining.rows_in(links.get(number, ())):
                has.add(link.row, link.source, parts)
            refs.append(has)
            at += len(has.parts) + 1
        if links:
            self._state.count(CHANGES)
        self._write(laying.laid(rows, refs, new=new, vectors=vectors, before=before, rows={}))

    def _stored(self, items: Sequence[int]) -> laying.Stored:
        if not items:
            return laying.NOTHING
        return laying.stored(self._store, items, self._joined_fields())

    def _keep_pictures(self, items: Sequence[NewItem]) -> Mapping[bytes, bytes]:
        """Keep what comes as bytes; return it as it is kept, by its hash."""
        blobs, unkept = kept_pictures(items)
        self._engine.put(self._layout.kept, media.blob_rows(blobs))
        if unkept:
            self._store.notices.append(
                f"{unkept:,} recordings or pictures came as bytes and are too large to be kept "
                f"at {self._store.address}: they are found, and not shown"
            )
        return blobs

    def _write(self, laid: laying.Written) -> None:
        """Write items with all that they have, in place of what they had."""
        gone = self._texts_of([row.number("item") for row in laid.items])
        self._put_parts(laid.parts, laid.vectors)
        for some in lots(laid.joined):
            self._engine.put(self._layout.joined, some)
        self._lease.check()
        for some in lots(laid.items):
            self._engine.put(self._layout.items, some)
        self._clear(laid.items)
        lengths = [int(str(fields["length"])) for fields in laid.parts]
        self._count(sum(map(bool, lengths)) - gone[0], sum(lengths) - gone[1])
        self._store.forget()

    def _put_parts(self, parts: Sequence[Mapping[str, Value]], vectors: NewVectors) -> None:
        spaces = {one.number: one for one in self._state.spaces()}
        bare = set(range(len(parts)))
        for number, (ordinals, own) in vectors.items():
            whose = [parts[at] for at in ordinals.tolist()]
            rows = with_vectors(self._engine, self._layout, spaces[number], whose, own)
            table = self._layout.of_space(spaces[number])
            bare -= set(ordinals.tolist())
            for some in lots(rows):
                self._engine.put(table, some)
        for some in lots([Row(parts[at]) for at in sorted(bare)]):
            self._engine.put(self._layout.parts(0), some)

    def put_vectors(self, space: int, parts: npt.NDArray[np.int64], vectors: PartVectors) -> None:
        """Store the vectors of m stored parts in a space, as `put` takes them."""
        self._lease.check()
        kind = self._store.space(space)
        table = self._layout.of_space(kind)
        wanted = parts.tolist()
        found: dict[int, Row] = {}
        fields = list(self._part_fields())
        for other in self._store.part_tables():
            if other != table:
                rows = self._store.scanned(other, "part", "int", wanted, fields)
                found.update((row.number("part"), row) for row in rows)
        there = [at for at, part in enumerate(wanted) if part in found]
        own = [vectors[at] for at in there]
        whose = [found[wanted[at]].fields for at in there]
        made = with_vectors(self._engine, self._layout, kind, whose, own)
        for some in lots(made):
            self._engine.put(table, some)
        for numbers in lots([row.number("part") for row in made]):
            self._engine.delete(self._layout.parts(0), among("part", "int", numbers))
        self._store.forget()

    def update(self, items: Sequence[NewItem], *, source: str) -> None:
        """Store the metadata, index, hash and source of items that are there; not their parts."""
        self._lease.check()
        origin = self._declared(source)
        ids = [as_key(item.id) for item in items]
        fields = list(self._item_fields())
        before = {
            row.text("item_id"): row
            for row in self._store.scanned(self._layout.items, "item_id", "text", ids, fields)
        }
        owned = dict(zip(ids, cells.cells(items, origin), strict=True))
        new = dict(zip(ids, items, strict=True))
        for item_id, item in new.items():
            if item_id not in before:
                raise NotFoundError(f"There is no item {item.id!r} to update.")
        for table in self._store.part_tables():
            part_fields = list(self._part_fields())
            rows = self._store.scanned(
                table, "item_id", "text", ids, part_fields, vectors=bool(table.dim)
            )
            changed = [restamped(row, new[row.text("item_id")], owned) for row in rows]
            for some in lots(changed):
                self._engine.put(table, some)
        self._update_joined_of(owned)
        made = [
            item_row(
                item,
                before[item_id].number("item"),
                before[item_id].number("part"),
                origin,
                owned[item_id],
                count=before[item_id].number("parts"),
            )
            for item_id, item in new.items()
        ]
        for some in lots(made):
            self._engine.put(self._layout.items, some)
        self._store.forget()

    def delete(self, ids: Sequence[str]) -> int:
        """Remove items with all that belongs to them; return how many were there."""
        self._lease.check()
        kept = self._numbers(list(dict.fromkeys(ids)))
        if not kept:
            return 0
        gone = self._texts_of(list(kept.values()))
        digests = self._pictures_of(list(kept.values()))
        keys = [as_key(one) for one in kept]
        if self._state.joined().sources:
            self._state.count(CHANGES)
        # The items first: what is left of their parts by a kill is nobody's.
        for some in lots(keys):
            self._engine.delete(self._layout.items, among("item_id", "text", some))
        for table in [*self._store.tables_beside(), *self._store.token_tables()]:
            for some in lots(keys):
                self._engine.delete(table, among("item_id", "text", some))
        self._drop_orphans(digests)
        self._count(-gone[0], -gone[1])
        self._store.forget()
        return len(kept)

    # Steps of these.

    def _update_joined_of(self, owned: Mapping[str, Fields]) -> None:
        """Give what is joined to items the columns that these have now."""
        tables = self._state.joined().sources
        if not tables:
            return
        fields = list(self._joined_fields())
        rows = self._store.scanned(self._layout.joined, "item_id", "text", owned, fields)
        changed = [
            joinrows.again(
                row,
                joinrows.told_before(row, tables[int(row.text("source"))]),
                owned[row.text("item_id")],
            )
            for row in rows
        ]
        for some in lots(changed):
            self._engine.put(self._layout.joined, some)

    def _declared(self, key: str) -> SourceColumns:
        found = self._state.catalogue().by_key(key)
        if found is None:
            raise StoreError(f"There is no source {key!r}; add it first.")
        return found

    def _part_fields(self) -> dict[str, FieldType]:
        return {**PART_FIELDS, **self._own_fields()}

    def _item_fields(self) -> dict[str, FieldType]:
        return {**ITEM_FIELDS, **self._own_fields()}

    def _joined_fields(self) -> dict[str, FieldType]:
        found = {**JOINED_FIELDS, **self._own_fields()}
        for source in self._state.joined().sources.values():
            found |= cells.fields_of(source.columns)
        return found

    def _own_fields(self) -> dict[str, FieldType]:
        found: dict[str, FieldType] = {}
        for source in self._state.catalogue().sources.values():
            found |= cells.fields_of(source.columns)
        return found

    def _numbers(self, ids: Sequence[str]) -> dict[str, int]:
        if len(set(ids)) < len(ids):
            twice = next(one for one in ids if ids.count(one) > 1)
            raise StoreError(f"Two items have the id {twice!r}; ids name one item each.")
        return self._store.find(ids)

    def _fresh(self, count: int) -> range:
        """Return so many numbers that nobody has had: microseconds since 1970, or later ones.

        A machine's clock may be behind that of another one that has written before, so that
        numbers are set aside in the store before they are used.
        """
        if not self._reserved:
            self._last = self._reserved = int(self._state.get(_RESERVED) or "0")
        first = max(time.time_ns() // 1000, self._last + 1)
        self._last = first + count
        if self._last > self._reserved:
            self._reserved = self._last + _AHEAD
            self._state.put({_RESERVED: str(self._reserved)})
        return range(first, first + count)

    def _clear(self, items: Sequence[Row]) -> None:
        """Remove what these items had before they were just written."""
        first = min((row.number("part") for row in items), default=0)
        older = Compare(Field("part", "int"), "<", Constant(first))
        for table in [*self._store.tables_beside(), *self._store.token_tables()]:
            for some in lots([row.text("item_id") for row in items]):
                self._engine.delete(table, Every((among("item_id", "text", some), older)))

    def _texts_of(self, items: Sequence[int]) -> tuple[int, int]:
        """Return how many parts of items have a text, and how many words these have."""
        fields = ("part", "item", "length")
        rows = [
            row
            for table in self._store.part_tables()
            for row in self._store.scanned(table, "item", "int", items, fields)
        ]
        return self._texts_in(rows)

    def _texts_in(self, rows: Iterable[Row]) -> tuple[int, int]:
        """As `_texts_of`: a part in two spaces counts once, what a killed load has left never."""
        own = {row.number("part"): row for row in rows}
        there = self._store.valid({part: row.number("item") for part, row in own.items()})
        lengths = [own[part].number("length") for part in there]
        return sum(map(bool, lengths)), sum(lengths)

    def _count(self, texts: int, words: int) -> None:
        if texts or words:
            before = stats(self._store)
            self._keep_count(before[0] + texts, before[1] + words)

    def _keep_count(self, texts: int, words: int) -> None:
        self._state.put({STATS: json.dumps([max(0, texts), max(0, words)])})

    def _pictures_of(self, items: Sequence[int]) -> set[bytes]:
        rows = self._store.parts_of(items)
        return {row.digest for row in rows if row.has_blob}

    def _drop_orphans(self, digests: Iterable[bytes]) -> None:
        hexes = [one.hex() for one in digests]
        used = {
            row.text("digest")
            for table in self._store.part_tables()
            for row in self._store.scanned(table, "digest", "text", hexes, ("digest",))
        }
        keys = [f"blob:{one}" for one in hexes if one not in used]
        for some in lots(keys):
            self._engine.delete(self._layout.kept, among(KEY, "text", some))


def lots(values: Sequence[T]) -> Iterable[Sequence[T]]:
    """Yield values, so many at a time as are sent at once."""
    most = min(SENT, AT_ONCE)
    return (values[at : at + most] for at in range(0, len(values), most))
