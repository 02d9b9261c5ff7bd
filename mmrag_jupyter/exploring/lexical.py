"""Texts as points where no model has embedded them: TF-IDF, and its main directions (LSA)."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from mmrag_jupyter.exploring.work import Work

    Integers = npt.NDArray[np.int64]
    Vectors = npt.NDArray[np.float32]

_DIRECTIONS = 64
_MOST_WORDS = 30_000
_FEW_TEXTS = 10
_TOO_COMMON = 0.9  # the share of texts from which on a word tells nothing

# Scripts that put no spaces between words: Thai to Lao, Burmese, Khmer, Japanese, Chinese.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff]+"
)
_WORD = r"(?u)\b[^\W\d_]{2,}\b"


def counter(texts: int, *, least: int = 1) -> Any:  # noqa: ANN401 - sklearn describes no types
    """Return what counts the words of `texts` texts, those in at least `least` of them."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer

    return CountVectorizer(
        preprocessor=_plain,
        stop_words=list(ENGLISH_STOP_WORDS),
        token_pattern=_WORD,
        min_df=least,
        max_df=_TOO_COMMON if texts >= _FEW_TEXTS else 1.0,
        max_features=_MOST_WORDS,
        dtype=np.float32,
    )


def _plain(text: str) -> str:
    """Return a text in lower case without accents; scripts without spaces as pairs of characters.

    Each pair overlaps the next: what is a word there, only a dictionary knows.
    """
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", text)
    text = _UNSPACED.sub(
        lambda run: " ".join(["", *(map("".join, pairwise(run[0]))), ""]) or run[0], text
    )
    apart = unicodedata.normalize("NFKD", text.lower())
    return "".join(char for char in apart if not unicodedata.combining(char))


def word_vectors(texts: Sequence[str], work: Work) -> tuple[Integers, Vectors]:
    """Return the places of those texts that have words in common or of their own, as points.

    Latent semantic analysis: Deerwester et al., "Indexing by latent semantic analysis",
    JASIS 41 (1990).

    Returns
    -------
    Places, shape (m,) int64, and directions of length 1, shape (m, dim) float32.
    """
    from sklearn.feature_extraction.text import TfidfTransformer

    nothing = np.empty(0, np.int64), np.empty((0, 1), np.float32)
    work.start(f"counting the words of {len(texts):,} items", len(texts))
    # A word of one text alone brings it near to no other, and there are many.
    for least in (2, 1) if len(texts) >= _FEW_TEXTS else (1,):
        try:
            counts = counter(len(texts), least=least).fit_transform(_told(texts, work))
        except ValueError:  # no words are left
            continue
        weighted = TfidfTransformer(sublinear_tf=True).fit_transform(counts)
        known = np.flatnonzero(np.diff(weighted.indptr))
        if len(known):
            return known.astype(np.int64), _directions(weighted[known])
    return nothing


def _told(texts: Sequence[str], work: Work) -> Iterator[str]:
    for done, text in enumerate(texts):
        yield text
        work.advance(done + 1)


def _directions(weighted: Any) -> Vectors:  # noqa: ANN401
    """Return sparse rows in their main directions, each of length 1."""
    if min(weighted.shape) <= _DIRECTIONS:
        dense = weighted.toarray()
        left, sizes, _ = np.linalg.svd(dense, full_matrices=False)
        found = left * sizes
    else:
        from sklearn.decomposition import TruncatedSVD

        found = TruncatedSVD(_DIRECTIONS, random_state=0).fit_transform(weighted)
    vectors: Vectors = found.astype(np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return vectors
