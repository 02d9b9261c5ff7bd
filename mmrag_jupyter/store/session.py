"""What every write needs: the lock, the connection, transactions, and files synced in time."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Protocol

from mmrag_jupyter.errors import StoreError
from mmrag_jupyter.store import lexical, schema
from mmrag_jupyter.store.compact import compact, remove_strays
from mmrag_jupyter.store.failures import explained
from mmrag_jupyter.store.lock import WriteLock
from mmrag_jupyter.store.nearest import MovedError, damaged_vectors
from mmrag_jupyter.store.spaces import read_spaces
from mmrag_jupyter.store.tokens_writing import append

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from mmrag_jupyter.store.appending import Block
    from mmrag_jupyter.store.nearest import View, Views
    from mmrag_jupyter.store.values import Space

# A space of which more than half is dead is compacted when the writer is closed.
_MANY_DEAD = 1000
# A larger write-ahead log is moved into the records when the writer is closed.
_LARGE_LOG = 4 << 20


class Cache(Protocol):
    """What is made of the records, in the background."""

    def refresh(self, db: sqlite3.Connection) -> None:
        """Begin to make it anew, if it has to be; `db` is in a transaction."""


class WriteSession:
    """The right to write to the collection at `folder`, until it is closed.

    Parameters
    ----------
    views
        The collection's spaces, shared with its readers in this process.
    caches
        What is made anew in the background when its items have changed.
    notices
        Takes lines for the user.

    Raises
    ------
    StoreBusyError
        Another writer is at work.
    StoreError
        The folder cannot be written.
    """

    def __init__(
        self, folder: Path, views: Views, caches: Sequence[Cache], notices: list[str]
    ) -> None:
        self._folder = folder
        self._views = views
        self._caches = caches
        self._notices = notices
        self._closed = False
        self._lock = WriteLock(folder)
        try:
            with explained(folder):
                self._db = schema.writer(folder / schema.RECORDS)
        except BaseException:
            self._lock.release()
            raise
        # Vectors are written and synced while SQLite works on the rows that will name them.
        self._files = ThreadPoolExecutor(1, "mmrag-vectors")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close(tidy=kind is None)

    def close(self) -> None:
        """Let others write; mostly dead spaces are compacted first."""
        self._close(tidy=True)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit at the end of the block, or else nothing of it."""
        if self._closed:
            raise StoreError("This writer is closed; ask the collection for another one.")
        db = self._db
        with explained(self._folder):
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException as error:
                with suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
                if isinstance(error, sqlite3.DatabaseError) and lexical.is_broken(db, error):
                    lexical.rebuild(db)
                    raise StoreError(
                        f"The index of words of collection {self._folder.name!r} was damaged and "
                        "has been rebuilt: run the same command again."
                    ) from error
                raise

    @contextmanager
    def _written(self, blocks: Sequence[Block]) -> Iterator[None]:
        """Have blocks of vectors on disk at the end of the block, past the committed rows."""
        writing = [
            self._files.submit(append, self._folder, one) for one in blocks if len(one.vectors)
        ]
        try:
            yield
        finally:
            wait(writing)
        for one in writing:
            one.result()

    def _view(self, db: sqlite3.Connection, space: Space) -> View:
        # Only before the transaction's first change to the space: views are shared, and
        # must never show what may be rolled back.
        try:
            return self._views.of(db, space)
        except MovedError:
            raise damaged_vectors(self._folder, space, "there is no such file", 0) from None

    def _compact(self, space: Space) -> None:
        with self._transaction() as db:
            old = compact(self._folder, db, self._view(db, space))
        for path in old:
            with suppress(OSError):
                path.unlink()

    def tidy(self) -> None:
        """Compact mostly dead spaces, and begin to index large ones in the background.

        `close` does, if nobody did before.
        """
        for dead_only in (True, False):
            with self._transaction() as db:
                views = [self._view(db, space) for space in read_spaces(db)]
            for view in views:
                if not dead_only:
                    self._views.refresh_index(view)
                elif view.space.dead > max(_MANY_DEAD, view.space.rows // 2):
                    self._compact(view.space)
        remove_strays(self._folder, [view.space for view in views])
        # Before caches are built of the records: whoever reads keeps the log as long as it is.
        self._shorten_log()
        with self._transaction() as db:
            for cache in self._caches:
                cache.refresh(db)

    def _close(self, *, tidy: bool) -> None:
        if self._closed:
            return
        try:
            if tidy:
                self.tidy()
        finally:
            self._closed = True
            self._files.shutdown()
            try:
                self._close_records()
            finally:
                self._lock.release()

    def _shorten_log(self) -> None:
        log = self._folder / f"{schema.RECORDS}-wal"
        # What is committed is safe in the log too: nothing is lost if this fails.
        with suppress(sqlite3.Error, OSError):
            if log.stat().st_size > _LARGE_LOG:
                patience = self._db.execute("PRAGMA busy_timeout").fetchone()[0]
                self._db.execute("PRAGMA busy_timeout = 100")
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self._db.execute(f"PRAGMA busy_timeout = {patience}")

    def _close_records(self) -> None:
        self._shorten_log()
        with suppress(sqlite3.Error):
            self._db.close()
