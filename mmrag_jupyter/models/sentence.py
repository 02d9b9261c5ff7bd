"""Embedders that come through sentence-transformers: CLIP, SigLIP, text models and others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models.lazy import LazyModel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    import numpy.typing as npt
    import torch
    from PIL.Image import Image
    from sentence_transformers import SentenceTransformer

    from mmrag_jupyter.models.base import Vectors
    from mmrag_jupyter.models.folder import ModelFolder
    from mmrag_jupyter.models.loading import Loaded
    from mmrag_jupyter.models.maps import Maps

_WORD = re.compile(r"\w+")
# More words of a question have no map of their own.
_MOST_WORDS = 24


class SentenceEmbedder(LazyModel["Loaded"]):
    """An embedder of one vector from a model's folder, loaded when it is first needed."""

    FIRST_BATCH = 16

    @property
    def image_edge(self) -> int | None:
        """The shorter side in pixels beyond which nothing is seen; None if not known."""
        pictures = self._model().pictures
        return pictures.edge if pictures else None

    def embed_text(self, texts: list[str], *, query: bool) -> Vectors:
        """Return `(n, dim)` float32, L2-normalised.

        Texts are only ever texts: one that looks like a path or a URL is not opened. What
        is longer than the model reads is cut off.
        """
        loaded = self._model()
        self._require("text", loaded)
        encode = loaded.model.encode_query if query else loaded.model.encode_document
        several = len(loaded.modalities) > 1

        def model(batch: list[str]) -> torch.Tensor:
            texts = [text.lower() for text in batch] if loaded.lowercase else batch
            # In a dict, a string cannot be taken for the path of a picture.
            inputs = [{"text": text} for text in texts] if several else texts
            return _encode(encode, inputs, loaded.text_options)

        # Texts of like length share a batch, which saves padding.
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        vectors = self._run(model, [texts[at] for at in order])
        vectors[order] = vectors.copy()
        return vectors

    def embed_image(self, images: list[Image]) -> Vectors:
        """Return `(n, dim)` float32, L2-normalised."""
        return self.embed_prepared([self.prepare_image(image) for image in images])

    def prepare_image(self, image: Image) -> object:
        """Return one picture resized and cropped for this model; safe to call from any thread."""
        loaded = self._model()
        self._require("image", loaded)
        return loaded.pictures.prepare(image) if loaded.pictures else image.convert("RGB")

    def embed_prepared(self, prepared: list[object]) -> Vectors:
        """Return the vectors of what `prepare_image` returned, `(n, dim)` float32."""
        loaded = self._model()
        self._require("image", loaded)
        pictures = loaded.pictures

        def model(batch: list[object]) -> torch.Tensor:
            if pictures is None:
                return _encode(loaded.model.encode_document, batch, {})
            import torch

            tensors = cast("list[torch.Tensor]", batch)
            with torch.inference_mode():
                pixels = pictures.stack(tensors, loaded.model.device).to(loaded.model.dtype)
                out = loaded.model({"pixel_values": pixels, "modality": "image"})
                return cast("torch.Tensor", out["sentence_embedding"])

        return self._run(model, prepared)

    @property
    def audio_rate(self) -> int:
        """The samples a second that it wants sound in."""
        return self._model().rate

    def embed_audio(self, sounds: list[npt.NDArray[np.float32]], rate: int) -> Vectors:
        """Return `(n, dim)` float32, L2-normalised, of sounds of shape (samples,).

        What is longer than the model listens to is cut off.
        """
        loaded = self._model()
        self._require("audio", loaded)
        import torch

        if rate != loaded.rate:
            import soxr

            sounds = [soxr.resample(one, rate, loaded.rate) for one in sounds]

        def model(batch: list[npt.NDArray[np.float32]]) -> torch.Tensor:
            # CLAP itself would take a stretch at random of what is too long.
            heard = [
                {"audio": {"array": one[: loaded.longest], "sampling_rate": loaded.rate}}
                for one in batch
            ]
            with torch.inference_mode():
                # Sound is made ready in float32, whatever the model calculates in.
                features = {
                    name: _fitted(one, loaded.model) if isinstance(one, torch.Tensor) else one
                    for name, one in loaded.model.preprocess(heard).items()
                }
                return cast("torch.Tensor", loaded.model(features)["sentence_embedding"])

        return self._run(model, sounds)

    def maps(self, image: Image, text: str = "", like: Image | None = None) -> Maps:
        """Return where on a picture it sees what a text, or another picture, is about.

        Raises
        ------
        ModelError
            The model gives a vector of the whole picture and tells nothing of its parts.
        """
        import numpy as np

        from mmrag_jupyter.models.patches import maps_of

        core = getattr(cast("Any", self._model().model[0]), "model", None)
        if like is not None:
            return maps_of(self, core, image, (), self.embed_image([like]))
        words = tuple(dict.fromkeys(_WORD.findall(text)))[:_MOST_WORDS]
        vectors = self.embed_text([text, *words], query=True)
        return maps_of(self, core, image, words, np.asarray(vectors, np.float32))

    def area(self, image: Image) -> tuple[float, float, float, float]:
        """Return what it sees of a picture: left, top, right and bottom as fractions of it."""
        pictures = self._model().pictures
        return pictures.area(image.size) if pictures else (0.0, 0.0, 1.0, 1.0)

    def _run(self, model: Callable[[list[Any]], torch.Tensor], inputs: Sequence[Any]) -> Vectors:
        import numpy as np
        import torch

        if not inputs:
            return np.empty((0, self.dim), dtype=np.float32)
        done = [out.float().cpu() for out in self._batches.run(model, inputs)]
        vectors = torch.nn.functional.normalize(torch.cat(done), dim=1).numpy()
        return cast("Vectors", vectors)

    def _require(self, modality: str, loaded: Loaded) -> None:
        if modality not in loaded.modalities:
            can = " and ".join(sorted(loaded.modalities))
            raise ModelError(f"{self.name} embeds {can}, not {modality}")

    def _described(self, model: SentenceTransformer, batch: int) -> Loaded:
        from mmrag_jupyter.models.loading import describe

        return describe(model, batch=batch)

    def _read(self, folder: ModelFolder) -> Loaded:
        from mmrag_jupyter.models.loading import load

        return load(folder)


def _fitted(features: torch.Tensor, model: SentenceTransformer) -> torch.Tensor:
    dtype = model.dtype if features.is_floating_point() else None
    return features.to(model.device, dtype)


def _encode(
    encode: Callable[..., object],
    inputs: Sequence[object],
    options: Any,  # noqa: ANN401
) -> torch.Tensor:
    out = encode(
        list(inputs),
        batch_size=len(inputs),
        convert_to_tensor=True,
        show_progress_bar=False,
        **options,
    )
    return cast("torch.Tensor", out)
