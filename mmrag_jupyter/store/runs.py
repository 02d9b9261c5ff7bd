"""The numbers of a run as bytes: as a rule each is one more than the one before."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Integers = npt.NDArray[np.int64]

# The first number and the step to the next. The last byte is nothing but one more: numbers one by
# one never take an odd number of bytes.
_EVEN = struct.Struct("<qqx")


def packed(numbers: Integers) -> bytes:
    """Return numbers, shape (n,), as bytes: 17 where they are evenly spaced, else 8 for each."""
    steps = np.diff(numbers)
    if len(steps) > 1 and (steps == steps[0]).all():
        return _EVEN.pack(int(numbers[0]), int(steps[0]))
    return numbers.astype("<i8").tobytes()


def unpacked(blob: bytes, count: int) -> Integers:
    """Return the numbers, shape (count,), that `packed` was given."""
    if len(blob) == _EVEN.size:
        first, step = _EVEN.unpack(blob)
        even: Integers = first + step * np.arange(count, dtype=np.int64)
        return even
    return np.frombuffer(blob, "<i8")
