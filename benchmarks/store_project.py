"""mmrag_jupyter: its store for building, its search for the whole query."""

from __future__ import annotations

import hashlib
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from store_data import DIM

from mmrag_jupyter.items import Column, NewItem, NewPart
from mmrag_jupyter.search import build as hits
from mmrag_jupyter.search import engine
from mmrag_jupyter.search.query import Query
from mmrag_jupyter.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from store_data import Data

COLUMNS = (Column("brand", "str", "str"), Column("price", "float", "float64"))
SOURCE = "benchmark"
# What a load commits at once when the embedder is instant.
BATCH = 4096


class Instant:
    """An embedder of one space that knows the vectors of all queries."""

    dim = DIM

    def __init__(self, modality: str, queries: list[str], vectors: np.ndarray) -> None:
        self.name = f"instant-{modality}"
        self.modalities = frozenset({"text", modality})
        self._vectors = dict(zip(queries, vectors, strict=True))

    def embed_text(self, texts: list[str], *, query: bool) -> np.ndarray:  # noqa: ARG002
        """Return the vectors of queries, `(n, 512) float32`."""
        return np.stack([self._vectors[text] for text in texts])


def build(folder: Path, data: Data) -> None:
    """Write everything as a load does: in batches, each of them safe once it is committed."""
    store = Store.create(folder / "collection", "benchmark")
    with store.writer() as writer:
        writer.add_source(SOURCE, SOURCE, COLUMNS)
        for modality, vectors in (("text", data.text_vectors), ("image", data.image_vectors)):
            space = writer.add_space(f"instant-{modality}", None, DIM, frozenset({modality}))
            items = _items(data, modality)
            for first in range(0, len(vectors), BATCH):
                rows = vectors[first : first + BATCH]
                batch = list(islice(items, BATCH))
                writer.put(batch, {space: (np.arange(len(batch)), rows)}, source=SOURCE)
    store.close()


def text_item(at: int, text: str) -> NewItem:
    """Return the item that `scale.py` has most of: a text with a brand and a price."""
    digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
    columns = {"brand": f"brand {at % 50}", "price": float(at % 10_000)}
    return NewItem(f"t{at}", digest, (NewPart("text", digest, text),), columns)


def _items(data: Data, modality: str) -> Iterator[NewItem]:
    half = len(data.texts)
    columns = slice(0, half) if modality == "text" else slice(half, None)
    contents = data.texts if modality == "text" else data.paths
    rows = zip(contents, data.brands[columns], data.prices[columns], strict=True)
    for at, (content, brand, price) in enumerate(rows):
        digest = hashlib.blake2b(content.encode(), digest_size=16).digest()
        part = (
            NewPart("text", digest, content)
            if modality == "text"
            else NewPart("image", digest, path=content, size=at, mtime_ns=at)
        )
        yield NewItem(f"{modality[0]}{at}", digest, (part,), {"brand": brand, "price": price})


class Opened:
    """The collection, opened again."""

    def __init__(self, folder: Path, data: Data) -> None:
        self._data = data
        self._store = Store.open(folder / "collection")
        vectors = {"text": data.text_queries, "image": data.image_queries}
        self._queries = [vectors["text"], vectors["image"]]
        self._serving = {
            modality: (space.number, Instant(modality, data.queries, vectors[modality]))
            for space in self._store.spaces()
            for modality in space.modalities
        }

    def dense(self, query: int, k: int) -> list[str]:
        """Return the ids nearest to a query in both spaces, with their columns."""
        parts: list[int] = []
        for (space, _), queries in zip(self._serving.values(), self._queries, strict=True):
            found, _ = self._store.nearest(space, queries[query : query + 1], k)
            parts += found[0].tolist()
        rows = self._store.parts(parts)
        return [row.id for row in self._store.items([row.item for row in rows])]

    def full(self, query: int, k: int) -> list[str]:
        """Return the ids of a whole query: both spaces, the words, fusion and hits."""
        asked = Query(text=self._data.queries[query], k=k)
        found, _ = hits.build(engine.run(asked, self._store, self._serving), self._store)
        return [hit.id for hit in found]
