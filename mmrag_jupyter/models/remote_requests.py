"""Requests to an embedding server: batched, tried again, never more than a few at a time."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import language_client as clients
from mmrag_jupyter.models.base import reason
from mmrag_jupyter.models.language_server import INSTALL, explained

if TYPE_CHECKING:
    from collections.abc import Sequence

    import openai

    from mmrag_jupyter.models.base import Vectors
    from mmrag_jupyter.models.remote_address import Address, Way

    Kind: TypeAlias = Literal["text", "image"]
    Rows: TypeAlias = list[list[float] | Vectors]

# Requests to one server that are open at once, whoever makes them.
OPEN = 8
PATIENCE = 120.0  # seconds without a word: a slow server may have much to do

# Of one request: how many inputs, and how many bytes of them.
_TEXTS, _TEXT_BYTES = 64, 64 * 1024
_PICTURES, _PICTURE_BYTES = 16, 4 * 1024 * 1024
_SHORTEST = 32  # characters of a text that is not cut any further
_TOO_MUCH = frozenset({400, 413, 422})
_WORDS_OF_TOO_MUCH = ("token", "too long", "too large", "length", "batch", "maximum", "exceed")
_WORDS_OF_FORMAT = ("encoding_format", "encoding format", "base64")

_open: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(OPEN))


@dataclass(slots=True)
class _Found:
    """What a server turned out to take: most inputs of a kind in one request, and an encoding."""

    texts: int = _TEXTS
    pictures: int = _PICTURES
    encoding: Literal["base64", "float"] = "base64"


class Requests:
    """What is asked of one model of a server; its coroutines run in the thread of `remote_loop`.

    Pictures are data URIs.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._found = _Found()

    async def embed(self, kind: Kind, inputs: Sequence[str], way: Way) -> Rows:
        """Return the vectors of inputs, in their order.

        Raises
        ------
        ModelError
            The server does not answer, or not with vectors.
        """
        most_bytes = _TEXT_BYTES if kind == "text" else _PICTURE_BYTES
        try:
            return await self._all(kind, batches(inputs, self._most(kind), most_bytes), way)
        except ModelError:
            raise
        except Exception as error:
            raise self.failed(error) from error

    async def once(self, kind: Kind, inputs: list[str], way: Way) -> Rows:
        """Ask in one request, to find out whether the server takes it; its errors come as they are.

        A failing server is asked once more.
        """
        return await self._ask(kind, inputs, way, tries=1)

    def failed(self, error: BaseException) -> ModelError:
        """Return a failure in one line."""
        if isinstance(error, ImportError):
            return ModelError(INSTALL)
        told = explained(error, self._address.key) or reason(error)
        return ModelError(f"{self._address.name}: {told}")

    async def _all(self, kind: Kind, parts: Sequence[Sequence[str]], way: Way) -> Rows:
        """Ask for several batches at once; where one fails, the others are given up."""
        tasks = [asyncio.ensure_future(self._vectors(kind, part, way)) for part in parts]
        try:
            return list(chain.from_iterable(await asyncio.gather(*tasks)))
        finally:
            for task in tasks:
                task.cancel()

    async def _vectors(self, kind: Kind, inputs: Sequence[str], way: Way) -> Rows:
        """Ask for a batch; what is too much for the server is asked for in halves."""
        import openai

        encoding = self._found.encoding
        try:
            return await self._ask(kind, inputs, way)
        except openai.APIStatusError as error:
            said = str(error).lower()
            if error.status_code not in _TOO_MUCH:
                raise
            # Another batch may have found it out meanwhile.
            if encoding == "base64" and any(one in said for one in _WORDS_OF_FORMAT):
                self._found.encoding = "float"
                return await self._vectors(kind, inputs, way)
            is_batched_chat = way == "chat" and len(inputs) > 1
            too_much = error.status_code == 413 or any(one in said for one in _WORDS_OF_TOO_MUCH)  # noqa: PLR2004
            if not (too_much or is_batched_chat):
                raise
            if len(inputs) == 1:
                if kind != "text" or len(inputs[0]) <= _SHORTEST:
                    raise
                # As with any model, what is longer than it reads is cut off.
                return await self._vectors(kind, [inputs[0][: len(inputs[0]) // 2]], way)
        half = len(inputs) // 2
        if is_batched_chat or "batch" in said:
            self._lower(kind, 1 if is_batched_chat else half)
        if is_batched_chat:
            parts = [inputs[at : at + 1] for at in range(len(inputs))]
        else:
            parts = [inputs[:half], inputs[half:]]
        return await self._all(kind, parts, way)

    async def _ask(
        self, kind: Kind, inputs: Sequence[str], way: Way, tries: int = clients.RETRIES
    ) -> Rows:
        import httpx

        asked = {
            "model": self._address.model,
            "encoding_format": self._found.encoding,
            **_body(kind, inputs, way),
        }
        async with _open[self._address.url]:
            client = self._connected().with_options(max_retries=tries)
            response = await client.post("/embeddings", body=asked, cast_to=httpx.Response)
        return rows_of(self._address.name, json.loads(response.content), len(inputs))

    def _connected(self) -> openai.AsyncOpenAI:
        """Return the client, another one where the key has changed."""
        self._address.check_key()
        own = os.environ.get(self._address.key, "")
        return _client(self._address.url, self._address.key, own, PATIENCE)

    def _most(self, kind: Kind) -> int:
        return self._found.texts if kind == "text" else self._found.pictures

    def _lower(self, kind: Kind, most: int) -> None:
        if kind == "text":
            self._found.texts = min(self._found.texts, most)
        else:
            self._found.pictures = min(self._found.pictures, most)


@cache
def _client(url: str, key: str, _own: str, patience: float) -> openai.AsyncOpenAI:
    """Return the client of a server and a key; its connections are kept, as its thread is."""
    return clients.async_client(url, key, patience)


def batches(inputs: Sequence[str], most: int, most_bytes: int) -> list[list[str]]:
    """Cut inputs into batches of at most so many, and so many bytes where one alone is not more."""
    made: list[list[str]] = []
    size = 0
    for one in inputs:
        own = len(one.encode())
        if not made or len(made[-1]) >= most or size + own > most_bytes:
            made.append([])
            size = 0
        made[-1].append(one)
        size += own
    return made


def rows_of(name: str, answer: object, count: int) -> Rows:
    """Return the vectors of a server's answer, in the order of what was sent.

    Raises
    ------
    ModelError
        It is no such answer, or has not as many vectors.
    """
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, list) or not all(isinstance(one, dict) for one in data):
        raise ModelError(f"{name} answered with no list of vectors; is this an embedding server?")
    if len(data) != count:
        raise ModelError(f"{name} returned {len(data)} vectors for {count} inputs")
    places = [one.get("index", at) for at, one in enumerate(data)]
    if sorted(places, key=str) != sorted(range(count), key=str):
        raise ModelError(f"{name} numbers its vectors {places[:8]}; 0 to {count - 1} is needed")
    rows: dict[int, list[float] | Vectors] = {
        place: _row(name, one.get("embedding")) for place, one in zip(places, data, strict=True)
    }
    return [rows[place] for place in range(count)]


def _row(name: str, given: object) -> list[float] | Vectors:
    """Return one vector, given as numbers or as base64 of little-endian float32."""
    if isinstance(given, list):
        return given
    import numpy as np

    try:
        return np.frombuffer(base64.b64decode(str(given), validate=True), dtype="<f4")
    except ValueError:
        raise ModelError(
            f"{name} returned {str(given)[:40]!r}, which is no vector: neither numbers nor base64"
        ) from None


def _body(kind: Kind, inputs: Sequence[str], way: Way) -> dict[str, Any]:
    if way == "chat":
        chats = [[{"role": "user", "content": [_content(kind, one)]}] for one in inputs]
        return {"messages": chats[0] if len(chats) == 1 else chats}
    if kind == "image":
        return {"input": list(inputs), "modality": "image"}
    return {"input": list(inputs)}


def _content(kind: Kind, one: str) -> dict[str, object]:
    if kind == "text":
        return {"type": "text", "text": one}
    return {"type": "image_url", "image_url": {"url": one}}
