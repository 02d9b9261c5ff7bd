"""What a safetensors file says of itself, read without loading it.

The format (https://huggingface.co/docs/safetensors): eight bytes with the length of the
header, little-endian; the header, JSON that names each tensor's type, shape and place; the
tensors' bytes.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict, cast

from mmrag_jupyter.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# The format's own limit.
_LONGEST_HEADER = 100_000_000
_TYPES = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16"}
# Bytes of each tensor that go into a fingerprint.
_SAMPLE = 64


class _Tensor(TypedDict):
    dtype: str
    shape: list[int]
    data_offsets: list[int]


@dataclass(frozen=True, slots=True)
class Weights:
    """One safetensors file: how many numbers it holds, and of which type the most."""

    path: Path
    parameters: int
    dtype: str


def read_weights(path: Path) -> Weights:
    """Return what the file's header says.

    Raises
    ------
    ModelError
        When the file is shorter or longer than its header says, or has no sound header.
    """
    try:
        tensors, start = _header(path)
        end = start + max((tensor["data_offsets"][1] for tensor in tensors.values()), default=0)
        counts: dict[str, int] = {}
        for tensor in tensors.values():
            kind = tensor["dtype"]
            counts[kind] = counts.get(kind, 0) + math.prod(tensor["shape"])
        size = path.stat().st_size
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise ModelError(f"the weights in {path} cannot be read: {error or 'damaged'}") from error
    if size != end:
        raise ModelError(
            f"the weights in {path} are damaged: {size:,} bytes where the header says {end:,}; "
            "get the file again"
        )
    most = max(counts, key=counts.__getitem__, default="F32")
    return Weights(path, sum(counts.values()), _TYPES.get(most, "float32"))


def samples(path: Path) -> Iterator[bytes]:
    """Yield the header and some bytes from the middle of every tensor.

    Training changes all tensors throughout, so these tell two models apart at a small part
    of the cost of reading them.
    """
    tensors, start = _header(path)
    with path.open("rb") as file:
        yield file.read(start)
        for name in sorted(tensors):
            first, last = tensors[name]["data_offsets"]
            file.seek(start + max(first, (first + last - _SAMPLE) // 2))
            yield file.read(min(_SAMPLE, last - first))


def _header(path: Path) -> tuple[dict[str, _Tensor], int]:
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(size - 8, _LONGEST_HEADER):  # noqa: PLR2004 - the length itself
            raise ValueError(f"its {size:,} bytes end within the header")
        tensors = cast("dict[str, _Tensor]", json.loads(file.read(length)))
    tensors.pop("__metadata__", None)
    return tensors, 8 + length
