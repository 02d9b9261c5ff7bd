"""What a server's model is: how long its vectors are, and whether and how it takes pictures.

vLLM (https://docs.vllm.ai, pooling models) takes pictures as the messages of a chat, and wants
texts beside them the same way: its template says to the model what it is to do. Infinity
(https://github.com/michaelfeil/infinity) takes data URIs as inputs, with `modality: "image"`.
Others know neither; some pass over what they do not know, and would take a picture's data URI
for a text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models.base import sound

if TYPE_CHECKING:
    from mmrag_jupyter.models.base import Vectors
    from mmrag_jupyter.models.remote_address import Way
    from mmrag_jupyter.models.remote_requests import Kind, Requests, Rows

_WORD = "dimension"
# A grey square of 64 pixels: models of patches refuse smaller ones.
_PICTURE = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAIAAAAlC+aJAAAAS0lEQVR42u3P"
    "MQ0AAAwDoEqv9ErYvQQckD4XAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAYHLAB8+AWnmfUycAAAAAElFTkSuQmCC"
)
# What a server says of a request that is not of its kind.
_REFUSALS = frozenset({400, 404, 405, 413, 415, 422, 500, 501})
_ALIKE = 0.9999


@dataclass(frozen=True, slots=True)
class Known:
    """What was found out of a model: the length of its vectors, and how it takes pictures."""

    dim: int
    way: Way
    modalities: frozenset[str]


TEXT = frozenset({"text"})
BOTH = frozenset({"text", "image"})


async def find_out(requests: Requests, name: str) -> Known:
    """Ask a server for what cannot be known otherwise, in two to five small requests.

    Raises
    ------
    ModelError
        It cannot be reached, refuses the key, has no such model, or gives no vectors.
    """
    word = _sound(name, await requests.embed("text", [_WORD], ""))
    dim = word.shape[1]
    picture = await _taken(requests, name, "image", _PICTURE, "chat")
    spoken = None if picture is None else await _taken(requests, name, "text", _WORD, "chat")
    if picture is not None and spoken is not None and picture.shape == spoken.shape:
        return Known(picture.shape[1], "chat", BOTH)
    picture = await _taken(requests, name, "image", _PICTURE, "image")
    if picture is None or picture.shape != word.shape:
        return Known(dim, "", TEXT)
    read = await _taken(requests, name, "text", _PICTURE, "")
    is_read = read is not None and float(np.vdot(read, picture)) > _ALIKE
    return Known(dim, "", TEXT) if is_read else Known(dim, "image", BOTH)


async def _taken(requests: Requests, name: str, kind: Kind, given: str, way: Way) -> Vectors | None:
    """Return the vector of one input `(1, dim)`, or None where the server does not take it."""
    try:
        rows = await requests.once(kind, [given], way)
        return _sound(name, rows)
    except ModelError:
        return None
    except Exception as error:
        code = getattr(error, "status_code", None)
        if code in _REFUSALS:
            return None
        raise requests.failed(error) from error


def _sound(name: str, rows: Rows) -> Vectors:
    return sound(name, len(rows[0]), rows, 1)
