"""The steps that keep joined rows beside the parts of their items.

The parts of an item are numbered without a gap, so that to add, change or remove a row
writes all of its parts again, with the vectors that they have. Functions over a connection
that is in a transaction.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.items import NewPart
from mmrag_jupyter.store import changes, tokens
from mmrag_jupyter.store.itemrows import in_chunks
from mmrag_jupyter.store.joined import CHANGES, OWN, Link, exist
from mmrag_jupyter.store.soundness import are_sound
from mmrag_jupyter.store.text import from_key

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Container, Iterable, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from mmrag_jupyter.items import NewItem
    from mmrag_jupyter.store.lookup import Place
    from mmrag_jupyter.store.nearest import View
    from mmrag_jupyter.store.tokens_writing import PartVectors

    Vectors = Mapping[int, tuple[npt.NDArray[np.int64], PartVectors]]

_PART = """
SELECT part, modality, digest, text, path, size, mtime_ns, has_blob, page, "start", "end"
FROM parts WHERE part IN ({})
"""


@dataclass(slots=True, eq=False)
class Refs:
    """The parts that an item is to have, in order, and what they are of.

    A part is the ordinal of a new one, or, below 0, the number of a stored one with a minus
    before it; `links` are the row, its source, and how many of the parts are of it.
    """

    parts: list[int]
    links: list[tuple[int, int, int]]

    def add(self, row: int, source: int, parts: Iterable[int]) -> None:
        """Add the parts of a row behind those that are there."""
        own = list(parts)
        self.parts += own
        self.links.append((row, source, len(own)))

    def leave_out(self, there: Container[int]) -> None:
        """Leave out stored parts that are not there: somebody else has removed them."""
        at = 0
        for place, (row, source, count) in enumerate(self.links):
            own = [ref for ref in self.parts[at : at + count] if ref >= 0 or -ref in there]
            self.parts[at : at + count] = own
            self.links[place] = (row, source, len(own))
            at += len(own)

    def placed(self, first: int) -> list[Link]:
        """Return the links of the parts, numbered from `first` on."""
        found = []
        for row, source, parts in self.links:
            found.append(Link(row, source, first if parts else None, parts))
            first += parts
        return found


def own_parts(place: Place, links: Sequence[Link]) -> range:
    """Return the numbers of an item's own parts: all, where nothing is linked to it."""
    count = next((link.parts for link in links if link.row == OWN), None)
    if count is None:
        first = [link.part for link in links if link.part is not None]
        return range(place.part, min(first, default=place.part + place.parts))
    return range(place.part, place.part + count)


def rows_in(links: Iterable[Link]) -> Iterable[tuple[Link, list[int]]]:
    """Yield the links of rows, each with its stored parts as `Refs` takes them."""
    for link in links:
        if link.row != OWN:
            first = link.part or 0
            yield link, [-part for part in range(first, first + link.parts)]


def joined_refs(
    links: Mapping[int, Sequence[Link]],
    places: Sequence[Place],
    rows: Sequence[NewItem],
    numbers: Sequence[int],
    *,
    source: int,
    onto: Sequence[Sequence[int]],
    dropped: Mapping[int, Collection[int]],
) -> list[Refs]:
    """Return for each item its own parts, and those of its rows in the order of their numbers.

    Parameters
    ----------
    links
        What was joined to the items before.
    rows, numbers
        The rows that come, and their numbers.
    onto, dropped
        As `JoinWriter.join` takes them.
    """
    fresh: dict[int, list[tuple[int, range]]] = defaultdict(list)
    first = 0
    for row, number, items in zip(rows, numbers, onto, strict=True):
        for item in items:
            fresh[item].append((number, range(first, first + len(row.parts))))
        first += len(row.parts)
    refs = []
    for place in places:
        before, gone = links.get(place.item, []), dropped.get(place.item, ())
        blocks: dict[tuple[int, int], Sequence[int]] = {
            (link.source, link.row): parts
            for link, parts in rows_in(before)
            if link.row not in gone
        }
        blocks |= {(source, number): parts for number, parts in fresh.get(place.item, ())}
        own = Refs([], [])
        own.add(OWN, OWN, [-part for part in own_parts(place, before)])
        for (of, number), parts in sorted(blocks.items(), key=lambda one: one[0]):
            own.add(number, of, parts)
        refs.append(own)
    return refs


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """Stored parts as new ones, by their numbers, and the vectors that they have, by space."""

    parts: Mapping[int, NewPart]
    vectors: Mapping[int, Mapping[int, npt.NDArray[np.float32]]]


def kept(
    db: sqlite3.Connection, folder: Path, views: Iterable[View], numbers: Sequence[int]
) -> Kept:
    """Return stored parts, to be stored again under other numbers.

    Parameters
    ----------
    views
        All spaces, as they are before this transaction.
    """
    parts: dict[int, NewPart] = {}
    for marks, some in in_chunks(numbers):
        for part, modality, digest, text, path, *rest in db.execute(_PART.format(marks), some):
            size, mtime_ns, has_blob, page, start, end = rest
            parts[part] = NewPart(
                modality, digest, text or "",
                path=from_key(path) if path is not None else None, size=size, mtime_ns=mtime_ns,
                # The picture itself is in the store, and stays there under its hash.
                blob=b"" if has_blob else None, page=page, start=start, end=end,
            )  # fmt: skip
    return Kept(
        parts, {view.space.number: _vectors(db, folder, view, list(parts)) for view in views}
    )


def _vectors(
    db: sqlite3.Connection, folder: Path, view: View, parts: Sequence[int]
) -> Mapping[int, npt.NDArray[np.float32]]:
    rows = view.rows.of_parts(parts)
    there = np.flatnonzero(rows >= 0)
    if not len(there):
        return {}
    if view.space.token_dim:
        own = tokens.view_of(db, folder, view)
        found = {parts[at]: own.of_row(int(rows[at])) for at in there.tolist()}
        return {part: matrix for part, matrix in found.items() if len(matrix)}
    vectors = np.array(view.vectors[rows[there]], np.float32)
    # One that is none is left behind: the next load embeds its part again.
    sound = are_sound(vectors)
    return {parts[at]: vectors[n] for n, at in enumerate(there.tolist()) if sound[n]}


def laid_out(
    items: Sequence[NewItem], refs: Sequence[Refs], new: Sequence[NewPart], kept: Kept
) -> list[NewItem]:
    """Return items with the parts that they are to have; those that are gone are left out."""
    made = []
    for item, own in zip(items, refs, strict=True):
        own.leave_out(kept.parts)
        parts = [new[ref] if ref >= 0 else kept.parts[-ref] for ref in own.parts]
        made.append(replace(item, parts=parts))
    return made


def gathered(refs: Sequence[Refs], new: Vectors, kept: Kept) -> Vectors:
    """Return each space's vectors by the ordinal of their part over all `refs`, one by one.

    Parameters
    ----------
    new
        Each space's vectors of new parts, by their ordinals there.
    """
    places: dict[int, list[int]] = defaultdict(list)
    count = 0
    for own in refs:
        for ref in own.parts:
            places[ref].append(count)
            count += 1
    found: dict[int, tuple[npt.NDArray[np.int64], PartVectors]] = {}
    for space in new.keys() | kept.vectors.keys():
        ordinals, given = new.get(space, (np.empty(0, np.int64), ()))
        pairs = [
            (at, given[n])
            for n, ordinal in enumerate(ordinals.tolist())
            for at in places.get(ordinal, ())
        ]
        pairs += [
            (at, vector)
            for part, vector in kept.vectors.get(space, {}).items()
            for at in places.get(-part, ())
        ]
        if pairs:
            pairs.sort(key=lambda pair: pair[0])
            numbers = np.array([at for at, _ in pairs], np.int64)
            vectors = [vector for _, vector in pairs]
            found[space] = numbers, np.stack(vectors) if vectors[0].ndim == 1 else vectors
    return found


def link(db: sqlite3.Connection, items: Sequence[int], links: Iterable[Sequence[Link]]) -> None:
    """Write the links of items, in place of those that they had."""
    _unlink(db, items)
    rows = []
    for item, own in zip(items, links, strict=True):
        # What has no rows any more is an item like any other.
        if any(one.row != OWN for one in own):
            rows += [(item, *one) for one in own]
    db.executemany("INSERT INTO joined_links VALUES (?, ?, ?, ?, ?)", rows)


def unlinked(db: sqlite3.Connection, items: Sequence[int]) -> None:
    """Forget what was joined to items that are removed."""
    if not exist(db):
        return
    rows: set[int] = set()
    for marks, some in in_chunks(items):
        query = f"SELECT row FROM joined_links WHERE row > {OWN} AND item IN ({marks})"
        rows |= {row for (row,) in db.execute(query, some)}
    _unlink(db, items)
    forget_rows(db, sorted(rows))


def forget_rows(db: sqlite3.Connection, rows: Sequence[int]) -> None:
    """Remove those of these rows that no item has any more."""
    for marks, some in in_chunks(rows):
        db.execute(
            f"DELETE FROM joined_rows WHERE row IN ({marks}) AND NOT EXISTS"
            " (SELECT 1 FROM joined_links l WHERE l.row = joined_rows.row)",
            some,
        )


# A link whose parts are not all there, and a part that stands in no link of its item.
_TORN = """
SELECT item, row FROM joined_links l WHERE part IS NOT NULL AND row > 0 AND parts <>
    (SELECT count(*) FROM parts p WHERE p.part BETWEEN l.part AND l.part + l.parts - 1)
"""
_LOOSE = """
SELECT p.part FROM items i JOIN parts p ON p.part BETWEEN i.part AND i.part + i.parts - 1
WHERE i.item IN (SELECT item FROM joined_links) AND NOT EXISTS
    (SELECT 1 FROM joined_links l WHERE l.item = i.item
        AND p.part BETWEEN l.part AND l.part + l.parts - 1)
"""


def heal(db: sqlite3.Connection) -> None:
    """Let go of rows that were damaged, in whole or in part: the next load brings them back.

    Items that may have parts of lost rows forget their hash, so that the next load of theirs
    drops these.
    """
    if not exist(db):
        return
    changes.count(db, {CHANGES: 1})
    db.execute("DELETE FROM joined_rows WHERE source NOT IN (SELECT source FROM joined_sources)")
    db.execute(
        "DELETE FROM joined_links WHERE item NOT IN (SELECT item FROM items)"
        f" OR (row > {OWN} AND row NOT IN (SELECT row FROM joined_rows))"
    )
    torn = db.execute(_TORN).fetchall()
    db.executemany("DELETE FROM joined_links WHERE item = ? AND row = ?", torn)
    loose = db.execute(_LOOSE).fetchall()
    db.executemany(
        "UPDATE items SET digest = x'' WHERE item = (SELECT item FROM parts WHERE part = ?)", loose
    )
    db.executemany("DELETE FROM parts WHERE part = ?", loose)
    db.execute("DELETE FROM joined_rows WHERE row NOT IN (SELECT row FROM joined_links)")


def _unlink(db: sqlite3.Connection, items: Sequence[int]) -> None:
    changes.count(db, {CHANGES: 1})
    for marks, some in in_chunks(items):
        db.execute(f"DELETE FROM joined_links WHERE item IN ({marks})", some)
