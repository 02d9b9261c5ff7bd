"""Splits a command line into words, by rules made for texts that people type unquoted.

- A quote opens only where a word starts (or after `--option=`) and closes only before a
  space or the end, so `men's shoes` and `'men's shoes'` are what they look like.
- In double quotes a backslash keeps a quote or a backslash from being special; everywhere
  else it is itself, so that backslashes in a `where` expression or a path survive.
- Outside quotes, a backslash before a space joins two words, as completion writes paths,
  and a quoted key in brackets is one with its word: `frames['may 1']`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_OPTION_WITH_VALUE = re.compile(r"--?[a-z][a-z-]*=", re.IGNORECASE)
_KEY = re.compile(r"""\[(['"]).*?\1\]""", re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\])')


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a command line.

    `text` is what it means, `start` and `end` where it stands in the line, `quote` the quote
    that it began with or "", `closed` whether that quote was closed.
    """

    text: str
    start: int
    end: int
    quote: str = ""
    closed: bool = True


def split(line: str) -> list[Word]:
    """Return the words of `line`; only the last can have an unclosed quote."""
    words = []
    at = 0
    while at < len(line):
        if line[at].isspace():
            at += 1
            continue
        words.append(_read(line, at))
        at = words[-1].end
    return words


def quote(text: str) -> str:
    """Return `text` as one quoted word that `split` gives back unchanged."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def quote_if_needed(text: str) -> str:
    """Return `text`, quoted only where it would not be one plain word."""
    plain = text and not text.startswith(("-", '"', "'")) and not text.endswith(";")
    return text if plain and not re.search(r"""[\s\\]|\[['"]""", text) else quote(text)


def shown(text: str, length: int = 60) -> str:
    """Return `text` in quotes for a one-line message, shortened to `length` characters."""
    return repr(text if len(text) <= length else f"{text[: length - 1]}…")


def _read(line: str, start: int) -> Word:
    option = _OPTION_WITH_VALUE.match(line, start)
    head = option.group() if option else ""
    at = start + len(head)
    if line[at : at + 1] in {'"', "'"}:
        text, end, closed = _quoted(line, at)
        return Word(head + text, start, end, "" if head else line[at], closed)
    text, end = _bare(line, at)
    return Word(head + text, start, end)


def _quoted(line: str, start: int) -> tuple[str, int, bool]:
    mark = line[start]
    at = start + 1
    while at < len(line):
        if mark == '"' and line[at] == "\\" and line[at + 1 : at + 2] in {'"', "\\"}:
            at += 2
            continue
        if line[at] == mark and (at + 1 == len(line) or line[at + 1].isspace()):
            return _unescaped(line[start + 1 : at], mark), at + 1, True
        at += 1
    return _unescaped(line[start + 1 :], mark), len(line), False


def _unescaped(text: str, mark: str) -> str:
    return _ESCAPED.sub(r"\1", text) if mark == '"' else text


def _bare(line: str, start: int) -> tuple[str, int]:
    kept = []
    at = start
    while at < len(line) and not line[at].isspace():
        if key := _KEY.match(line, at):
            kept.append(key[0])
            at = key.end()
            continue
        if line[at] == "\\" and line[at + 1 : at + 2].isspace():
            at += 1
        kept.append(line[at])
        at += 1
    return "".join(kept), at
