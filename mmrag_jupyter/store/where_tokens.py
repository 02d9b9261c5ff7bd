"""Cut a `where` expression into tokens, and say where in it something is wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mmrag_jupyter.errors import WhereError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection

LONGEST = 100_000
"""Characters of the longest expression that is read at all."""

TokenKind = Literal["number", "text", "quoted", "name", "word", "sign", "end"]

_SIGNS = (
    "==", "!=", "<>", "<=", ">=", "<", ">", "=", "&", "|", "~",
    "(", ")", "[", "]", ",", "+", "-", "*", "/",
)  # fmt: skip

_NUMBER = re.compile(r"(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)

# What people bring along from Python, C and SQL, longest first, and what to write instead.
_FOREIGN = {
    "--": "a where expression has no comments",
    "/*": "a where expression has no comments",
    "#": "a where expression has no comments",
    ";": "a where expression is a single condition",
    "&&": "write 'and'",
    "||": "write 'or'",
    "//": "only + - * / are supported",
    "**": "only + - * / are supported",
    "%": "only + - * / are supported",
    "!": "write 'not'",
    "@": "variables are not supported: put the value itself into the expression",
    ".": "methods and dotted names are not supported: write `a.b` in backquotes for a column, "
    "and 'like' to look inside texts",
    "?": "put the value itself into the expression",
    ":": "put the value itself into the expression",
    "{": "write a list as ['a', 'b']",
}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the expression: what it is, its text without quotes, and where it starts.

    `word` is a bare name or keyword, `name` a backquoted name, `text` a 'string' and
    `quoted` a "string" that may also be a name.
    """

    kind: TokenKind
    text: str
    at: int


def fault(expression: str, at: int, message: str) -> WhereError:
    """Return the error that shows `message` with the piece of `expression` at `at`."""
    piece = expression[at : at + 25]
    if not piece.strip():
        return WhereError(f"where: {message} (at the end of {expression[-25:]!r})")
    if len(expression) > at + 25:
        piece = piece[:24] + "…"
    return WhereError(f"where: {message} (at {piece!r})")


def tokens(expression: str, tables: Collection[str] = ()) -> list[Token]:
    """Cut `expression` into tokens; the last one has kind `end`.

    Parameters
    ----------
    tables
        Names that a dot and a column may follow; together they are one name.

    Raises
    ------
    WhereError
        For an unbalanced quote, a character or sign that has no meaning here, and an
        expression of more than `LONGEST` characters.
    """
    if len(expression) > LONGEST:
        message = f"the expression has {len(expression):,} characters; at most {LONGEST:,} are read"
        raise WhereError(f"where: {message}. Use ids= for a long list of ids.")
    found: list[Token] = []
    at = 0
    while at < len(expression):
        if expression[at].isspace():
            at += 1
            continue
        token, at = _next(expression, at)
        if tables and token.kind in {"word", "name"} and expression[at : at + 1] == ".":
            if token.text not in tables:
                raise fault(expression, token.at, _no_table(token.text, tables))
            behind = expression[at + 1 : at + 2]
            if not (behind == "`" or behind.isidentifier()):
                raise fault(expression, token.at, f"'{token.text}.' needs a column behind the dot")
            column, at = _next(expression, at + 1)
            token = Token("name", f"{token.text}.{column.text}", token.at)
        found.append(token)
    found.append(Token("end", "", len(expression)))
    return found


def _no_table(name: str, tables: Collection[str]) -> str:
    known = ", ".join(map(repr, sorted(tables)))
    return (
        f"no table {name!r} was joined, only {known}, and methods are not supported: 'like' looks "
        f"inside texts.{did_you_mean(name, tables)}"
    )


def _next(expression: str, at: int) -> tuple[Token, int]:
    first = expression[at]
    if first in "'\"`":
        return _between_quotes(expression, at)
    number = _NUMBER.match(expression, at)
    if number is not None:
        end = number.end()
        if _continues_name(expression, end):
            raise fault(expression, at, "a number runs into a name")
        return Token("number", number.group().replace("_", ""), at), end
    if first.isidentifier():
        end = at + 1
        while _continues_name(expression, end):
            end += 1
        return Token("word", expression[at:end], at), end
    for foreign, advice in _FOREIGN.items():
        if expression.startswith(foreign, at) and not expression.startswith("!=", at):
            raise fault(expression, at, f"{foreign!r} is not understood: {advice}")
    for sign in _SIGNS:
        if expression.startswith(sign, at):
            return Token("sign", sign, at), at + len(sign)
    raise fault(expression, at, f"{first!r} is not understood")


def _continues_name(expression: str, at: int) -> bool:
    return at < len(expression) and ("_" + expression[at]).isidentifier()


def _between_quotes(expression: str, at: int) -> tuple[Token, int]:
    quote = expression[at]
    text: list[str] = []
    start = at + 1
    while True:
        end = expression.find(quote, start)
        if end < 0:
            message = f"the quote {quote} is not closed (write it twice to have it in a text)"
            raise fault(expression, at, message)
        text.append(expression[start:end])
        if expression[end + 1 : end + 2] != quote:
            break
        text.append(quote)
        start = end + 2
    content = "".join(text)
    if "\0" in content or any("\ud800" <= c <= "\udfff" for c in content):
        raise fault(expression, at, "a text with a NUL or half a character cannot be compared")
    kinds: dict[str, TokenKind] = {"'": "text", '"': "quoted", "`": "name"}
    return Token(kinds[quote], content, at), end + 1


class TokenStream:
    """The tokens of one expression, taken from left to right."""

    def __init__(self, expression: str, tables: Collection[str] = ()) -> None:
        self._expression = expression
        self._tokens = tokens(expression, tables)
        self._next = 0

    @property
    def peek(self) -> Token:
        """The next token, left where it is."""
        return self._tokens[self._next]

    def ended(self) -> bool:
        """Say whether all tokens are taken."""
        return self.peek.kind == "end"

    def take(self) -> Token:
        """Return the next token and step over it."""
        token = self.peek
        if token.kind != "end":
            self._next += 1
        return token

    def next_sign(self, *signs: str) -> str:
        """Step over one of these signs and return it; `""` if none of them is next."""
        if self.peek.kind == "sign" and self.peek.text in signs:
            return self.take().text
        return ""

    def sign(self, text: str) -> bool:
        """Step over this sign, if it is next."""
        return bool(self.next_sign(text))

    def keyword(self, word: str) -> bool:
        """Step over this word, in any case, if it is next."""
        found = self.peek.kind == "word" and self.peek.text.lower() == word
        if found:
            self.take()
        return found

    def expect(self, sign: str) -> None:
        """Step over this sign.

        Raises
        ------
        WhereError
            When something else is next.
        """
        if not self.sign(sign):
            raise self.unexpected(self.peek, f", but {sign!r} is")

    def fault(self, at: int, message: str) -> WhereError:
        """Return the error that shows `message` with the piece of the expression at `at`."""
        return fault(self._expression, at, message)

    def unexpected(self, token: Token, hint: str = "") -> WhereError:
        """Return the error for a token that cannot stand where it is."""
        if token.kind == "end":
            return self.fault(token.at, "the expression is not complete")
        return self.fault(token.at, f"{token.text!r} is not expected here{hint}")
