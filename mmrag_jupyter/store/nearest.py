"""Search the spaces of a collection as of its last commit, exactly or through an index."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.errors import StoreDamagedError
from mmrag_jupyter.store import faiss_index, flat, index_file, indexing, tokens, vectors
from mmrag_jupyter.store.background import Background
from mmrag_jupyter.store.failures import how_to_repair
from mmrag_jupyter.store.index_file import IndexDamagedError, IndexFileError
from mmrag_jupyter.store.rows import read_rows
from mmrag_jupyter.store.soundness import Looked, refuse_unsound
from mmrag_jupyter.store.tokens_few import few_of

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    import numpy.typing as npt

    from mmrag_jupyter.store.flat import Found, Mask, Queries
    from mmrag_jupyter.store.index_file import IndexFacts
    from mmrag_jupyter.store.rows import Rows
    from mmrag_jupyter.store.selection import Selection
    from mmrag_jupyter.store.values import Space
    from mmrag_jupyter.store.vectors import Vectors

# Up to this many allowed rows the exact search is taken even where there is an index: they are
# compared in the time that it takes to pass by the others in its lists.
_EXACT_UP_TO = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One space as of one commit; it does not change any more."""

    space: Space
    uid: bytes
    vectors: Vectors
    rows: Rows

    def read(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return the vectors of these rows, shape (n, dim) float32.

        Raises
        ------
        UnsoundError
            One of them is no vector.
        """
        found = np.array(self.vectors[rows], np.float32)
        refuse_unsound(found)
        return found


class MovedError(Exception):
    """A vector file is gone because it has just been compacted: look again."""


class Views:
    """The spaces of the collection at `folder`, each kept open from query to query.

    Lines for the user go to `notices`. May be used from several threads.
    """

    def __init__(self, folder: Path, notices: list[str]) -> None:
        self._folder = folder
        self._notices = notices
        self._lock = threading.Lock()
        self._views: dict[int, View] = {}
        self._looked: dict[int, Looked] = {}
        self._indexes: dict[int, tuple[object, faiss_index.Index | None]] = {}
        self._without: set[int] = set()
        self._masked: tuple[object, object, object, Mask | None] = (None, None, None, None)
        self._background = Background()

    def close(self) -> None:
        """Let go of the files."""
        self._background.close()
        with self._lock:
            self._views.clear()
            self._indexes.clear()

    def of(self, db: sqlite3.Connection, space: Space) -> View:
        """Return a space as `db` sees it.

        Raises
        ------
        StoreDamagedError
            Its vector file is damaged.
        MovedError
            Its vector file has been replaced since `db` began to read.
        """
        with self._lock:
            before = self._views.get(space.number)
            if before is not None and before.space == space:
                return before
            uid = checked(self._folder, space).uid
            rows = read_rows(db, space, before.rows if before is not None else None)
            try:
                view = View(space, uid, vectors.mapped(self._folder, space), rows)
            except FileNotFoundError as error:
                raise MovedError from error
            self._views[space.number] = view
            return view

    def nearest(
        self,
        view: View,
        queries: Queries,
        k: int,
        within: Selection | None,
        *,
        exact: bool = False,
    ) -> Found:
        """Return the scores and rows, shape (n, k), of the nearest alive rows in a selection.

        Parameters
        ----------
        exact
            Whether all of them are compared, also where an index would find nearly all.

        Raises
        ------
        UnsoundError
            What was read was no vector.
        """
        return self.among(view, queries, k, self._allowed(view, within), exact=exact)

    def _allowed(self, view: View, within: Selection | None) -> Mask | None:
        """Return the rows that a selection allows; the same again for the same condition."""
        if within is None or within.items is None or within.parts is not None:
            return view.rows.allowed(within)
        # The items of a condition are remembered as they are, so that they are the same object.
        own = (within.modality, within.without_text)
        rows, items, rest, known = self._masked
        if rows is view.rows and items is within.items and rest == own:
            return known
        mask = view.rows.allowed(within)
        self._masked = (view.rows, within.items, own, mask)
        return mask

    def among(
        self, view: View, queries: Queries, k: int, allowed: Mask | None, *, exact: bool = False
    ) -> Found:
        """Return what `nearest` does, of the allowed rows; None stands for all of them."""
        count = len(view.vectors) if allowed is None else int(np.count_nonzero(allowed))
        if len(view.vectors) > faiss_index.INDEX_ABOVE:
            index = self._index(view)
            if index is not None and not exact and count > _EXACT_UP_TO:
                found = self._through(index, view, queries, k, allowed)
                # A filter can leave nothing in the lists that were visited.
                if np.count_nonzero(found[1] >= 0, axis=1).min(initial=k) >= min(k, count):
                    return found
        self._look(view, allowed)
        return flat.nearest(queries, view.vectors, k, allowed)

    def _through(
        self, index: faiss_index.Index, view: View, queries: Queries, k: int, allowed: Mask | None
    ) -> Found:
        """Search an index, and beside it the rows that are newer."""
        try:
            found = index.nearest(queries, view.vectors, k, allowed)
        except IndexDamagedError as error:
            self._unusable(view, error)
            self._begin(view)
            return flat.empty(len(queries), k)
        covered = index.facts.covered
        if covered < len(view.vectors):
            newer = allowed[covered:] if allowed is not None else None
            self._look(view, newer, covered)
            scores, rows = flat.nearest(queries, view.vectors[covered:], k, newer)
            found = flat.merged(found, (scores, np.where(rows >= 0, rows + covered, -1)), k)
        return found

    def _look(self, view: View, rows: Mask | None, start: int = 0) -> None:
        """Look at those rows from `start` on that a search reads; in a small space at all."""
        looked = self._looked.get(view.space.number)
        if looked is None or looked.uid != view.uid:
            looked = self._looked[view.space.number] = Looked(view.uid)
        if len(view.vectors) <= faiss_index.INDEX_ABOVE:
            looked.look(view)
        else:
            looked.look(view, rows, start)

    def refresh_index(self, view: View) -> None:
        """Begin to build a space's index if it needs one and many rows are not in it."""
        rows = len(few_of(view).vectors)
        facts = faiss_index.facts_of(self._path(view), view.uid)
        if faiss_index.is_wanted(rows, facts, view.space.recall):
            self._begin(view)

    def wait_for_indexes(self) -> None:
        """Wait until the indexes that are being built are there."""
        self._background.wait()

    def searched(self, view: View) -> Searched:
        """Tell how a space is searched, at present."""
        view = few_of(view)
        index = None
        if len(view.vectors) > faiss_index.INDEX_ABOVE:
            index = self._index(view)
        return Searched(
            view.space.name,
            len(view.vectors),
            index.facts if index is not None else None,
            index.lists if index is not None else 0,
            self._background.progress(self._path(view)),
            view.space.recall,
        )

    def _begin(self, view: View) -> None:
        indexing.start(self._background, self._folder, view, self._notices)

    def _path(self, view: View) -> Path:
        return index_file.path_of(self._folder, view.space.number)

    def _index(self, view: View) -> faiss_index.Index | None:
        """Return the index that is there; one that is missing or behind is begun."""
        path, recall = self._path(view), view.space.recall
        if recall >= 1:
            return None
        try:
            stat = path.stat()
            state: object = (view.uid, recall, stat.st_ino, stat.st_mtime_ns, stat.st_size)
        except OSError:
            state = (view.uid, recall, None)
        with self._lock:
            known = self._indexes.get(view.space.number)
            if known is None or known[0] != state:
                known = state, self._opened(path, view)
                self._indexes[view.space.number] = known
        index = known[1]
        facts = index.facts if index is not None else None
        if faiss_index.is_wanted(len(view.vectors), facts, recall):
            self._begin(view)
        return index

    def _opened(self, path: Path, view: View) -> faiss_index.Index | None:
        try:
            index = faiss_index.Index.open(path, view.uid, view.space.recall)
        except IndexFileError as error:
            self._unusable(view, error)
            return None
        self._without.discard(view.space.number)
        return index

    def _unusable(self, view: View, error: IndexFileError) -> None:
        """Tell why the index is not used; one that is of use to nobody makes way for another."""
        if isinstance(error, IndexDamagedError):
            self._path(view).unlink(missing_ok=True)
        if view.space.number in self._without:
            return
        self._without.add(view.space.number)
        self._notices.append(
            f"the search index of space {view.space.name!r} {error}: it is built in the "
            "background, and until then the search is exact and slower"
        )


@dataclass(frozen=True, slots=True)
class Searched:
    """How a space called `name` is searched: exactly, or through an index.

    `facts` tell of the index and `lists` how many it has; None and 0 where there is none.
    While one is built, `building` says how many rows are done, and of how many. It has to find
    the share `target` of the true neighbours.
    """

    name: str
    rows: int
    facts: IndexFacts | None
    lists: int
    building: tuple[int, int] | None
    target: float


def checked(folder: Path, space: Space) -> vectors.Header:
    """Return the header of a space's file.

    Raises
    ------
    StoreDamagedError
        The file does not hold what the records say; the message tells what can be saved.
    MovedError
        There is no such file.
    """
    path = vectors.path_of(folder, space)
    try:
        header = vectors.check(folder, space)
        path = tokens.path_of(folder, space)
        tokens.check(folder, space)
    except FileNotFoundError as error:
        raise MovedError from error
    except vectors.VectorFileError as error:
        raise damaged_vectors(folder, space, str(error), error.rows, path) from error
    return header


def damaged_vectors(
    folder: Path, space: Space, reason: str, rows: int, path: Path | None = None
) -> StoreDamagedError:
    """Return the error for a damaged vector file of which `rows` can still be read."""
    return StoreDamagedError(
        f"{(path or vectors.path_of(folder, space)).name} of collection {folder.name!r} is damaged "
        f"({reason}): {how_to_repair(folder)} keeps the {rows:,} vectors that can still be "
        "read, and the next load embeds the others again."
    )


def overwritten(folder: Path, space: Space) -> StoreDamagedError:
    """Return the error for a vector file with something else in it: opening reads no vectors."""
    path = tokens.path_of if space.token_dim else vectors.path_of
    return StoreDamagedError(
        f"{path(folder, space).name} of collection {folder.name!r} holds numbers "
        f"that are no vectors: {how_to_repair(folder)} keeps those that can still be read, "
        "and the next load embeds the others again."
    )
