"""Loads whose reading, decoding and embedding is done by the workers of a Ray cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.ingest.cluster.embedding import RayEmbedding
from mmrag_jupyter.ingest.cluster.engine import engine_address
from mmrag_jupyter.ingest.embed import Embedding

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mmrag_jupyter.items import Modality
    from mmrag_jupyter.models.spaces import AnyEmbedder
    from mmrag_jupyter.store import Store

__all__ = ["RayEmbedding", "embedding_on", "engine_address"]


def embedding_on(
    cluster: str | None,
    store: Store,
    embedders: Mapping[Modality, tuple[int, AnyEmbedder]],
    tell: Callable[[str, int, int], None],
) -> Embedding:
    """Return what embeds: this process, or a cluster at an address, as `engine_address` says."""
    if cluster is None:
        return Embedding(store, embedders, tell)
    return RayEmbedding(store, embedders, tell, address=cluster)
