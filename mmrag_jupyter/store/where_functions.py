"""The functions that a `where` expression may call: pure, and bounded in what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mmrag_jupyter.errors import did_you_mean
from mmrag_jupyter.store.where_values import KindError, Term

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Function(NamedTuple):
    """What a function takes (kind by kind), how many of these it needs, and what it gives."""

    takes: tuple[str, ...]
    needs: int
    gives: str


FUNCTIONS: Mapping[str, Function] = {
    "lower": Function(("str",), 1, "str"),
    "upper": Function(("str",), 1, "str"),
    "trim": Function(("str",), 1, "str"),
    "ltrim": Function(("str",), 1, "str"),
    "rtrim": Function(("str",), 1, "str"),
    "substr": Function(("str", "number", "number"), 2, "str"),
    "length": Function(("str",), 1, "number"),
    "instr": Function(("str", "str"), 2, "number"),
    "abs": Function(("number",), 1, "number"),
    "round": Function(("number", "number"), 1, "number"),
}


def called(name: str, given: Sequence[Term], at: int) -> Term:
    """Return the term for the call of the function `name` with these arguments.

    Raises
    ------
    KindError
        When there is no such function, or it takes other arguments.
    """
    function = FUNCTIONS.get(name.lower())
    if function is None:
        hint = did_you_mean(name, FUNCTIONS) or f" Functions: {', '.join(sorted(FUNCTIONS))}."
        raise KindError(f"there is no function {name!r}.{hint}")
    kinds = tuple(term.kind for term in given)
    if len(given) < function.needs or kinds != function.takes[: len(given)]:
        takes = ", ".join("text" if kind == "str" else kind for kind in function.takes)
        raise KindError(f"{name.lower()}() takes ({takes})")
    arguments = ", ".join(term.sql for term in given)
    return Term(f"{name.lower()}({arguments})", function.gives, "this value", at)
