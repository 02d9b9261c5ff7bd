"""The table of LlamaIndex nodes: which items are nodes, and what only a node has.

Functions over a connection to the records; none of them needs LlamaIndex.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmrag_jupyter.store.itemrows import in_chunks
from mmrag_jupyter.store.text import from_key, to_key

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class NodeRow:
    """What is kept of a node beside its item: its source document's id, and the rest as JSON."""

    document: str | None
    json: str


def write(db: sqlite3.Connection, rows: Iterable[tuple[int, NodeRow]]) -> None:
    """Store the rows of items that are nodes, by the items' numbers."""
    db.executemany(
        "INSERT OR REPLACE INTO nodes (item, document, json) VALUES (?, ?, ?)",
        (
            (item, to_key(row.document) if row.document is not None else None, row.json)
            for item, row in rows
        ),
    )


def read(db: sqlite3.Connection, items: Sequence[int]) -> Mapping[int, NodeRow]:
    """Return the rows of those of `items` that are nodes."""
    found: dict[int, NodeRow] = {}
    for marks, some in in_chunks(items):
        query = f"SELECT item, document, json FROM nodes WHERE item IN ({marks})"
        for item, document, json in db.execute(query, some):
            found[item] = NodeRow(from_key(document) if document is not None else None, json)
    return found


def documents(db: sqlite3.Connection) -> dict[int, str | None]:
    """Return the source document's id of every item that is a node."""
    return {
        item: from_key(document) if document is not None else None
        for item, document in db.execute("SELECT item, document FROM nodes")
    }


def of_documents(db: sqlite3.Connection, documents: Sequence[str]) -> list[int]:
    """Return the numbers of the items that are nodes of these source documents."""
    found: list[int] = []
    for document in documents:
        query = "SELECT item FROM nodes WHERE document = ?"
        found += [item for (item,) in db.execute(query, (to_key(document),))]
    return found
