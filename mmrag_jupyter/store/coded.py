"""Columns of the items as codes, in a file: a cache of the records that a condition can go over.

Each column has its different values, sorted as SQLite sorts them, and for each item the place of
its value among them, counted from 1; 0 is missing. The file is written whole (safetensors, nothing
is unpickled), says which items it covers, and has a checksum of all that it says.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.store.epochs import Mark

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt

    Array = npt.NDArray[np.generic]
    Integers = npt.NDArray[np.int64]
    Unsigned = npt.NDArray[np.unsignedinteger]

FILE = "columns.safetensors"
_FORMAT = "mmrag_jupyter columns 1"
_ITEMS = "items"


class CodedError(Exception):
    """The file cannot be used; the message says why in some words."""


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """A column: `codes`, shape (n,), and its different values, which are all of one kind.

    Numbers are an array, int64 or float64; texts are bytes in UTF-8, shape (m,) uint8, each of
    which ends at one of `ends`. Where some of the numbers are ints, which compare as their floats
    do, but do not all else as these, the column is `widened`.
    """

    codes: Unsigned
    values: Array
    ends: Integers | None = None
    widened: bool = False

    def __len__(self) -> int:
        return len(self.values if self.ends is None else self.ends)

    @property
    def size(self) -> int:
        """How many bytes all of it takes."""
        ends = 0 if self.ends is None else self.ends.nbytes
        return int(self.codes.nbytes + self.values.nbytes + ends)

    def all_values(self) -> list[int] | list[float] | list[str]:
        """Return the values, in their order."""
        if self.ends is None:
            return self.values.tolist()  # type: ignore[no-any-return]
        content, ends = self.values.tobytes(), self.ends.tolist()
        return [content[start:end].decode() for start, end in pairwise([0, *ends])]

    def value(self, at: int) -> int | float | str:
        """Return the value at a place, counted from 0."""
        if self.ends is None:
            return self.values[at].item()  # type: ignore[no-any-return]
        start = int(self.ends[at - 1]) if at else 0
        return self.values[start : int(self.ends[at])].tobytes().decode()


class CodedFile:
    """The file of a collection's folder: what it says of itself; columns are read when asked for.

    Raises
    ------
    CodedError
        It is missing or damaged.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._facts = ""
        self._read: dict[str, Coded | None] = {}
        try:
            said = json.loads(self._load({})[1])
            self.mark = Mark(*map(int, said["mark"]))
            self._sums: Mapping[str, int] = said["sums"]
            self._widened = frozenset(said["widened"])
            first, count = map(int, said["range"])
        except (ValueError, KeyError, TypeError) as error:
            raise CodedError("was damaged") from error
        self._first, self._count = first, count
        self._items: Integers | None = None
        if _ITEMS in self._sums:
            self._items = self._arrays([_ITEMS])[0].astype(np.int64)

    def __len__(self) -> int:
        return self._count

    def items(self, places: Integers) -> Integers:
        """Return the numbers of the items at these places."""
        if self._items is None:
            return places + self._first
        found: Integers = self._items[places]
        return found

    def column(self, name: str) -> Coded | None:
        """Return a column by its physical name; None where the file has none.

        Raises
        ------
        CodedError
            It is damaged.
        """
        if name not in self._read:
            names = [one for one in _names(name) if one in self._sums]
            self._read[name] = self._coded(name, self._arrays(names)) if names else None
        return self._read[name]

    def _coded(self, name: str, arrays: list[Array]) -> Coded:
        codes, values, *rest = arrays
        ends = rest[0].astype(np.int64) if rest else None
        found = Coded(codes, values, ends, name in self._widened)  # type: ignore[arg-type]
        if len(codes) != self._count:
            raise CodedError("was damaged")
        return found

    def _arrays(self, names: list[str]) -> list[Array]:
        wanted = {name: self._sums[name] for name in names}
        arrays, facts = self._load(wanted)
        if facts != self._facts:
            raise CodedError("was replaced")
        return arrays

    def _load(self, wanted: Mapping[str, int]) -> tuple[list[Array], str]:
        """Return arrays, whose checksums are given, and what the file says of itself."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self._path, framework="numpy") as file:
                said = file.metadata() or {}
                facts = said.get("facts", "")
                if said.get("format") != _FORMAT or said.get("sum") != str(_sum(facts.encode())):
                    raise CodedError("was damaged")
                self._facts = self._facts or facts
                arrays = [file.get_tensor(name) for name in wanted]
        except FileNotFoundError as error:
            raise CodedError("is not there yet") from error
        except (SafetensorError, OSError, ValueError, TypeError) as error:
            raise CodedError("was damaged") from error
        if [_sum(one) for one in arrays] != list(wanted.values()):
            raise CodedError("was damaged")
        return arrays, facts


def write(folder: Path, mark: Mark, items: Integers, columns: Mapping[str, Coded]) -> None:
    """Write a file in place of the one that is there.

    Parameters
    ----------
    items
        The numbers of all items, sorted, shape (n,).
    columns
        By their physical names.

    Raises
    ------
    OSError
        It cannot be written.
    """
    from safetensors.numpy import save

    arrays: dict[str, Array] = {}
    for name, column in columns.items():
        own = (column.codes, column.values, column.ends)
        arrays |= {key: one for key, one in zip(_names(name), own, strict=True) if one is not None}
    first = int(items[0]) if len(items) else 0
    if len(items) and int(items[-1]) - first >= len(items):
        arrays[_ITEMS] = items.astype(np.uint32) if int(items[-1]) < 1 << 32 else items
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    sums = {name: _sum(array) for name, array in arrays.items()}
    widened = [name for name, column in columns.items() if column.widened]
    facts = json.dumps(
        {"mark": mark, "range": [first, len(items)], "sums": sums, "widened": widened}
    )
    said = {"format": _FORMAT, "facts": facts, "sum": str(_sum(facts.encode()))}
    draft = folder / f"{FILE}.new"
    try:
        draft.write_bytes(save(arrays, metadata=said))
        draft.replace(folder / FILE)
    finally:
        draft.unlink(missing_ok=True)


def _names(column: str) -> tuple[str, str, str]:
    return f"{column}.codes", f"{column}.values", f"{column}.ends"


def _sum(data: bytes | Array) -> int:
    kind = data.dtype.str.encode() if isinstance(data, np.ndarray) else b""
    return zlib.crc32(data, zlib.crc32(kind))  # type: ignore[arg-type]
