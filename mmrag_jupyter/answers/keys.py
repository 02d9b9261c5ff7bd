"""The citation keys in a text that a language model writes: those that exist, and the others.

A key is a number in brackets that was given to the model with a passage: `[2]`. Models write
several at once (`[1, 3]`, `[1-3]`), with a caret, with a word (`[Source 1]`), or in lenticular
brackets; all become `[1][3]`. A number that no passage has is struck, `~~[9]~~`. Code is left
as it is.
"""

from __future__ import annotations

import re

_OPEN = re.compile(r"`+|[\[\u3010]")
_KEYS = re.compile(
    r"[\[\u3010]\^?\s?(?:[Ss]ources?\s)?"
    r"(\d{1,3}(?:\s?(?:[,;\u3001]|-|\u2013|and|&)\s?\^?\d{1,3}){0,12})\s?,?"
    r"(?:\u2020[^\]\u3011\n]{0,40})?[\]\u3011]"
)
# What a key may look like before all of it has come.
_BEGUN = re.compile(
    r"[\[\u3010]\^?\s?(?:[Ss][a-z]{0,6}\s?)?"
    r"(?:\d[\d\s,;\u3001\-\u2013&^and]{0,60})?(?:\u2020[^\]\u3011\n]{0,40})?"
)
_RANGE = re.compile(r"(\d+)\s?[-\u2013]\s?(\d+)")
_MOST = 20  # keys of one range
_FENCE = 3
_LONGEST_CODE = 400  # characters within one pair of backticks


class KeyChecker:
    """Takes a text as it comes, in pieces cut anywhere, and gives it out with its keys checked.

    Parameters
    ----------
    known
        The keys that exist.
    """

    def __init__(self, known: frozenset[int]) -> None:
        self.known = known
        self._held = ""
        self._fence = 0
        self.cited: list[int] = []
        self.unknown: list[int] = []

    def feed(self, piece: str) -> str:
        """Take the next piece; return what is certain by now."""
        self._held += piece
        return self._drained(ended=False)

    def finish(self) -> str:
        """Return the rest."""
        return self._drained(ended=True)

    def _drained(self, *, ended: bool) -> str:
        out = []
        while self._held:
            taken = self._fenced(ended=ended) if self._fence else self._plain(ended=ended)
            if not taken:
                break
            out.append(taken)
        return "".join(out)

    def _plain(self, *, ended: bool) -> str:
        """Return some text from the beginning of what is held; "" where more must come first."""
        found = _OPEN.search(self._held)
        if found is None:
            return self._take(len(self._held))
        if found.start():
            return self._take(found.start())
        return self._code(found[0], ended=ended) if found[0][0] == "`" else self._key(ended=ended)

    def _key(self, *, ended: bool) -> str:
        whole = _KEYS.match(self._held)
        if whole is not None:
            self._take(whole.end())
            return "".join(self._checked(key) for key in _numbers(whole[1]))
        if not ended and _BEGUN.fullmatch(self._held):
            return ""
        return self._take(1)

    def _checked(self, key: int) -> str:
        kind = self.cited if key in self.known else self.unknown
        if key not in kind:
            kind.append(key)
        return f"[{key}]" if key in self.known else f"~~[{key}]~~"

    def _code(self, ticks: str, *, ended: bool) -> str:
        if len(ticks) == len(self._held) and not ended:
            return ""
        if len(ticks) >= _FENCE:
            self._fence = len(ticks)
            return self._take(len(ticks))
        # A code span ends with as many backticks as it began, in the same paragraph.
        close = re.search(rf"(?<!`){ticks}(?!`)|\n\s*\n", self._held[len(ticks) :])
        if close is not None and close[0] == ticks and len(ticks) + close.end() < len(self._held):
            return self._take(len(ticks) + close.end())
        if close is not None and close[0] == ticks and ended:
            return self._take(len(self._held))
        if not ended and (close is None or close[0] == ticks) and len(self._held) < _LONGEST_CODE:
            return ""
        return self._take(len(ticks))

    def _fenced(self, *, ended: bool) -> str:
        close = re.search(rf"`{{{self._fence},}}", self._held)
        if close is None:
            left = 0 if ended else len(self._held) - len(self._held.rstrip("`"))
            return self._take(len(self._held) - left)
        if close.end() == len(self._held) and not ended:
            return self._take(close.start())
        self._fence = 0
        return self._take(close.end())

    def _take(self, count: int) -> str:
        taken, self._held = self._held[:count], self._held[count:]
        return taken


def checked(text: str, known: frozenset[int]) -> tuple[str, list[int], list[int]]:
    """Return a whole text with its keys checked, the keys that it cites, and the unknown ones."""
    checker = KeyChecker(known)
    return checker.feed(text) + checker.finish(), checker.cited, checker.unknown


def _numbers(inside: str) -> list[int]:
    """Return the keys of one pair of brackets, ranges written out."""
    found: list[int] = []
    for part in re.split(r"[,;\u3001&]|and", inside):
        ends = _RANGE.search(part)
        if ends is not None and 0 <= int(ends[2]) - int(ends[1]) < _MOST:
            found += range(int(ends[1]), int(ends[2]) + 1)
        else:
            found += [int(number) for number in re.findall(r"\d+", part)]
    return list(dict.fromkeys(found))
