"""sentence-transformers for the vectors, a LanceDB table for keeping and finding them.

As both write it: pictures opened by Pillow and handed to `encode`, rows of a vector and columns
written batch by batch, a search by cosine with a `where`. LanceDB asks for an index from some
100,000 rows on, so that there is none here.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import lancedb
from peers_data import CHUNK, K, Peer, opened
from sentence_transformers import SentenceTransformer

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from peers_data import Job


class Arm(Peer):
    """A table `photos`; tuned: bfloat16, and photos decoded small by threads, ahead."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        options = {"dtype": "bfloat16"} if job.tuned else {}
        self._model = SentenceTransformer(job.model, model_kwargs=options)

    def ingest(self) -> None:
        """Embed the photos and keep them."""
        lancedb.connect(self.job.folder).create_table("photos", data=self._rows())

    def open(self) -> None:
        """Open what was kept."""
        self._table = lancedb.connect(self.job.folder).open_table("photos")

    def search(self, text: str, limit: float | None) -> list[str]:
        """Return the ids of the nearest photos."""
        asked = self._table.search(self.embed(text)).distance_type("cosine").limit(K)
        if limit is not None:
            asked = asked.where(f"price < {limit}")
        return [row["id"] for row in asked.to_list()]

    def embed(self, text: str) -> np.ndarray:
        """Return a text's vector."""
        return self._model.encode(text)

    def vectors(self) -> tuple[list[str], np.ndarray]:
        """Return the ids and vectors that are kept."""
        rows = self._table.to_pandas()
        return rows["id"].tolist(), rows["vector"].tolist()

    def _rows(self) -> Iterator[list[dict]]:
        pictures, rows = opened(self.job), self.job.rows()
        while batch := list(islice(pictures, CHUNK)):
            vectors = self._model.encode(batch)
            yield [
                {"id": id_, "path": path, "brand": brand, "price": price, "vector": vector}
                for vector, (id_, path, brand, price) in zip(vectors, rows, strict=False)
            ]
