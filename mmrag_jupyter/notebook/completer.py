"""Completion of `%mmrag` in IPython; all of its provisional completion API is used here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from IPython.core.completer import SimpleCompletion, context_matcher

from mmrag_jupyter.notebook.namespace import Namespace
from mmrag_jupyter.notebook.suggest import suggest

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext, MatcherAPIv2, SimpleMatcherResult
    from IPython.core.interactiveshell import InteractiveShell

    from mmrag_jupyter.session import Session

IDENTIFIER = "mmrag_jupyter"
# `%mmrag`, `x = %mmrag`, `%time %mmrag`; the name alone is IPython's own to complete.
_LINE = re.compile(r"\s*(?:[^%='\"#]+=\s*|%\w+\s+)?%mmrag\s", re.DOTALL)
_CELL = re.compile(r"%%mmrag\s")


def make_matcher(shell: InteractiveShell, session: Session) -> MatcherAPIv2:
    """Return a matcher for `shell.Completer.custom_matchers`."""

    def mmrag_matcher(context: CompletionContext) -> SimpleMatcherResult:
        try:
            return _match(context, session, Namespace(shell.user_ns))
        except Exception:  # noqa: BLE001 - IPython prints a traceback into what is being typed
            return {"completions": []}

    matcher: MatcherAPIv2 = context_matcher(identifier=IDENTIFIER, priority=100)(mmrag_matcher)
    return matcher


def _match(context: CompletionContext, session: Session, names: Namespace) -> SimpleMatcherResult:
    lines = context.full_text.split("\n")
    first = next((at for at, line in enumerate(lines) if line.strip()), 0)
    if _CELL.match(f"{lines[first]}\n"):
        if context.cursor_line > first:
            # The body is text: nobody else should take it for Python. IPython heeds a wish
            # to be left alone only with at least one completion, so the token stays itself.
            return _result(context.token, (context.token,))
        start = len("%%mmrag")
        before, after = _halves(lines[first], context.cursor_position, start)
    else:
        at = context.cursor_line
        above = ""
        while at > 0 and lines[at - 1].endswith("\\"):
            at -= 1
            above = f"{lines[at][:-1]} {above}"
        line = above + lines[context.cursor_line]
        found = _LINE.match(line)
        if found is None or len(above) + context.cursor_position < found.end():
            return {"completions": []}
        before, after = _halves(line, len(above) + context.cursor_position, found.end())
    suggestions = suggest(before, after, session, names)
    return _result(suggestions.fragment, suggestions.words)


def _halves(line: str, cursor: int, start: int) -> tuple[str, str]:
    return line[start:cursor], line[cursor:]


def _result(fragment: str, words: tuple[str, ...]) -> SimpleMatcherResult:
    return {
        "completions": [SimpleCompletion(text=word) for word in words],
        "matched_fragment": fragment,
        "suppress": True,
        "ordered": True,
    }
