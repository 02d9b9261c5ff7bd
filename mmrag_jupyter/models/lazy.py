"""What embedders that come through sentence-transformers share: loaded late, once, and by name."""

from __future__ import annotations

import hashlib
import threading
import weakref
from abc import ABC, abstractmethod
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, Self, TypeVar, cast

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models.batching import Batches
from mmrag_jupyter.models.importing import parents_first

if TYPE_CHECKING:
    from sentence_transformers import MultiVectorEncoder, SentenceTransformer

    from mmrag_jupyter.models.folder import ModelFolder

# What threads are called that load models.
THREAD = "mmrag-models"

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

    @property
    def largest(self) -> int:
        """Up to how many may be tried at once; 0 where the batch is as it should be."""


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
        self._loading: Future[None] | None = None
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

    def load(self) -> None:
        """Load the model in this thread, where it is not in memory yet nor being loaded.

        Raises
        ------
        ModelError
            It cannot be loaded.
        """
        loading, is_mine = self._turn()
        if is_mine:
            self._load(loading)
        loading.result()

    @property
    def is_loaded(self) -> bool:
        """Whether the model is in memory."""
        return self._loaded is not None

    @abstractmethod
    def _described(self, model: Any, batch: int) -> L:  # noqa: ANN401 - it ships no types
        """Find out what a model is by asking it."""

    @abstractmethod
    def _read(self, folder: ModelFolder) -> L:
        """Load the model of a folder."""

    def _model(self) -> L:
        if self._loaded is None:
            # In a thread of its own, and waited for: an interrupt in the midst of importing torch
            # would leave half of it, and no second import mends that. Now it stops the waiting.
            loading, is_mine = self._turn()
            if is_mine:
                threading.Thread(target=self._load, args=(loading,), name=THREAD).start()
            loading.result()
        return cast("L", self._loaded)

    def _turn(self) -> tuple[Future[None], bool]:
        """Return what tells when the model is in memory, and whether the caller has to load it."""
        with self._lock:
            is_first = self._loading is None
            if self._loading is None:
                self._loading = Future()
            return self._loading, is_first

    def _load(self, loading: Future[None]) -> None:
        try:
            with parents_first():
                self._loaded = self._checked(self._read(cast("ModelFolder", self._folder)))
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            # Whoever asks next tries again.
            with self._lock:
                self._loading = None
            loading.set_exception(error)
        else:
            loading.set_result(None)

    def _checked(self, loaded: L) -> L:
        if self._dim is not None and self._dim != loaded.dim:
            raise ModelError(
                f"{self.name} gives vectors of {loaded.dim} numbers, but the collection holds "
                f"vectors of {self._dim}"
            )
        self._batches = Batches(self.name, loaded.batch, loaded.largest)
        return loaded


_in_memory: weakref.WeakValueDictionary[str, LazyModel[Any]] = weakref.WeakValueDictionary()
_sharing = threading.Lock()


def shared(embedder: E) -> E:
    """Return the embedder of this name that is in memory already, else this one.

    Two collections with the same model then load it once.
    """
    with _sharing:
        return cast("E", _in_memory.setdefault(embedder.name, embedder))


def is_loaded(name: str) -> bool:
    """Tell whether the model of this name is in memory."""
    found = _in_memory.get(name)
    return found is not None and found.is_loaded


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
