"""Take a compiled condition apart again: from its SQL to a tree of what the user wrote."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

from mmrag_jupyter.served.cells import NUMBER, TEXT
from mmrag_jupyter.served.conditions import CannotError, Constant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mmrag_jupyter.items import Column
    from mmrag_jupyter.served.conditions import Plain, Sign

_TOKEN = re.compile(
    r"""\s*(?:(?P<name>(?:[ij]\d*\.)?"(?:[^"]|"")*")|(?P<text>'(?:[^']|'')*')"""
    r"""|(?P<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)|(?P<word>\w+)"""
    r"""|(?P<sign>\|\||<=|>=|<>|[-+*/=<>(),]))""",
    re.IGNORECASE,
)
_WAYS: Mapping[str, Literal["like", "glob"]] = {"LIKE": "like", "GLOB": "glob"}
_SIGNS = frozenset({"=", "<>", "<", "<=", ">", ">="})


@dataclass(frozen=True, slots=True)
class ColumnNode:
    """A column, before it is known as what it is compared; `only` texts or numbers of it.

    `name` is the user's, `physical` that of its fields without their endings.
    """

    name: str
    physical: str
    column: Column
    only: str = ""


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    test: Node


@dataclass(frozen=True, slots=True)
class Pair:
    """Two operands with a sign between, of which neither has a type yet."""

    left: Node
    sign: Sign
    right: Node


@dataclass(frozen=True, slots=True)
class Listed:
    """An operand among the values of a list."""

    left: Node
    values: tuple[Plain, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text that fits a pattern."""

    left: Node
    pattern: str
    way: Literal["like", "glob"]
    escape: str
    negated: bool


@dataclass(frozen=True, slots=True)
class Null:
    """A value that is missing."""

    left: Node
    negated: bool


@dataclass(frozen=True, slots=True)
class Exactly:
    """An operand that is a value, where one that is missing is not."""

    left: Node
    value: Node
    negated: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions of which every one holds, or some."""

    tests: tuple[Node, ...]
    every: bool


@dataclass(frozen=True, slots=True)
class Function:
    """A function, or a sign between two numbers, over operands."""

    name: str
    given: tuple[Node, ...]


Node = ColumnNode | Constant | Not | Pair | Listed | Pattern | Null | Exactly | Group | Function


class _Token(NamedTuple):
    kind: str
    text: str


class SqlReader:
    """Reads a condition that `compile_where` has written; each rule is a method.

    Parameters
    ----------
    columns
        What each physical name in it stands for.
    """

    def __init__(self, sql: str, columns: Mapping[str, ColumnNode]) -> None:
        self._columns = columns
        self._tokens: list[_Token] = []
        at = 0
        while at < len(sql):
            found = _TOKEN.match(sql, at)
            if found is None or not found.lastgroup:
                raise CannotError(sql[at : at + 40])
            self._tokens.append(_Token(found.lastgroup, found[found.lastgroup]))
            at = found.end()
        self._next = 0

    def whole(self) -> Node:
        """Return the whole condition.

        Raises
        ------
        CannotError
            It has what no store elsewhere knows.
        """
        node = self._either()
        if self._next < len(self._tokens):
            raise CannotError(" ".join(one.text for one in self._tokens[self._next :])[:60])
        return node

    def _peek(self) -> str:
        return self._tokens[self._next].text.upper() if self._next < len(self._tokens) else ""

    def _take(self, *texts: str) -> bool:
        """Step over these tokens, if all of them are next."""
        here = self._tokens[self._next : self._next + len(texts)]
        if [one.text.upper() for one in here] != list(texts):
            return False
        self._next += len(texts)
        return True

    def _either(self) -> Node:
        return self._chain("OR", every=False)

    def _chain(self, word: str, *, every: bool) -> Node:
        parts = [self._operand_of(every=every)]
        while self._take(word):
            parts.append(self._operand_of(every=every))
        return parts[0] if len(parts) == 1 else Group(tuple(parts), every)

    def _operand_of(self, *, every: bool) -> Node:
        return self._negation() if every else self._chain("AND", every=True)

    def _negation(self) -> Node:
        if self._take("NOT"):
            return Not(self._negation())
        return self._predicate()

    def _predicate(self) -> Node:
        left = self._sum()
        sign = self._peek()
        if sign in _SIGNS:
            self._next += 1
            return Pair(left, cast("Sign", sign), self._sum())
        if self._take("IS"):
            negated = self._take("NOT")
            if self._take("NULL"):
                return Null(left, negated)
            return Exactly(left, self._sum(), negated)
        negated = self._take("NOT")
        if self._take("IN"):
            return Listed(left, self._list(), negated)
        for word, way in _WAYS.items():
            if self._take(word):
                pattern = self._text()
                escape = self._text() if self._take("ESCAPE") else ""
                return Pattern(left, pattern, way, escape, negated)
        return left

    def _list(self) -> tuple[Plain, ...]:
        self._take("(")
        values: list[Plain] = []
        while not self._take(")"):
            value = self._sum()
            if not isinstance(value, Constant):
                raise CannotError("a list with something else than plain values")
            values.append(value.value)
            self._take(",")
        return tuple(values)

    def _text(self) -> str:
        value = self._sum()
        if not isinstance(value, Constant) or not isinstance(value.value, str):
            raise CannotError("a pattern that is no plain text")
        return value.value

    def _sum(self) -> Node:
        left = self._product()
        while self._peek() in {"+", "-", "||"}:
            sign = self._tokens[self._next].text
            self._next += 1
            left = _joined(sign, left, self._product())
        return left

    def _product(self) -> Node:
        left = self._primary()
        while self._peek() in {"*", "/"}:
            sign = self._tokens[self._next].text
            self._next += 1
            left = Function(sign, (left, self._primary()))
        return left

    def _primary(self) -> Node:  # noqa: C901, PLR0911 - one a rule
        if self._take("-"):
            node = self._primary()
            if isinstance(node, Constant) and not isinstance(node.value, str):
                return Constant(-node.value)
            return Function("-", (Constant(0), node))
        if self._take("("):
            node = self._either()
            self._take(")")
            return node
        if self._take("CAST", "("):
            node = self._either()
            self._take("AS", "REAL", ")")
            return node
        if self._take("CASE", "WHEN", "TYPEOF", "("):
            return self._typed()
        token = self._tokens[self._next]
        self._next += 1
        if token.kind == "number":
            whole = token.text.isdecimal()
            return Constant(int(token.text) if whole else float(token.text))
        if token.kind == "text":
            return Constant(token.text[1:-1].replace("''", "'"))
        if token.kind == "name":
            return self._columns[token.text]
        if token.kind == "word" and self._take("("):
            given: list[Node] = []
            while not self._take(")"):
                given.append(self._either())
                self._take(",")
            return Function(token.text.lower(), tuple(given))
        raise CannotError(token.text)

    def _typed(self) -> Node:
        """Read `typeof(x) IN (…) THEN x END`: the values of x of these types."""
        node = self._either()
        self._take(")", "IN")
        types = self._list()
        self._take("THEN")
        self._either()
        self._take("END")
        if not isinstance(node, ColumnNode):
            raise CannotError("a calculation with values of several types")
        return replace(node, only=TEXT if "text" in types else NUMBER)


def _joined(sign: str, left: Node, right: Node) -> Node:
    if sign != "||":
        return Function(sign, (left, right))
    if isinstance(left, Constant) and isinstance(right, Constant):
        return Constant(f"{left.value}{right.value}")
    # A date beside a moment: its midnight sorts where the date does.
    return Function("||", (left, right))
