"""mmrag_jupyter: a dataframe of photos, loaded and asked as a notebook would."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from peers_data import K, Peer

import mmrag_jupyter as mm
from mmrag_jupyter.models import resolve

if TYPE_CHECKING:
    import numpy as np
    from peers_data import Job


class Arm(Peer):
    """A collection of rows with a photo each; it chooses the number type by itself."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        found = resolve(image_model=job.model, modalities=frozenset({"image"}))
        self._model = found.by_modality["image"]

    def ingest(self) -> None:
        """Embed the photos and keep them."""
        columns = ["id", "photo", "brand", "price"]
        frame = pd.DataFrame(list(self.job.rows()), columns=columns)
        collection = mm.Session().load(
            frame,
            "photos",
            store=self.job.folder / "collection",
            id="id",
            image="photo",
            text=[],
            model=self._model,
            progress=False,
        )
        collection.close()

    def open(self) -> None:
        """Open what was kept."""
        self._collection = mm.Session().open(self.job.folder / "collection", model=self._model)

    def search(self, text: str, limit: float | None) -> list[str]:
        """Return the ids of the nearest photos."""
        where = None if limit is None else f"price < {limit}"
        return self._collection.query(text, k=K, where=where).ids

    def embed(self, text: str) -> np.ndarray:
        """Return a text's vector."""
        return self._model.embed_text([text], query=True)[0]

    def vectors(self) -> tuple[list[str], np.ndarray]:
        """Return the ids and vectors that are kept."""
        store = self._collection.store
        matrix = store.matrix(store.spaces()[0].number)
        rows = store.items(matrix.items.tolist())
        return [row.id for row in rows], matrix.read(0, len(matrix))

    def close(self) -> None:
        """Let go of the files."""
        if hasattr(self, "_collection"):
            self._collection.close()
