"""The words and short phrases that texts share and that tell something of them."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING

from mmrag_jupyter.store.lexical import is_function_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Phrase = tuple[str, ...]

_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_CHARACTERS = 4_000  # of each text, from its beginning
_LONGEST = 3  # words of a phrase
_LEAST = 3  # letters of a word that tells something


def telling(text: str) -> list[str]:
    """Return the words of a text that say what it is about, in their order."""
    return [word for word in _words(text) if _tells(word)]


def rarity(texts: Sequence[str]) -> dict[str, float]:
    """Return how rare each word is among texts: the logarithm of their number by those with it."""
    within = Counter(word for text in texts for word in set(telling(text)))
    return {word: math.log(1 + len(texts) / count) for word, count in within.items()}


def phrases(texts: Iterable[str]) -> frozenset[Phrase]:
    """Return the phrases of up to three words in texts, each word of which tells something."""
    return frozenset(phrase for text in texts for phrase in _phrases(text))


def shared_phrase(text: str, theirs: frozenset[Phrase], rare: Mapping[str, float]) -> str:
    """Return the phrase of up to three words, the rarest, that a text has with others, or ""."""
    shared = dict.fromkeys(phrase for phrase in _phrases(text) if phrase in theirs)
    # In a tie the first in the text: a dictionary keeps the order.
    best: Phrase = max(shared, key=lambda one: _value(one, rare), default=())
    return " ".join(best)


def _value(phrase: Phrase, rare: Mapping[str, float]) -> float:
    return sum(rare.get(word, 0.0) for word in phrase)


def _phrases(text: str) -> Iterable[Phrase]:
    words = _words(text)
    for start in range(len(words)):
        for end in range(start + 1, min(start + _LONGEST, len(words)) + 1):
            phrase = tuple(words[start:end])
            if all(map(_tells, phrase)):
                yield phrase


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text[:_CHARACTERS])]


def _tells(word: str) -> bool:
    return len(word) >= _LEAST and not word.isdecimal() and not is_function_word(word)
