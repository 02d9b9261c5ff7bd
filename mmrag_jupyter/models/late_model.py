"""Late-interaction models that come through sentence-transformers: ColPali, ColQwen2, ColBERT."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models.lazy import LazyModel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PIL.Image import Image
    from sentence_transformers import MultiVectorEncoder

    from mmrag_jupyter.models.base import Vectors
    from mmrag_jupyter.models.folder import ModelFolder
    from mmrag_jupyter.models.late_loading import LoadedLate
    from mmrag_jupyter.models.maps import Maps


class LateModel(LazyModel["LoadedLate"]):
    """A late-interaction embedder from a model's folder, loaded when it is first needed."""

    FIRST_BATCH = 2

    is_late = True

    @property
    def documents(self) -> frozenset[str]:
        """What it embeds to be found: retrievers of pages read texts as questions only."""
        known = self.modalities
        return known - {"text"} if "image" in known else known

    @property
    def batch_size(self) -> int:
        """How many inputs to hand over at once; less after memory has run out."""
        return self._batches.size

    def embed_text(self, texts: list[str], *, query: bool) -> list[Vectors]:
        """Return for each text `(tokens, dim)` float32, every row L2-normalised."""
        loaded = self._model()
        encode = loaded.model.encode_query if query else loaded.model.encode_document
        # In a dict, a string cannot be taken for the path of a picture.
        several = "image" in loaded.modalities
        return self._run(encode, [{"text": text} if several else text for text in texts])

    def embed_image(self, images: list[Image]) -> list[Vectors]:
        """Return for each picture `(tokens, dim)` float32, every row L2-normalised."""
        loaded = self._model()
        if "image" not in loaded.modalities:
            raise ModelError(f"{self.name} embeds text, not image")
        return self._run(loaded.model.encode_document, [one.convert("RGB") for one in images])

    def maps(self, image: Image, text: str = "", like: Image | None = None) -> Maps:
        """Return where on a picture it sees what a question, or another picture, is about.

        Raises
        ------
        ModelError
            The model does not tell which of its tokens are which places of the picture.
        """
        from mmrag_jupyter.models import late_maps

        model = self._model().model
        if like is not None:
            return late_maps.of_picture(model, image, like)
        return late_maps.of_text(model, image, text)

    def _run(self, encode: Callable[..., object], inputs: Sequence[object]) -> list[Vectors]:
        import torch

        def model(batch: list[object]) -> list[torch.Tensor]:
            out = encode(batch, batch_size=len(batch), show_progress_bar=False)
            return [one.float().cpu() for one in cast("list[torch.Tensor]", out)]

        done = [one for batch in self._batches.run(model, inputs) for one in batch]
        return [cast("Vectors", torch.nn.functional.normalize(one, dim=1).numpy()) for one in done]

    def _described(self, model: MultiVectorEncoder, batch: int) -> LoadedLate:
        from mmrag_jupyter.models.late_loading import describe

        return describe(model, batch=batch)

    def _read(self, folder: ModelFolder) -> LoadedLate:
        from mmrag_jupyter.models.late_loading import load

        return load(folder)
