"""Save what can be saved of a damaged collection."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import StoreDamagedError
from mmrag_jupyter.store import lexical, schema, word_index
from mmrag_jupyter.store.failures import explained
from mmrag_jupyter.store.heal import heal
from mmrag_jupyter.store.lock import WriteLock
from mmrag_jupyter.store.salvage import salvage

if TYPE_CHECKING:
    from pathlib import Path


def repair(folder: Path) -> list[str]:
    """Repair the collection in `folder`; return a line for each thing that was done.

    Damaged records are copied row by row into fresh ones, and kept as
    `records.sqlite.damaged`. Of damaged vectors those are kept that can still be read; the
    items of the others are loaded and embedded again by the next load of their source.

    Raises
    ------
    NotFoundError
        There is no collection in `folder`.
    StoreBusyError
        Somebody writes to it.
    StoreError
        It is of a newer version, or cannot be written.
    """
    path = folder / schema.RECORDS
    lines = []
    with explained(folder):
        sound = _is_sound(path)
        lock = WriteLock(folder)
        try:
            if not sound:
                saved = salvage(path, folder.name)
                lines.append(
                    f"{path.name}: saved {saved['items']:,} items and {saved['parts']:,} parts; "
                    f"the damaged file is kept as {path.name}.damaged"
                )
            with closing(schema.writer(path)) as db:
                lines += _healed(folder, db)
                if lines or not _words_are_sound(db):
                    lexical.rebuild(db)
                    lines.append("rebuilt the index of words")
            if lines:
                for index in folder.glob("space-*.faiss"):
                    index.unlink()
                word_index.remove(folder)
        finally:
            lock.release()
    return lines


def _is_sound(path: Path) -> bool:
    try:
        mode, _ = schema.openable(path)
        with closing(schema.reader(path, mode)) as db:
            found: str = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
            return found == "ok"
    except (StoreDamagedError, sqlite3.DatabaseError):
        return False


def _healed(folder: Path, db: sqlite3.Connection) -> list[str]:
    db.execute("BEGIN IMMEDIATE")
    try:
        lines = heal(folder, db)
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")
    return lines


def _words_are_sound(db: sqlite3.Connection) -> bool:
    try:
        db.execute("INSERT INTO texts(texts) VALUES ('integrity-check')")
    except sqlite3.DatabaseError:
        return False
    return True
