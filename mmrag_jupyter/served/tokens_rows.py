"""The rows in which the many vectors of a part lie: in pieces that fit a field of every engine.

The few vectors that stand for all of a part's in the first stage of a search are a piece of their
own, with how many there are in all.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np

from mmrag_jupyter.served.media import MOST_BYTES
from mmrag_jupyter.served.rows import KEY, Row
from mmrag_jupyter.store.tokens import FEW
from mmrag_jupyter.store.tokens_writing import TokenBlock, block

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    from mmrag_jupyter.served.layout import Layout
    from mmrag_jupyter.served.rows import FieldType, Value
    from mmrag_jupyter.served.told import Told
    from mmrag_jupyter.store.tokens_writing import PartVectors
    from mmrag_jupyter.store.values import Space

    Fields = Mapping[str, Value]
    Half = npt.NDArray[np.float16]

FIELDS: Mapping[str, FieldType] = {KEY: "text", "item_id": "text", "part": "int", "data": "text"}
FEW_KIND, ALL_KIND = "few", "all"
_COUNT = 4  # bytes
# Parts whose rows are in memory at once, and rows that are sent at once: some 6 MB.
_AT_ONCE, _SENT = 50, 100


def with_vectors(
    engine: Told, layout: Layout, space: Space, parts: Sequence[Fields], own: PartVectors
) -> list[Row]:
    """Return the rows of parts in a space, to be put into its table of parts.

    Where they have many vectors each, these are written at once: their part comes after them.

    Parameters
    ----------
    parts
        The fields of the parts.
    own
        The vector of each, shape (dim,); or a matrix of many, shape (tokens, dim).

    Raises
    ------
    ValueError
        As `tokens_writing.block`.
    """
    if not space.token_dim:
        found = np.asarray(own, np.float32)
        return [Row(fields, one) for fields, one in zip(parts, found, strict=True)]
    waiting: list[Row] = []
    for at in range(0, len(parts), _AT_ONCE):
        waiting += _rows(space, parts[at : at + _AT_ONCE], own[at : at + _AT_ONCE])
        while waiting:
            engine.put(layout.tokens(space.number), waiting[:_SENT])
            del waiting[:_SENT]
    return [Row(fields) for fields in parts]


def _rows(space: Space, parts: Sequence[Fields], own: PartVectors) -> Iterator[Row]:
    made = block(space, np.arange(len(parts)), own, len(parts))
    assert isinstance(made, TokenBlock)  # noqa: S101 - the space has many a part
    ends = np.cumsum(made.counts)
    for at, part in enumerate(parts):
        count = int(made.counts[at])
        few = count.to_bytes(_COUNT, "little") + _bytes(made.vectors[at])
        yield from _pieces(part, FEW_KIND, few)
        yield from _pieces(part, ALL_KIND, _bytes(made.tokens[ends[at] - count : ends[at]]))


def keys_of(kind: str, part: int, size: int) -> list[str]:
    """Return the keys of the rows that hold so many bytes of a part, in their order."""
    return [f"{part}:{kind}:{at}" for at in range(-(-size // MOST_BYTES))]


def few_size(space: Space) -> int:
    """Return how many bytes the few vectors of a part are, with the number of all."""
    return _COUNT + size_of(space, FEW)


def size_of(space: Space, count: int) -> int:
    """Return how many bytes so many vectors are."""
    return count * space.token_dim * np.dtype(np.float16).itemsize


def read_few(data: bytes) -> tuple[int, Half]:
    """Return how many vectors a part has, and the few that stand for them, joined end to end."""
    return int.from_bytes(data[:_COUNT], "little"), np.frombuffer(data, "<f2", offset=_COUNT)


def read_all(space: Space, data: bytes) -> Half:
    """Return the vectors of a part, shape (tokens, dim)."""
    return np.frombuffer(data, "<f2").reshape(-1, space.token_dim)


def piece_of(row: Row) -> bytes:
    """Return what a row holds."""
    return base64.b64decode(row.text("data"))


def _bytes(found: npt.NDArray[Any]) -> bytes:
    return np.asarray(found, "<f2").tobytes()


def _pieces(part: Fields, kind: str, data: bytes) -> Iterator[Row]:
    own = {"item_id": part["item_id"], "part": part["part"]}
    for at, key in enumerate(keys_of(kind, int(str(part["part"])), len(data))):
        piece = data[at * MOST_BYTES : (at + 1) * MOST_BYTES]
        yield Row({**own, KEY: key, "data": base64.b64encode(piece).decode()})
