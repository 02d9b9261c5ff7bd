"""What a command of `%mmrag` is: the one description behind parser, help and completion."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mmrag_jupyter.notebook.namespace import Namespace
    from mmrag_jupyter.session import Session

Meaning = Literal[
    "flag", "words", "count", "share", "choice", "choices", "weights", "columns", "column", "where",
    "source", "folder", "picture", "recording", "avoid", "id", "ids", "collection", "new",
    "variable", "model", "llm", "command", "compared", "slice",
]  # fmt: skip
"""What a value stands for, which says how it is checked and what completes it."""


@dataclass(frozen=True, slots=True)
class Argument:
    """An option of a command, or, with no flags, its positional words.

    `many` lets an option be given again, and a positional take several words. `default` is
    what the help says holds when it is not given; `config` names the `%config Mmrag` trait
    that holds then.
    """

    name: str
    meaning: Meaning
    summary: str
    flags: tuple[str, ...] = ()
    metavar: str = ""
    many: bool = False
    required: bool = False
    choices: tuple[str, ...] = ()
    default: str = ""
    config: str = ""

    @property
    def label(self) -> str:
        """What messages call it: its longest flag, or its placeholder."""
        return max(self.flags, key=len) if self.flags else self.metavar

    @property
    def is_text(self) -> bool:
        """Whether it is text that anyone can type, which nothing completes."""
        return self.meaning == "words"

    @property
    def is_list(self) -> bool:
        """Whether its value is a list with commas."""
        return self.meaning in {"choices", "columns", "ids", "weights"}

    @property
    def synopsis(self) -> str:
        """How it is written, without brackets: `--where EXPR`."""
        if not self.flags:
            return f"{self.metavar} ..." if self.many else self.metavar
        return self.flags[0] if self.meaning == "flag" else f"{self.flags[0]} {self.metavar}"


@dataclass(frozen=True, slots=True)
class Arguments:
    """The values of one command line, already checked against the command's table."""

    given: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def flag(self, name: str) -> bool:
        """Return whether the option was given."""
        return name in self.given

    def text(self, name: str) -> str | None:
        """Return the value, several words joined by spaces, or None where not given."""
        return " ".join(self.given[name]) if name in self.given else None

    def all(self, name: str) -> list[str]:
        """Return every value, in order."""
        return list(self.given.get(name, ()))

    def listed(self, name: str) -> list[str] | None:
        """Return the members of a list with commas, or None where not given."""
        members = [part.strip() for value in self.all(name) for part in value.split(",")]
        return [part for part in members if part] if name in self.given else None

    def count(self, name: str) -> int | None:
        """Return a whole number, or None where not given."""
        text = self.text(name)
        return None if text is None else int(text)

    def share(self, name: str) -> float | None:
        """Return a number from 0 to 1, or None where not given."""
        text = self.text(name)
        return None if text is None else float(text)

    def weights(self, name: str) -> dict[str, float] | None:
        """Return `name=number` pairs, or None where not given."""
        pairs = self.listed(name)
        if pairs is None:
            return None
        halves = (pair.partition("=") for pair in pairs)
        return {key.strip(): float(number) for key, _, number in halves}


@dataclass(frozen=True, slots=True)
class Example:
    """A line as a user types it, and what it does."""

    line: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command of `%mmrag`; `body` names the argument that a cell's body is."""

    name: str
    summary: str
    run: Callable[[Session, Arguments, Namespace], object]
    arguments: tuple[Argument, ...] = ()
    examples: tuple[Example, ...] = ()
    notes: tuple[str, ...] = ()
    body: str = ""

    @property
    def positionals(self) -> tuple[Argument, ...]:
        """The arguments without flags, in order."""
        return tuple(argument for argument in self.arguments if not argument.flags)

    @property
    def options(self) -> dict[str, Argument]:
        """The arguments with flags, by each flag."""
        return {flag: argument for argument in self.arguments for flag in argument.flags}
