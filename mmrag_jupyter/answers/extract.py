"""An answer without a language model: the passages that say most, quoted as they stand.

Sentences are ranked by BM25 over those of the retrieved passages (Robertson and Zaragoza,
"The Probabilistic Relevance Framework: BM25 and Beyond", 2009), with the meaning of the text
model where one serves, and chosen by maximal marginal relevance (Carbonell and Goldstein,
SIGIR 1998), so that one thing is not said twice.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mmrag_jupyter.answers.sentences import pieces
from mmrag_jupyter.answers.terms import pairs, question_terms, terms

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mmrag_jupyter.answers.passages import Passage

    Similar = Callable[[str, list[str]], Sequence[float]]

_SATURATION, _LENGTH = 1.2, 0.75  # k1 and b
_USUAL = 12  # words of a sentence; below it a text is not favoured for being short
_RANK = 0.15  # how much less a sentence counts for each place of its passage
_MEANING = 0.6  # what the meaning counts, of the best sentence's score
_COMPARED = 32  # sentences whose meaning is looked at
_REPEATED = 0.6  # how much of a sentence's score is lost where all of it was quoted already
_WORTH = 0.4  # of the best one's score: what lies below is left out
_FOOTER = 3  # passages with the same line (but for numbers): the head or foot of each page
_DIGITS = re.compile(r"\d+")
_ENDS = ".!?:;\u2026\u3002\uff01\uff1f\u0964"
_CLOSING = "\"')]\u201d\u2019\u300d\u300f "
# What a piece counts that does not say a whole thing: a heading, half a sentence.
_HEADING_WORDS, _HEADING, _NO_END, _NO_BEGINNING = 9, 0.3, 0.8, 0.7


@dataclass(frozen=True, slots=True, eq=False)
class Quote:
    """A piece of a passage as it stands there; `row` says that it is a row of a table.

    `words` are its words, folded and cut to their stems.
    """

    passage: Passage
    text: str
    row: bool
    words: frozenset[str]
    score: float = 0.0


def quotes(
    question: str, passages: Sequence[Passage], most: int, similar: Similar | None = None
) -> list[Quote]:
    """Return the pieces that say most of what is asked for, best first, at most `most`.

    The first is of the best hit where that has one: which document answers is told better
    by all of it than by one sentence.

    Parameters
    ----------
    similar
        Returns how near each of some texts is in meaning to the question, -1 to 1.
    """
    ranked = _scored(question_terms(question), passages)
    if similar is not None and ranked:
        ranked = _with_meaning(question, ranked, similar)
    ranked = [one for one in ranked if one.score > 0]
    best = max((one.score for one in ranked), default=0.0)
    foremost = min((passage.hit.rank for passage in passages), default=1)
    pool = [one for one in ranked if one.passage.hit.rank == foremost] or ranked
    chosen: list[Quote] = []
    while pool and len(chosen) < most:
        said = frozenset[str]().union(*(one.words for one in chosen))
        worth, taken = max(((_left(one, said), one) for one in pool), key=lambda pair: pair[0])
        if chosen and worth < _WORTH * best:
            break
        chosen.append(taken)
        pool = [one for one in ranked if one not in chosen]
    return chosen


def _scored(asked: list[str], passages: Sequence[Passage]) -> list[Quote]:
    cut = _without_footers(
        [
            (passage, passage.text[one.start : one.end], one.row)
            for passage in passages
            for one in pieces(passage.text)
        ]
    )
    words = [terms(text) if _may_have(text, asked) else [] for _, text, _ in cut]
    counted = [Counter([*found, *pairs(found)]) for found in words]
    wanted = {*asked, *pairs(asked)}
    occurs = Counter(term for counts in counted for term in wanted.intersection(counts))
    rarity = {
        term: math.log(1 + (len(cut) - count + 0.5) / (count + 0.5))
        for term, count in occurs.items()
    }
    found = []
    for (passage, text, row), counts, own in zip(cut, counted, words, strict=True):
        damp = _SATURATION * (1 - _LENGTH + _LENGTH * max(len(own), _USUAL) / _USUAL)
        score = sum(
            rarity[term] * counts[term] * (_SATURATION + 1) / (counts[term] + damp)
            for term in wanted.intersection(counts)
        )
        score *= (1.0 if row else _wholeness(text)) / (1 + _RANK * (passage.key - 1))
        found.append(Quote(passage, text, row, frozenset(own), score))
    return found


def _may_have(text: str, asked: list[str]) -> bool:
    """Tell quickly whether a text can have a word of the question: few have, of a long page."""
    folded = text.casefold()
    return not text.isascii() or any(stem in folded for stem in asked)


def _without_footers(cut: list[tuple[Passage, str, bool]]) -> list[tuple[Passage, str, bool]]:
    """Leave out lines that several pages have alike."""
    alike = {(one[0].key, _DIGITS.sub("0", one[1])) for one in cut}
    counts = Counter(text for _, text in alike)
    return [one for one in cut if counts[_DIGITS.sub("0", one[1])] < _FOOTER]


def _wholeness(text: str) -> float:
    """Return how much a piece says by itself, 0 to 1."""
    ended = text.rstrip(_CLOSING)[-1:] in _ENDS
    if not ended and len(text.split()) < _HEADING_WORDS and text.isascii():
        return _HEADING
    return (1.0 if ended else _NO_END) * (_NO_BEGINNING if text[:1].islower() else 1.0)


def _with_meaning(question: str, found: list[Quote], similar: Similar) -> list[Quote]:
    """Add what a text model says of the sentences that the words have put first."""
    order = sorted(found, key=lambda one: (-one.score, one.passage.key))[:_COMPARED]
    near = similar(question, [one.text for one in order])
    low, spread = min(near), max(near) - min(near)
    best = max(one.score for one in found) or 1.0
    return [
        replace(
            one,
            score=one.score + _MEANING * best * ((likeness - low) / spread if spread else 1.0),
            words=one.words or frozenset(terms(one.text)),
        )
        for one, likeness in zip(order, near, strict=True)
    ]


def _left(one: Quote, said: frozenset[str]) -> float:
    """Return what a quote is worth where some words were said already."""
    repeated = len(one.words & said) / len(one.words) if one.words else 1.0
    return one.score * (1 - _REPEATED * repeated)
