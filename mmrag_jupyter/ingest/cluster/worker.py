"""A worker of a cluster: one model, which embeds what comes, as a load on one machine does."""

from __future__ import annotations

import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar, cast

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.ingest.chunk import Chunk
from mmrag_jupyter.ingest.cluster.work import Model, Outcome, Wanted, find_model, packed, unpacked
from mmrag_jupyter.ingest.digests import Fingerprinted
from mmrag_jupyter.ingest.embed import Embedding
from mmrag_jupyter.items import Item
from mmrag_jupyter.models.base import reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mmrag_jupyter.items import Modality
    from mmrag_jupyter.models.spaces import AnyEmbedder
    from mmrag_jupyter.store import Store

T = TypeVar("T")


class Embedder:
    """Embeds batches of parts; knows nothing of Ray.

    Parameters
    ----------
    models
        The models of the load, packed.

    Raises
    ------
    ModelError
        A model is not to be had on this machine.
    """

    def __init__(self, models: bytes) -> None:
        embedders: dict[Modality, tuple[int, AnyEmbedder]] = {}
        for model in cast("Sequence[Model]", unpacked(models, list)):
            found = find_model(model)
            # Models are loaded when first asked: better now than with work in hand.
            getattr(found, "image_edge", None)
            embedders.update(dict.fromkeys(model.modalities, (model.space, found)))
        self._embedding = Embedding(cast("Store", _Nothing()), embedders, lambda *_: None)
        self._pool = ThreadPoolExecutor(os.cpu_count() or 2, thread_name_prefix="mmrag-decode")

    def embed(self, work: bytes) -> Outcome:
        """Return what becomes of a batch of parts; only a failing model is an error."""
        began = time.monotonic()
        wanted = cast("list[Wanted]", unpacked(work, list))
        here = [one for one in wanted if _is_seen(one)]
        unseen = [one.key for one in wanted if not _is_seen(one)] if len(here) < len(wanted) else []
        chunk = Chunk([_alone(one) for one in here])
        for _ in self._embedding.run([chunk], self._pool):
            pass
        items, vectors = chunk.ready()
        return Outcome(
            {
                space: ([int(items[at].id) for at in ordinals], own)
                for space, (ordinals, own) in vectors.items()
            },
            [(int(found.item.id), why) for found, why in chunk.failures()],
            unseen,
            seconds=time.monotonic() - began,
        )


class _Nothing:
    """A store that knows no vectors: the parts that it has were never sent here."""

    @property
    def tokens(self) -> _Nothing:
        return self

    def vectors_of(self, _space: int, _digests: Sequence[bytes]) -> Mapping[bytes, object]:
        return {}

    of_digests = vectors_of


def answer(embedder: Embedder | None, broken: str, work: bytes) -> bytes:
    """Return the packed outcome of a batch, whatever happens."""
    if embedder is None:
        return packed(Outcome(error=broken))
    try:
        return packed(embedder.embed(work))
    except Exception as error:  # noqa: BLE001 - it must be told to who can read it
        return packed(Outcome(error=told(error)))


def told(error: Exception) -> str:
    """Return an error of a worker as one line that says where."""
    said = str(error) if isinstance(error, ModelError) else reason(error)
    return f"on the cluster ({socket.gethostname()}): {said}"


def _alone(wanted: Wanted) -> Fingerprinted:
    return Fingerprinted(Item(str(wanted.key), ()), (wanted.part,), (wanted.media,), b"", b"")


def _is_seen(wanted: Wanted) -> bool:
    """Tell whether a part's file is on this machine, and of the size that it has at home."""
    media = wanted.media
    if media is None or media.path is None:
        return True
    try:
        return media.path.stat().st_size == (wanted.part.size or media.path.stat().st_size)
    except OSError:
        return False
