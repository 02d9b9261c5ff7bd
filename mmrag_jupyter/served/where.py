"""From a user's condition to the test that an engine writes in its own language.

The condition is read by the grammar of `where` and written as SQL, just as in a folder; that SQL
is one small language, whatever the user wrote, and is taken apart again here. So names, kinds,
dates and messages are the same for every store.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from mmrag_jupyter.served.cells import NUMBER, TEXT, suffixes
from mmrag_jupyter.served.conditions import (
    Among,
    Call,
    CannotError,
    Compare,
    Constant,
    Every,
    Field,
    Matches,
    Missing,
    Some,
    told,
)
from mmrag_jupyter.served.where_reader import (
    ColumnNode,
    Exactly,
    Function,
    Group,
    Listed,
    Not,
    Null,
    Pair,
    Pattern,
    SqlReader,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mmrag_jupyter.items import Column
    from mmrag_jupyter.served.conditions import Operand, Plain, Sign, Test
    from mmrag_jupyter.served.where_reader import Node

_OPPOSITE: Mapping[Sign, Sign] = {
    "=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">",
}  # fmt: skip
# Up to here floats are exact.
_WHOLE = 2**53
_MIRRORED: Mapping[Sign, Sign] = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "<>": "<>"}


def test_of(sql: str, columns: Mapping[str, tuple[str, Column]]) -> Test:
    """Return the test that a compiled condition stands for.

    Parameters
    ----------
    sql
        As `compiled` returns it.
    columns
        As `compiled` takes them.

    Raises
    ------
    CannotError
        A part of it can be asked of no store elsewhere.
    """
    by_name = {
        # The name of a table before it says nothing: no two columns have the same fields.
        physical: ColumnNode(name, physical.rpartition(".")[2].strip('"'), column)
        for name, (physical, column) in columns.items()
    }
    reader = SqlReader(sql, by_name)
    return _test(reader.whole(), negated=False)


def _test(node: Node, *, negated: bool) -> Test:  # noqa: C901, PLR0911 - one a kind
    """Return the test, or its opposite, in which nothing is negated but comparisons."""
    match node:
        case Not(test=inner):
            return _test(inner, negated=not negated)
        case Group(tests=tests, every=every):
            asked = tuple(_test(one, negated=negated) for one in tests)
            return Every(asked) if every != negated else Some(asked)
        case Pair(left=left, sign=sign, right=right):
            return _compared(left, _OPPOSITE[sign] if negated else sign, right)
        case Listed(left=left, values=values, negated=own):
            return _listed(left, values, negated=own != negated)
        case Pattern(left=left, pattern=pattern, way=way, escape=escape, negated=own):
            return Matches(_operand(left, TEXT), pattern, way, escape, own != negated)
        case Exactly(left=left, value=value, negated=own):
            if own == negated:
                return _compared(left, "=", value)
            return Some((_compared(left, "<>", value), _missing(left, negated=False)))
        case Null(left=left, negated=own):
            return _missing(left, negated=own != negated)
        case Constant(value=plain):
            return Every(()) if bool(plain) != negated else Some(())
        case ColumnNode():
            # A column of True and False stands alone as a condition.
            return Compare(_operand(node, NUMBER), "=" if negated else "<>", Constant(0))
        case Function():
            raise CannotError(told(_operand(node, NUMBER)))


def _compared(left: Node, sign: Sign, right: Node) -> Test:
    if isinstance(left, Constant) and isinstance(right, Constant):
        return Every(()) if _SIGNS[sign](left.value, right.value) else Some(())
    if isinstance(left, Constant):
        left, sign, right = right, _MIRRORED[sign], left
    type_ = _type(left) or _type(right)
    if not type_:
        raise CannotError(f"{_name(left)} {sign} {_name(right)}")
    first = Compare(_operand(left, type_), sign, _compared_with(_operand(right, type_)))
    # In a column of several types, all that is no text differs from every text.
    if sign == "<>" and isinstance(left, ColumnNode) and len(suffixes(left.column)) > 1:
        other = TEXT if type_ == NUMBER else NUMBER
        return Some((first, Missing(_operand(left, other), negated=True)))
    return first


_SIGNS: Mapping[Sign, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le,
    ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def _compared_with(operand: Operand) -> Operand:
    """Return an operand as it is compared: numbers are stored as floats."""
    if isinstance(operand, Constant) and not isinstance(operand.value, str):
        return Constant(_number(operand.value))
    return operand


def _number(value: float) -> float:
    # Small ones stay as they were written, for a message.
    return float(value) if abs(value) > _WHOLE else value


def _listed(left: Node, values: tuple[Plain, ...], *, negated: bool) -> Test:
    texts = tuple(one for one in values if isinstance(one, str))
    numbers = tuple(_number(one) for one in values if not isinstance(one, str))
    several = isinstance(left, ColumnNode) and len(suffixes(left.column)) > 1
    if not values:
        return _missing(left, negated=True) if negated else Some(())
    if not several:
        return Among(_operand(left, TEXT if texts else NUMBER), texts or numbers, negated)
    one: Test | None = Among(_operand(left, TEXT), texts, negated) if texts else None
    two: Test | None = Among(_operand(left, NUMBER), numbers, negated) if numbers else None
    if negated:
        one = one or Missing(_operand(left, TEXT), negated=True)
        two = two or Missing(_operand(left, NUMBER), negated=True)
    return Some(tuple(test for test in (one, two) if test is not None))


def _missing(left: Node, *, negated: bool) -> Test:
    if isinstance(left, ColumnNode):
        own = [_operand(left, suffix) for suffix in suffixes(left.column)]
        tests = tuple(Missing(one, negated) for one in own)
        if len(tests) == 1:
            return tests[0]
        return Some(tests) if negated else Every(tests)
    if isinstance(left, Constant):
        return Every(()) if negated else Some(())
    return Missing(_operand(left, _type(left) or NUMBER), negated)


def _type(node: Node) -> str:
    """Return whether an operand is a text or a number, or "" where it may be both."""
    match node:
        case Constant(value=value):
            return TEXT if isinstance(value, str) else NUMBER
        case ColumnNode(column=column, only=only):
            own = suffixes(column)
            return only or (own[0] if len(own) == 1 else "")
        case Function(name=name):
            return TEXT if name in _TEXTUAL else NUMBER
        case _:
            return NUMBER


_TEXTUAL = frozenset({"lower", "upper", "trim", "ltrim", "rtrim", "substr", "||"})
_OF_TEXTS = frozenset({"length", "instr"}) | _TEXTUAL


def _operand(node: Node, type_: str) -> Operand:
    match node:
        case Constant():
            return node
        case ColumnNode(name=name, physical=physical, column=column):
            if type_ not in suffixes(column):
                raise CannotError(f"{name}, which is no {'text' if type_ == TEXT else 'number'}")
            field = "item_id" if physical == "id" else f"{physical}{type_}"
            return Field(field, "text" if type_ == TEXT else "float", name, column.kind)
        case Function(name=name, given=given):
            own = TEXT if name in _OF_TEXTS else NUMBER
            return Call(
                name,
                tuple(_operand(one, NUMBER if isinstance(one, Constant) else own) for one in given),
            )
        case _:
            raise CannotError("a condition inside of a calculation")


def _name(node: Node) -> str:
    return node.name if isinstance(node, ColumnNode) else "a value"
