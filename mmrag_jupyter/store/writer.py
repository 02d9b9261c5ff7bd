"""The one writer of a collection: each call is one commit, whole or not at all."""

from __future__ import annotations

from contextlib import suppress
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.errors import NotFoundError, StoreError
from mmrag_jupyter.store import (
    changes,
    joining,
    lookup,
    noderows,
    tokens,
    tokens_writing,
    transcripts,
    vectors,
)
from mmrag_jupyter.store.batch import encode_cells, encode_parts
from mmrag_jupyter.store.catalogue import add_exact, read_catalogue, write_source
from mmrag_jupyter.store.failures import explained
from mmrag_jupyter.store.joinwriter import JoinWriter
from mmrag_jupyter.store.spaces import read_spaces, space_of
from mmrag_jupyter.store.text import clean, to_key, to_keys
from mmrag_jupyter.store.tokens_writing import block
from mmrag_jupyter.store.widen import reencode

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from mmrag_jupyter.items import Column, NewItem, Problem
    from mmrag_jupyter.store.catalogue import Catalogue, SourceColumns
    from mmrag_jupyter.store.lookup import Place
    from mmrag_jupyter.store.noderows import NodeRow
    from mmrag_jupyter.store.tokens_writing import PartVectors
    from mmrag_jupyter.store.values import Precision

    NewVectors = Mapping[int, tuple[npt.NDArray[np.int64], PartVectors]]


class Writer(JoinWriter):
    """Writes to a collection; a context manager, which lets others write at its end.

    Every method is one commit. Readers see it at once, and never a part of it; killed or
    out of disk in between, what was committed before stays whole.
    """

    def add_source(self, key: str, label: str, columns: Sequence[Column]) -> None:
        """Add a source, or give the one with this key another label and other columns.

        Raises
        ------
        StoreError
            Two columns have the same name, or there are too many.
        """
        with self._transaction() as db:
            before = read_catalogue(db).by_key(key)
            now = write_source(db, key, label, columns)
            if before is not None:
                reencode(db, before, now, read_catalogue(db))

    def add_space(
        self,
        name: str,
        address: str | None,
        dim: int,
        modalities: frozenset[str],
        dtype: Precision = "float32",
        *,
        late: bool = False,
    ) -> int:
        """Return the number of the space of this name; it is made if there is none.

        Parameters
        ----------
        late
            Whether it has many vectors a part, one a token, each of `dim` numbers.

        Raises
        ------
        StoreError
            There is one, of another dimension.
        """
        token_dim = dim if late else 0
        if late:
            dim, dtype = tokens.FEW * dim, tokens.DTYPE
        with self._transaction() as db:
            words = " ".join(sorted(modalities))
            known = next((space for space in read_spaces(db) if space.name == clean(name)), None)
            if known is None:
                number = changes.take_numbers(db, "next_space", 1)
                vectors.create(self._folder / vectors.file_name(number, 0), dim, dtype)
                db.execute(
                    "INSERT INTO spaces (space, name, dim, dtype, address, modalities)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    (number, clean(name), dim, dtype, address, words),
                )
                if late:
                    tokens.add(db, self._folder, number, token_dim)
                return number
            if (known.dim, known.token_dim) != (dim, token_dim):
                raise StoreError(
                    f"Model {clean(name)!r} has vectors of {token_dim or dim} dimensions now, and "
                    f"of {known.token_dim or known.dim} in this collection: give it another name."
                )
            db.execute(
                "UPDATE spaces SET address = ?, modalities = ? WHERE space = ?",
                (address, words, known.number),
            )
            return known.number

    def drop_space(self, number: int) -> None:
        """Remove a space and its vectors; the parts stay.

        Raises
        ------
        KeyError
            There is no such space.
        """
        with self._transaction() as db:
            space = space_of(db, number)
            for table in ("runs", "dead", "spaces"):
                db.execute(f"DELETE FROM {table} WHERE space = ?", (number,))
            tokens.drop(db, space)
        for path in (
            vectors.path_of(self._folder, space),
            tokens.path_of(self._folder, space),
            self._folder / f"space-{number}.faiss",
        ):
            with suppress(OSError):
                path.unlink()

    def put(
        self,
        items: Sequence[NewItem],
        vectors: NewVectors,
        *,
        source: str,
        nodes: Mapping[str, NodeRow] | None = None,
    ) -> None:
        """Store items with their parts and vectors, in place of those with the same ids.

        Parameters
        ----------
        vectors
            For each space's number the ordinals, shape (m,), of parts counted over `items`
            in order, and their vectors, shape (m, dim) float32, L2-normalised; in a space
            with many vectors a part, m matrices of shape (tokens, dim).
        source
            The key of the items' source, which `add_source` has made known.
        nodes
            For the ids of items that are LlamaIndex nodes, what only a node has.

        Raises
        ------
        StoreError
            An id occurs twice, metadata is not among the source's columns, or the disk is
            full; nothing of this call is kept then.
        ValueError
            The vectors do not fit the parts or the space, or are not finite.
        """
        with self._transaction() as db:
            catalogue = read_catalogue(db)
            origin = _declared(catalogue, source)
            places = _places(db, items)
            existing = [place.item for place in places.values()]
            views = [self._view(db, space) for space in read_spaces(db)] if existing else []
            laid = self._with_joined(db, views, items, places, vectors) if existing else None
            orphans = changes.remove_parts(db, views, places.values())
            numbers = _numbers(db, items, places)
            whole = laid.items if laid is not None else items
            vectors = laid.vectors if laid is not None else vectors
            first = changes.take_numbers(db, "next_part", sum(len(one.parts) for one in whole))
            parts = encode_parts(whole, numbers, first)
            blocks = [
                block(space_of(db, number), ordinals, rows, len(parts))
                for number, (ordinals, rows) in vectors.items()
            ]
            with self._written(blocks):
                cells = encode_cells(items, origin, catalogue.exact)
                add_exact(db, cells.exact - catalogue.exact)
                columns = _item_columns(whole, numbers, origin, first)
                changes.insert_items(db, columns, cells, existing)
                changes.insert_parts(db, parts)
                if laid is not None:
                    joining.link(db, numbers, laid.links(first))
                changes.drop_orphans(db, orphans)
                changes.remove_nodes(db, existing)
                if nodes:
                    own = dict(zip((one.id for one in items), numbers, strict=True))
                    noderows.write(db, [(own[one], row) for one, row in nodes.items()])
                for one in blocks:
                    tokens_writing.append_run(db, one, parts.run(one.ordinals))

    def put_vectors(self, space: int, parts: npt.NDArray[np.int64], vectors: PartVectors) -> None:
        """Store the vectors of m stored parts in a space, as `put` takes them.

        Raises
        ------
        KeyError
            A part is gone, or there is no such space.
        ValueError
            The vectors do not fit the parts or the space, or are not finite.
        """
        with self._transaction() as db:
            view = self._view(db, space_of(db, space))
            order = np.argsort(parts, kind="stable")
            wanted = np.asarray(parts, np.int64)[order]
            if isinstance(vectors, np.ndarray):
                own: PartVectors = vectors[order]
            else:
                own = [vectors[at] for at in order.tolist()]
            made = block(view.space, np.arange(len(wanted)), own, len(wanted))
            run = changes.stored_run(db, wanted)
            changes.bury(db, view.space, view.rows.of_parts(wanted.tolist()))
            with self._written([made]):
                tokens_writing.append_run(db, made, run)

    def update(self, items: Sequence[NewItem], *, source: str) -> None:
        """Store the metadata, index, hash and source of items that are there; not their parts.

        Where parts are given, their files' paths, sizes and times are noted.

        Raises
        ------
        NotFoundError
            An item is not there.
        """
        with self._transaction() as db:
            catalogue = read_catalogue(db)
            origin = _declared(catalogue, source)
            places = _places(db, items)
            for item in items:
                if item.id not in places:
                    raise NotFoundError(f"There is no item {clean(item.id)!r} to update.")
            cells = encode_cells(items, origin, catalogue.exact)
            add_exact(db, cells.exact - catalogue.exact)
            changes.update_items(
                db,
                [(origin.number, item.digest) for item in items],
                cells,
                [places[item.id].item for item in items],
            )
            changes.restamp(
                db,
                (
                    (to_key(part.path), part.size, part.mtime_ns, number, part.digest)
                    for item in items
                    for number, part in enumerate(item.parts, places[item.id].part)
                    if part.path is not None
                ),
            )

    def delete(self, ids: Sequence[str]) -> int:
        """Remove items with all that belongs to them; return how many were there."""
        with self._transaction() as db:
            places = lookup.places(db, list(dict.fromkeys(ids)))
            views = [self._view(db, space) for space in read_spaces(db)] if places else []
            orphans = changes.remove_parts(db, views, places.values())
            joining.unlinked(db, [place.item for place in places.values()])
            changes.remove_items(db, [place.item for place in places.values()])
            changes.drop_orphans(db, orphans)
        return len(places)

    def set_problems(self, source: str, problems: Sequence[Problem]) -> None:
        """Keep the problems of a source's last load, in place of those of the one before."""
        with self._transaction() as db:
            changes.replace_problems(db, source, [(one.source, one.reason) for one in problems])

    def keep_transcripts(self, model: str, said: Mapping[bytes, str]) -> None:
        """Keep what a speech model has made of stretches of sound, by their content hash."""
        with self._transaction() as db:
            transcripts.write(db, model, said)

    def set_setting(self, key: str, value: str) -> None:
        """Keep a small text under a key."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (to_key(key), value))

    def compact(self) -> None:
        """Rewrite the files without what was removed."""
        with self._transaction() as db:
            spaces = read_spaces(db)
        for space in spaces:
            if space.dead:
                self._compact(space)
        with explained(self._folder):
            self._db.execute("VACUUM")


def _declared(catalogue: Catalogue, key: str) -> SourceColumns:
    found = catalogue.by_key(key)
    if found is None:
        raise StoreError(f"There is no source {clean(key)!r}; add it first.")
    return found


def _places(db: sqlite3.Connection, items: Sequence[NewItem]) -> dict[str, Place]:
    """Return where those items are that there are; refuse two of one id."""
    ids = [item.id for item in items]
    if len(set(ids)) < len(ids):
        twice = next(item_id for item_id in ids if ids.count(item_id) > 1)
        raise StoreError(f"Two items have the id {clean(twice)!r}; ids name one item each.")
    return lookup.places(db, ids) if lookup.counter(db, "items") else {}


def _numbers(
    db: sqlite3.Connection, items: Sequence[NewItem], places: Mapping[str, Place]
) -> Sequence[int]:
    fresh = changes.take_numbers(db, "next_item", len(items) - len(places))
    if not places:
        return range(fresh, fresh + len(items))
    numbers = []
    for item in items:
        place = places.get(item.id)
        numbers.append(fresh if place is None else place.item)
        fresh += place is None
    return numbers


def _item_columns(
    items: Sequence[NewItem], numbers: Sequence[int], source: SourceColumns, first: int
) -> list[Sequence[object]]:
    """Return the items' numbers, ids, sources, hashes, first parts and numbers of parts."""
    counts = [len(item.parts) for item in items]
    return [
        numbers,
        to_keys([item.id for item in items]),
        [source.number] * len(items),
        [item.digest for item in items],
        list(accumulate(counts[:-1], initial=first)) if counts else [],
        counts,
    ]
