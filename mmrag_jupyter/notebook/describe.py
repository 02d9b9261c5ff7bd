"""What a suggestion is and what it means: for the icons and the documentation beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.notebook.commands import COMMANDS
from mmrag_jupyter.notebook.help import explained, page
from mmrag_jupyter.notebook.namespace import column_names

if TYPE_CHECKING:
    from mmrag_jupyter.notebook.grammar import Argument
    from mmrag_jupyter.notebook.namespace import Namespace
    from mmrag_jupyter.notebook.suggest import Suggestions

_TYPES = {
    "collection": "collection",
    "column": "column",
    "columns": "column",
    "command": "magic",
    "folder": "path",
    "id": "item",
    "model": "model",
    "where": "column",
}
_MOST_COLUMNS = 30


def kind_of(word: str, suggestions: Suggestions, names: Namespace) -> str:
    """Return what a suggested word is, as completers call it; "" where nothing is known."""
    if not suggestions.known:
        return ""
    if suggestions.command is None:
        return "magic"
    if suggestions.argument is None:
        return "param"
    if suggestions.argument.meaning in {"source", "picture", "recording", "avoid"}:
        return "instance" if word in names.public() else "path"
    return _TYPES.get(suggestions.argument.meaning, "value")


def documentation_of(word: str, suggestions: Suggestions, names: Namespace) -> str:
    """Return what a suggested word means, in a few lines; "" where nothing is known."""
    if not suggestions.known:
        return ""
    if suggestions.command is None:
        return page(COMMANDS[word]) if word in COMMANDS else ""
    argument = suggestions.argument or suggestions.command.options[word]
    if argument.meaning == "command" and word in COMMANDS:
        return page(COMMANDS[word])
    return "\n\n".join(filter(None, [_table(word, argument, names), explained(argument)]))


def _table(word: str, argument: Argument, names: Namespace) -> str:
    table = names.table(word) if argument.meaning == "source" else None
    if table is None:
        return ""
    columns = column_names(table)
    more = ", …" if len(columns) > _MOST_COLUMNS else ""
    size = f"{len(table):,} rows: " if hasattr(table, "__len__") else ""
    return f"{word}: {type(table).__name__}, {size}{', '.join(columns[:_MOST_COLUMNS])}{more}"
