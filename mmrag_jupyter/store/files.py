"""The files of a collection: copied to another folder, or removed from theirs."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from mmrag_jupyter.store import coded, schema, tokens, tuned, vectors, word_index
from mmrag_jupyter.store.lock import WriteLock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mmrag_jupyter.store.values import Space

_LOCK = ("lock", "lock.json")
_OWN = (
    f"{schema.RECORDS}*", "space-*.vec*", "space-*.tok*", "space-*.faiss*", f"{tuned.PATTERN}*",
    "answers/*", f"{word_index.FOLDER}.lock", f"{coded.FILE}*",
)  # fmt: skip


def copy(folder: Path, target: Path, mode: str, spaces: Callable[[], Sequence[Space]]) -> None:
    """Copy a collection to the folder `target`, while nobody else may write to it.

    Raises
    ------
    StoreBusyError
        Somebody writes to it.
    sqlite3.Error, OSError
        It cannot be written.
    """
    lock = WriteLock(folder) if mode == "rw" else None
    try:
        _copy(folder, target, mode, spaces())
    finally:
        if lock is not None:
            lock.release()


def _copy(folder: Path, target: Path, mode: str, spaces: Sequence[Space]) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for space in spaces:
        names = [vectors.path_of(folder, space).name, f"space-{space.number}.faiss"]
        names += [tokens.path_of(folder, space).name] if space.token_dim else []
        for name in names:
            if (folder / name).exists():
                shutil.copyfile(folder / name, target / name)
    for path in folder.glob(tuned.PATTERN):
        shutil.copyfile(path, target / path.name)
    # The records come last and under another name: without them there is no collection.
    draft = target / f"{schema.RECORDS}.new"
    draft.unlink(missing_ok=True)
    with (
        closing(schema.reader(folder / schema.RECORDS, mode)) as source,
        closing(sqlite3.connect(draft)) as copied,
    ):
        source.backup(copied)
    draft.replace(target / schema.RECORDS)


def remove(folder: Path) -> None:
    """Delete the files of a collection, and its folder if that is empty then.

    Raises
    ------
    StoreBusyError
        Somebody writes to it.
    OSError
        A file cannot be deleted.
    """
    lock = WriteLock(folder)
    try:
        # Without its records the rest is no collection any more, even if it stays behind.
        (folder / schema.RECORDS).unlink(missing_ok=True)
        for pattern in _OWN:
            for path in folder.glob(pattern):
                path.unlink(missing_ok=True)
        word_index.remove(folder)
    finally:
        lock.release()
    for name in _LOCK:
        (folder / name).unlink(missing_ok=True)
    for emptied in (folder / "answers", folder):
        with suppress(OSError):
            emptied.rmdir()
