"""The file of a search index: FAISS's own bytes, and a stamp behind them that vouches for them."""

from __future__ import annotations

import os
import secrets
import struct
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmrag_jupyter.store.values import RECALL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FORMAT = b"MMRGIVF"
_MAGIC = _FORMAT + b"3"
# As `IndexFacts` has them.
_FACTS = struct.Struct("<QQ16sIIfIQd")
_STAMP = struct.Struct(f"<{_FACTS.size}sI8s")


class IndexFileError(Exception):
    """An index file cannot be used; the message says why in some words."""


class IndexDamagedError(IndexFileError):
    """An index file is of use to nobody."""

    def __init__(self) -> None:
        super().__init__("was damaged")


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """What is known of an index.

    `covered` are the first rows of the vector file with this `uid` that are in it, `trained`
    how many of them there were when its lists were chosen. With `probes` lists visited, and
    `deep` times as many candidates compared exactly as there are at least, a query finds
    `recall` of the true neighbours, as measured; `target` was asked for. A row of its lists
    takes `row_bytes`, and `head` bytes come before these.
    """

    covered: int
    trained: int
    uid: bytes
    probes: int = 0
    deep: int = 1
    recall: float = 0.0
    row_bytes: int = 0
    head: int = 0
    target: float = RECALL


def path_of(folder: Path, space: int) -> Path:
    """Return the path of a space's index."""
    return folder / f"space-{space}.faiss"


@contextmanager
def draft(path: Path) -> Iterator[Path]:
    """Give a path beside `path` to write to, which takes its place at the end of the block."""
    # Threads and processes may build the same index at once.
    own = path.with_name(f"{path.name}.{secrets.token_hex(8)}.new")
    try:
        yield own
        own.replace(path)
    finally:
        own.unlink(missing_ok=True)


def stamp(path: Path, facts: IndexFacts) -> None:
    """Write the stamp behind FAISS's bytes, and sync the file."""
    packed = _FACTS.pack(
        facts.covered, facts.trained, facts.uid, facts.probes, facts.deep, facts.recall,
        facts.row_bytes, facts.head, facts.target,
    )  # fmt: skip
    checksum = zlib.crc32(packed, _checksum(path, facts.head))
    with path.open("ab") as file:
        file.write(_STAMP.pack(packed, checksum, _MAGIC))
        file.flush()
        os.fsync(file.fileno())


def read_facts(path: Path, uid: bytes) -> IndexFacts:
    """Return what the stamp of the index at `path` says, unchecked.

    Raises
    ------
    IndexFileError
        There is no stamp, or it is of other vectors than those with this uid.
    """
    return _read(path, uid)[0]


def check(path: Path, uid: bytes) -> IndexFacts:
    """Return what the stamp says, where the file is what was stamped.

    What FAISS reads without question, the sizes of everything, is summed; its lists are not,
    which may be larger than memory: what they name is looked at when it is found.

    Raises
    ------
    IndexFileError
        It is missing, damaged, or of other vectors.
    """
    facts, packed, checksum, size = _read(path, uid)
    whole = facts.head + facts.covered * facts.row_bytes == size
    if not whole or zlib.crc32(packed, _checksum(path, facts.head)) != checksum:
        raise IndexDamagedError
    return facts


def _read(path: Path, uid: bytes) -> tuple[IndexFacts, bytes, int, int]:
    """Return the facts, packed too, the checksum, and the length of FAISS's own bytes."""
    try:
        size = path.stat().st_size - _STAMP.size
        with path.open("rb") as file:
            file.seek(max(size, 0))
            read = file.read()
    except OSError as error:
        raise IndexFileError("is not there yet") from error
    if read[-len(_MAGIC) :].startswith(_FORMAT) and not read.endswith(_MAGIC):
        raise IndexFileError("was made by another version")
    if size < 0 or not read.endswith(_MAGIC):
        raise IndexDamagedError
    packed, checksum, _ = _STAMP.unpack(read)
    facts = IndexFacts(*_FACTS.unpack(packed))
    if facts.uid != uid:
        raise IndexFileError("was of older vectors")
    return facts, packed, checksum, size


def _checksum(path: Path, size: int) -> int:
    checksum = 0
    with path.open("rb") as file:
        while size > 0 and (block := file.read(min(size, 1 << 22))):
            checksum = zlib.crc32(block, checksum)
            size -= len(block)
    return checksum
