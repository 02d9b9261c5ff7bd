"""A `?` at the end of a `%mmrag` line belongs to the question.

IPython reads every line that ends in `?` as a wish for help on its last word, so that
`%mmrag ask what changed?` would look for an object called `changed`. `%mmrag?` and
`%mmrag ask?` stay what they are.
"""

from __future__ import annotations

import re
import tokenize
from typing import TYPE_CHECKING

from IPython.core.inputtransformer2 import (
    HelpEnd,
    TokenTransformBase,
    assemble_continued_line,
    find_end_of_continued_line,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

# Perhaps an assignment, perhaps another magic such as %time, then %mmrag, a command and words.
_QUESTION = re.compile(
    r"(?P<before>(?:[^%='\"#]+=\s*)?)%(?P<magic>(?:\w+\s+%)*mmrag)\s(?P<line>\s*\S+\s.*\?\s*)",
    re.DOTALL,
)
_SKIPPED = {tokenize.INDENT, tokenize.DEDENT}


class Question(TokenTransformBase):
    """Turns a `%mmrag` line that ends in `?` into a call of the magic, before help is sought."""

    priority = HelpEnd.priority - 1

    @classmethod
    def find(cls, tokens_by_line: Sequence[Sequence[tokenize.TokenInfo]]) -> Question | None:
        """Return where the first such line starts, or None."""
        for tokens in tokens_by_line:
            first = next((token for token in tokens if token.type not in _SKIPPED), None)
            if first is None:
                continue
            row, column = first.start
            rows = {token.start[0]: token.line for token in tokens if token.start[0] >= row}
            line = "".join(rows.values()).replace("\\\n", " ").rstrip("\n")
            if _QUESTION.fullmatch(line[column:]):
                return cls((row, column))
        return None

    def transform(self, lines: list[str]) -> list[str]:
        """Return the lines of the cell with the found one as a call."""
        start, column = self.start_line, self.start_col
        end = find_end_of_continued_line(lines, start)
        found = _QUESTION.fullmatch(assemble_continued_line(lines, (start, column), end))
        if found is None:
            # IPython tries the next transformer then.
            raise SyntaxError(lines[start])
        name, _, rest = found["magic"].partition(" ")
        line = f"{rest} {found['line']}".strip()
        call = f"get_ipython().run_line_magic({name!r}, {line!r})"
        made = f"{lines[start][:column]}{found['before']}{call}\n"
        return [*lines[:start], made, *lines[end + 1 :]]
