"""Texts that say nearly the same, found without a model: shingles of words, MinHash, Jaccard.

Broder, "On the resemblance and containment of documents" (1997). A library for it would bring a
hash of its own for every text, in Python; counted by scikit-learn and hashed by numpy, all texts
are done at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from mmrag_jupyter.exploring.sets import Sets
    from mmrag_jupyter.exploring.work import Work

    Integers = npt.NDArray[np.int64]
    Hashes = npt.NDArray[np.uint64]

# From here on a text is the other one with a word or two changed.
DEFAULT_LIMIT = 0.8
_SHINGLE = 5  # characters, within words
_HASHES = 96
# How many of them have to agree, by the least overlap that is looked for. In 96 / r bands of r,
# all but one in a hundred pairs of that overlap s agree: (1 - s ** r) ** (96 / r) do not.
_AGREEING = ((0.65, 4), (0.3, 2), (0.0, 1))
_COLUMNS = 1 << 20
_PRIME = np.uint64((1 << 31) - 1)
_MIX = np.uint64(0x9E3779B97F4A7C15)
_BLOCK = 2_000
_NEIGHBOURS = 64  # of a text in one bucket


class Shingles:
    """Texts as sets of their runs of five characters within words.

    Parameters
    ----------
    texts
        `n` texts.
    """

    def __init__(self, texts: Sequence[str], work: Work) -> None:
        from sklearn.feature_extraction.text import HashingVectorizer

        work.start(f"reading the texts of {len(texts):,} items", len(texts))
        counted = HashingVectorizer(
            analyzer="char_wb", ngram_range=(_SHINGLE, _SHINGLE), n_features=_COLUMNS,
            alternate_sign=False, norm=None, binary=True, dtype=np.float32,
        )  # fmt: skip
        self._sets: Any = counted.transform(texts)

    def join(self, limit: float, sets: Sets, work: Work) -> None:
        """Join texts of which at least the share `limit` of what either has is common to both."""
        count = self._sets.shape[0]
        work.start(f"comparing the texts of {count:,} items", count)
        filled = np.flatnonzero(np.diff(self._sets.indptr))
        for keys in self._keys(filled, limit, work):
            self._join_buckets(filled, keys, limit, sets)

    def overlap(self, one: Integers, other: Integers) -> npt.NDArray[np.float64]:
        """Return the Jaccard index of each pair: what they share of what either has."""
        found = np.zeros(len(one))
        for at in range(0, len(one), _BLOCK):
            first, second = (self._sets[some[at : at + _BLOCK]] for some in (one, other))
            both = np.asarray(first.multiply(second).sum(axis=1)).ravel()
            either = np.diff(first.indptr) + np.diff(second.indptr) - both
            np.divide(both, either, out=found[at : at + _BLOCK], where=either > 0)
        return found

    def _keys(self, filled: Integers, limit: float, work: Work) -> Hashes:
        """Return one hash a band and text: texts that overlap much agree in some band."""
        random = np.random.default_rng(0)
        agreeing = next(count for least, count in _AGREEING if limit >= least)
        bands = _HASHES // agreeing
        lines = random.integers(1, int(_PRIME), (bands, agreeing, 2)).astype(np.uint64)
        found = np.zeros((bands, len(filled)), np.uint64)
        for at in range(0, len(filled), _BLOCK):
            rows = filled[at : at + _BLOCK]
            first, last = self._sets.indptr[rows[0]], self._sets.indptr[rows[-1] + 1]
            shingles = self._sets.indices[first:last].astype(np.uint64) + np.uint64(1)
            starts = self._sets.indptr[rows] - first
            for band in range(bands):
                keys = found[band, at : at + _BLOCK]
                for factor, shift in lines[band]:
                    least = np.minimum.reduceat((shingles * factor + shift) % _PRIME, starts)
                    keys *= _MIX
                    keys += least
            work.advance(int(rows[-1]) + 1)
        return found

    def _join_buckets(self, filled: Integers, keys: Hashes, limit: float, sets: Sets) -> None:
        order = np.argsort(keys, kind="stable")
        ranked = keys[order]
        for step in range(1, _NEIGHBOURS):
            # In a bucket each is compared with some before it; a crowd is joined one by one.
            at = np.flatnonzero(ranked[step:] == ranked[:-step])
            if not len(at):
                return
            one, other = filled[order[at]], filled[order[at + step]]
            apart = sets.apart(one, other)
            one, other = one[apart], other[apart]
            alike = self.overlap(one, other) >= limit
            sets.join(one[alike], other[alike])
