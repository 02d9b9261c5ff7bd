"""Search the spaces of a collection as of its last commit, exactly or through an index."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.errors import StoreDamagedError
from mmrag_jupyter.store import faiss_index, flat, tokens, vectors
from mmrag_jupyter.store.failures import how_to_repair
from mmrag_jupyter.store.rows import read_rows
from mmrag_jupyter.store.soundness import Looked, refuse_unsound
from mmrag_jupyter.store.tokens_few import few_of

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    import numpy.typing as npt

    from mmrag_jupyter.store.flat import Found, Mask, Queries
    from mmrag_jupyter.store.rows import Rows
    from mmrag_jupyter.store.selection import Selection
    from mmrag_jupyter.store.values import Space
    from mmrag_jupyter.store.vectors import Vectors

# Up to this many allowed rows the exact search is taken even where there is an index.
_EXACT_UP_TO = 50_000


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

    def close(self) -> None:
        """Let go of the files."""
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

    def nearest(self, view: View, queries: Queries, k: int, within: Selection | None) -> Found:
        """Return the scores and rows, shape (n, k), of the nearest alive rows in a selection.

        Raises
        ------
        UnsoundError
            What was read was no vector.
        """
        return self.among(view, queries, k, view.rows.allowed(within))

    def among(self, view: View, queries: Queries, k: int, allowed: Mask | None) -> Found:
        """Return what `nearest` does, of the allowed rows; None stands for all of them."""
        count = len(view.vectors) if allowed is None else int(np.count_nonzero(allowed))
        if len(view.vectors) > faiss_index.INDEX_ABOVE and count > _EXACT_UP_TO:
            index = self._index(view)
            if index is not None:
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
        found = index.nearest(queries, view.vectors, k, allowed)
        covered = index.covered
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

    def refresh_index(self, view: View, told: faiss_index.Told) -> None:
        """Rebuild a space's index if it is large enough for one and many rows are not in it.

        Parameters
        ----------
        told
            Hears how many rows are done, and of how many, while it is built.

        Raises
        ------
        UnsoundError
            What was read was no vector.
        OSError, RuntimeError
            It cannot be written.
        """
        view = few_of(view)
        if len(view.vectors) <= faiss_index.INDEX_ABOVE:
            return
        covered = faiss_index.covered_rows(self._path(view), view.uid)
        if len(view.vectors) - covered > max(covered // 4, faiss_index.INDEX_ABOVE // 4):
            faiss_index.build(self._path(view), view.uid, view.vectors, view.rows, told)

    def _path(self, view: View) -> Path:
        return self._folder / f"space-{view.space.number}.faiss"

    def _index(self, view: View) -> faiss_index.Index | None:
        path = self._path(view)
        try:
            stat = path.stat()
            state: object = (view.uid, stat.st_mtime_ns, stat.st_size)
        except OSError:
            state = (view.uid, None, None)
        with self._lock:
            known = self._indexes.get(view.space.number)
            if known is not None and known[0] == state:
                return known[1]
            index = self._opened(path, view)
            if index is not None:
                stat = path.stat()
                state = (view.uid, stat.st_mtime_ns, stat.st_size)
            self._indexes[view.space.number] = state, index
            return index

    def _opened(self, path: Path, view: View) -> faiss_index.Index | None:
        try:
            return faiss_index.Index(path, view.uid)
        except faiss_index.IndexFileError as error:
            reason = str(error)
        name = view.space.name
        try:
            faiss_index.build(path, view.uid, view.vectors, view.rows, faiss_index.unheard)
            index = faiss_index.Index(path, view.uid)
        except (OSError, RuntimeError, faiss_index.IndexFileError) as error:
            self._notices.append(
                f"the search index of space {name!r} cannot be written ({error}); searching "
                "without it, exactly but more slowly"
            )
            return None
        self._notices.append(f"rebuilt the search index of space {name!r}: {reason}")
        return index


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
