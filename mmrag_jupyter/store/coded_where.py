"""Ask a condition of coded columns: SQLite judges their different values, numpy spreads it.

A comparison within one column is asked of each of its values, once, and not of each item; where it
goes by their order alone, of some of them, by halving. So it means whatever it means in SQLite,
which alone reads it. What comparisons say is joined by SQL's logic of three values.
"""

from __future__ import annotations

import sqlite3
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.store.where import authorizer
from mmrag_jupyter.store.where_tree import Leaf, Node, columns_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from mmrag_jupyter.store.coded import Coded, CodedFile
    from mmrag_jupyter.store.where_tree import Tree

    Integers = npt.NDArray[np.int64]
    Truths = npt.NDArray[np.int8]
    Mask = npt.NDArray[np.bool_]
    Unsigned = npt.NDArray[np.unsignedinteger]

# The logic of SQL: AND is the least, OR the greatest of these, NOT turns them round.
_FALSE, _MISSING, _TRUE = 0, 1, 2
# Values that are looked at one by one, and their bytes.
_MOST_VALUES = 1 << 16
_MOST_BYTES = 4 << 20
# To compare all codes with the ends of so many runs takes less time than to look each up.
_MOST_RUNS = 4
# Ranges that are looked for by halving; of a longer list, few values are looked at one by one.
_MOST_RANGES = 64
_MOST_RANGES_OF_MANY = 1000


class UncodedError(Exception):
    """The condition asks for more than coded columns can tell."""


class CodedConditions:
    """Answers conditions from the columns of a file; one thread at a time may use it."""

    def __init__(self, file: CodedFile) -> None:
        self.file = file
        self._tables: dict[str, sqlite3.Connection] = {}
        self._scratch: sqlite3.Connection | None = None

    def close(self) -> None:
        """Let go of what was made to answer."""
        for db in self._tables.values():
            db.close()
        self._tables.clear()
        if self._scratch is not None:
            self._scratch.close()
            self._scratch = None

    def items(self, tree: Tree) -> tuple[Integers, Sequence[Tree]]:
        """Return the items for which a condition may hold, sorted, and what has yet to be asked.

        Raises
        ------
        UncodedError
            It cannot be told.
        CodedError
            The file is damaged.
        sqlite3.Error
            The condition ends in an error.
        """
        parts = tree.parts if isinstance(tree, Node) and tree.operator == "AND" else (tree,)
        told: list[Mask] = []
        rest: list[Tree] = []
        for part in parts:
            try:
                told.append(self._where(part, _TRUE))
            except UncodedError:
                rest.append(part)
        if not told:
            raise UncodedError
        held = reduce(np.logical_and, told)
        held = held if held.ndim else np.broadcast_to(held, len(self.file))
        return self.file.items(np.flatnonzero(held)), rest

    def _where(self, tree: Tree, truth: int) -> Mask:
        """Tell of which items a condition says this, or once where it says the same of all."""
        names = columns_of(tree)
        if not names:
            return np.array(self._of_none(tree) == truth)
        if len(names) == 1:
            (name,) = names
            column = self._column(name)
            return _spread(self._values(tree, name, column) == truth, column.codes)
        if isinstance(tree, Leaf):
            raise UncodedError
        if tree.operator == "NOT":
            return self._where(tree.parts[0], _TRUE - truth)
        join = np.logical_and if (tree.operator == "AND") == (truth == _TRUE) else np.logical_or
        return reduce(join, (self._where(part, truth) for part in tree.parts))

    def _values(self, tree: Tree, name: str, column: Coded) -> Truths:
        """Return what a condition within one column says of a missing one, and each value."""
        if isinstance(tree, Node):
            return _joined(tree, lambda part: self._values(part, name, column))
        if not tree.columns:
            return self._of_none(tree)
        is_missing = tree.sql == f"({name} IS NULL)"
        if is_missing or tree.sql == f"({name} IS NOT NULL)":
            truths = np.full(len(column) + 1, _FALSE if is_missing else _TRUE, np.int8)
            truths[0] = _TRUE if is_missing else _FALSE
            return truths
        few = len(column) <= _MOST_VALUES and column.values.nbytes <= _MOST_BYTES
        few = few and not column.widened
        most = _MOST_RANGES if few else _MOST_RANGES_OF_MANY
        if tree.ranges is not None and len(tree.ranges) <= most:
            return self._in_ranges(tree.ranges, name, column)
        if not few:
            raise UncodedError
        return self._looked_at(tree.sql, name, column)

    def _of_none(self, tree: Tree) -> Truths:
        if isinstance(tree, Node):
            return _joined(tree, self._of_none)
        (found,) = self._once().execute(f"SELECT NOT ({tree.sql})").fetchone()
        return np.array(_truth(found), np.int8)

    def _in_ranges(self, ranges: Sequence[tuple[str, str]], name: str, column: Coded) -> Truths:
        count = len(column)
        truths = np.full(count + 1, _FALSE, np.int8)
        for start, end in ranges:
            low = self._place(start, name, column) if start else 0
            high = self._place(end, name, column) if end else count
            truths[low + 1 : high + 1] = _TRUE
        truths[0] = _MISSING
        return truths

    def _place(self, condition: str, name: str, column: Coded) -> int:
        """Return how many of the first values a condition holds for that holds for no others."""
        ask = self._once()
        query = f"SELECT {condition} FROM (SELECT ? AS {name})"
        low, high = 0, len(column)
        while low < high:
            at = (low + high) // 2
            (holds,) = ask.execute(query, (column.value(at),)).fetchone()
            low, high = (at + 1, high) if holds else (low, at)
        return low

    def _looked_at(self, sql: str, name: str, column: Coded) -> Truths:
        truths = np.full(len(column) + 1, _FALSE, np.int8)
        query = f"SELECT rowid, NOT ({sql}) AS refused FROM items WHERE refused IS NOT 1"
        for at, refused in self._table(name, column).execute(query):
            truths[at] = _truth(refused)
        return truths

    def _table(self, name: str, column: Coded) -> sqlite3.Connection:
        """Return a table of a column's values, which says as little as that of the items."""
        if name not in self._tables:
            db = _memory()
            db.execute(f"CREATE TABLE items ({name})")
            rows = enumerate([None, *column.all_values()])
            db.executemany(f"INSERT INTO items (rowid, {name}) VALUES (?, ?)", rows)
            db.set_authorizer(authorizer({"items"}))
            self._tables[name] = db
        return self._tables[name]

    def _once(self) -> sqlite3.Connection:
        if self._scratch is None:
            self._scratch = _memory()
            self._scratch.set_authorizer(authorizer(()))
        return self._scratch

    def _column(self, name: str) -> Coded:
        column = self.file.column(name)
        if column is None:
            raise UncodedError
        return column


def _spread(held: Mask, codes: Unsigned) -> Mask:
    """Tell of each code, shape (n,), whether it is held; `held` has all codes that there are."""
    runs = np.flatnonzero(np.diff(held, prepend=False, append=False)).reshape(-1, 2)
    if len(runs) > _MOST_RUNS:
        return np.take(held, codes, mode="clip")
    found = np.zeros(len(codes), np.bool_)
    for first, last in (runs - [0, 1]).astype(codes.dtype):
        found |= (codes >= first) & (codes <= last)
    return found


def _joined(node: Node, ask: Callable[[Tree], Truths]) -> Truths:
    found = [ask(part) for part in node.parts]
    if node.operator == "NOT":
        return _TRUE - found[0]
    join = np.minimum if node.operator == "AND" else np.maximum
    return reduce(join, found)


def _truth(refused: int | None) -> int:
    return _MISSING if refused is None else _FALSE if refused else _TRUE


def _memory() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
