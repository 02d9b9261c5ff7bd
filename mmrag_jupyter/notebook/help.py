"""The help of `%mmrag`, written from the command table alone."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmrag_jupyter.config import Config
from mmrag_jupyter.display.escape import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mmrag_jupyter.notebook.grammar import Argument, Command, Example

_WIDTH = 88
_FIRST = {"load", "query", "ask"}
_CLOSING = """\
A text needs quotes only where it starts with a quote or a dash, or ends in ? or ;
In a text, {braces} and $dollars are left alone; --expand fills them in.

  hits = %mmrag query ...    keeps the result; a ; at the end of the line hides it
  %config Mmrag              shows the settings that hold for the whole notebook"""


@dataclass(frozen=True, slots=True)
class Help:
    """A help page: shows itself in a cell as the text that it is."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, **_wanted: object) -> dict[str, str]:
        return {"text/plain": self.text, "text/html": f"<pre>{escape(self.text)}</pre>"}


def overview(commands: Mapping[str, Command]) -> str:
    """Return the page that lists all commands."""
    wide = max(len(name) for name in commands)
    lines = [f"  {command.name:<{wide}}  {command.summary}" for command in commands.values()]
    cells = " and ".join(name for name, one in commands.items() if one.body and name != "query")
    first = [command.examples[0] for command in commands.values() if command.name in _FIRST]
    return "\n".join(
        [
            "Search your pictures, tables, texts and documents in a notebook, and ask questions.",
            "",
            "Usage: %mmrag COMMAND ...     %mmrag help COMMAND tells all about one of them.",
            f"       %%mmrag query OPTIONS  takes the cell below it as the text; so do {cells}.",
            "",
            *lines,
            "",
            "To start:",
            "  %load_ext mmrag_jupyter",
            *_examples(first),
            "",
            _CLOSING,
        ]
    )


def page(command: Command) -> str:
    """Return the page of one command: synopsis, arguments, examples, notes."""
    lines = [command.summary, "", *_synopsis(command)]
    if command.arguments:
        lines += ["", *_arguments(command.arguments)]
    if command.examples:
        lines += ["", "Examples:", *_examples(command.examples)]
    for note in command.notes:
        lines += ["", *_wrapped(note)]
    return "\n".join(lines)


def explained(argument: Argument) -> str:
    """Return one argument with what it means, as documentation beside a completion."""
    return "\n".join([_name(argument), "", *_wrapped(_told(argument))])


def _name(argument: Argument) -> str:
    flags = ", ".join(argument.flags)
    return flags if argument.meaning == "flag" else f"{flags} {argument.metavar}".strip()


def _told(argument: Argument) -> str:
    told = argument.summary
    if argument.choices:
        told += f" ({', '.join(argument.choices)})"
    default = argument.default
    if argument.config:
        default = default or getattr(Config(), argument.config)
        default = f"{default}; %config Mmrag.{argument.config} sets it"
    return f"{told} [default: {default}]" if default else told


def _synopsis(command: Command) -> list[str]:
    parts = []
    for argument in command.arguments:
        bare = argument.flags or not argument.required
        again = " ..." if argument.flags and argument.many and not argument.is_list else ""
        parts.append(f"[{argument.synopsis}]{again}" if bare else argument.synopsis)
    head = f"Usage: %mmrag {command.name} "
    indent = " " * len(head)
    # A space within an option must not become a line break.
    glued = " ".join(part.replace(" ", "\0") for part in parts)
    lines = textwrap.wrap(
        head + glued, _WIDTH, subsequent_indent=indent,
        break_on_hyphens=False, break_long_words=False,
    )  # fmt: skip
    if command.body:
        lines.append(f"       %%mmrag {command.name} OPTIONS, with the text in the cell below it")
    return [line.replace("\0", " ") for line in lines]


def _arguments(arguments: Iterable[Argument]) -> list[str]:
    rows = [(_name(argument), _told(argument)) for argument in arguments]
    wide = max(len(name) for name, _ in rows)
    lines = []
    for name, told in rows:
        first, *rest = textwrap.wrap(told, _WIDTH - wide - 4, break_on_hyphens=False)
        lines.append(f"  {name:<{wide}}  {first}")
        lines += [" " * (wide + 4) + line for line in rest]
    return lines


def _examples(examples: Iterable[Example]) -> list[str]:
    return [
        line
        for example in examples
        for line in (textwrap.indent(example.line, "  "), f"      {example.meaning}")
    ]


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, break_on_hyphens=False, break_long_words=False)
