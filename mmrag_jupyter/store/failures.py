"""What SQLite and the operating system say when something fails, for the person who reads it."""

from __future__ import annotations

import errno
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import StoreBusyError, StoreDamagedError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAMAGE_CODES = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_UNWRITABLE_CODES = frozenset(
    {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
)
_BUSY_CODES = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_UNWRITABLE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def primary_code(error: BaseException) -> int:
    """Return SQLite's primary result code for an error, 0 where it has none."""
    code: int = getattr(error, "sqlite_errorcode", None) or 0
    return code & 0xFF


def damaged(folder: Path, reason: str) -> StoreDamagedError:
    """Return the error for damaged records."""
    return StoreDamagedError(
        f"records.sqlite of collection {folder.name!r} is damaged ({reason}): "
        f"{how_to_repair(folder)} copies every row that can still be read, and keeps the "
        "damaged file as records.sqlite.damaged."
    )


def how_to_repair(folder: Path) -> str:
    """Return the command that repairs a collection, for a message."""
    return f"`%mmrag open {folder.name} --repair` or mm.open({folder.name!r}, repair=True)"


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn the errors of SQLite and of files into one line about the collection at `folder`."""
    try:
        yield
    except sqlite3.ProgrammingError as error:
        if "closed" not in str(error):
            raise
        raise StoreError(f"Collection {folder.name!r} is closed; open it again.") from error
    except sqlite3.DatabaseError as error:
        raise _of_sqlite(error, folder) from error
    except OSError as error:
        raise _of_system(error, folder) from error


def _of_sqlite(error: sqlite3.DatabaseError, folder: Path) -> StoreError:
    code = primary_code(error)
    if code in DAMAGE_CODES:
        return damaged(folder, str(error))
    if code == sqlite3.SQLITE_FULL:
        return _full(folder, str(error))
    if code == sqlite3.SQLITE_IOERR:
        return _full(folder, f"{error}; is the disk full?")
    if code in _UNWRITABLE_CODES:
        return _unwritable(folder, str(error))
    if code in _BUSY_CODES:
        return StoreBusyError(
            f"Another program holds records.sqlite of collection {folder.name!r} ({error}); "
            "try again when it has finished."
        )
    return StoreError(f"Collection {folder.name!r}: {error}.")


def _of_system(error: OSError, folder: Path) -> StoreError:
    reason = error.strerror or str(error)
    if error.errno in _FULL:
        return _full(folder, reason)
    if error.errno in _UNWRITABLE:
        return _unwritable(folder, reason)
    return StoreError(f"Collection {folder.name!r}: {error}.")


def _full(folder: Path, reason: str) -> StoreError:
    return StoreError(
        f"Collection {folder.name!r} could not be written ({reason}): what was committed is "
        "kept; free some space and run the same command again."
    )


def _unwritable(folder: Path, reason: str) -> StoreError:
    return StoreError(
        f"Collection {folder.name!r} cannot be written or read: {folder} is read-only or not yours "
        f"({reason})."
    )
