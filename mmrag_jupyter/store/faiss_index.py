"""The FAISS index of a large space: a cache beside its vectors, rebuilt whenever in doubt."""

from __future__ import annotations

import math
import os
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from mmrag_jupyter.store import index_file
from mmrag_jupyter.store.flat import empty
from mmrag_jupyter.store.index_file import IndexDamagedError, IndexFacts, IndexFileError
from mmrag_jupyter.store.index_recall import Sample, raised
from mmrag_jupyter.store.soundness import UnsoundError, are_sound, refuse_unsound

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from mmrag_jupyter.store.background import Told
    from mmrag_jupyter.store.flat import Found, Mask, Queries
    from mmrag_jupyter.store.rows import Rows
    from mmrag_jupyter.store.vectors import Vectors

# Up to this many rows the flat search takes some milliseconds, and no index is needed.
INDEX_ABOVE = 50_000
# So many rows more than an index covers are searched beside it; then they are added to it.
BESIDE = 12_500
# An index that has grown by so much gets lists that suit what it has become.
_OUTGROWN = 1.5
# FAISS's own names. Of 1 bit a number and of 8: the first is a sixth of the size and twice as
# fast, and enough where its best few hundred, compared exactly, have the neighbours among them.
KINDS = ("RaBitQ", "SQ8")
_TRAINING_PER_LIST = 48
_NUMBER_BYTES = 8
_BLOCK = 16_384


class Index:
    """An index over the first `facts.covered` rows of a space."""

    def __init__(self, opened: Any, facts: IndexFacts) -> None:  # noqa: ANN401 - FAISS is untyped
        self._faiss = opened
        self.facts = facts

    @classmethod
    def open(cls, path: Path, uid: bytes, recall: float) -> Index:
        """Map an index file, which reads nothing of its lists.

        It is never added to: with an index that is mapped so, FAISS would end the process.

        Parameters
        ----------
        uid
            The vector file that the index has to be of.
        recall
            Which share of the true neighbours it has to find.

        Raises
        ------
        IndexFileError
            The file is missing, damaged, or of other vectors, or finds fewer.
        """
        import faiss

        facts = index_file.check(path, uid)
        if facts.target < recall:
            raise IndexFileError("was made to find fewer of the true neighbours")
        try:
            return cls(faiss.read_index(os.fspath(path), faiss.IO_FLAG_MMAP_IFC), facts)
        except RuntimeError as error:
            raise IndexDamagedError from error

    @property
    def lists(self) -> int:
        """Into how many lists the vectors are sorted."""
        return int(self._faiss.nlist)

    def nearest(self, queries: Queries, vectors: Vectors, k: int, allowed: Mask | None) -> Found:
        """Return the k nearest of the covered rows, by the exact scores of many candidates.

        Shapes are those of `flat.nearest`; fewer than k can be found though more are allowed.

        Raises
        ------
        IndexDamagedError
            The index names rows that it cannot have.
        """
        import faiss

        covered = self.facts.covered
        candidates = self.facts.deep * (4 * k + 32)
        share = 1.0
        parameters: dict[str, Any] = {}
        if allowed is not None or covered > len(vectors):
            mask = np.zeros(covered, np.bool_)
            mask[: len(vectors)] = True if allowed is None else allowed[:covered]
            share = max(float(mask.mean()), 1 / covered)
            # An index can be newer than the commit that is read: rows past it are left out.
            bits: Any = np.packbits(mask, bitorder="little")
            parameters["sel"] = faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg]
        probes = max(self.facts.probes, candidates * self.lists / covered)
        parameters["nprobe"] = min(self.lists, math.ceil(probes / share))
        _, rows = self._faiss.search(
            queries, candidates, params=faiss.SearchParametersIVF(**parameters)
        )
        if rows.max(initial=-1) >= min(covered, len(vectors)):
            raise IndexDamagedError
        return _refined(queries, vectors, rows, k)


def is_wanted(rows: int, facts: IndexFacts | None, recall: float) -> bool:
    """Tell whether a space of so many rows is in need of an index, or of another than that.

    Parameters
    ----------
    recall
        Which share of the true neighbours it has to find; all of them only a search without one.
    """
    if rows <= INDEX_ABOVE or recall >= 1:
        return False
    if facts is None or facts.target != recall:
        return True
    return rows - facts.covered > min(BESIDE, INDEX_ABOVE // 4)


def build(  # noqa: PLR0917
    path: Path, uid: bytes, vectors: Vectors, rows: Rows, recall: float, told: Told
) -> None:
    """Write the index of a space to `path`, in place of the one that is there.

    Rows that an index does not cover yet are added to it; one that has grown much, or has not
    been there, is made anew. Which kind it is of, and how many of its lists have to be visited,
    is told by what it finds of a sample of the vectors.

    Parameters
    ----------
    recall
        Which share of the true neighbours it has to find.
    told
        Hears now and then how many rows are done, and of how many; what it raises ends it.

    Raises
    ------
    UnsoundError
        One of the alive rows is no vector.
    OSError, RuntimeError, MemoryError
        It cannot be written, or is too large for the memory.
    """
    told(0, len(vectors))
    sample = Sample.of(vectors, rows)
    for index, before in _begun(path, uid, vectors, rows, told):
        facts = replace(before, covered=len(vectors), target=recall)
        if recall < before.target:  # the effort only goes up
            facts = replace(facts, probes=0)
        _fill(index, before.covered, vectors, rows, sample, told)
        found = raised(partial(Index, index), sample, vectors, rows.alive, facts)
        if found is not None:
            _write(path, index, found, told)
            return
    raise RuntimeError(f"no index finds {recall:.2%} of the true neighbours")


def _fill(  # noqa: PLR0917
    index: Any, first: int, vectors: Vectors, rows: Rows, sample: Sample, told: Told  # noqa: ANN401
) -> None:  # fmt: skip
    """Add rows from `first` on to an index, and show all of them to the sample."""
    count = len(vectors)
    for start in range(0, count, _BLOCK):
        block = _block(vectors, rows, start)
        sample.look(block, start, rows.alive)
        fresh = block[max(0, first - start) :]
        if len(fresh):
            index.add(fresh)
        told((count + min(start + _BLOCK, count)) // 2, count)
    sample.seen()


def _write(path: Path, index: Any, facts: IndexFacts, told: Told) -> None:  # noqa: ANN401
    import faiss

    row_bytes = int(index.code_size) + _NUMBER_BYTES
    with index_file.draft(path) as draft:
        faiss.write_index(index, os.fspath(draft))
        head = draft.stat().st_size - facts.covered * row_bytes
        index_file.stamp(draft, replace(facts, row_bytes=row_bytes, head=head))
        told(facts.covered, facts.covered)


def memory(vectors: Vectors) -> int:
    """Return about how many bytes of memory it takes to build a space's index."""
    count, dim = map(int, vectors.shape)
    sample = 4 * dim * _TRAINING_PER_LIST * int(2 * math.sqrt(count))
    # Lists grow by doubling.
    return int(1.5 * count * (dim + _NUMBER_BYTES)) + 2 * sample


def _begun(
    path: Path, uid: bytes, vectors: Vectors, rows: Rows, told: Told
) -> Iterator[tuple[Any, IndexFacts]]:
    """Yield indexes to be filled, the best first: the one that is there, or else empty ones."""
    import faiss

    count = len(vectors)
    try:
        facts = index_file.check(path, uid)
        if facts.covered <= count < _OUTGROWN * facts.trained:
            # Read and not mapped, since it is added to.
            yield faiss.read_index(os.fspath(path)), facts
    except IndexFileError:
        pass
    quantizer = None
    for kind in KINDS:
        index = _empty(kind, vectors)
        if quantizer is None:
            quantizer = _quantized(index, vectors, rows, told)
        index.quantizer.add(quantizer)
        index.train(_drawn(index, vectors, rows))
        yield index, IndexFacts(0, count, uid)


def _empty(kind: str, vectors: Vectors) -> Any:  # noqa: ANN401
    import faiss

    count, dim = vectors.shape
    lists = max(1, int(2 * math.sqrt(count)))
    return faiss.index_factory(dim, f"IVF{lists},{kind}", faiss.METRIC_INNER_PRODUCT)


def _drawn(index: Any, vectors: Vectors, rows: Rows) -> npt.NDArray[np.float32]:  # noqa: ANN401
    """Return a sample of the vectors to suit lists to."""
    count = len(vectors)
    alive = np.arange(count) if rows.alive is None else np.flatnonzero(rows.alive)
    most = _TRAINING_PER_LIST * index.nlist
    chosen = np.random.default_rng(0).permutation(alive)[:most]
    sample = np.ascontiguousarray(vectors[np.sort(chosen)], np.float32)
    refuse_unsound(sample)
    return sample


def _quantized(
    index: Any, vectors: Vectors, rows: Rows, told: Told  # noqa: ANN401
) -> npt.NDArray[np.float32]:  # fmt: skip
    """Return the middles of lists that suit a sample of the vectors; half of the work."""
    import faiss

    count, dim = vectors.shape
    sample = _drawn(index, vectors, rows)
    middles: Any = faiss.IndexFlatIP(dim)
    # Round by round, which is how it goes on from where it was, to tell how far it is.
    rounds, index.cp.niter = index.cp.niter, 1
    clustering = faiss.Clustering(dim, index.nlist, index.cp)
    for number in range(rounds):
        clustering.train(sample, middles)
        told(count * (number + 1) // (2 * rounds), count)
    found: npt.NDArray[np.float32] = middles.reconstruct_n(0, index.nlist)
    return found


def _block(vectors: Vectors, rows: Rows, start: int) -> npt.NDArray[np.float32]:
    """Return rows from `start` on; those that a repair has given up as zeros."""
    block = np.ascontiguousarray(vectors[start : start + _BLOCK], np.float32)
    sound = are_sound(block)
    if sound.all():
        return block
    if rows.alive is None or not (sound | ~rows.alive[start : start + _BLOCK]).all():
        raise UnsoundError
    return np.where(sound[:, None], block, np.float32(0))


def facts_of(path: Path, uid: bytes) -> IndexFacts | None:
    """Return what the index at `path` says of itself, unchecked; None where it is of no use."""
    try:
        return index_file.read_facts(path, uid)
    except IndexFileError:
        return None


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
