"""The FAISS index of a large space: a cache beside its vectors, rebuilt whenever in doubt."""

from __future__ import annotations

import math
import os
import secrets
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from mmrag_jupyter.store.flat import empty
from mmrag_jupyter.store.soundness import UnsoundError, are_sound, refuse_unsound

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeAlias

    import numpy.typing as npt

    from mmrag_jupyter.store.flat import Found, Mask, Queries
    from mmrag_jupyter.store.rows import Rows
    from mmrag_jupyter.store.vectors import Vectors

    Told: TypeAlias = Callable[[int, int], None]

# Below this many rows the flat search takes some ten milliseconds, and no index is needed.
INDEX_ABOVE = 200_000
# Lists visited per query, of 2 * sqrt(rows): about 98% of the true neighbours are found.
_PROBES = 48
_TRAINING_PER_LIST = 48
_BLOCK = 65_536

_MAGIC = b"MMRGIVF\0"
# Written behind FAISS's own bytes: rows covered, the vector file's uid, and the checksum of
# all that is before it.
_FACTS = struct.Struct("<Q16s")
_STAMP = struct.Struct("<24sI8s")


class IndexFileError(Exception):
    """An index file cannot be used; the message says why in some words."""


class Index:
    """An index over the first `covered` rows of a space, opened from a file at `path`.

    Parameters
    ----------
    uid
        The vector file that the index has to be of.

    Raises
    ------
    IndexFileError
        The file is missing, damaged, or of other vectors.
    """

    def __init__(self, path: Path, uid: bytes) -> None:
        import faiss

        self.covered = _checked(path, uid)
        try:
            self._faiss: Any = faiss.read_index(os.fspath(path), faiss.IO_FLAG_MMAP)
        except RuntimeError as error:
            raise IndexFileError("its file was damaged") from error

    def nearest(self, queries: Queries, vectors: Vectors, k: int, allowed: Mask | None) -> Found:
        """Return the k nearest of the covered rows, by the exact scores of many candidates.

        Shapes are those of `flat.nearest`; fewer than k can be found though more are allowed.
        """
        import faiss

        candidates = 4 * k + 32
        share = 1.0
        parameters: dict[str, Any] = {}
        if allowed is not None or self.covered > len(vectors):
            mask = np.zeros(self.covered, np.bool_)
            mask[: len(vectors)] = True if allowed is None else allowed[: self.covered]
            share = max(float(mask.mean()), 1 / self.covered)
            # An index can be newer than the commit that is read: rows past it are left out.
            bits: Any = np.packbits(mask, bitorder="little")
            parameters["sel"] = faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg]
        lists = self._faiss.nlist
        probes = max(_PROBES, 4 * candidates * lists / self.covered)
        parameters["nprobe"] = min(lists, math.ceil(probes / share))
        _, rows = self._faiss.search(
            queries, candidates, params=faiss.SearchParametersIVF(**parameters)
        )
        return _refined(queries, vectors, rows, k)


def unheard(done: int, total: int) -> None:
    """Say nothing of how many rows are done, and of how many."""


def build(path: Path, uid: bytes, vectors: Vectors, rows: Rows, told: Told) -> None:
    """Write the index of a space to `path`, in place of the one that is there.

    Parameters
    ----------
    told
        Hears now and then how many rows are done, and of how many.

    Raises
    ------
    UnsoundError
        One of the alive rows is no vector.
    OSError, RuntimeError
        It cannot be written.
    """
    import faiss

    count = len(vectors)
    told(0, count)
    index = _trained(vectors, rows, told)
    for start in range(0, count, _BLOCK):
        index.add(_block(vectors, rows, start))
        told((count + min(start + _BLOCK, count)) // 2, count)
    # Threads and processes may build the same index at once.
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}.new")
    try:
        faiss.write_index(index, os.fspath(draft))
        facts = _FACTS.pack(count, uid)
        checksum = zlib.crc32(facts, _checksum(draft, draft.stat().st_size))
        stamp = _STAMP.pack(facts, checksum, _MAGIC)
        with draft.open("ab") as file:
            file.write(stamp)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _trained(vectors: Vectors, rows: Rows, told: Told) -> Any:  # noqa: ANN401 - FAISS is untyped
    """Return an empty index whose lists suit a sample of the vectors; half of the work."""
    import faiss

    count, dim = vectors.shape
    lists = max(1, int(2 * math.sqrt(count)))
    index: Any = faiss.index_factory(dim, f"IVF{lists},SQ8", faiss.METRIC_INNER_PRODUCT)
    alive = np.arange(count) if rows.alive is None else np.flatnonzero(rows.alive)
    chosen = np.random.default_rng(0).permutation(alive)[: _TRAINING_PER_LIST * lists]
    sample = np.ascontiguousarray(vectors[np.sort(chosen)], np.float32)
    refuse_unsound(sample)
    # Round by round, which is how it goes on from where it was, to tell how far it is.
    rounds, index.cp.niter = index.cp.niter, 1
    clustering = faiss.Clustering(dim, lists, index.cp)
    for number in range(rounds):
        clustering.train(sample, index.quantizer)
        told(count * (number + 1) // (2 * rounds), count)
    index.train(sample)
    return index


def _block(vectors: Vectors, rows: Rows, start: int) -> npt.NDArray[np.float32]:
    """Return rows from `start` on; those that a repair has given up as zeros."""
    block = np.ascontiguousarray(vectors[start : start + _BLOCK], np.float32)
    sound = are_sound(block)
    if sound.all():
        return block
    if rows.alive is None or not (sound | ~rows.alive[start : start + _BLOCK]).all():
        raise UnsoundError
    return np.where(sound[:, None], block, np.float32(0))


def covered_rows(path: Path, uid: bytes) -> int:
    """Return how many rows the index at `path` says that it covers; 0 where it is of no use."""
    try:
        facts, _, _ = _stamp(path, uid)
    except IndexFileError:
        return 0
    covered: int = _FACTS.unpack(facts)[0]
    return covered


def _stamp(path: Path, uid: bytes) -> tuple[bytes, int, int]:
    """Return the stamp's facts and checksum, and the length of FAISS's own bytes."""
    try:
        size = path.stat().st_size - _STAMP.size
        with path.open("rb") as file:
            file.seek(max(size, 0))
            stamp = file.read()
    except OSError as error:
        raise IndexFileError("there was none") from error
    if size < 0 or not stamp.endswith(_MAGIC):
        raise IndexFileError("its file was damaged")
    facts, checksum, _ = _STAMP.unpack(stamp)
    if _FACTS.unpack(facts)[1] != uid:
        raise IndexFileError("it was of older vectors")
    return facts, checksum, size


def _checked(path: Path, uid: bytes) -> int:
    facts, checksum, size = _stamp(path, uid)
    # FAISS reads what a file says about its own sizes without question: a damaged one can
    # take the whole process down, so none is handed over unread.
    if zlib.crc32(facts, _checksum(path, size)) != checksum:
        raise IndexFileError("its file was damaged")
    covered: int = _FACTS.unpack(facts)[0]
    return covered


def _checksum(path: Path, size: int) -> int:
    checksum = 0
    with path.open("rb") as file:
        while size and (block := file.read(min(size, 1 << 22))):
            checksum = zlib.crc32(block, checksum)
            size -= len(block)
    return checksum


def _refined(queries: Queries, vectors: Vectors, rows: np.ndarray, k: int) -> Found:
    """Order candidate rows, shape (n, m), by their exact scores; return the k best."""
    scores, found = empty(len(queries), k)
    for at, query in enumerate(queries):
        candidates = rows[at][rows[at] >= 0]
        read = vectors[candidates].astype(np.float32, copy=False)
        # The index has a copy of its own of each: what is damaged is still found, and told.
        refuse_unsound(read)
        exact = read @ query
        best = np.argsort(-exact, kind="stable")[:k]
        scores[at, : len(best)] = exact[best]
        found[at, : len(best)] = candidates[best]
    return scores, found
