"""A query's vector in one space: the sum of what is wanted, less what is avoided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.models.base import audio_rate, checked
from mmrag_jupyter.search.feedback import (
    DISLIKED_STRENGTH,
    LIKED_STRENGTH,
    NOBODY,
    centroid,
)
from mmrag_jupyter.sources.images import open_image
from mmrag_jupyter.sources.sound import read_sound
from mmrag_jupyter.sources.spans import heard

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from mmrag_jupyter.items import Media
    from mmrag_jupyter.models.base import Embedder
    from mmrag_jupyter.search.adapters import Adapter
    from mmrag_jupyter.search.feedback import Judged
    from mmrag_jupyter.search.query import Query
    from mmrag_jupyter.store import Store

    Vector = npt.NDArray[np.float32]

# An avoided thing at full strength would turn the query away from everything that the two
# share; at half it still orders the results by how little they have of it.
AVOID_STRENGTH = 0.5
# So much of a recording to be like is listened to.
MOST_HEARD = 60.0  # seconds


@dataclass(frozen=True, slots=True, eq=False)
class SpaceQuery:
    """A unit vector to search a space with; `avoid` where only things to avoid fit it."""

    vector: Vector
    avoid: bool = False


def query_vector(
    query: Query,
    embedder: Embedder,
    store: Store,
    space: int,
    like_parts: Sequence[int],
    *,
    judged: Judged = NOBODY,
    adapter: Adapter | None = None,
) -> SpaceQuery | None:
    """Embed a query once for one space; None where nothing of it can be expressed there.

    Parameters
    ----------
    like_parts
        The parts of the items that the results should be like; those without a vector in
        this space are passed over.
    judged
        The parts of the items that the user has found good or bad.
    adapter
        What was learnt about texts in this space: it turns their vectors, and no others. It
        says how words stand to parts; parts stand to each other as they did.
    """
    text = [query.text] if query.text.strip() else []
    wanted = _embed(embedder, text, query.images, adapter)
    wanted += listened(embedder, query.sounds)
    wanted += _stored(store, space, like_parts)
    avoided = _embed(embedder, query.avoid_text, query.avoid_images, adapter)
    liked = centroid([_stored(store, space, parts) for parts in judged.liked_parts()])
    disliked = centroid([_stored(store, space, parts) for parts in judged.disliked_parts()])
    direction = np.zeros(embedder.dim, np.float32)
    if wanted:
        direction += _sum(wanted)
    if avoided:
        direction -= AVOID_STRENGTH * _sum(avoided)
    if liked is not None:
        direction += LIKED_STRENGTH * liked
    if disliked is not None:
        direction -= DISLIKED_STRENGTH * disliked
    if wanted or liked is not None:
        return SpaceQuery(_unit(direction))
    if avoided or disliked is not None:
        return SpaceQuery(_unit(-direction), avoid=True)
    return None


def mean_direction(vectors: npt.NDArray[np.float32]) -> Vector:
    """Return the normalised sum of unit vectors, shape (n, dim) to (dim,)."""
    return _unit(vectors.sum(axis=0))


def _embed(
    embedder: Embedder, texts: Sequence[str], images: Sequence[Media], adapter: Adapter | None
) -> list[Vector]:
    vectors: list[Vector] = []
    if texts and "text" in embedder.modalities:
        read = checked(embedder, "text", list(texts), query=True)
        vectors += list(read if adapter is None else adapter.turned(read))
    if images and "image" in embedder.modalities:
        edge = getattr(embedder, "image_edge", None)
        opened = [open_image(image, edge=edge) for image in images]
        vectors += list(checked(embedder, "image", opened))
    return vectors


def listened(embedder: Embedder, sounds: Sequence[Media]) -> list[Vector]:
    """Return the direction of each recording: the mean of its spans', of its first minute.

    Raises
    ------
    SourceError
        It cannot be read.
    """
    if "audio" not in embedder.modalities:
        return []
    rate = audio_rate(embedder)
    vectors = []
    for media in sounds:
        spans = [span for span in heard(media).spans if span[0] < MOST_HEARD] or [(0.0, MOST_HEARD)]
        own = [read_sound(media, rate=rate, start=start, end=end) for start, end in spans]
        vectors.append(mean_direction(checked(embedder, "audio", own)))
    return vectors


def _stored(store: Store, space: int, parts: Sequence[int]) -> list[Vector]:
    here = [part for part in parts if space in store.spaces_of(part)]
    return [mean_direction(store.vectors(space, here))] if here else []


def _sum(vectors: Sequence[Vector]) -> Vector:
    return mean_direction(np.stack(vectors))


def _unit(vector: Vector) -> Vector:
    length = float(np.linalg.norm(vector))
    # Opposite things cancel out; any direction is then as good as another.
    return vector / length if length > 0 else vector
