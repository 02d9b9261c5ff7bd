"""What embedders that come through sentence-transformers share: loaded late, once, and by name."""

from __future__ import annotations

import hashlib
import threading
import weakref
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, Self, TypeVar, cast

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models.batching import Batches

if TYPE_CHECKING:
    from sentence_transformers import MultiVectorEncoder, SentenceTransformer

    from mmrag_jupyter.models.folder import ModelFolder

# Numbers of each tensor that go into the fingerprint of a model in memory.
_SAMPLE = 16


class InMemory(Protocol):
    """A model in memory, and what it turned out to be."""

    @property
    def dim(self) -> int:
        """The length of a vector."""

    @property
    def modalities(self) -> frozenset[str]:
        """What it embeds."""

    @property
    def batch(self) -> int:
        """How many inputs to hand over at once."""


L = TypeVar("L", bound=InMemory)
E = TypeVar("E", bound="LazyModel[Any]")


class LazyModel(ABC, Generic[L]):
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

    FIRST_BATCH: ClassVar[int]

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
    def of_object(cls, model: SentenceTransformer | MultiVectorEncoder) -> Self:
        """Return an embedder around a model that the user has loaded; it has no address."""
        self = cls.__new__(cls)
        self.name = fingerprint(model)
        self._folder = self._dim = self._modalities = None
        self._start()
        self._loaded = self._described(model, self._batches.size)
        return self

    def _start(self) -> None:
        self._loaded: L | None = None
        self._lock = threading.Lock()
        self._batches = Batches(self.name, self.FIRST_BATCH)

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

    @abstractmethod
    def _described(self, model: Any, batch: int) -> L:  # noqa: ANN401 - it ships no types
        """Find out what a model is by asking it."""

    @abstractmethod
    def _read(self, folder: ModelFolder) -> L:
        """Load the model of a folder."""

    def _model(self) -> L:
        if self._loaded is None:
            # Threads that decode pictures may be the first to ask.
            with self._lock:
                if self._loaded is None:
                    self._loaded = self._checked(self._read(cast("ModelFolder", self._folder)))
        return self._loaded

    def _checked(self, loaded: L) -> L:
        if self._dim is not None and self._dim != loaded.dim:
            raise ModelError(
                f"{self.name} gives vectors of {loaded.dim} numbers, but the collection holds "
                f"vectors of {self._dim}"
            )
        self._batches.size = loaded.batch
        return loaded


_in_memory: weakref.WeakValueDictionary[str, LazyModel[Any]] = weakref.WeakValueDictionary()


def shared(embedder: E) -> E:
    """Return the embedder of this name that is in memory already, else this one.

    Two collections with the same model then load it once.
    """
    return cast("E", _in_memory.setdefault(embedder.name, embedder))


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
