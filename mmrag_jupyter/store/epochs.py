"""Whether the items that a cache was made of are still as they were.

Each commit that adds, changes or removes items leaves a random name in the records, with the first
of these items. So a cache that knows the last name of its day holds as long as that name is there
and no later commit has touched what it covers, whatever was restored or replaced meanwhile.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, NamedTuple

from mmrag_jupyter.store.lookup import counter

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

_TABLE = "item_epochs"
# Commits that are remembered: a cache from before is not known to hold.
_MOST = 256


class Mark(NamedTuple):
    """A state of the items: the name of the last commit, and the last number that was given."""

    name: int
    covered: int


def touched(db: sqlite3.Connection, items: Sequence[int]) -> None:
    """Note in a transaction that items were added, changed or removed, by their numbers."""
    if not len(items):
        return
    db.execute(
        f"CREATE TABLE IF NOT EXISTS {_TABLE}"
        " (epoch INTEGER PRIMARY KEY, name INTEGER NOT NULL, first INTEGER NOT NULL)"
    )
    (at,) = db.execute(f"SELECT coalesce(max(epoch), 0) + 1 FROM {_TABLE}").fetchone()
    db.execute(f"INSERT INTO {_TABLE} VALUES (?, ?, ?)", (at, secrets.randbits(62), min(items)))
    db.execute(f"DELETE FROM {_TABLE} WHERE epoch <= ?", (at - _MOST,))


def current(db: sqlite3.Connection) -> Mark | None:
    """Return the state of the items; None where no commit has left a name yet."""
    found = _rows(db)
    return Mark(found[-1][0], counter(db, "next_item")) if found else None


def holds(db: sqlite3.Connection, mark: Mark) -> bool:
    """Tell whether all items that there were are as they were; some may have been added."""
    found = _rows(db)
    names = [name for name, _ in found]
    if mark.name not in names or counter(db, "next_item") < mark.covered:
        return False
    return all(first > mark.covered for _, first in found[names.index(mark.name) + 1 :])


def _rows(db: sqlite3.Connection) -> list[tuple[int, int]]:
    there = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?"
    if db.execute(there, (_TABLE,)).fetchone() is None:
        return []
    return db.execute(f"SELECT name, first FROM {_TABLE} ORDER BY epoch").fetchall()
