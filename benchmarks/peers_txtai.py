"""txtai: an `Embeddings` with content, so that its columns can be asked for in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import faiss
import numpy as np
from peers_data import K, Peer, opened
from txtai import Embeddings

if TYPE_CHECKING:
    from peers_data import Job


class Arm(Peer):
    """An index of photos; tuned: bfloat16, photos decoded small by threads, more candidates."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self._models: dict = {}  # the cache of models that all indexes share
        self._options = {"path": job.model, "method": "sentence-transformers", "content": True}
        if job.tuned:
            self._options["vectors"] = {"model_kwargs": {"dtype": "bfloat16"}}
        self._embeddings = Embeddings(self._options, models=self._models)
        # Candidates before the filter: ten times the limit, where the query names no number.
        similar = f"similar(:text, {len(job.ids)})" if job.tuned else "similar(:text)"
        self._filtered = (
            f"SELECT id, path, brand, price, score FROM txtai WHERE {similar} AND price < :limit"
        )

    def ingest(self) -> None:
        """Embed the photos and keep them."""
        self._embeddings = Embeddings(self._options, models=self._models)
        self._embeddings.index(
            (id_, {"object": picture, "path": path, "brand": brand, "price": price}, None)
            for picture, (id_, path, brand, price) in zip(
                opened(self.job), self.job.rows(), strict=True
            )
        )
        self._embeddings.save(str(self.job.folder))

    def open(self) -> None:
        """Open what was kept."""
        self._embeddings = Embeddings(models=self._models)
        self._embeddings.load(str(self.job.folder))

    def search(self, text: str, limit: float | None) -> list[str]:
        """Return the ids of the nearest photos."""
        asked, also = "SELECT id, path, brand, price, score FROM txtai WHERE similar(:text)", {}
        if limit is not None:
            asked, also = self._filtered, {"limit": limit}
        found = self._embeddings.search(asked, K, parameters={"text": text, **also})
        return [row["id"] for row in found]

    def embed(self, text: str) -> np.ndarray:
        """Return a text's vector."""
        return self._embeddings.transform(text, "query")

    def vectors(self) -> tuple[list[str], np.ndarray]:
        """Return the ids and vectors that are kept."""
        rows = self._embeddings.search("SELECT id, indexid FROM txtai", len(self.job.ids))
        index = faiss.downcast_index(self._embeddings.ann.backend)
        kept = faiss.vector_to_array(index.id_map)
        flat = faiss.downcast_index(index.index).reconstruct_n(0, index.ntotal)
        row_of = {int(number): row for row, number in enumerate(kept)}
        return [row["id"] for row in rows], np.array([flat[row_of[row["indexid"]]] for row in rows])

    def close(self) -> None:
        """Let go of the files."""
        self._embeddings.close()
