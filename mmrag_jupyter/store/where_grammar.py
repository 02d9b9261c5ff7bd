"""The grammar of a `where` expression: from tokens to SQL, by recursive descent."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from mmrag_jupyter.store.where_functions import called
from mmrag_jupyter.store.where_names import Dotted, find_column
from mmrag_jupyter.store.where_tokens import TokenStream
from mmrag_jupyter.store.where_tree import Grown
from mmrag_jupyter.store.where_values import (
    KindError,
    Term,
    column_term,
    compared,
    fitted,
    text_sql,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mmrag_jupyter.errors import WhereError
    from mmrag_jupyter.items import Column
    from mmrag_jupyter.store.where_tokens import Token


_COMPARISONS = {"==": "=", "=": "=", "!=": "<>", "<>": "<>"} | {
    sign: sign for sign in ("<", "<=", ">", ">=")
}
_CONSTANTS = {"true": True, "false": False, "none": None, "null": None}
_KEYWORDS = frozenset({"and", "or", "not", "in", "like", "glob", "between", "is", *_CONSTANTS})

_DEEPEST = 40  # brackets in brackets; each takes ten frames of Python's stack
_LONGEST_PATTERN = 200  # characters; the time of `like` grows with pattern times text


class Reader(TokenStream):
    """Reads one expression from left to right; each rule of the grammar is a method."""

    def __init__(
        self,
        expression: str,
        columns: Mapping[str, tuple[str, Column]],
        dotted: Dotted | None = None,
    ) -> None:
        dotted = dotted or Dotted()
        super().__init__(expression, dotted.tables)
        self._columns = columns
        self._shared = dotted.shared
        self.grown = Grown()
        self._depth = 0
        self._rules: dict[str, Callable[..., str]] = {
            "in": self._in,
            "like": partial(self._like, operator="LIKE"),
            "glob": partial(self._like, operator="GLOB"),
            "between": self._between,
        }

    def condition(self) -> str:
        """Return the whole expression as SQL.

        Raises
        ------
        WhereError
            When it is not understood.
        """
        if self.ended():
            raise self.fault(0, "the expression is empty: write one like price < 50")
        term = self._either()
        if not self.ended():
            raise self._out_of_place()
        return self._true_or_false(term).sql

    # Rules, from the loosest to the tightest.

    def _either(self) -> Term:
        return self._chain("or", "|", self._both)

    def _both(self) -> Term:
        return self._chain("and", "&", self._negation)

    def _chain(self, word: str, sign: str, operand: Callable[[], Term]) -> Term:
        first = operand()
        terms = [first]
        while self.keyword(word) or self.sign(sign):
            terms.append(operand())
        if len(terms) == 1:
            return first
        parts = [self._true_or_false(term).sql for term in terms]
        operator: Literal["AND", "OR"] = "AND" if word == "and" else "OR"
        sql = self.grown.node(f"({f' {operator} '.join(parts)})", operator, parts)
        return Term(sql, "bool", "this condition", first.at)

    def _negation(self) -> Term:
        at = self.peek.at
        count = 0
        while self.keyword("not") or self.sign("~"):
            count += 1
        term = self._comparison()
        if not count:
            return term
        sql = self._true_or_false(term).sql
        if count % 2:
            sql = self.grown.node(f"(NOT {sql})", "NOT", [sql])
        return Term(sql, "bool", "this condition", at)

    def _comparison(self) -> Term:
        since = len(self.grown)
        left = self._sum()
        at = self.peek.at
        try:
            sql = self._compared(left)
        except KindError as error:
            raise self.fault(left.at, str(error)) from None
        self.grown.leaf(left.sql if sql is None else sql, since)
        if sql is None:
            return left
        if self.next_sign(*_COMPARISONS):
            message = "comparisons cannot be chained: write 1 < x and x < 5"
            raise self.fault(at, message)
        return Term(sql, "bool", "this condition", left.at)

    def _compared(self, left: Term) -> str | None:
        sign = self.next_sign(*_COMPARISONS)
        if sign:
            operator = _COMPARISONS[sign]
            if operator in {"=", "<>"} and self.sign("["):
                return self._one_of(left, "]", negated=operator == "<>")
            right = self._sum()
            return self.grown.compared(compared(left, operator, right), left, operator, right)
        if self.keyword("is"):
            return self._is(left)
        negated = self.keyword("not")
        for word, rule in self._rules.items():
            if self.keyword(word):
                return rule(left, negated=negated)
        if negated:
            raise self._out_of_place()
        return None

    def _is(self, left: Term) -> str:
        negated = self.keyword("not")
        token = self.take()
        word = token.text.lower()
        if token.kind != "word" or word not in _CONSTANTS:
            message = "'is' stands before None, null, True or False only: write =="
            raise self.fault(token.at, message)
        value = _CONSTANTS[word]
        if value is None:
            return compared(left, "<>" if negated else "=", _null(token.at))
        if left.kind != "bool":
            raise self.fault(left.at, f"{left.name} does not hold True/False")
        return f"({left.sql} IS {'NOT ' if negated else ''}{int(value)})"

    def _in(self, left: Term, *, negated: bool) -> str:
        if self.sign("["):
            return self._one_of(left, "]", negated=negated)
        if self.sign("("):
            return self._one_of(left, ")", negated=negated)
        raise self.fault(self.peek.at, "'in' needs a list such as ['a', 'b']")

    def _one_of(self, left: Term, closing: str, *, negated: bool) -> str:
        values: list[Term] = []
        while not self.sign(closing):
            value = self._sum(listed=True)
            if not value.constant:
                message = f"a list holds plain values, and {value.name} is none"
                raise self.fault(value.at, message)
            values.append(value)
            if not self.sign(","):
                self.expect(closing)
                break
        present = [fitted(value, left).sql for value in values if value.kind != "null"]
        sql = f"({left.sql} {'NOT ' if negated else ''}IN ({', '.join(present)}))"
        if len(present) == len(values):
            return sql if negated else self.grown.listed(sql, left, present)
        missing = f"AND {left.sql} IS NOT NULL" if negated else f"OR {left.sql} IS NULL"
        return f"({sql} {missing})"

    def _like(self, left: Term, *, operator: str, negated: bool) -> str:
        pattern = self._primary(listed=True)
        if not isinstance(pattern.literal, str) or len(pattern.literal) > _LONGEST_PATTERN:
            message = f"a pattern is a text in quotes, of at most {_LONGEST_PATTERN} characters"
            raise self.fault(pattern.at, message)
        if left.kind not in {"str", "json", "any"}:
            raise self.fault(left.at, f"{left.name} is not a text")
        sql = f"{left.sql} {'NOT ' if negated else ''}{operator} {pattern.sql}"
        if operator == "LIKE" and self.keyword("escape"):
            escape = self._primary(listed=True)
            if not isinstance(escape.literal, str) or len(escape.literal) != 1:
                raise self.fault(escape.at, "'escape' needs a single character")
            sql += f" ESCAPE {escape.sql}"
        return f"({sql})"

    def _between(self, left: Term, *, negated: bool) -> str:
        low = self._sum()
        if not self.keyword("and"):
            raise self.fault(self.peek.at, "'between' reads: x between 1 and 5")
        high = self._sum()
        if left.kind == "bool":
            raise self.fault(left.at, "True and False have nothing between them")
        above = self.grown.compared(compared(left, ">=", low), left, ">=", low)
        below = self.grown.compared(compared(left, "<=", high), left, "<=", high)
        sql = f"(NOT ({above} AND {below}))" if negated else f"({above} AND {below})"
        return self.grown.between(sql, above, below, negated=negated)

    def _sum(self, *, listed: bool = False) -> Term:
        left = self._product(listed=listed)
        while sign := self.next_sign("+", "-"):
            left = self._calculated(left, sign, self._product(listed=listed))
        return left

    def _product(self, *, listed: bool) -> Term:
        left = self._signed(listed=listed)
        while sign := self.next_sign("*", "/"):
            left = self._calculated(left, sign, self._signed(listed=listed))
        return left

    def _calculated(self, left: Term, sign: str, right: Term) -> Term:
        for term in (left, right):
            self._number(term, sign)
        # As in Python, 1 / 2 is 0.5.
        first = f"CAST({left.sql} AS REAL)" if sign == "/" else left.sql
        return Term(f"({first} {sign} {right.sql})", "number", "this value", left.at)

    def _signed(self, *, listed: bool) -> Term:
        at = self.peek.at
        signs = ""
        while sign := self.next_sign("+", "-"):
            signs += sign
        term = self._primary(listed=listed)
        if not signs:
            return term
        self._number(term, signs[-1])
        if signs.count("-") % 2 == 0:
            return replace(term, at=at)
        return replace(term, sql=f"(-{term.sql})", at=at)

    def _primary(self, *, listed: bool = False) -> Term:
        token = self.take()
        term: Term | None = None
        if token.kind == "number":
            term = self._constant(_number(token.text), token)
        elif token.kind == "text":
            term = self._constant(token.text, token)
        elif token.kind == "quoted":
            # In a list every word is a value, as in pandas.
            named = token.text in self._columns and not listed
            term = self._column(token) if named else self._constant(token.text, token)
        elif token.kind == "name":
            term = self._column(token)
        elif token.kind == "word":
            term = self._word(token)
        elif token.kind == "sign" and token.text == "(":
            term = self._inside(token, lambda: self._bracketed(token))
        if term is None:
            raise self._out_of_place(token)
        return term

    def _word(self, token: Token) -> Term:
        word = token.text.lower()
        if word in _CONSTANTS:
            return self._constant(_CONSTANTS[word], token)
        if word in _KEYWORDS:
            raise self._out_of_place(token)
        if self.sign("("):
            return self._inside(token, lambda: self._call(token))
        return self._column(token)

    def _bracketed(self, token: Token) -> Term:
        term = replace(self._either(), at=token.at)
        self.expect(")")
        return term

    def _call(self, token: Token) -> Term:
        given: list[Term] = []
        while not self.sign(")"):
            given.append(self._sum())
            if not self.sign(","):
                self.expect(")")
                break
        try:
            return called(token.text, given, token.at)
        except KindError as error:
            raise self.fault(token.at, str(error)) from None

    def _out_of_place(self, token: Token | None = None) -> WhereError:
        token = token or self.peek
        hint = ""
        if token.kind == "word" and token.text in self._columns:
            hint = f": write the column of that name in backquotes, `{token.text}`"
        return self.unexpected(token, hint)

    def _inside(self, token: Token, rule: Callable[[], Term]) -> Term:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self.fault(token.at, f"more than {_DEEPEST} brackets in brackets")
        term = rule()
        self._depth -= 1
        return term

    # Terms and their checks.

    def _column(self, token: Token) -> Term:
        if token.text in self._shared:
            several = " or ".join(map(repr, self._shared[token.text]))
            message = f"{token.text!r} could be {several}: write it as one of them"
            raise self.fault(token.at, message)
        found = find_column(token.text, self._columns)
        if isinstance(found, str):
            raise self.fault(token.at, found)
        self.grown.read(found[0])
        return column_term(*found, token.at)

    def _constant(self, value: str | float | None, token: Token) -> Term:
        if value is None:
            return _null(token.at)
        if isinstance(value, str):
            return Term(text_sql(value), "str", repr(value), token.at, value, constant=True)
        if isinstance(value, bool):
            return Term(str(int(value)), "bool", str(value), token.at, value, constant=True)
        if not math.isfinite(value):
            raise self.fault(token.at, "the number is too large")
        return Term(repr(value), "number", token.text, token.at, value, constant=True)

    def _number(self, term: Term, sign: str) -> None:
        if term.kind != "number":
            message = f"{sign!r} calculates with numbers, and {term.name} is none"
            raise self.fault(term.at, message)

    def _true_or_false(self, term: Term) -> Term:
        if term.kind != "bool":
            message = f"{term.name} alone is not a condition: compare it, as in price < 50"
            raise self.fault(term.at, message)
        return term


def _null(at: int) -> Term:
    return Term("NULL", "null", "a missing value", at, constant=True)


def _number(text: str) -> float:
    if text.isdecimal() and len(text) <= len(str(2**63)) and int(text) < 2**63:
        return int(text)
    return float(text)
