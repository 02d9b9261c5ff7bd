"""The vectors of one space: a file that only grows, with a short header, opened by mapping it."""

from __future__ import annotations

import os
import secrets
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from mmrag_jupyter.store import quantized

if TYPE_CHECKING:
    from io import FileIO
    from pathlib import Path

    import numpy.typing as npt

    from mmrag_jupyter.store.values import Precision, Space

    Vectors = npt.NDArray[np.float32] | npt.NDArray[np.float16]

_MAGIC = b"MMRGVEC\0"
_VERSION = 1
_DTYPES: dict[bytes, Precision] = {
    b"<f4\0": "float32",
    b"<f2\0": "float16",
    b"|i1\0": "int8",
}
# Magic, version, dimension, dtype, a random name for this very file; padded, so that the
# rows begin on a boundary that suits SIMD.
_HEADER = struct.Struct("<8sII4s16s28x")
HEADER_BYTES = _HEADER.size


class VectorFileError(Exception):
    """A vector file is missing, too short or not one; `rows` can still be read."""

    def __init__(self, reason: str, rows: int) -> None:
        super().__init__(reason)
        self.rows = rows


@dataclass(frozen=True, slots=True)
class Header:
    """What a vector file says about itself; `uid` changes whenever the file is written anew."""

    dim: int
    dtype: Precision
    uid: bytes


def file_name(number: int, generation: int) -> str:
    """Return the name of a space's file; compaction writes the next generation."""
    return f"space-{number}.vec" if generation == 0 else f"space-{number}.{generation}.vec"


def path_of(folder: Path, space: Space) -> Path:
    """Return the path of a space's file."""
    return folder / file_name(space.number, space.generation)


def create(path: Path, dim: int, dtype: Precision) -> None:
    """Write an empty vector file, in place of any file that is there."""
    with path.open("wb") as file:
        file.write(_header(dim, dtype))
        file.flush()
        os.fsync(file.fileno())


def append(path: Path, row: int, vectors: Vectors, dtype: Precision | None = None) -> None:
    """Write `vectors`, shape (n, dim), from row `row` on, and sync them.

    Whatever an unfinished write has left there is overwritten.

    Parameters
    ----------
    dtype
        That of the file; otherwise that of the vectors.
    """
    block: npt.NDArray[Any] = np.ascontiguousarray(vectors)
    if dtype == "int8":
        block = quantized.quantized(block.astype(np.float32, copy=False))[:, None]
    data = memoryview(block.view(np.uint8).reshape(-1))  # type: ignore[arg-type]
    with path.open("r+b", buffering=0) as file:
        file.seek(HEADER_BYTES + row * block.shape[1] * block.itemsize)
        while data:
            data = data[_write(file, data) :]
        os.fsync(file.fileno())


def _write(file: FileIO, data: memoryview) -> int:
    """Write what can be written at once; return how many bytes that were."""
    return file.write(data)


def check(folder: Path, space: Space) -> Header:
    """Read a space's header and compare it and the file's length with the records.

    Raises
    ------
    VectorFileError
        They do not agree.
    FileNotFoundError
        There is no such file.
    """
    return check_file(path_of(folder, space), space.dim, space.dtype, space.rows)


def check_file(path: Path, dim: int, dtype: Precision, rows: int) -> Header:
    """Read a vector file's header and compare it and the file's length with what it should be.

    Raises
    ------
    VectorFileError
        They do not agree.
    FileNotFoundError
        There is no such file.
    """
    with path.open("rb") as file:
        head = file.read(HEADER_BYTES)
        size = os.fstat(file.fileno()).st_size
    width = quantized.row_type(dim).itemsize if dtype == "int8" else dim * np.dtype(dtype).itemsize
    whole = min(max(size - HEADER_BYTES, 0) // width, rows)
    if len(head) < HEADER_BYTES:
        raise VectorFileError("its header is cut off", 0)
    magic, version, own_dim, code, uid = _HEADER.unpack(head)
    if (magic, version, own_dim, _DTYPES.get(code)) != (_MAGIC, _VERSION, dim, dtype):
        raise VectorFileError("its header is not that of this space", whole)
    if whole < rows:
        raise VectorFileError(f"it has {whole:,} of {rows:,} vectors", whole)
    return Header(dim, dtype, uid)


def mended(path: Path, dim: int, dtype: Precision, rows: int) -> tuple[str, int]:
    """Make a damaged vector file one that can be opened; the vectors in it stay.

    Returns
    -------
    What was wrong with it, or "", and how many of its `rows` can be read.
    """
    try:
        check_file(path, dim, dtype, rows)
    except FileNotFoundError:
        create(path, dim, dtype)
        return "it was missing", 0
    except VectorFileError as error:
        with path.open("r+b") as file:
            file.write(_header(dim, dtype))
            file.flush()
            os.fsync(file.fileno())
        return str(error), error.rows
    return "", rows


def mapped(folder: Path, space: Space) -> Vectors:
    """Return a space's vectors, shape (rows, dim), mapped and not read."""
    if space.dtype == "int8":
        return _mapped_steps(folder, space)
    dtype = np.dtype(space.dtype).newbyteorder("<")
    shape = (space.rows, space.dim)
    if not space.rows:
        return np.empty(shape, dtype)
    return np.memmap(path_of(folder, space), dtype, "r", HEADER_BYTES, shape)


def _mapped_steps(folder: Path, space: Space) -> Vectors:
    row = quantized.row_type(space.dim)
    rows: npt.NDArray[np.void] = np.empty(0, row)
    if space.rows:
        rows = np.memmap(path_of(folder, space), row, "r", HEADER_BYTES, (space.rows,))
    # It is read like an array, block by block, which is all that searches do.
    return cast("Vectors", quantized.Quantized(rows))


def _header(dim: int, dtype: Precision) -> bytes:
    code = next(code for code, name in _DTYPES.items() if name == dtype)
    return _HEADER.pack(_MAGIC, _VERSION, dim, code, secrets.token_bytes(16))
