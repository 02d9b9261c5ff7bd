"""Tests as SQL, in the dialects of LanceDB (DataFusion) and PostgreSQL.

Where the two agree with SQLite, which answers in a folder, they are left to it; where they do
not, what is written says what SQLite means: only ASCII letters have a case, a division by zero
has no value, texts are ordered by their bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmrag_jupyter.served.conditions import (
    Among,
    Call,
    CannotError,
    Compare,
    Constant,
    Every,
    Field,
    Has,
    Matches,
    Missing,
    Some,
    told,
)

if TYPE_CHECKING:
    from mmrag_jupyter.served.conditions import Operand, Plain, Test

_UPPER, _LOWER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Dialect:
    """What differs between two engines that read SQL.

    `has` tests a list (`{0}`) for a text (`{1}`), `matches` a text for a regular expression;
    `round` rounds a number to so many digits, halves away from zero.
    """

    has: str
    matches: str
    functions: frozenset[str]
    round: str = "round({0}, {1})"
    collation: str = ""
    quote: str = ""

    def test(self, test: Test) -> str:  # noqa: PLR0911 - one a kind of test
        """Return a test as a condition.

        Raises
        ------
        CannotError
            A part of it has no word here.
        """
        match test:
            case Every(tests=tests):
                return f"({' AND '.join(map(self.test, tests))})" if tests else "(1 = 1)"
            case Some(tests=tests):
                return f"({' OR '.join(map(self.test, tests))})" if tests else "(1 = 0)"
            case Compare(left=left, sign=sign, right=right):
                return f"({self._operand(left)} {sign} {self._operand(right)})"
            case Among(left=left, values=values, negated=negated):
                listed = ", ".join(map(constant, values))
                return f"({self._operand(left)} {'NOT ' if negated else ''}IN ({listed}))"
            case Missing(left=left, negated=negated):
                return f"({self._operand(left)} IS {'NOT ' if negated else ''}NULL)"
            case Matches(left=left, negated=negated):
                found = self.matches.format(self._operand(left), constant(expression(test)))
                return f"(NOT {found})" if negated else found
            case Has(field=field, value=value):
                return self.has.format(self._field(field), constant(value))

    def _field(self, field: Field) -> str:
        return f"{self.quote}{field.name}{self.quote}"

    def _operand(self, operand: Operand) -> str:
        match operand:
            case Field(type=type_):
                name = self._field(operand)
                return f"{name}{self.collation}" if type_ == "text" else name
            case Constant(value=value):
                return constant(value)
            case Call(name=name, given=given):
                return self._call(operand, name, [self._operand(one) for one in given])

    def _call(self, call: Call, name: str, given: list[str]) -> str:  # noqa: C901, PLR0911 - one each
        if name not in self.functions:
            raise CannotError(told(call))
        if name == "lower":
            return f"translate({given[0]}, '{_UPPER}', '{_LOWER}')"
        if name == "upper":
            return f"translate({given[0]}, '{_LOWER}', '{_UPPER}')"
        if name in {"+", "-", "*", "||"}:
            return f"({given[0]} {name} {given[1]})"
        if name == "/":
            return f"({given[0]} / NULLIF({given[1]}, 0.0))"
        if name == "round":
            digits = call.given[1:] or (Constant(0),)
            if not isinstance(digits[0], Constant) or not isinstance(digits[0].value, int):
                raise CannotError(told(call))
            return self.round.format(given[0], digits[0].value)
        if name == "instr":
            return f"strpos({', '.join(given)})"
        if name in _TRIMS:
            return f"{_TRIMS[name]}({', '.join([*given, chr(39) + ' ' + chr(39)])})"
        if name == "substr" and any(part.startswith(("-", "(")) for part in given[1:]):
            raise CannotError(told(call))
        return f"{name}({', '.join(given)})"


_TRIMS = {"trim": "btrim", "ltrim": "ltrim", "rtrim": "rtrim"}


def constant(value: Plain) -> str:
    """Return a value as SQL."""
    if isinstance(value, str):
        return "'" + value.replace("\0", " ").replace("'", "''") + "'"
    if isinstance(value, float):
        return f"({value!r})" if value < 0 else repr(value)
    return f"({value})" if value < 0 else str(value)


def expression(test: Matches) -> str:
    """Return a pattern as a regular expression that finds whole texts."""
    inner = _like(test.pattern, test.escape) if test.way == "like" else _glob(test.pattern)
    return f"(?s)^(?:{inner})$"


_ANYONE, _ANYTHING, _NOTHING = ".", ".*", "$."


def _like(pattern: str, escape: str) -> str:
    made = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if escape and char == escape and at + 1 < len(pattern):
            at += 1
            made.append(_either_case(pattern[at]))
        else:
            made.append({"%": _ANYTHING, "_": _ANYONE}.get(char) or _either_case(char))
        at += 1
    return "".join(made)


def _either_case(char: str) -> str:
    if char.isascii() and char.isalpha():
        return f"[{char.lower()}{char.upper()}]"
    return _plain(char)


def _plain(char: str) -> str:
    return re.escape(char) if char.isascii() else char


# As SQLite reads one: a ] that comes first is one of the characters.
_SET = re.compile(r"\[(\^?+)(\]?+)([^\]]*)\]")
_RANGE = re.compile(r"(.)-(.)|(.)", re.DOTALL)


def _glob(pattern: str) -> str:
    made = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        found = _SET.match(pattern, at)
        if found:
            made.append(_set(*found.groups()))
            at = found.end()
            continue
        if char == "[":
            # As SQLite has it: what opens and never closes fits nothing.
            return _NOTHING
        made.append({"*": _ANYTHING, "?": _ANYONE}.get(char) or _plain(char))
        at += 1
    return "".join(made)


def _set(barred: str, first: str, inner: str) -> str:
    """Return the characters between brackets; of a range that runs backwards, its beginning."""
    some = [_plain(first)] if first else []
    for low, high, only in _RANGE.findall(inner):
        some.append(_plain(only or low) if only or low > high else f"{_plain(low)}-{_plain(high)}")
    if not some:
        return _ANYONE if barred else _NOTHING
    return f"[{barred}{''.join(some)}]"
