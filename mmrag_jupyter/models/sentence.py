"""Embedders that come through sentence-transformers: CLIP, SigLIP, text models and others."""

from __future__ import annotations

import hashlib
import re
import threading
import weakref
from typing import TYPE_CHECKING, Any, cast

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models.batching import Batches

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import torch
    from PIL.Image import Image
    from sentence_transformers import MultiVectorEncoder, SentenceTransformer

    from mmrag_jupyter.models.base import Vectors
    from mmrag_jupyter.models.folder import ModelFolder
    from mmrag_jupyter.models.loading import Loaded
    from mmrag_jupyter.models.maps import Maps

# Numbers of each tensor that go into the fingerprint of a model in memory.
_SAMPLE = 16
_WORD = re.compile(r"\w+")
# More words of a question have no map of their own.
_MOST_WORDS = 24


class SentenceEmbedder:
    """An embedder from a model's folder; the model is loaded when it is first needed.

    Parameters
    ----------
    folder
        The examined folder.
    name
        The fingerprint of the model and its revision.
    address
        What `model=` loads it again from: a folder or a name on the hub.
    dim, modalities
        What is known of it from an earlier time; with these, a collection is reopened
        without loading its model.
    """

    def __init__(
        self,
        folder: ModelFolder,
        *,
        name: str,
        address: str,
        dim: int | None = None,
        modalities: frozenset[str] | None = None,
    ) -> None:
        self.name = name
        self.address = address
        self._folder: ModelFolder | None = folder
        self._dim = dim
        self._modalities = modalities
        self._start()

    @classmethod
    def of_object(cls, model: SentenceTransformer) -> SentenceEmbedder:
        """Return an embedder around a model that the user has loaded; it has no address."""
        from mmrag_jupyter.models.loading import describe

        self = cls.__new__(cls)
        self.name = fingerprint(model)
        self._folder = self._dim = self._modalities = None
        self._start()
        self._loaded = describe(model, batch=self._batches.size)
        return self

    def _start(self) -> None:
        self._loaded: Loaded | None = None
        self._lock = threading.Lock()
        self._batches = Batches(self.name, 16)

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return self._dim if self._dim is not None else self._model().dim

    @property
    def modalities(self) -> frozenset[str]:
        """What it embeds."""
        known = self._modalities
        return known if known is not None else self._model().modalities

    @property
    def batch_size(self) -> int:
        """How many inputs to hand over at once; less after memory has run out."""
        return self._batches.size

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

    def _model(self) -> Loaded:
        if self._loaded is None:
            # Threads that decode pictures may be the first to ask.
            with self._lock:
                if self._loaded is None:
                    self._loaded = self._load()
        return self._loaded

    def _load(self) -> Loaded:
        from mmrag_jupyter.models.loading import load

        loaded = load(cast("ModelFolder", self._folder))
        if self._dim is not None and self._dim != loaded.dim:
            raise ModelError(
                f"{self.name} gives vectors of {loaded.dim} numbers, but the collection holds "
                f"vectors of {self._dim}"
            )
        self._batches.size = loaded.batch
        return loaded


_opened: weakref.WeakValueDictionary[str, SentenceEmbedder] = weakref.WeakValueDictionary()


def shared(embedder: SentenceEmbedder) -> SentenceEmbedder:
    """Return the embedder of this name that is in memory already, else this one.

    Two collections with the same model then load it once.
    """
    return _opened.setdefault(embedder.name, embedder)


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


def fingerprint(model: SentenceTransformer | MultiVectorEncoder) -> str:
    """Return `kind#hash` over samples of all weights, the same on every device and precision."""
    import torch

    digest = hashlib.blake2b(digest_size=8)
    for name, tensor in sorted(model.state_dict().items()):
        sample = tensor.flatten()[:: max(1, tensor.numel() // _SAMPLE)][:_SAMPLE]
        coarse = sample.to("cpu", torch.bfloat16).view(torch.int16).numpy().tobytes()
        digest.update(f"{name}{tuple(tensor.shape)}".encode() + coarse)
    kind = getattr(model.config, "model_type", None) or type(model[0]).__name__.lower()
    return f"{kind}#{digest.hexdigest()}"
