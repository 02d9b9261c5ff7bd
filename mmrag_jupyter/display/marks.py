"""Snippets of a text around the words that a query shares with it, those words marked."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from mmrag_jupyter.display.escape import escape, visible

# Both colours are given: a sanitiser keeps these where it drops `color: inherit`, and dark
# letters on yellow read well on a light and on a dark page.
_MARK = '<mark style="background:#ffe28a;color:#222">'

_READ = 10_000  # characters of a text that are looked through for matches
_BEFORE = 0.25  # the part of a snippet that stands before its first match
_CHOICE = 100  # matches that are weighed against each other
_WORD = 25  # characters that are given up so as not to end inside a word


# Marked in every text they would hide the words that matter.
_SMALL_WORDS = (
    "a about all an and any are as at be but by can do for from has have he her his i in is it its "
    "like me more my no not of on one or our she so some than that the their them they this to "
    "up was we what which who with you your"
)
_SMALL = frozenset(_SMALL_WORDS.split())


class _Word(NamedTuple):
    start: int
    end: int
    folded: str


@lru_cache(maxsize=4096)
def _in_word(char: str) -> bool:
    # The words of the lexical index: letters, digits, marks. An underscore parts words.
    return unicodedata.category(char)[0] in "LNM"


def fold(word: str) -> str:
    """Return `word` without case and diacritics, as the lexical index compares it."""
    plain = unicodedata.normalize("NFKD", word)
    return "".join(char for char in plain if not unicodedata.combining(char)).casefold()


def _words(text: str) -> list[_Word]:
    words, at = [], 0
    for inside, run in groupby(text, key=_in_word):
        length = sum(1 for _ in run)
        if inside:
            words.append(_Word(at, at + length, fold(text[at : at + length])))
        at += length
    return words


def folded_words(terms: tuple[str, ...]) -> frozenset[str]:
    """Return the words of all `terms`, folded; small words only where there are no others."""
    words = {word.folded for term in terms for word in _words(visible(term[:1000]))}
    return frozenset(words - _SMALL or words)


def snippet(text: str, terms: tuple[str, ...], width: int) -> str:
    """Return HTML of some `width` characters of `text`, the words of `terms` marked.

    The piece is the one that holds the most different terms, the first of those; without a
    match it is the beginning. Whole words match, whatever their case and diacritics. An
    ellipsis stands where something was left out.
    """
    plain = " ".join(visible(text[:_READ]).split())
    wanted = folded_words(terms)
    found = [word for word in _words(plain) if word.folded in wanted] if wanted else []
    start, end = _window(plain, found, width)
    before = "…" if start else ""
    after = "…" if end < len(plain) or len(text) > _READ else ""
    return before + _marked(plain, found, start, end) + after


def whole(text: str, terms: tuple[str, ...], limit: int) -> str:
    """Return HTML of the first `limit` characters of `text`, line breaks kept, words marked."""
    plain = visible(text[:limit]).strip()
    wanted = folded_words(terms)
    found = [word for word in _words(plain) if word.folded in wanted] if wanted else []
    cut = "…" if len(text) > limit else ""
    return _marked(plain, found, 0, len(plain)).replace("\n", "<br>") + cut


def _window(text: str, found: list[_Word], width: int) -> tuple[int, int]:
    if len(text) <= width:
        return 0, len(text)
    start, reached = 0, 0
    if found:
        best = max(found[:_CHOICE], key=lambda word: _distinct(found, word.start, width))
        reached = best.end
        if best.end > width * (1 - _BEFORE):
            start = min(best.start - int(width * _BEFORE), len(text) - width)
            start = text.find(" ", start, best.start) + 1 or start
    end = min(start + width, len(text))
    if end < len(text):
        gap = text.rfind(" ", max(reached, end - _WORD), end)
        end = gap if gap > start else end
    return start, end


def _distinct(found: list[_Word], start: int, width: int) -> int:
    reach = start + int(width * (1 - _BEFORE))
    near = found[bisect_left(found, start, key=lambda word: word.start) :][:_CHOICE]
    return len({word.folded for word in near if word.end <= reach})


def _marked(text: str, found: list[_Word], start: int, end: int) -> str:
    pieces, at = [], start
    for word in found:
        if word.start < start or word.end > end:
            continue
        pieces += [escape(text[at : word.start]), _MARK, escape(text[word.start : word.end])]
        pieces.append("</mark>")
        at = word.end
    pieces.append(escape(text[at:end]))
    return "".join(pieces)
