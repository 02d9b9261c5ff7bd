"""What the user thought of hits, kept with the collection for later use."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mmrag_jupyter.store import schema
from mmrag_jupyter.store.failures import explained
from mmrag_jupyter.store.lock import WriteLock
from mmrag_jupyter.store.text import clean, from_key, to_key

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path

# Made at the first verdict: collections of before have no such table.
TABLE = """
CREATE TABLE IF NOT EXISTS feedback (
    time TEXT NOT NULL, query TEXT NOT NULL, item NOT NULL, verdict INTEGER NOT NULL
)
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the user thought of one hit of a query: 1 is good, -1 is bad, 0 takes it back.

    `item` is the item's id, `time` in UTC.
    """

    query: str
    item: str
    verdict: int
    time: datetime


def now(query: str, item: str, verdict: int) -> Verdict:
    """Return a verdict that the user has just given."""
    return Verdict(query, item, verdict, datetime.now(UTC))


def keep(folder: Path, verdicts: Sequence[Verdict]) -> None:
    """Add verdicts to the collection in `folder`.

    Raises
    ------
    StoreBusyError
        Somebody writes to it.
    StoreError
        It cannot be written.
    """
    rows = [
        (one.time.isoformat(" ", "seconds"), clean(one.query), to_key(one.item), one.verdict)
        for one in verdicts
    ]
    lock = WriteLock(folder)
    try:
        with explained(folder), closing(schema.writer(folder / schema.RECORDS)) as db:
            db.execute("BEGIN IMMEDIATE")
            db.execute(TABLE)
            db.executemany("INSERT INTO feedback VALUES (?, ?, ?, ?)", rows)
            db.execute("COMMIT")
    finally:
        lock.release()


def read(db: sqlite3.Connection) -> list[Verdict]:
    """Return what stands of all verdicts: the last one of each query and item, oldest first."""
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'feedback'").fetchone():
        return []
    last = {
        (query, from_key(item)): Verdict(query, from_key(item), verdict, datetime.fromisoformat(at))
        for at, query, item, verdict in db.execute(
            "SELECT time, query, item, verdict FROM feedback ORDER BY rowid"
        )
    }
    return sorted((one for one in last.values() if one.verdict), key=lambda one: one.time)
