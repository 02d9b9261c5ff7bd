"""The floor: numpy arrays to two vector files, SQLite rows and an FTS5 index, and no more."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

import faiss
import numpy as np
from store_data import DIM

if TYPE_CHECKING:
    from pathlib import Path

    from store_data import Data

SCHEMA = """
CREATE TABLE parts (part INTEGER PRIMARY KEY, id TEXT UNIQUE, text TEXT, path TEXT,
                    brand TEXT, price REAL);
CREATE VIRTUAL TABLE texts USING fts5(text, content='parts', content_rowid='part');
"""


def build(folder: Path, data: Data) -> None:
    """Write everything once, in one transaction."""
    half = len(data.texts)
    for name, vectors in (("text", data.text_vectors), ("image", data.image_vectors)):
        with (folder / f"{name}.vec").open("wb") as file:
            vectors.tofile(file)
            os.fsync(file.fileno())
    database = sqlite3.connect(folder / "records.sqlite")
    database.executescript("PRAGMA journal_mode = WAL;" + SCHEMA)
    with database:
        texts = ((at, f"t{at}", text, None) for at, text in enumerate(data.texts))
        images = ((half + at, f"i{at}", None, path) for at, path in enumerate(data.paths))
        for rows, columns in (
            (texts, slice(0, half)),
            (images, slice(half, None)),
        ):
            own = zip(rows, data.brands[columns], data.prices[columns], strict=True)
            database.executemany(
                "INSERT INTO parts VALUES (?, ?, ?, ?, ?, ?)",
                ((*row, brand, price) for row, brand, price in own),
            )
        database.execute(
            "INSERT INTO texts(rowid, text) SELECT part, text FROM parts WHERE text IS NOT NULL"
        )
    database.close()


class Opened:
    """The files, opened again."""

    def __init__(self, folder: Path, data: Data) -> None:
        self._data = data
        self._spaces = [
            np.memmap(folder / f"{name}.vec", np.float32, "r").reshape(-1, DIM)
            for name in ("text", "image")
        ]
        self._database = sqlite3.connect(folder / "records.sqlite")
        self._database.execute("SELECT count(*) FROM parts").fetchone()

    def dense(self, query: int, k: int) -> list[str]:
        """Return the ids nearest to a query in both spaces."""
        return [row[0] for row in self._rows(self._nearest(query, k))]

    def full(self, query: int, k: int) -> list[str]:
        """Return the ids of the nearest and of those that the query's words match best."""
        terms = " OR ".join(f'"{term}"' for term in self._data.queries[query].split())
        lexical = self._database.execute(
            "SELECT rowid FROM texts WHERE texts MATCH ? ORDER BY rank LIMIT ?", (terms, k)
        )
        parts = self._nearest(query, k) + [part for (part,) in lexical]
        return [row[0] for row in self._rows(parts)]

    def _nearest(self, query: int, k: int) -> list[int]:
        parts, first = [], 0
        for vectors, queries in zip(
            self._spaces, (self._data.text_queries, self._data.image_queries), strict=True
        ):
            asked = queries[query : query + 1]
            _, found = faiss.knn(asked, vectors, k, metric=faiss.METRIC_INNER_PRODUCT)
            parts += [first + int(row) for row in found[0]]
            first += len(vectors)
        return parts

    def _rows(self, parts: list[int]) -> list[tuple[str, ...]]:
        marks = ", ".join("?" * len(parts))
        return self._database.execute(
            f"SELECT id, text, path, brand, price FROM parts WHERE part IN ({marks})", parts
        ).fetchall()
