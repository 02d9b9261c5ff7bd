"""Refine a query by what the user thinks of its hits.

In a space of vectors, the query moves towards the mean of the liked items and away from that
of the disliked ones: J. J. Rocchio, "Relevance feedback in information retrieval", in
G. Salton (ed.), The SMART Retrieval System (1971), chapter 14: q' = a q + b mean(liked)
- c mean(disliked). For the ranking of words, those that tell most of the liked texts are
looked for beside the query's own.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.search.named import numbers_of
from mmrag_jupyter.store.lexical import is_function_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from mmrag_jupyter.search.query import Query
    from mmrag_jupyter.store import PartRow, Store

# b and c for a = 1, as in Manning, Raghavan and Schütze, "Introduction to Information
# Retrieval" (2008), section 9.1.1: what is liked tells more than what is not.
LIKED_STRENGTH = 0.75
DISLIKED_STRENGTH = 0.15

LIKED_WORDS = "liked words"
# Nobody typed these words: they weigh less than those of the query.
LIKED_WORDS_WEIGHT = 0.5
_MOST_WORDS = 12
_CHARACTERS = 4_000  # of each text, from its beginning
_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class Judged:
    """The parts of the items that the user has found good or bad, item by item."""

    liked: tuple[PartRow, ...] = ()
    disliked: tuple[PartRow, ...] = ()

    def liked_parts(self) -> list[list[int]]:
        """Return the numbers of the parts of each liked item."""
        return _by_item(self.liked)

    def disliked_parts(self) -> list[list[int]]:
        """Return the numbers of the parts of each disliked item."""
        return _by_item(self.disliked)


NOBODY = Judged()


def judged(query: Query, store: Store) -> Judged:
    """Return the parts of the items that a query names as good or bad.

    Raises
    ------
    NotFoundError
        There is no such item.
    """
    if not (query.liked or query.disliked):
        return NOBODY
    return Judged(
        tuple(store.parts_of(list(numbers_of(store, query.liked).values()))),
        tuple(store.parts_of(list(numbers_of(store, query.disliked).values()))),
    )


def centroid(items: Iterable[Sequence[npt.NDArray[np.float32]]]) -> npt.NDArray[np.float32] | None:
    """Return the mean of the items' vectors, shape (dim,); None where no item has one."""
    vectors = [vector for item in items for vector in item]
    return np.mean(np.stack(vectors), axis=0, dtype=np.float32) if vectors else None


def telling_words(texts: Sequence[str], known: str) -> str:
    """Return the words that most of `texts` share, then those frequent in them.

    Parameters
    ----------
    texts
        What the user likes; BM25 weighs their words by how rare they are.
    known
        Words that are looked for, or avoided, already.
    """
    within: Counter[str] = Counter()
    often: Counter[str] = Counter()
    for text in texts:
        words = [word.casefold() for word in _WORD.findall(text[:_CHARACTERS])]
        words = [word for word in words if not is_function_word(word)]
        often.update(words)
        within.update(set(words))
    for word in _WORD.findall(known):
        within.pop(word.casefold(), None)
    best = sorted(within, key=lambda word: (-within[word], -often[word], word))
    return " ".join(best[:_MOST_WORDS])


def _by_item(rows: Sequence[PartRow]) -> list[list[int]]:
    return [[row.part for row in group] for _, group in groupby(rows, key=lambda row: row.item)]
