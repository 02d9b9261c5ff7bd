"""What was said in stretches of sound, kept so that nothing is written down twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.store.itemrows import in_chunks
from mmrag_jupyter.store.text import clean

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

# Made at the first transcript: collections of before have no such table.
TABLE = """
CREATE TABLE IF NOT EXISTS transcripts (
    digest BLOB NOT NULL, model TEXT NOT NULL, said TEXT NOT NULL, PRIMARY KEY (digest, model)
) WITHOUT ROWID
"""


def exist(db: sqlite3.Connection) -> bool:
    """Tell whether there are any."""
    return (
        db.execute("SELECT 1 FROM sqlite_master WHERE name = 'transcripts'").fetchone() is not None
    )


def read(db: sqlite3.Connection, model: str, digests: Sequence[bytes]) -> dict[bytes, str]:
    """Return what a model has made of stretches of sound, by their content hash."""
    if not exist(db):
        return {}
    found: dict[bytes, str] = {}
    for marks, some in in_chunks(list(digests)):
        query = f"SELECT digest, said FROM transcripts WHERE model = ? AND digest IN ({marks})"
        found |= dict(db.execute(query, (model, *some)))
    return found


def write(db: sqlite3.Connection, model: str, said: Mapping[bytes, str]) -> None:
    """Keep what a model has made of stretches of sound."""
    db.execute(TABLE)
    db.executemany(
        "INSERT OR REPLACE INTO transcripts VALUES (?, ?, ?)",
        [(digest, model, clean(text)) for digest, text in said.items()],
    )
