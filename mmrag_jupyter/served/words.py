"""The ranking of parts by words, for stores that have none or one of their own.

Each part's row lists its words, folded as the index of words in a folder folds them, and a store
finds the rows that have one. Their scores are made here by the same formula as SQLite's FTS5
(`bm25`), so that the same words find the same parts in the same order wherever they lie.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

from mmrag_jupyter.store.lexical import folded, match_expression

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SATURATION, _LENGTH = 1.2, 0.75  # k1 and b of FTS5
# FTS5 gives a word that most texts have so little, not less than nothing.
_LEAST = 1e-6
_LONGEST = 100  # characters of a word that count
# Distinct words that a row lists at most.
_MOST_WORDS = 4000


def tokens(text: str) -> list[str]:
    """Return the words of a text in their order, as SQLite's unicode61 makes them."""
    apart = unicodedata.normalize("NFD", folded(text).lower())
    made = "".join(_char(char) for char in apart if not unicodedata.combining(char))
    return [word[:_LONGEST] for word in unicodedata.normalize("NFC", made).split()]


def listed(words: Sequence[str]) -> list[str]:
    """Return the distinct words that a part's row lists."""
    return list(dict.fromkeys(words))[:_MOST_WORDS]


def terms(text: str) -> list[tuple[str, ...]]:
    """Return what a text asks for: each a word, or words that stand side by side."""
    quoted = match_expression(text)
    found = [tuple(tokens(one.strip('"'))) for one in quoted.split(" OR ")] if quoted else []
    return list(dict.fromkeys(one for one in found if one))


def rarity(texts: int, having: int) -> float:
    """Return the weight of a word that `having` of `texts` have."""
    weight = math.log((texts - having + 0.5) / (having + 0.5)) if texts >= having else 0.0
    return weight if weight > 0 else _LEAST


def score(
    words: Sequence[str], weights: Mapping[tuple[str, ...], float], mean_length: float
) -> float:
    """Return the BM25 of a text for some terms.

    S. Robertson and H. Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond"
    (2009), with the constants of FTS5.

    Parameters
    ----------
    words
        The text's words, in their order.
    weights
        The `rarity` of each term.
    mean_length
        Of all texts, in words.
    """
    counts = Counter(words)
    damp = _SATURATION * (1 - _LENGTH + _LENGTH * len(words) / (mean_length or 1.0))
    total = 0.0
    for term, weight in weights.items():
        often = counts[term[0]] if len(term) == 1 else _side_by_side(words, term)
        if often:
            total += weight * often * (_SATURATION + 1) / (often + damp)
    return total


def _side_by_side(words: Sequence[str], term: tuple[str, ...]) -> int:
    size = len(term)
    return sum(tuple(words[at : at + size]) == term for at in range(len(words) - size + 1))


def _char(char: str) -> str:
    category = unicodedata.category(char)
    return char if category[0] in "LN" or category == "Co" else " "
