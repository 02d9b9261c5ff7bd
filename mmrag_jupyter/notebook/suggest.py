"""What can stand at the cursor of a `%mmrag` line; pure, and knows nothing of IPython.

Everything here is quick and only looks: no collection is opened and no file is read.
"""

from __future__ import annotations

import keyword
import os
import re
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from mmrag_jupyter.notebook.commands import COMMANDS
from mmrag_jupyter.notebook.evaluation_commands import COMPARED
from mmrag_jupyter.notebook.namespace import column_names, is_llm, is_picture, is_recording
from mmrag_jupyter.notebook.parser import Reader
from mmrag_jupyter.notebook.words import Word, quote, quote_if_needed, split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mmrag_jupyter.collection import Collection
    from mmrag_jupyter.notebook.grammar import Argument, Command
    from mmrag_jupyter.notebook.namespace import Namespace
    from mmrag_jupyter.session import Session

MOST_SUGGESTIONS = 100
MOST_ENTRIES = 5000
_SOME_IDS = 50
_MODELS = ("auto", "builtin", "openai:")
_LLMS = ("hf:", "openai:", "none")
_NAME_AT_END = re.compile(r"`[^`]*$|\w*$")
_WORDS_OF_WHERE = {"like", "between", "null", "escape", "glob", "select", "case", "when", "end"}


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Words to put in place of `fragment`, which is the end of the line before the cursor.

    They are commands where `command` is None, else the options of that command, or values of
    its `argument`. Where nothing is known to fit, `known` is false.
    """

    fragment: str
    words: tuple[str, ...]
    command: Command | None = None
    argument: Argument | None = None
    known: bool = True


@dataclass(frozen=True, slots=True)
class _Cursor:
    """The value at the cursor: as typed, as meant, its quote, and the `--flag` of `--flag=`."""

    raw: str
    text: str
    quote: str
    flag: str = ""

    @classmethod
    def at(cls, line: str, word: Word | None) -> _Cursor:
        if word is None:
            return cls("", "", "")
        head = re.match(r"(-[\w-]+)=", word.text) if not word.quote else None
        skip = len(head[0]) if head else 0
        raw = line[word.start + skip :]
        mark = raw[:1] if raw[:1] in {'"', "'"} else ""
        return cls(raw, word.text[skip:], mark, head[1] if head else "")


def suggest(before: str, after: str, session: Session, names: Namespace) -> Suggestions:
    """Return what fits at the cursor, between the two halves of what follows `%mmrag`.

    Where nothing is known to fit, the word at the cursor itself is returned.
    """
    words = split(before)
    last = words.pop() if words and words[-1].end == len(before) else None
    if last is not None and last.quote and last.closed:
        return Suggestions("", ("",), known=False)
    cursor = _Cursor.at(before, last)
    if not words:
        return _completed(cursor, COMMANDS)
    command = COMMANDS.get(words[0].text)
    if command is None:
        return _unchanged(cursor)
    reader = _read(command, words[1:])
    if _wants_option(reader, last):
        options = [flag for flag in _options(reader) if flag.startswith(cursor.raw)]
        return Suggestions(cursor.raw, tuple(options), command) if options else _unchanged(cursor)
    argument = command.options.get(cursor.flag) if cursor.flag else reader.expected()
    if argument is None:
        return _unchanged(cursor)
    # What is named behind the cursor counts too, but not the rest of the word under it.
    behind = split(after)[0 if not after or after[0].isspace() else 1 :]
    complete = words[1:-1] if reader.pending is not None else words[1:]
    around = _Surroundings(session, names, _read(command, [*complete, *behind]))
    return replace(_values(argument, cursor, around), command=command, argument=argument)


@dataclass(frozen=True, slots=True)
class _Surroundings:
    session: Session
    names: Namespace
    line: Reader

    def known(self, argument: Argument, text: str) -> Iterable[str]:
        """Return what a value of this meaning can be; paths only those that begin with `text`."""
        ways: dict[str, Callable[[], Iterable[str]]] = {
            "collection": self.session.names,
            "column": self.columns,
            "columns": self.columns,
            "command": lambda: COMMANDS,
            "compared": lambda: [*self.session.names(), *COMPARED],
            "folder": lambda: [path for path in _paths(text) if path.endswith("/")],
            "id": lambda: self.ids(text),
            "ids": lambda: self.ids(text),
            "model": lambda: _MODELS,
            "llm": lambda: [*_LLMS, *self.llms()],
            "picture": lambda: [*self.pictures(), *_paths(text)],
            "recording": lambda: [*self.recordings(), *_paths(text)],
            "avoid": lambda: [*self.pictures(), *_paths(text)],
            "slice": lambda: dict.fromkeys([*self.columns(), *self.own_columns()]),
            "source": lambda: [*self.names.tables(), *_paths(text)],
            "weights": lambda: [f"{name}=" for name in argument.choices],
        }
        return ways[argument.meaning]() if argument.meaning in ways else argument.choices

    def columns(self) -> list[str]:
        """Return the columns of the table named in the line, or of the collection meant."""
        if "source" in self.line.given:
            table = self.names.table(self.line.given["source"][0])
            return [] if table is None else column_names(table)
        return self.own_columns()

    def own_columns(self) -> list[str]:
        """Return the columns of the collection meant."""
        collection = self.collection()
        return [] if collection is None else collection.columns

    def conditions(self) -> list[str]:
        """Return the columns that a condition may name: those of joined tables too."""
        collection = self.collection()
        joined = [] if collection is None else collection.joined_columns
        return list(dict.fromkeys([*self.columns(), *joined]))

    def ids(self, start: str) -> list[str]:
        """Return some ids of the collection meant that begin with `start`."""
        collection = self.collection()
        return [] if collection is None else collection.some_ids(start, _SOME_IDS)

    def recordings(self) -> list[str]:
        """Return the names of the variables that hold a recording."""
        return [name for name, value in self.names.public().items() if is_recording(value)]

    def pictures(self) -> list[str]:
        """Return the names of the variables that hold a picture."""
        return [name for name, value in self.names.public().items() if is_picture(value)]

    def llms(self) -> list[str]:
        """Return the names of the variables that hold a language model."""
        return [name for name, value in self.names.public().items() if is_llm(value)]

    def collection(self) -> Collection | None:
        """Return the collection that the line is about, if it is open."""
        named = self.line.given.get("in") or self.line.given.get("into")
        return self.session.opened(named[0] if named else None)


def _read(command: Command, words: Iterable[Word]) -> Reader:
    reader = Reader(command)
    for word in words:
        try:
            reader.feed(word)
        except UsageError:
            reader.pending = None
    return reader


def _wants_option(reader: Reader, last: Word | None) -> bool:
    if reader.pending is not None:
        return False
    if last is None:
        expected = reader.expected()
        return expected is None or expected.is_text
    return last.text.startswith("-") and not last.quote and "=" not in last.text


def _options(reader: Reader) -> list[str]:
    return [
        flag
        for flag, argument in reader.command.options.items()
        if argument.many or argument.name not in reader.given
    ]


def _values(argument: Argument, cursor: _Cursor, around: _Surroundings) -> Suggestions:
    if argument.meaning == "where":
        return _in_expression(cursor, around.conditions())
    theirs, equals, _ = cursor.text.partition("=")
    if argument.name == "on" and equals:
        return _completed(cursor, around.own_columns(), theirs + equals)
    if not argument.is_list:
        return _completed(cursor, around.known(argument, cursor.text))
    start = cursor.text.rpartition(",")[2].lstrip()
    head = cursor.text[: len(cursor.text) - len(start)]
    taken = {part.strip() for part in head.split(",")}
    fresh = [name for name in around.known(argument, start) if name not in taken]
    return _completed(cursor, fresh, head)


def _in_expression(cursor: _Cursor, columns: Sequence[str]) -> Suggestions:
    start = _NAME_AT_END.search(cursor.text)
    head = cursor.text[: start.start()] if start else cursor.text
    if head.count("'") % 2 or head.count('"') % 2:
        return _unchanged(cursor)
    typed = cursor.text[len(head) :]
    fitting = [name for name in columns if name.startswith(typed.removeprefix("`"))]
    backquoted = typed.startswith("`")
    return _placed(cursor, [_as_column(name, always=backquoted) for name in fitting], head)


def _as_column(name: str, *, always: bool) -> str:
    special = keyword.iskeyword(name) or name.lower() in _WORDS_OF_WHERE
    return f"`{name}`" if always or special or not name.isidentifier() else name


def _completed(cursor: _Cursor, known: Iterable[str], head: str = "") -> Suggestions:
    """Return the known words that begin as the cursor's text does after `head` of it."""
    start = cursor.text[len(head) :]
    return _placed(cursor, [name for name in known if name.startswith(start)], head)


def _placed(cursor: _Cursor, fitting: list[str], head: str) -> Suggestions:
    """Return `fitting` written as the cursor's quote asks, to replace what follows `head`.

    The whole value is replaced where a suggestion makes quotes around it necessary.
    """
    start = cursor.text[len(head) :]
    fitting = fitting[:MOST_SUGGESTIONS]
    if not fitting:
        return _unchanged(cursor)
    if cursor.quote:
        escaped = [_escaped(name, cursor.quote) for name in fitting]
        raw_start = _escaped(start, cursor.quote)
        fragment = raw_start if cursor.raw.endswith(raw_start) else start
        return Suggestions(fragment, tuple(escaped))
    if cursor.raw == cursor.text and all(quote_if_needed(name) == name for name in fitting):
        return Suggestions(start, tuple(fitting))
    return Suggestions(cursor.raw, tuple(_as_word(head + name) for name in fitting))


def _as_word(text: str) -> str:
    word = quote_if_needed(text)
    # A folder is seldom the end of a path: the quote stays open to type on.
    return word[:-1] if word != text and text.endswith("/") else word


def _escaped(text: str, mark: str) -> str:
    return quote(text)[1:-1] if mark == '"' else text


def _unchanged(cursor: _Cursor) -> Suggestions:
    return Suggestions(cursor.raw, (cursor.raw,), known=False)


def _paths(text: str) -> list[str]:
    """Return the paths that begin with `text`, folders with a slash; hidden ones if asked for."""
    folder, slash, start = text.rpartition("/")
    here = os.path.expanduser(folder + slash) or "."  # noqa: PTH111 - Path's may raise
    try:
        with os.scandir(here) as entries:
            found = [
                entry
                for entry in islice(entries, MOST_ENTRIES)
                if entry.name.startswith(start) and (start or not entry.name.startswith("."))
            ]
            return sorted(
                f"{folder}{slash}{entry.name}{'/' if entry.is_dir() else ''}" for entry in found
            )
    except (OSError, ValueError):
        return []
