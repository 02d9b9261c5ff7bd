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
from itertools import pairwise
from typing import TYPE_CHECKING

from mmrag_jupyter.answers.sentences import LONGEST, pieces
from mmrag_jupyter.answers.terms import pairs, question_terms, said_for, terms

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mmrag_jupyter.answers.passages import Passage

    Similar = Callable[[str, list[str]], Sequence[float]]

_SATURATION, _LENGTH = 1.2, 0.75  # k1 and b
_USUAL = 12  # words of a sentence; below it a text is not favoured for being short
_RANK = 0.15  # how much less a sentence counts each time its passage's place doubles
_MEANING = 0.6  # what the meaning counts, of the best sentence's score
_COMPARED = 32  # sentences whose meaning is looked at
_REPEATED = 0.6  # how much of a sentence's score is lost where all of it was quoted already
_SAID = 0.5  # how much more a sentence counts that says what kind of thing is asked for
_WORTH = 0.4  # of the best one's score: what lies below is left out
_TOGETHER = 2  # words of a longer question that a quote must have
_FOOTER = 3  # passages with the same line (but for numbers): the head or foot of each page
_DIGITS = re.compile(r"\d+")
_ENDS = ".!?:;\u2026\u3002\uff01\uff1f\u0964"
_CLOSING = "\"')]\u201d\u2019\u300d\u300f "
# What a piece counts that does not say a whole thing: a heading, half a sentence.
_HEADING, _NO_END, _NO_BEGINNING = 0.3, 0.8, 0.7
_SHORT = 9  # words of a piece that is no more than a heading, or wants what follows
_NUMBER, _YEAR = re.compile(r"[\d.,]*\d"), re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True, slots=True, eq=False)
class Quote:
    """A piece of a passage as it stands there; `row` says that it is a row of a table.

    `start` is its place in the passage, `words` its words, folded and cut to their stems;
    `tail` says that the beginning of its sentence is not in it.
    """

    passage: Passage
    start: int
    text: str
    row: bool
    tail: bool = False
    words: frozenset[str] = frozenset()
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
    cut, asked, said = _cut(passages), question_terms(question), said_for(question)
    ranked = _scored(asked, said, cut)
    if similar is not None and ranked:
        ranked = _with_meaning(question, ranked, similar)
    ranked = [one for one in ranked if one.score > 0]
    best = max((one.score for one in ranked), default=0.0)
    foremost = min((passage.hit.rank for passage in passages), default=1)
    pool = [one for one in ranked if one.passage.hit.rank == foremost] or ranked
    # One word of many is chance; the first quote is the best there is.
    enough = min(_TOGETHER, (len(asked) + 1) // 2) if similar is None else 0
    ranked = [one for one in ranked if _told(one.words, asked, said) >= enough]
    chosen: list[Quote] = []
    while pool and len(chosen) < most:
        told = frozenset[str]().union(*(one.words for one in chosen))
        worth, taken = max(((_left(one, told), one) for one in pool), key=lambda pair: pair[0])
        if chosen and worth < _WORTH * best:
            break
        chosen.append(taken)
        pool = [one for one in ranked if one not in chosen]
    return _told_on(chosen, cut, frozenset(asked))


def _told(words: frozenset[str], asked: list[str], said: list[frozenset[str]]) -> int:
    """Return how many of the things asked for some words tell."""
    return len(words.intersection(asked)) + sum(not each.isdisjoint(words) for each in said)


def _cut(passages: Sequence[Passage]) -> list[Quote]:
    """Return all pieces of passages, without lines that several pages have alike."""
    cut = [
        Quote(passage, one.start, passage.text[one.start : one.end], one.row, one.tail)
        for passage in passages
        for one in pieces(passage.text)
    ]
    lines = [_DIGITS.sub("0", one.text) for one in cut]
    pages = Counter(
        line for _, line in {(one.passage.key, line) for one, line in zip(cut, lines, strict=True)}
    )
    return [one for one, line in zip(cut, lines, strict=True) if pages[line] < _FOOTER]


def _scored(asked: list[str], said: list[frozenset[str]], cut: Sequence[Quote]) -> list[Quote]:
    words = [terms(one.text) if _may_have(one.text, asked) else [] for one in cut]
    counted = [Counter([*found, *pairs(found)]) for found in words]
    wanted = {*asked, *pairs(asked)}
    occurs = Counter(term for counts in counted for term in wanted.intersection(counts))
    rarity = {
        term: math.log(1 + (len(cut) - count + 0.5) / (count + 0.5))
        for term, count in occurs.items()
    }
    found = []
    for one, counts, own in zip(cut, counted, words, strict=True):
        damp = _SATURATION * (1 - _LENGTH + _LENGTH * max(len(own), _USUAL) / _USUAL)
        score = sum(
            rarity[term] * counts[term] * (_SATURATION + 1) / (counts[term] + damp)
            for term in wanted.intersection(counts)
        )
        score += sum(_SAID * score for each in said if each.intersection(counts))
        score *= _wholeness(one) / (1 + _RANK * math.log2(one.passage.key))
        found.append(replace(one, words=frozenset(own), score=score))
    return found


def _may_have(text: str, asked: list[str]) -> bool:
    """Tell quickly whether a text can have a word of the question: few have, of a long page."""
    folded = text.casefold()
    return not text.isascii() or any(stem in folded for stem in asked)


def _wholeness(one: Quote) -> float:
    """Return how much a piece says by itself, 0 to 1."""
    if one.row:
        # The head of a table has years for numbers.
        return _HEADING if all(map(_YEAR.fullmatch, _NUMBER.findall(one.text))) else 1.0
    ended = _has_end(one.text)
    heads = not ended or one.text.endswith(":")
    if heads and len(one.text.split()) < _SHORT and one.text.isascii():
        return _HEADING
    return (1.0 if ended else _NO_END) * (
        _NO_BEGINNING if one.tail or one.text[:1].islower() else 1.0
    )


def _has_end(text: str) -> bool:
    return text.rstrip(_CLOSING)[-1:] in _ENDS


def _told_on(chosen: Sequence[Quote], cut: Sequence[Quote], asked: frozenset[str]) -> list[Quote]:
    """Return quotes with what follows a short one that says less than was asked for."""
    following = {(one.passage.key, one.start): after for one, after in pairwise(cut)}
    found: list[Quote] = []
    for one in chosen:
        after = following.get((one.passage.key, one.start))
        short = not one.row and len(one.text.split()) < _SHORT and _has_end(one.text)
        short = short and not asked <= one.words
        if not short or after is None or after.row or after.passage.key != one.passage.key:
            found.append(one)
            continue
        end = after.start + len(after.text)
        between = one.passage.text[one.start + len(one.text) : after.start]
        whole = one.passage.text[one.start : end]
        goes_on = (
            _has_end(after.text)
            and not between.strip()
            and "\n\n" not in between
            and len(whole) <= LONGEST
        )
        found.append(replace(one, text=whole) if goes_on else one)
    # What was told with another needs no quote of its own.
    return [
        one
        for one in found
        if not any(
            other is not one
            and other.passage.key == one.passage.key
            and other.start < one.start < other.start + len(other.text)
            for other in found
        )
    ]


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
