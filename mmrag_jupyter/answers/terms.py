"""The words of a question and of a text, made comparable."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

from mmrag_jupyter.store.lexical import words

_WORD = re.compile(r"[^\W_]+")
# Scripts that put no spaces between words: pairs of characters stand for words.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff]+"
)
_ENDINGS = ("ings", "ions", "ing", "ion", "ies", "ied", "ers", "ed", "es", "er", "ly", "s", "y")
_STEM = 4  # letters that must be left of a word
# What a question says of itself and not of its subject.
_ASKING = frozenset(
    """any can compare compared describe discuss does explain find give how if list much many name
    please say show summarize summarise tell there was were which who why
    """.split()  # noqa: SIM905 - to be read
)
# How answers say what a question asks for in a word of its own.
_SAID = {
    "change": "increase decrease grow grew rise rose fall fell decline higher lower",
    "compare": "increase decrease grow grew rise rose fall fell decline higher lower than",
    "why": "because due reason cause result driven owing",
}


def question_terms(text: str) -> list[str]:
    """Return the distinct telling words of a question, folded and cut to their stems.

    Function words, and those with which one asks, are left out where it has others.
    """
    telling = set(words(text))
    kept = [word for word in _WORD.findall(text) if word in telling or _UNSPACED.search(word)]
    told = list(dict.fromkeys(terms(" ".join(kept))))
    return [term for term in told if term not in _ASKING_STEMS] or told


def said_for(question: str) -> list[frozenset[str]]:
    """Return sets of terms; an answer to the question is likely to have one of each."""
    asked = set(terms(question))
    return [frozenset(terms(said)) - asked for word, said in _SAID.items() if stem(word) in asked]


def pairs(found: list[str]) -> list[str]:
    """Return each two terms that stand side by side, as one: "net sales" is more than both."""
    return [f"{one} {other}" for one, other in pairwise(found)]


def terms(text: str) -> list[str]:
    """Return the words of a text in order, folded and cut to their stems."""
    found: list[str] = []
    for word in _WORD.findall(text):
        if word.isascii():
            found += _stems(word)
            continue
        at = 0
        for run in _UNSPACED.finditer(word):
            found += _stems(word[at : run.start()])
            found += [a + b for a, b in pairwise(run[0])] or [run[0]]
            at = run.end()
        found += _stems(word[at:])
    return found


def _stems(word: str) -> list[str]:
    # A letter alone is what an apostrophe or an "&" has left over.
    return [stem(word)] if len(word) > 1 or word.isdigit() else []


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return a word without case, diacritics, and an English ending."""
    plain = unicodedata.normalize("NFKD", word)
    folded = "".join(char for char in plain if not unicodedata.combining(char)).casefold()
    for ending in _ENDINGS:
        if folded.endswith(ending) and len(folded) - len(ending) >= _STEM - 1:
            folded = folded.removesuffix(ending)
            break
    return folded.removesuffix("e") if len(folded) >= _STEM else folded


_ASKING_STEMS = frozenset(stem(word) for word in _ASKING)
