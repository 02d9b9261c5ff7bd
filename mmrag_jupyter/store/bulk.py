"""What all items have, read at once: content hashes and texts, in the order of the items."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.store.itemrows import in_chunks
from mmrag_jupyter.store.text import from_key

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from mmrag_jupyter.items import Modality


def item_counts(db: sqlite3.Connection) -> dict[str, int]:
    """Return how many items have parts of each modality."""
    query = "SELECT modality, count(DISTINCT item) FROM parts GROUP BY modality"
    return dict(db.execute(query))


def digests(
    db: sqlite3.Connection, modality: Modality
) -> tuple[npt.NDArray[np.int64], list[bytes]]:
    """Return the item and the content hash of each part of a modality."""
    query = "SELECT item, digest FROM parts WHERE modality = ? ORDER BY item, part"
    rows = db.execute(query, (modality,)).fetchall()
    return np.fromiter((item for item, _ in rows), np.int64, len(rows)), [one for _, one in rows]


def texts(db: sqlite3.Connection) -> Iterator[tuple[int, str]]:
    """Yield the item and the text of each part that has one."""
    yield from db.execute(
        "SELECT item, text FROM parts WHERE text IS NOT NULL AND text != '' ORDER BY item, part"
    )


def ids_of(db: sqlite3.Connection, items: Sequence[int]) -> dict[int, str]:
    """Return the ids of those items that there are, by their numbers."""
    found = {}
    for marks, some in in_chunks(items):
        for item, stored in db.execute(f"SELECT item, id FROM items WHERE item IN ({marks})", some):
            found[item] = from_key(stored)
    return found
