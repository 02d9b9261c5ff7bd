"""Late-interaction models that come through sentence-transformers: ColPali, ColQwen2, ColBERT."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, cast

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models.batching import Batches
from mmrag_jupyter.models.sentence import fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PIL.Image import Image
    from sentence_transformers import MultiVectorEncoder

    from mmrag_jupyter.models.base import Vectors
    from mmrag_jupyter.models.folder import ModelFolder
    from mmrag_jupyter.models.late_loading import LoadedLate
    from mmrag_jupyter.models.maps import Maps


class LateModel:
    """A late-interaction embedder from a folder; the model is loaded when it is first needed.

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

    is_late = True

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
    def of_object(cls, model: MultiVectorEncoder) -> LateModel:
        """Return an embedder around a model that the user has loaded; it has no address."""
        from mmrag_jupyter.models.late_loading import describe

        self = cls.__new__(cls)
        self.name = fingerprint(model)
        self._folder = self._dim = self._modalities = None
        self._start()
        self._loaded = describe(model, batch=self._batches.size)
        return self

    def _start(self) -> None:
        self._loaded: LoadedLate | None = None
        self._lock = threading.Lock()
        self._batches = Batches(self.name, 2)

    @property
    def dim(self) -> int:
        """The length of one vector."""
        return self._dim if self._dim is not None else self._model().dim

    @property
    def modalities(self) -> frozenset[str]:
        """What it embeds."""
        return self._modalities if self._modalities is not None else self._model().modalities

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

    def _model(self) -> LoadedLate:
        if self._loaded is None:
            with self._lock:
                if self._loaded is None:
                    self._loaded = self._load()
        return self._loaded

    def _load(self) -> LoadedLate:
        from mmrag_jupyter.models.late_loading import load

        loaded = load(cast("ModelFolder", self._folder))
        if self._dim is not None and self._dim != loaded.dim:
            raise ModelError(
                f"{self.name} gives vectors of {loaded.dim} numbers, but the collection holds "
                f"vectors of {self._dim}"
            )
        self._batches.size = loaded.batch
        return loaded


_opened: weakref.WeakValueDictionary[str, LateModel] = weakref.WeakValueDictionary()


def shared(embedder: LateModel) -> LateModel:
    """Return the embedder of this name that is in memory already, else this one."""
    return _opened.setdefault(embedder.name, embedder)
