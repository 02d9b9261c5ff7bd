"""A condition as a tree: which columns each of its comparisons reads, and how they are joined.

The grammar writes a condition as SQL. A cache of columns needs to know more: what can be asked of
each column by itself, and what of that goes by the order of its values alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.store.where_values import Term


class Range(NamedTuple):
    """The values for which `start` does not hold and `end` does.

    Both are conditions that hold for all values up to a certain one, in SQLite's order, and for
    none behind it. An empty `start` holds for none, an empty `end` for all.
    """

    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Leaf:
    """A comparison: complete SQL, the physical columns in it, and the ranges where it holds.

    With ranges it reads one column and is missing where that is; None where it is not of that kind.
    """

    sql: str
    columns: frozenset[str]
    ranges: tuple[Range, ...] | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """Conditions joined by `AND` or `OR`, or one that is negated, and their complete SQL."""

    sql: str
    operator: Literal["AND", "OR", "NOT"]
    parts: tuple[Tree, ...]


Tree: TypeAlias = Leaf | Node


def columns_of(tree: Tree) -> frozenset[str]:
    """Return the physical names of the columns in a tree."""
    if isinstance(tree, Leaf):
        return tree.columns
    return frozenset().union(*map(columns_of, tree.parts))


class Grown:
    """The trees of what a grammar has read so far, by their SQL."""

    def __init__(self) -> None:
        self._trees: dict[str, Tree] = {}
        self._ranges: dict[str, tuple[Range, ...]] = {}
        self._read: list[str] = []

    def __getitem__(self, sql: str) -> Tree:
        return self._trees[sql]

    def read(self, column: str) -> None:
        """Note that a column was read."""
        self._read.append(column)

    def columns(self) -> frozenset[str]:
        """Return the physical names of all columns that were read."""
        return frozenset(self._read)

    def __len__(self) -> int:
        """How many times columns were read."""
        return len(self._read)

    def leaf(self, sql: str, since: int) -> None:
        """Note a comparison, unless `sql` is known; its columns are those read since."""
        if sql not in self._trees:
            columns = frozenset(self._read[since:])
            self._trees[sql] = Leaf(sql, columns, self._ranges.get(sql))

    def node(self, sql: str, operator: Literal["AND", "OR", "NOT"], parts: Sequence[str]) -> str:
        """Note conditions that are joined; return `sql`."""
        self._trees[sql] = Node(sql, operator, tuple(self._trees[part] for part in parts))
        return sql

    def compared(self, sql: str, left: Term, operator: str, right: Term) -> str:
        """Note of a comparison of two terms where it holds, if that is known; return `sql`."""
        column, value = left.sql, sql.removeprefix(f"({left.sql} {operator} ").removesuffix(")")
        # What was written otherwise than the terms, a null or a date say, is none of these.
        if column in self._read and right.constant and sql == f"({column} {operator} {value})":
            below, upto = f"({column} < {value})", f"({column} <= {value})"
            self._ranges[sql] = {
                "<": (Range("", below),),
                "<=": (Range("", upto),),
                ">": (Range(upto, ""),),
                ">=": (Range(below, ""),),
                "=": (Range(below, upto),),
                "<>": (Range("", below), Range(upto, "")),
            }[operator]
        return sql

    def between(self, sql: str, low: str, high: str, *, negated: bool) -> str:
        """Note of two comparisons together where they hold, if that is known; return `sql`."""
        if low in self._ranges and high in self._ranges:
            (above,), (below,) = self._ranges[low], self._ranges[high]
            if negated:
                self._ranges[sql] = Range("", above.start), Range(below.end, "")
            else:
                self._ranges[sql] = (Range(above.start, below.end),)
        return sql

    def listed(self, sql: str, left: Term, values: Sequence[str]) -> str:
        """Note of a list of values where one is met, if that is known; return `sql`."""
        column = left.sql
        if column in self._read and values:
            self._ranges[sql] = tuple(
                Range(f"({column} < {value})", f"({column} <= {value})") for value in values
            )
        return sql
