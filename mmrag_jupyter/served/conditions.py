"""What a row is tested for: a small tree that every engine writes in its own language.

A test is true, or not; a missing value makes every comparison untrue, and so does its opposite.
There is no "not" in the tree: whoever builds one has turned the comparisons round.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.served.rows import FieldType

Sign = Literal["=", "<>", "<", "<=", ">", ">="]
Plain = str | int | float


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the row. `told` is what the user calls it, `of` the kind of its column."""

    name: str
    type: FieldType
    told: str = ""
    of: str = ""


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that stands in the test itself."""

    value: Plain


@dataclass(frozen=True, slots=True)
class Call:
    """A function of `where_functions` or one of + - * /, over operands."""

    name: str
    given: tuple[Operand, ...]


Operand = Field | Constant | Call


@dataclass(frozen=True, slots=True)
class Compare:
    """Two operands beside each other; neither is missing where it holds."""

    left: Operand
    sign: Sign
    right: Operand


@dataclass(frozen=True, slots=True)
class Among:
    """An operand that is one of some values, or with `negated` there and none of them."""

    left: Operand
    values: tuple[Plain, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Matches:
    """A text that fits a pattern, or with `negated` is there and does not.

    `like` patterns have `%` and `_` and ignore the case of ASCII letters, `glob` patterns
    have `*`, `?` and `[…]`.
    """

    left: Operand
    pattern: str
    way: Literal["like", "glob"]
    escape: str = ""
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """A field without a value, or with `negated` one that has any."""

    left: Operand
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Has:
    """A field of texts that has this one among them."""

    field: Field
    value: str


@dataclass(frozen=True, slots=True)
class Every:
    """Every one of some tests; without any it always holds."""

    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of some tests; without any it never holds."""

    tests: tuple[Test, ...]


Test = Compare | Among | Matches | Missing | Has | Every | Some


class CannotError(Exception):
    """An engine has no word for a part of a test; the message is that part, as text."""


def both(*tests: Test | None) -> Test | None:
    """Return what all of these ask; None asks nothing."""
    asked = [test for test in tests if test is not None]
    if len(asked) <= 1:
        return asked[0] if asked else None
    return Every(tuple(asked))


def among(name: str, type_: FieldType, values: Sequence[Plain]) -> Among:
    """Return the test that a field of the row itself is one of some values."""
    return Among(Field(name, type_), tuple(values))


def told(test: Test | Operand) -> str:  # noqa: C901, PLR0911 - one line a kind
    """Return a test in the user's words, for a message."""
    match test:
        case Field(name=name, told=known):
            return known or name
        case Constant(value=value):
            return repr(value)
        case Call(name=name, given=given):
            if name in "+-*/" and len(given) == 2:  # noqa: PLR2004
                return f"{told(given[0])} {name} {told(given[1])}"
            return f"{name}({', '.join(map(told, given))})"
        case Compare(left=left, sign=sign, right=right):
            return f"{told(left)} {sign} {told(right)}"
        case Among(left=left, values=values, negated=negated):
            some = ", ".join(map(repr, values[:3])) + (", …" if len(values) > 3 else "")  # noqa: PLR2004
            return f"{told(left)} {'not ' if negated else ''}in [{some}]"
        case Matches(left=left, pattern=pattern, way=way, negated=negated):
            return f"{told(left)} {'not ' if negated else ''}{way} {pattern!r}"
        case Missing(left=left, negated=negated):
            return f"{told(left)} is {'not ' if negated else ''}null"
        case Has(field=field, value=value):
            return f"{value!r} in {told(field)}"
        case Every(tests=some_tests):
            return " and ".join(map(told, some_tests))
        case Some(tests=some_tests):
            return " or ".join(map(told, some_tests))
