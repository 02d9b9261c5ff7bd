"""An embedder that remembers the last queries: while one types, most of a query stays."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    import numpy.typing as npt
    from PIL.Image import Image

    from mmrag_jupyter.models.base import Embedder, Vectors

_MOST = 512


class Remembered:
    """Embeds queries as another embedder does, each of the last ones only once.

    One query is embedded at a time: a tokeniser is not made for several threads.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._lock = threading.Lock()
        self._known: OrderedDict[Hashable, npt.NDArray[np.float32]] = OrderedDict()

    @property
    def name(self) -> str:
        """A fingerprint of the model and its revision."""
        return self._embedder.name

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return self._embedder.dim

    @property
    def modalities(self) -> frozenset[str]:
        """What it embeds."""
        return self._embedder.modalities

    @property
    def image_edge(self) -> int | None:
        """The shorter side in pixels beyond which nothing is seen; None if not known."""
        edge: int | None = getattr(self._embedder, "image_edge", None)
        return edge

    def __getattr__(self, name: str) -> object:
        # What else an embedder can do, such as telling where it sees something, it does itself.
        return getattr(self._embedder, name)

    def embed_text(self, texts: list[str], *, query: bool) -> Vectors:
        """Return `(n, dim)` float32, L2-normalised."""
        keys = [(query, text) for text in texts]
        return self._all(
            keys, lambda at: self._embedder.embed_text([texts[one] for one in at], query=query)
        )

    def embed_image(self, images: list[Image]) -> Vectors:
        """Return `(n, dim)` float32, L2-normalised."""
        keys = [(image.mode, image.size, _digest(image)) for image in images]
        return self._all(keys, lambda at: self._embedder.embed_image([images[one] for one in at]))

    def _all(self, keys: Sequence[Hashable], embed: Callable[[Sequence[int]], Vectors]) -> Vectors:
        with self._lock:
            new = [at for at, key in enumerate(keys) if key not in self._known]
            if new:
                self._known.update(
                    {keys[at]: vector for at, vector in zip(new, embed(new), strict=True)}
                )
            found = np.stack([self._known[key] for key in keys])
            for key in keys:
                self._known.move_to_end(key)
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
            return found


def _digest(image: Image) -> bytes:
    return hashlib.blake2b(image.tobytes(), digest_size=16).digest()
