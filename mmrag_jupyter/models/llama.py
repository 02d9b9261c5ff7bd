"""Embedders from LlamaIndex: any `BaseEmbedding` or `MultiModalEmbedding`."""

from __future__ import annotations

import functools
import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, cast

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models.base import reason
from mmrag_jupyter.models.batching import Batches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.embeddings import MultiModalEmbedding
    from PIL.Image import Image

    from mmrag_jupyter.models.base import Vectors


class LlamaEmbedder:
    """Embeds through a LlamaIndex embedding, in batches of its own `embed_batch_size`.

    It has no address: the object must be given again when a collection is reopened.
    """

    def __init__(self, embedding: BaseEmbedding) -> None:
        from llama_index.core.embeddings import MultiModalEmbedding

        pictures = isinstance(embedding, MultiModalEmbedding)
        self.name = f"llama-index:{embedding.class_name()}:{embedding.model_name}"
        self.modalities = frozenset({"text", "image"} if pictures else {"text"})
        self._embedding = embedding
        self._batches = Batches(self.name, embedding.embed_batch_size)
        self._wants_paths = False

    @functools.cached_property
    def dim(self) -> int:
        """The length of a vector, found out by embedding a word."""
        try:
            return len(self._embedding.get_text_embedding("dimension"))
        except Exception as error:
            raise ModelError(f"{self.name} failed on a first word: {reason(error)}") from error

    @property
    def batch_size(self) -> int:
        """How many inputs to hand over at once."""
        return self._batches.size

    def embed_text(self, texts: list[str], *, query: bool) -> Vectors:
        """Return `(n, dim)` float32, L2-normalised."""
        if query:
            return _normalised([self._embedding.get_query_embedding(text) for text in texts])
        return self._run(self._embedding.get_text_embedding_batch, texts)

    def embed_image(self, images: list[Image]) -> Vectors:
        """Return `(n, dim)` float32, L2-normalised."""
        return self._run(self._embed_images, images)

    def _embed_images(self, images: list[Image]) -> list[list[float]]:
        embedding = cast("MultiModalEmbedding", self._embedding)
        if not self._wants_paths:
            try:
                return embedding.get_image_embedding_batch([_encoded(image) for image in images])
            except (TypeError, ValueError, AttributeError, OSError):
                # LlamaIndex allows bytes or paths; some embeddings know paths only.
                self._wants_paths = True
        with tempfile.TemporaryDirectory(prefix="mmrag-") as folder:
            paths = [str(Path(folder) / f"{number}.png") for number in range(len(images))]
            for path, image in zip(paths, images, strict=True):
                Path(path).write_bytes(_encoded(image).getbuffer())
            return embedding.get_image_embedding_batch(list(paths))

    def _run(self, model: object, inputs: Sequence[object]) -> Vectors:
        batches = self._batches.run(model, inputs)  # type: ignore[arg-type, var-annotated]
        return _normalised([vector for batch in batches for vector in batch])


def _encoded(image: Image) -> io.BytesIO:
    data = io.BytesIO()
    # Lossless; the least compression, since the bytes are read again at once.
    image.convert("RGB").save(data, format="PNG", compress_level=1)
    data.seek(0)
    return data


def _normalised(vectors: Sequence[Sequence[float]]) -> Vectors:
    import numpy as np

    array = np.asarray(vectors, dtype=np.float32)
    if array.ndim != 2:  # noqa: PLR2004 - a matrix has two
        return array
    lengths = np.linalg.norm(array, axis=1, keepdims=True)
    return cast("Vectors", array / np.where(lengths > 0, lengths, 1))
