"""The store: what a collection keeps on disk, and how it is searched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.errors import StoreError
from mmrag_jupyter.items import as_written
from mmrag_jupyter.store import files, joined, schema
from mmrag_jupyter.store.catalogue import read_catalogue
from mmrag_jupyter.store.coded_columns import CodedColumns
from mmrag_jupyter.store.failures import explained
from mmrag_jupyter.store.select import Conditions, count_items
from mmrag_jupyter.store.selection import Selection
from mmrag_jupyter.store.tokens_reader import TokenReader
from mmrag_jupyter.store.tuned import TunedReader
from mmrag_jupyter.store.vector_reader import VectorReader
from mmrag_jupyter.store.where_joined import joined_names
from mmrag_jupyter.store.whole import whole_scores
from mmrag_jupyter.store.words import Words
from mmrag_jupyter.store.writer import Writer

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    import numpy.typing as npt

    from mmrag_jupyter.items import Modality
    from mmrag_jupyter.store.nearest import Searched, View

    Ranked = tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]


def untold(done: int, total: int) -> None:
    """Tell nobody how far it is."""


class Store(VectorReader):
    """One collection on disk, open for reading by any number of threads and processes.

    Made by `create` and `open`. Every method sees the last commit, whoever made it.
    """

    def __init__(self, folder: Path, mode: str) -> None:
        super().__init__(folder, mode)
        self._columns = CodedColumns(folder, self._readers, self.notices)
        self._conditions = Conditions(folder, mode, self._columns)
        self.tokens = TokenReader(folder, self._in_space, self._views.among)
        self._words = Words(folder, self._readers, self.notices)
        self.tuned = TunedReader(self, self.notices)
        self.name = self.setting("name") or folder.name

    @property
    def place(self) -> str:
        """Where the collection is, as it is shown."""
        return as_written(self.folder)

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
        return Writer(self.folder, self._views, (self._words, self._columns), self.notices)

    def close(self) -> None:
        """Let go of the files."""
        self._readers.close()
        self._conditions.close()
        self._views.close()
        self._words.close()
        self._columns.close()
        self.tokens.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def copy_to(
        self,
        folder: Path,
        tell: Callable[[int, int], None] = untold,  # noqa: ARG002 - files are copied whole
    ) -> Path:
        """Write a copy of the collection to another folder, and return that.

        Parameters
        ----------
        tell
            Is told how many items are there, and of how many, where they come one by one.

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
        parts: npt.NDArray[np.int64] | None = None
        if where is not None:
            items, parts = self._where(where)
        if ids is not None:
            own = np.sort(np.array(list(self.find(ids).values()), np.int64))
            items = own if items is None else np.intersect1d(items, own, assume_unique=True)
        wanted = frozenset(modality) if modality is not None else None
        if items is None and wanted is None and not without_text:
            return None
        return Selection(items, parts, wanted, without_text, self._count)

    def having(self, modality: Modality) -> Selection:
        """Return the parts of those items that have parts of a modality."""
        return Selection(items=np.array(self.items_with(modality), np.int64))

    def _where(self, where: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64] | None]:
        """Return the items that a condition chooses, and their parts if it chooses of these."""
        with self._reading() as db:
            names = read_catalogue(db).names()
            beside = joined_names(joined.catalogue(db), names) if joined.exist(db) else None
        found = self._conditions.joined(where, beside) if beside is not None else None
        if found is None:
            return self._conditions.items(where, names), None
        with self._reading() as db:
            return found.resolved(db, self.joins.arrays)

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
        *,
        exact: bool = False,
    ) -> Ranked:
        """Find the k parts nearest to each query, among those that may be found.

        Parameters
        ----------
        queries
            Shape (n, dim) float32, L2-normalised.
        within
            What may be found; k results come back whenever k parts are in it.
        exact
            Whether all are compared, also where an index would find nearly all.

        Returns
        -------
        Parts, shape (n, k) int64, best first and -1 where there are fewer than k; and their
        cosines, shape (n, k) float32, -inf there.
        """
        asked = np.ascontiguousarray(queries, np.float32)

        def search(_: sqlite3.Connection, view: View) -> Ranked:
            if asked.ndim != 2 or asked.shape[1] != view.space.dim:  # noqa: PLR2004
                raise ValueError(f"queries of shape {asked.shape}, not (n, {view.space.dim})")
            scores, rows = self._views.nearest(view, asked, k, within, exact=exact)
            parts = view.rows.parts
            return np.where(rows >= 0, parts[rows] if len(parts) else -1, -1), scores

        return self._in_space(space, search)

    def lexical(
        self, text: str, k: int, within: Selection | None = None, *, unfinished: bool = False
    ) -> Ranked:
        """Find the k parts whose words match a text best, by BM25.

        Parameters
        ----------
        unfinished
            Whether the text's last word stands for all words that begin so.

        Returns
        -------
        Parts, shape (m,) int64 with m <= k, best first; and scores, shape (m,) float32,
        higher is better.
        """
        with explained(self.folder):
            return self._words.search(text, k, within, unfinished=unfinished)

    def searched(self) -> list[Searched]:
        """Tell how each space is searched: exactly, or through an index with so much recall."""
        return [
            self._in_space(space.number, lambda _, view: self._views.searched(view))
            for space in self.spaces()
        ]

    def wait_for_indexes(self) -> None:
        """Wait until the indexes that are being built in the background are there."""
        self._views.wait_for_indexes()
        self._words.wait()
        self._columns.wait()

    def whole_scores(
        self, text: str, items: Sequence[int], within: Selection | None = None
    ) -> dict[int, float]:
        """Rank items by the words of all their parts together that may be found, by BM25.

        Empty where each of the items has at most one text: `lexical` ranks those.
        """
        with self._reading() as db:
            return whole_scores(db, text, items, within.parts if within is not None else None)

    def _count(self, selection: Selection) -> int:
        with self._reading() as db:
            return count_items(db, selection)
