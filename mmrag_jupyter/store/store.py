"""The store: what a collection keeps on disk, and how it is searched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.errors import StoreError
from mmrag_jupyter.store import files, lookup, schema
from mmrag_jupyter.store.catalogue import read_catalogue
from mmrag_jupyter.store.digests import DigestIndex
from mmrag_jupyter.store.failures import explained
from mmrag_jupyter.store.nearest import MovedError, Views, checked, damaged_vectors
from mmrag_jupyter.store.records import Records
from mmrag_jupyter.store.select import Conditions, count_items
from mmrag_jupyter.store.selection import Selection
from mmrag_jupyter.store.spaces import space_of
from mmrag_jupyter.store.whole import whole_scores
from mmrag_jupyter.store.words import Words
from mmrag_jupyter.store.writer import Writer

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self, TypeVar

    import numpy.typing as npt

    from mmrag_jupyter.items import Modality
    from mmrag_jupyter.store.nearest import View
    from mmrag_jupyter.store.values import Space

    T = TypeVar("T")
    Ranked = tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]

# A reader can meet a compaction at most once in a while, never this often in a row.
_TRIES = 5


class Store(Records):
    """One collection on disk, open for reading by any number of threads and processes.

    Made by `create` and `open`. Every method sees the last commit, whoever made it.
    `notices` collects lines for the user, such as that an index was rebuilt; whoever shows
    them clears them.
    """

    def __init__(self, folder: Path, mode: str) -> None:
        super().__init__(folder, mode)
        self.notices: list[str] = []
        self._conditions = Conditions(folder, mode)
        self._views = Views(folder, self.notices)
        self._digests: dict[int, DigestIndex] = {}
        self._words = Words(folder, self._readers, self.notices)
        self.name = self.setting("name") or folder.name

    @classmethod
    def exists(cls, folder: Path) -> bool:
        """Tell whether there is a collection in `folder`."""
        return (folder / schema.RECORDS).is_file()

    @classmethod
    def create(cls, folder: Path, name: str) -> Store:
        """Make an empty collection called `name` in `folder`, and open it.

        Raises
        ------
        StoreError
            There is one already, or the folder cannot be written.
        """
        if cls.exists(folder):
            raise StoreError(f"There is a collection in {folder} already; open it instead.")
        with explained(folder):
            folder.mkdir(parents=True, exist_ok=True)
            schema.create(folder / schema.RECORDS, name)
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path) -> Store:
        """Open the collection in `folder`; nothing but a few rows is read.

        Raises
        ------
        NotFoundError
            There is none.
        StoreDamagedError
            A file is damaged; the message says which, and what can be saved and how.
        StoreError
            It is of a newer version, or cannot be read.
        """
        with explained(folder):
            mode, notice = schema.openable(folder / schema.RECORDS)
        store = cls(folder, mode)
        if notice:
            store.notices.append(notice)
        try:
            store._check_vectors()
        except BaseException:
            store.close()
            raise
        return store

    @staticmethod
    def repair(folder: Path) -> list[str]:
        """Save what can be saved of a damaged collection; return a line for each thing done."""
        from mmrag_jupyter.store.repair import repair

        return repair(folder)

    def writer(self) -> Writer:
        """Return the one writer; use it as a context manager.

        Raises
        ------
        StoreBusyError
            Another writer is at work; the message names it.
        StoreError
            The folder cannot be written.
        """
        return Writer(self.folder, self._views, self.notices)

    def close(self) -> None:
        """Let go of the files."""
        self._readers.close()
        self._conditions.close()
        self._views.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def copy_to(self, folder: Path) -> Path:
        """Write a copy of the collection to another folder, and return that.

        Raises
        ------
        StoreError
            There is a collection already, or the folder cannot be written.
        """
        with explained(folder):
            if self.exists(folder):
                raise StoreError(f"There is a collection in {folder} already; choose another.")
            files.copy(self.folder, folder, self._mode, self.spaces)
        return folder

    def remove(self) -> None:
        """Close the collection and delete its files; other files in the folder stay.

        Raises
        ------
        StoreError
            Somebody writes to it, or the files cannot be deleted.
        """
        self.close()
        self.remove_from(self.folder)

    @staticmethod
    def remove_from(folder: Path) -> None:
        """Delete a collection's files without opening it, as `remove` does: a damaged one, say."""
        with explained(folder):
            files.remove(folder)

    def vectors_of(
        self, space: int, digests: Sequence[bytes]
    ) -> dict[bytes, npt.NDArray[np.float32]]:
        """Return the vectors, shape (dim,) float32, of parts with these content hashes."""

        def read(db: sqlite3.Connection, view: View) -> dict[bytes, npt.NDArray[np.float32]]:
            index = self._digests.setdefault(space, DigestIndex())
            rows = index.rows(db, view, digests)
            vectors = view.read(np.fromiter(rows.values(), np.int64, len(rows)))
            return dict(zip(rows, vectors, strict=True))

        return self._in_space(space, read) if digests else {}

    def parts_without_vector(self, space: int, modality: Modality) -> list[int]:
        """Return the parts of a modality that have no vector in a space, and could have one."""

        def read(db: sqlite3.Connection, view: View) -> list[int]:
            parts = np.array(lookup.embeddable(db, modality), np.int64)
            return [int(part) for part in parts[view.rows.of_parts(parts) < 0]]

        return self._in_space(space, read)

    # Search.

    def select(
        self,
        *,
        where: str | None = None,
        ids: Sequence[str] | None = None,
        modality: Iterable[Modality] | None = None,
        without_text: bool = False,
    ) -> Selection | None:
        """Return what a search may find, or None for everything.

        Parameters
        ----------
        where
            A condition over the columns, as `compile_where` reads it.
        ids
            Only these items; unknown ids are passed over.
        modality
            Only parts of these modalities.
        without_text
            Only items of which no part carries text.

        Raises
        ------
        WhereError
            The condition cannot be understood.
        """
        items: npt.NDArray[np.int64] | None = None
        if where is not None:
            with self._reading() as db:
                names = read_catalogue(db).names()
            items = self._conditions.items(where, names)
        if ids is not None:
            own = np.sort(np.array(list(self.find(ids).values()), np.int64))
            items = own if items is None else np.intersect1d(items, own, assume_unique=True)
        wanted = frozenset(modality) if modality is not None else None
        if items is None and wanted is None and not without_text:
            return None
        return Selection(items, None, wanted, without_text, self._count)

    def matching(self, where: str) -> list[int]:
        """Return the numbers of the items for which a condition holds, oldest first."""
        selection = self.select(where=where)
        return selection.items.tolist() if selection and selection.items is not None else []

    def nearest(
        self,
        space: int,
        queries: npt.NDArray[np.float32],
        k: int,
        within: Selection | None = None,
    ) -> Ranked:
        """Find the k parts nearest to each query, among those that may be found.

        Parameters
        ----------
        queries
            Shape (n, dim) float32, L2-normalised.
        within
            What may be found; k results come back whenever k parts are in it.

        Returns
        -------
        Parts, shape (n, k) int64, best first and -1 where there are fewer than k; and their
        cosines, shape (n, k) float32, -inf there.
        """
        asked = np.ascontiguousarray(queries, np.float32)

        def search(_: sqlite3.Connection, view: View) -> Ranked:
            if asked.ndim != 2 or asked.shape[1] != view.space.dim:  # noqa: PLR2004
                raise ValueError(f"queries of shape {asked.shape}, not (n, {view.space.dim})")
            scores, rows = self._views.nearest(view, asked, k, within)
            parts = view.rows.parts
            return np.where(rows >= 0, parts[rows] if len(parts) else -1, -1), scores

        return self._in_space(space, search)

    def lexical(self, text: str, k: int, within: Selection | None = None) -> Ranked:
        """Find the k parts whose words match a text best, by BM25.

        Returns
        -------
        Parts, shape (m,) int64 with m <= k, best first; and scores, shape (m,) float32,
        higher is better.
        """
        with explained(self.folder):
            return self._words.search(text, k, within)

    def whole_scores(self, text: str, items: Sequence[int]) -> dict[int, float]:
        """Rank items by the words of all their parts together, by BM25.

        Empty where each of the items has at most one text: `lexical` ranks those.
        """
        with self._reading() as db:
            return whole_scores(db, text, items)

    def vectors(self, space: int, parts: Sequence[int]) -> npt.NDArray[np.float32]:
        """Return the vectors of parts, shape (n, dim) float32.

        Raises
        ------
        KeyError
            A part has none in this space.
        """

        def read(_: sqlite3.Connection, view: View) -> npt.NDArray[np.float32]:
            rows = view.rows.of_parts(parts)
            for part, row in zip(parts, rows, strict=True):
                if row < 0:
                    raise KeyError(f"part {part} has no vector in space {space}")
            return view.read(rows)

        return self._in_space(space, read)

    def spaces_of(self, part: int) -> list[int]:
        """Return the numbers of the spaces in which a part has a vector."""
        return [
            space.number
            for space in self.spaces()
            if self._in_space(space.number, lambda _, view: view.rows.of_parts([part])[0] >= 0)
        ]

    def _in_space(self, number: int, read: Callable[[sqlite3.Connection, View], T]) -> T:
        """Call `read` with a space as of the last commit."""
        for _ in range(_TRIES):
            with self._reading() as db:
                space = space_of(db, number)
                try:
                    return read(db, self._views.of(db, space))
                except MovedError:
                    continue
        raise damaged_vectors(self.folder, space, "there is no such file", 0)

    def _check_vectors(self) -> None:
        for _ in range(_TRIES):
            missing = [space for space in self.spaces() if not self._has_vectors(space)]
            if not missing:
                return
        raise damaged_vectors(self.folder, missing[0], "there is no such file", 0)

    def _has_vectors(self, space: Space) -> bool:
        try:
            checked(self.folder, space)
        except MovedError:
            return False
        return True

    def _count(self, selection: Selection) -> int:
        with self._reading() as db:
            return count_items(db, selection)
