"""Embedders on a server that speaks OpenAI's protocol: the GPU may be elsewhere."""

from __future__ import annotations

import base64
import io
import re
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from mmrag_jupyter.models.base import sound
from mmrag_jupyter.models.remote_address import SCHEME, Address, is_remote, read
from mmrag_jupyter.models.remote_loop import finish
from mmrag_jupyter.models.remote_probe import Known, find_out
from mmrag_jupyter.models.remote_requests import Requests

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

    from mmrag_jupyter.models.base import Vectors
    from mmrag_jupyter.models.remote_requests import Kind
    from mmrag_jupyter.models.spaces import SpaceSpec

# Pixels of a picture's shorter side that are sent. Models of the families that look at no more
# than a small square get that; those that read pages want more, and cut it down themselves.
_EDGE, _SQUARE = 768, 224
_LONGEST = 4  # times the shorter side
_SQUARES = re.compile(r"clip|siglip", re.IGNORECASE)
_SIZE = re.compile(r"-(\d{3})(?:px)?$")
# Beyond this the bytes double and the pixels hardly change.
_QUALITY = 90


class RemoteEmbedder:
    """An embedder that a server runs; nothing is sent before something of it is needed.

    Parameters
    ----------
    address
        The model, its server, and the variable with its key.
    known
        What is known of it from an earlier time: with it, a collection is reopened without a
        request.
    """

    # Pictures that are handed over at once: as many requests of some as may be open.
    batch_size = 64

    def __init__(self, address: Address, known: Known | None = None) -> None:
        self._address = address
        self._known = known
        self._requests = Requests(address)
        self._asking = threading.Lock()
        self.image_edge = edge_of(address.model)

    @property
    def name(self) -> str:
        """A fingerprint of the model: its name, its server, and the way it is asked."""
        return self._whole().name

    @property
    def address(self) -> str:
        """What `model=` finds it by again; it holds no key."""
        return str(self._whole())

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return self._found_out().dim

    @property
    def modalities(self) -> frozenset[str]:
        """What it embeds: texts, and pictures where the server takes them."""
        return self._found_out().modalities

    def embed_text(self, texts: list[str], *, query: bool) -> Vectors:  # noqa: ARG002 - sent alike
        """Return `(n, dim)` float32, L2-normalised; what is longer than the model reads is cut."""
        # Servers refuse a text without a character.
        return self._embed("text", [text or " " for text in texts])

    def embed_image(self, images: list[Image]) -> Vectors:
        """Return `(n, dim)` float32, L2-normalised."""
        return self.embed_prepared([self.prepare_image(image) for image in images])

    def prepare_image(self, image: Image) -> str:
        """Return a picture as it is sent, a JPEG in a data URI; safe to call from any thread."""
        stream = io.BytesIO()
        _bounded(image.convert("RGB"), self.image_edge).save(stream, "JPEG", quality=_QUALITY)
        return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"

    def embed_prepared(self, prepared: list[str]) -> Vectors:
        """Return the vectors of what `prepare_image` returned, `(n, dim)` float32."""
        return self._embed("image", prepared)

    def _embed(self, kind: Kind, inputs: Sequence[str]) -> Vectors:
        known = self._found_out()
        rows = finish(self._requests.embed(kind, inputs, known.way)) if inputs else []
        return sound(self.name, known.dim, rows, len(inputs))

    def _whole(self) -> Address:
        return replace(self._address, way=self._found_out().way)

    def _found_out(self) -> Known:
        if self._known is None:
            # Threads that decode pictures may be the first to ask.
            with self._asking:
                if self._known is None:
                    self._known = finish(find_out(self._requests, self._address.name))
        return self._known


def embedder(text: str, known: Sequence[SpaceSpec] = ()) -> RemoteEmbedder:
    """Return the embedder of an address; what a collection knows of it need not be asked.

    Raises
    ------
    ModelError
        It is no address.
    """
    address = read(text)
    for space in known:
        if not is_remote(space.address):
            continue
        own = read(space.address)
        found = Known(space.dim, own.way, space.modalities)
        # Who names the model alone means the server that the collection has, and its key.
        if text == SCHEME + own.model:
            return RemoteEmbedder(own, found)
        if own.name == replace(address, way=own.way).name:
            return RemoteEmbedder(replace(own, key=address.key or own.key), found)
    return RemoteEmbedder(address)


def edge_of(model: str) -> int:
    """Return the shorter side in pixels at which pictures are sent to a model."""
    if not _SQUARES.search(model):
        return _EDGE
    size = _SIZE.search(model)
    return int(size[1]) if size else _SQUARE


def _bounded(image: Image, edge: int) -> Image:
    """Return a picture of no more than the pixels that a model looks at."""
    width, height = image.size
    scale = min(edge / min(width, height), _LONGEST * edge / max(width, height))
    if scale >= 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return image.resize(size, resample=1, reducing_gap=2.0)
