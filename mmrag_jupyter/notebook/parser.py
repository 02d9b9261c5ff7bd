"""From a command line to a command and its checked arguments, or one `UsageError`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from mmrag_jupyter.errors import did_you_mean
from mmrag_jupyter.notebook.commands import COMMANDS, find_command
from mmrag_jupyter.notebook.grammar import Argument, Arguments
from mmrag_jupyter.notebook.words import shown, split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.notebook.grammar import Command
    from mmrag_jupyter.notebook.words import Word

_OPTION = re.compile(r"-[a-zA-Z]|--\S")
_SHORT_WITH_VALUE = re.compile(r"(-[a-zA-Z])=?([0-9-].*)", re.DOTALL)
_COUNT = re.compile(r"0*[1-9][0-9]{0,8}")
_SHARE = re.compile(r"0*(0?\.[0-9]{1,9}|[01](\.0*)?)")
_HELP = {"-h", "--help"}


@dataclass(frozen=True, slots=True)
class Parsed:
    """A command line understood; `silent` says that it ended in `;`."""

    command: Command
    arguments: Arguments
    silent: bool = False


def parse(line: str, body: str | None = None) -> Parsed:
    """Understand what stands after `%mmrag`, and the cell's body below `%%mmrag`.

    The body is taken as it is, without the empty lines around it. No command at all means
    `help`; `-h` or `--help` anywhere means the help of that command.

    Raises
    ------
    UsageError
        With one line that says what is wrong and names the nearest known word.
    """
    line = line.rstrip()
    silent = line.endswith(";")
    words = split(line.removesuffix(";"))
    _check_quotes(words)
    if any(word.text in _HELP and not word.quote for word in words):
        topic = (words[0].text,) if words[0].text in COMMANDS else ()
        return Parsed(COMMANDS["help"], Arguments({"command": topic} if topic else {}), silent)
    if not words and body is not None:
        raise UsageError("%%mmrag needs a command on its first line, as in: %%mmrag query")
    command = find_command(words[0].text) if words else COMMANDS["help"]
    reader = Reader(command)
    for word in words[1:]:
        reader.feed(word)
    arguments = reader.finish(body)
    return Parsed(command, arguments, silent)


@dataclass(slots=True)
class Reader:
    """Takes the words of a command one by one; `pending` is the option that awaits a value."""

    command: Command
    given: dict[str, tuple[str, ...]] = field(default_factory=dict)
    pending: Argument | None = None

    def feed(self, word: Word) -> None:
        """Take the next word, or raise a `UsageError` that says why it does not fit."""
        if self.pending is not None:
            self._value(self.pending, word)
        elif word.quote or not _OPTION.match(word.text):
            self._positional(word)
        else:
            self._option(word)

    def expected(self) -> Argument | None:
        """Return what a next word without a dash would be, or None where none fits."""
        if self.pending is not None:
            return self.pending
        for argument in self.command.positionals:
            if argument.many or argument.name not in self.given:
                return argument
        return None

    def finish(self, body: str | None) -> Arguments:
        """Check what is missing, add the cell's body, and return the arguments."""
        name = self.command.name
        if self.pending is not None and not self._continues(self.pending):
            raise UsageError(f"{self.pending.label} needs a value: {self.pending.synopsis}")
        if body is not None:
            self._body(body)
        for argument in self.command.arguments:
            if argument.required and argument.name not in self.given:
                raise UsageError(
                    f"%mmrag {name} needs {argument.metavar}; `%mmrag help {name}` shows how."
                )
            if argument.name in self.given and argument.meaning != "flag":
                check(argument, self.given[argument.name])
        return Arguments(self.given)

    def _body(self, body: str) -> None:
        target = self.command.body
        if not target:
            raise UsageError(
                f"%%mmrag {self.command.name} takes no cell below it;"
                f" write %mmrag {self.command.name} on one line."
            )
        if not body.strip():
            return
        if target in self.given:
            raise UsageError(
                f"%%mmrag {self.command.name} got a text both on its first line and below it;"
                " keep one of them."
            )
        self.given[target] = (body.strip("\r\n"),)

    def _value(self, argument: Argument, word: Word) -> None:
        if word.quote or not _OPTION.match(word.text):
            self._add(argument, word.text)
        elif self._continues(argument):
            self.pending = None
            self._option(word)
        else:
            raise UsageError(f"{argument.label} needs a value: {argument.synopsis}")

    def _option(self, word: Word) -> None:
        flag, has_value, value = word.text, False, ""
        short = _SHORT_WITH_VALUE.fullmatch(word.text)
        if short and short[1] in self.command.options:
            flag, has_value, value = short[1], True, short[2]
        elif "=" in word.text:
            flag, _, value = word.text.partition("=")
            has_value = True
        argument = self.command.options.get(flag)
        if argument is None:
            raise UsageError(self._unknown(flag))
        if argument.meaning == "flag":
            if has_value:
                raise UsageError(f"{flag} takes no value, and got {shown(value)}.")
            self.given[argument.name] = ()
        elif has_value:
            self._add(argument, value)
        else:
            self.pending = argument

    def _unknown(self, flag: str) -> str:
        name = self.command.name
        message = (
            f"%mmrag {name} has no option {shown(flag)}.{did_you_mean(flag, self.command.options)}"
        )
        if self.command.body:
            return f'{message} Put a text that starts with "-" in quotes.'
        return f"{message} `%mmrag help {name}` lists the options."

    def _positional(self, word: Word) -> None:
        argument = self.expected()
        if argument is None:
            raise UsageError(
                f"%mmrag {self.command.name} does not know what to do with {shown(word.text)};"
                f" `%mmrag help {self.command.name}` shows what it takes."
            )
        self.given[argument.name] = (*self.given.get(argument.name, ()), word.text)

    def _add(self, argument: Argument, text: str) -> None:
        before = self.given.get(argument.name, ())
        if before and not argument.many and not self._continues(argument):
            raise UsageError(f"{argument.label} is given twice; keep one of them.")
        self.given[argument.name] = (*before, text)
        # "--text name, description": the comma says that more of the list follows.
        self.pending = argument if self._continues(argument) else None

    def _continues(self, argument: Argument) -> bool:
        values = self.given.get(argument.name, ())
        return bool(values) and argument.is_list and values[-1].rstrip().endswith(",")


def check(argument: Argument, values: Sequence[str]) -> None:
    """Raise a `UsageError` where the values given for `argument` cannot be meant."""
    if argument.is_list:
        values = Arguments({argument.name: tuple(values)}).listed(argument.name) or [""]
    for value in values:
        if not value.strip() and not argument.is_text:
            raise UsageError(f"{argument.label} needs a value: {argument.synopsis}")
        if argument.meaning == "weights":
            _check_weight(argument, value)
        elif argument.choices:
            _check_choice(argument, value)
        elif argument.meaning == "count" and not _COUNT.fullmatch(value):
            raise UsageError(f"{argument.label} is a whole number from 1 up, not {shown(value)}.")
        elif argument.meaning == "share" and not _SHARE.fullmatch(value):
            raise UsageError(f"{argument.label} is a number from 0 to 1, not {shown(value)}.")
        elif argument.meaning == "variable" and not value.isidentifier():
            raise UsageError(f"{argument.label} is a variable's name, not {shown(value)}.")


def _check_choice(argument: Argument, value: str) -> None:
    if value not in argument.choices:
        raise UsageError(
            f"{argument.label} is one of {', '.join(argument.choices)}, not {shown(value)}."
            f"{did_you_mean(value, argument.choices)}"
        )


def _check_weight(argument: Argument, member: str) -> None:
    name, equals, number = (part.strip() for part in member.partition("="))
    try:
        weight = float(number)
    except ValueError:
        weight = math.nan
    if not equals or not math.isfinite(weight) or weight < 0:
        raise UsageError(
            f"{argument.label} takes name=number pairs such as text=2,image=1, not {shown(member)}."
        )
    _check_choice(argument, name)


def _check_quotes(words: Sequence[Word]) -> None:
    if words and not words[-1].closed:
        raise UsageError(
            f"A quote is opened and never closed: {shown(words[-1].text)}."
            " A text with such a quote at the start of a word goes in double quotes."
        )
