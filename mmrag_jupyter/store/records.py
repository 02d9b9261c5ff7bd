"""Read the records of a collection, as of the last commit."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import StoreError
from mmrag_jupyter.store import bulk, feedback, lookup, schema, transcripts, tuned
from mmrag_jupyter.store.catalogue import read_catalogue
from mmrag_jupyter.store.facets import Facets
from mmrag_jupyter.store.failures import explained
from mmrag_jupyter.store.itemrows import (
    read_ids,
    read_items,
    read_page,
    read_parts,
    read_parts_of,
)
from mmrag_jupyter.store.joins import Joins
from mmrag_jupyter.store.pool import Pool
from mmrag_jupyter.store.shelf import FolderShelf
from mmrag_jupyter.store.snapshot import Snapshot
from mmrag_jupyter.store.spaces import read_spaces

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from mmrag_jupyter.items import Column, Modality
    from mmrag_jupyter.store.catalogue import SourceColumns
    from mmrag_jupyter.store.feedback import Verdict
    from mmrag_jupyter.store.itemrows import ItemTable
    from mmrag_jupyter.store.noderows import NodeRow
    from mmrag_jupyter.store.shelf import Shelf
    from mmrag_jupyter.store.values import (
        ItemRow,
        Known,
        PartRow,
        ProblemRow,
        SourceRow,
        Space,
    )


class Records:
    """What the collection in `folder` says that it has; `mode` as `schema.connect` takes it."""

    def __init__(self, folder: Path, mode: str) -> None:
        self.folder = folder
        self._mode = mode
        self._readers = Pool(folder, partial(schema.reader, folder / schema.RECORDS, mode))
        self._file = _identity(folder / schema.RECORDS)
        self.joins = Joins(self._reading)
        self.shelf: Shelf = FolderShelf(folder, tuned.PATTERN)

    def is_current(self) -> bool:
        """Tell whether the collection's file is still the one that was opened.

        It is not when another process has deleted the collection, or put another in its place.
        """
        return self._file == _identity(self.folder / schema.RECORDS)

    def __len__(self) -> int:
        with self._reading() as db:
            return lookup.counter(db, "items")

    def part_counts(self) -> dict[Modality, int]:
        """Return the number of parts of each modality that there is."""
        with self._reading() as db:
            return lookup.part_counts(db)

    def item_counts(self) -> dict[str, int]:
        """Return how many items have parts of each modality."""
        with self._reading() as db:
            return bulk.item_counts(db)

    def digests(self, modality: Modality) -> tuple[npt.NDArray[np.int64], list[bytes]]:
        """Return the item, shape (n,), and the content hash of each part of a modality."""
        with self._reading() as db:
            return bulk.digests(db, modality)

    def texts(self) -> Iterator[tuple[int, str]]:
        """Yield the item's number and the text of each part that has one, item by item."""
        with self._reading() as db:
            yield from bulk.texts(db)

    def spaces(self) -> list[Space]:
        """Return the spaces, in the order in which they were added."""
        with self._reading() as db:
            return read_spaces(db)

    def columns(self) -> list[Column]:
        """Return the columns of all sources; one that differs between them as kind "any"."""
        with self._reading() as db:
            return [physical.column for physical in read_catalogue(db).merged()]

    def sources(self) -> list[SourceRow]:
        """Return the sources that were loaded."""
        with self._reading() as db:
            return lookup.sources(db)

    def setting(self, key: str) -> str | None:
        """Return what `Writer.set_setting` has kept."""
        with self._reading() as db:
            return lookup.setting(db, key)

    def problems(self) -> list[ProblemRow]:
        """Return what the last load of each source could not read."""
        with self._reading() as db:
            return lookup.problems(db)

    def known(self, ids: Sequence[str]) -> dict[str, Known]:
        """Return the hash and source of those ids that there are."""
        with self._reading() as db:
            return lookup.known(db, ids)

    def ids(self, source: str | None = None) -> list[str]:
        """Return the ids of all items, or of those of the source with this key."""
        with self._reading() as db:
            if source is None:
                return read_ids(db, None)
            found = read_catalogue(db).by_key(source)
            return read_ids(db, found.number) if found is not None else []

    def file_digests(self, paths: Sequence[str]) -> dict[str, tuple[int | None, int | None, bytes]]:
        """Return size (bytes), mtime (ns) and content hash of the files that parts came from."""
        with self._reading() as db:
            return lookup.file_digests(db, paths)

    def item_files(self, ids: Sequence[str]) -> dict[str, dict[str, tuple[int | None, int | None]]]:
        """Return for each of these ids its files: their paths, sizes (bytes) and mtimes (ns)."""
        with self._reading() as db:
            return lookup.item_files(db, ids)

    def parts(self, parts: Sequence[int]) -> list[PartRow]:
        """Return parts in the order asked; those removed since are left out."""
        with self._reading() as db:
            return read_parts(db, list(map(int, parts)))

    def items_of(self, parts: Sequence[int]) -> dict[int, int]:
        """Return the item of each of those parts that there are."""
        with self._reading() as db:
            return lookup.items_of(db, list(map(int, parts)))

    def parts_of(self, items: Sequence[int]) -> list[PartRow]:
        """Return all parts of items, item by item."""
        if not len(items):
            return []
        with self._reading() as db:
            return read_parts_of(db, list(map(int, items)))

    def items_with(self, modality: Modality) -> list[int]:
        """Return the numbers of the items that have parts of a modality, sorted."""
        query = "SELECT DISTINCT item FROM parts WHERE modality = ? ORDER BY item"
        with self._reading() as db:
            return [item for (item,) in db.execute(query, (modality,))]

    def page(self, item: int, page: int) -> PartRow | None:
        """Return the part that shows a page of an item, counted from 1, or None."""
        with self._reading() as db:
            return read_page(db, item, page)

    def pictures(self, items: Sequence[int]) -> dict[int, PartRow]:
        """Return the first part that is a picture or a page, of those items that have one."""
        with self._reading() as db:
            found = lookup.first_parts(db, list(map(int, items)), "'image', 'page'")
            rows = read_parts(db, found)
        return {row.item: row for row in rows}

    def sounds(self, items: Sequence[int]) -> dict[int, PartRow]:
        """Return the first part that is a stretch of sound, of those items that have one."""
        with self._reading() as db:
            rows = read_parts(db, lookup.first_parts(db, list(map(int, items)), "'audio'"))
        return {row.item: row for row in rows}

    def blob(self, digest: bytes) -> bytes | None:
        """Return a picture that is kept in the store, encoded, by its content hash."""
        with self._reading() as db:
            return lookup.blob(db, digest)

    def items(self, items: Sequence[int]) -> list[ItemRow]:
        """Return items in the order asked; those removed since are left out."""
        with self._reading() as db:
            return read_items(db, read_catalogue(db), list(map(int, items))).rows()

    def numbers(self) -> list[int]:
        """Return the numbers of all items, in the order in which they came."""
        with self._reading() as db:
            return [item for (item,) in db.execute("SELECT item FROM items ORDER BY item")]

    def ids_of(self, items: Sequence[int]) -> dict[int, str]:
        """Return the ids of those items that there are, by their numbers."""
        with self._reading() as db:
            return bulk.ids_of(db, items)

    def ids_from(self, start: str, limit: int) -> list[str]:
        """Return at most `limit` of the ids that begin with `start`, sorted."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT id FROM items WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
                (start, f"{start}\U0010ffff", limit),
            )
            return [found for (found,) in rows]

    def find(self, ids: Sequence[str]) -> dict[str, int]:
        """Return the numbers of those ids that there are."""
        if not ids:
            return {}
        with self._reading() as db:
            return {found: place.item for found, place in lookup.places(db, ids).items()}

    def nodes(self, items: Sequence[int]) -> Mapping[int, NodeRow]:
        """Return what is kept of those items that are LlamaIndex nodes, by the item's number."""
        with self._reading() as db:
            return lookup.nodes(db, items)

    def frame(self, items: Sequence[int] | None = None) -> pd.DataFrame:
        """Return items as a dataframe, in the order asked, or all in the order loaded.

        Items of one source have its columns, dtypes and index; those of several have the
        union of the columns, and their ids as the index "id". Pictures are encoded bytes
        where the store keeps them, else paths.
        """
        return self.snapshot(items).frame()

    def snapshot(self, items: Sequence[int] | None = None) -> Snapshot:
        """Return items as they are now, in the order asked; those removed since are left out."""
        with self._reading() as db:
            catalogue = read_catalogue(db)
            wanted = list(map(int, items)) if items is not None else None
            table = read_items(db, catalogue, wanted)
        return Snapshot(table, list(catalogue.sources.values()), self._media)

    def facets(self) -> Facets:
        """Return what counts items by the values of their columns."""
        connect = partial(schema.reader, self.folder / schema.RECORDS, self._mode)
        return Facets(self.folder, connect)

    def transcripts(self, model: str, digests: Sequence[bytes]) -> dict[bytes, str]:
        """Return what a speech model has made of stretches of sound, by their content hash."""
        with self._reading() as db:
            return transcripts.read(db, model, digests)

    def has_transcripts(self) -> bool:
        """Tell whether anything that was said is kept."""
        with self._reading() as db:
            return transcripts.exist(db)

    def feedback(self) -> list[Verdict]:
        """Return what the user thought of hits, oldest first."""
        with self._reading() as db:
            return feedback.read(db)

    def keep_feedback(self, verdicts: Sequence[Verdict]) -> None:
        """Keep what the user thought of hits.

        Raises
        ------
        StoreBusyError
            Somebody writes to the collection.
        StoreError
            It cannot be written.
        """
        feedback.keep(self.folder, verdicts)

    def _media(
        self, table: ItemTable, sources: Sequence[SourceColumns]
    ) -> Mapping[int, Sequence[object]]:
        try:
            with self._reading() as db:
                return lookup.media_cells(db, table, sources)
        except StoreError:
            missing = [None] * len(table.items)
            return {one.number: missing for source in sources for one in source.media()}

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        # SQLite would go on reading the old file, and a load compare itself with what is gone.
        if not self.is_current():
            raise StoreError(
                f"Collection {self.folder.name!r} was deleted or replaced since it was opened; "
                f"open it again with mm.open({self.folder.name!r})."
            )
        with explained(self.folder), self._readers.snapshot() as db:
            yield db


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
