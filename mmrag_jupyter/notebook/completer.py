"""Completion of `%mmrag`: in IPython, whose provisional API is used only here, and in Lab."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from IPython.core.completer import SimpleCompletion, context_matcher

from mmrag_jupyter.notebook.describe import documentation_of, kind_of
from mmrag_jupyter.notebook.namespace import Namespace
from mmrag_jupyter.notebook.suggest import Suggestions, suggest

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext, MatcherAPIv2, SimpleMatcherResult
    from IPython.core.interactiveshell import InteractiveShell

    from mmrag_jupyter.session import Session

IDENTIFIER = "mmrag_jupyter"
# `%mmrag`, `x = %mmrag`, `%time %mmrag`; the name alone is IPython's own to complete.
_LINE = re.compile(r"\s*(?:[^%='\"#]+=\s*|%\w+\s+)?%mmrag\s", re.DOTALL)
_CELL = re.compile(r"%%mmrag\s")
_TOKEN = re.compile(r"\S*$")


def make_matcher(shell: InteractiveShell, session: Session) -> MatcherAPIv2:
    """Return a matcher for `shell.Completer.custom_matchers`."""

    def mmrag_matcher(context: CompletionContext) -> SimpleMatcherResult:
        try:
            return _match(context, session, Namespace(shell.user_ns))
        except Exception:  # noqa: BLE001 - IPython prints a traceback into what is being typed
            return {"completions": []}

    matcher: MatcherAPIv2 = context_matcher(identifier=IDENTIFIER, priority=100)(mmrag_matcher)
    return matcher


@dataclass(frozen=True, slots=True)
class Completion:
    """A word to put in place of what is typed, what it is, and what it means."""

    text: str
    type: str
    documentation: str


def completions(
    code: str, cursor: int, session: Session, names: Namespace
) -> tuple[int, list[Completion]]:
    """Return where the word at the cursor begins in a cell, and what fits in its place.

    Only what is known to fit: nothing outside `%mmrag` lines, nothing in texts.
    """
    before = code[:cursor].split("\n")
    found = _suggested(code, len(before) - 1, len(before[-1]), session, names)
    if found is None or not found.known:
        return cursor, []
    return cursor - len(found.fragment), [
        Completion(word, kind_of(word, found, names), documentation_of(word, found, names))
        for word in found.words
    ]


def _match(context: CompletionContext, session: Session, names: Namespace) -> SimpleMatcherResult:
    found = _suggested(
        context.full_text, context.cursor_line, context.cursor_position, session, names
    )
    if found is None:
        return {"completions": []}
    return {
        # IPython heeds a wish to be left alone only with at least one completion, so in a text
        # the token stays itself.
        "completions": [
            SimpleCompletion(text=word, type=kind_of(word, found, names)) for word in found.words
        ],
        "matched_fragment": found.fragment,
        "suppress": True,
        "ordered": True,
    }


def _suggested(
    code: str, row: int, column: int, session: Session, names: Namespace
) -> Suggestions | None:
    """Return what fits at the cursor, or None where it is not in a line of ours."""
    lines = code.split("\n")
    first = next((at for at, line in enumerate(lines) if line.strip()), 0)
    if _CELL.match(f"{lines[first]}\n"):
        if row > first:
            # The body is text: nobody else should take it for Python.
            token = _TOKEN.search(lines[row][:column])
            text = token[0] if token else ""
            return Suggestions(text, (text,), known=False)
        before, after = _halves(lines[first], column, len("%%mmrag"))
    else:
        at = row
        above = ""
        while at > 0 and lines[at - 1].endswith("\\"):
            at -= 1
            above = f"{lines[at][:-1]} {above}"
        line = above + lines[row]
        found = _LINE.match(line)
        if found is None or len(above) + column < found.end():
            return None
        before, after = _halves(line, len(above) + column, found.end())
    return suggest(before, after, session, names)


def _halves(line: str, cursor: int, start: int) -> tuple[str, str]:
    return line[start:cursor], line[cursor:]
