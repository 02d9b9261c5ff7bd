"""Conditions that name columns of joined tables: which items they choose, and which parts.

A condition is asked of every item beside each of its rows of the tables that it names (beside
none where it has none, whose columns are then missing), as by SQL's LEFT JOIN. It chooses the
items for which it holds at least once; of their rows of these tables, only those for which it
holds take part. Parts of their own, and those of tables that it does not name, all do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mmrag_jupyter.errors import WhereError
from mmrag_jupyter.naming import shortened
from mmrag_jupyter.store.where_names import Dotted

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy.typing as npt

    from mmrag_jupyter.items import Column
    from mmrag_jupyter.store.catalogue import Catalogue

    Integers = npt.NDArray[np.int64]

# What a condition's statement may read.
READ = frozenset({"items", "joined_links", "joined_rows"})
# In one condition: every combination of an item's rows of them is tried.
_MOST_TABLES = 3
_ALIAS = re.compile(r'j(\d+)\."c\d+"')


@dataclass(frozen=True, slots=True)
class JoinedNames:
    """What a `where` may name where tables were joined.

    `columns` map names to columns of the items, of joined tables that no item has, and of
    joined tables with the table's name and a dot before them, as `dotted` says.
    """

    columns: Mapping[str, tuple[str, Column]]
    dotted: Dotted


def joined_names(tables: Catalogue, own: Mapping[str, tuple[str, Column]]) -> JoinedNames:
    """Return what a `where` may name beside the items' `own` columns, where tables were joined."""
    names = {name: (f"i.{physical}", column) for name, (physical, column) in own.items()}
    bare: dict[str, list[tuple[str, tuple[str, Column]]]] = {}
    labels = set()
    for source in tables.sources.values():
        labels.add(source.label)
        for role in ("index", "column"):
            for one in source.columns:
                if one.column.role == role and one.column.name:
                    found = (f"j{source.number}.{one.name}", one.column)
                    dotted = f"{source.label}.{one.column.name}"
                    names.setdefault(dotted, found)
                    bare.setdefault(one.column.name, []).append((dotted, found))
    shared = {}
    for name, several in bare.items():
        if name in own:
            continue
        if len({dotted for dotted, _ in several}) == 1:
            names[name] = several[-1][1]
        else:
            shared[name] = [dotted for dotted, _ in several]
    return JoinedNames(names, Dotted(frozenset(labels), shared))


def tables_in(used: frozenset[str]) -> list[int]:
    """Return the numbers of the joined tables whose columns are among the physical names."""
    found = (_ALIAS.fullmatch(name) for name in used)
    return sorted({int(match[1]) for match in found if match})


def statement(condition: str, tables: Sequence[int]) -> str:
    """Return the query for each item, and its row of each table, for which a condition holds."""
    rows = ", ".join(f"l{number}.row" for number in tables)
    joins = "".join(
        f" LEFT JOIN joined_links l{number} ON l{number}.item = i.item"
        f" AND l{number}.source = {number} LEFT JOIN joined_rows j{number}"
        f" ON j{number}.row = l{number}.row"
        for number in tables
    )
    return f"SELECT i.item, {rows} FROM items i{joins} WHERE {condition}"


def is_alone(used: frozenset[str], tables: Sequence[int]) -> bool:
    """Tell whether a condition names columns of one joined table and of nothing else."""
    return len(tables) == 1 and all(name.startswith(f"j{tables[0]}.") for name in used)


def alone(condition: str, table: int) -> tuple[str, str]:
    """Return the queries for such a condition: its rows, and whether it holds without any row."""
    name = f"joined_rows j{table}"
    return (
        f"SELECT j{table}.row FROM {name} WHERE j{table}.source = {table} AND {condition}",
        f"SELECT 1 FROM (SELECT 1) LEFT JOIN {name} ON 0 WHERE {condition}",
    )


class Links(NamedTuple):
    """The links of one joined table: arrays of shape (n,), with a first part of 0 for none."""

    items: Integers
    rows: Integers
    first: Integers
    parts: Integers


def read_links(db: sqlite3.Connection, table: int) -> Links:
    """Return the links of a joined table by its number."""
    query = "SELECT item, row, coalesce(part, 0), parts FROM joined_links WHERE source = ?"
    found = np.array(db.execute(query, (table,)).fetchall(), np.int64).reshape(-1, 4)
    return Links(*found.T)


class Chosen(NamedTuple):
    """What a condition chooses: items, or all that have no row where `without` says so.

    `pairs` are, for each of the tables, the items and rows for which it holds, shape (n, 2), or
    where it names one table alone the rows, shape (n,).
    """

    items: Integers | None
    without: bool
    tables: Sequence[int]
    pairs: Sequence[Integers]

    def resolved(
        self, db: sqlite3.Connection, links_of: Callable[[sqlite3.Connection, int], Links]
    ) -> tuple[Integers, Integers]:
        """Return the items that are chosen, and their parts that may be found; both sorted."""
        tables = [links_of(db, table) for table in self.tables]
        held = [_held(links, own) for links, own in zip(tables, self.pairs, strict=True)]
        rows = db.execute("SELECT item, part, parts FROM items").fetchall()
        whole = np.array(rows, np.int64).reshape(-1, 3)
        items = self.items
        if items is None:
            items = np.unique(tables[0].items[held[0]])
            if self.without:
                items = np.union1d(items, np.setdiff1d(whole[:, 0], tables[0].items))
        chosen = whole[np.isin(whole[:, 0], items)]
        may = np.zeros(int((chosen[:, 1] + chosen[:, 2]).max(initial=0)), np.bool_)
        may[_spread(chosen[:, 1], chosen[:, 2])] = True
        for links, mask in zip(tables, held, strict=True):
            out = ~mask & np.isin(links.items, items)
            may[_spread(links.first[out], links.parts[out])] = False
        return np.sort(items), np.flatnonzero(may)


def pairs_of(found: Sequence[Sequence[int | None]], tables: Sequence[int]) -> Iterator[Integers]:
    """Yield for each table the items and rows of what `statement` found."""
    for at in range(1, len(tables) + 1):
        pairs = [(row[0], row[at]) for row in found if row[at] is not None]
        yield np.array(pairs, np.int64).reshape(-1, 2)


def refuse_many(expression: str, tables: Sequence[int]) -> None:
    """Raise WhereError where a condition names more joined tables than can be asked together."""
    if len(tables) > _MOST_TABLES:
        raise WhereError(
            f"where: {shortened(expression)!r} names columns of {len(tables)} joined tables, and at"
            f" most {_MOST_TABLES} can be asked together, since all their rows of an item are"
            " combined; leave out one."
        )


def _held(links: Links, own: Integers) -> npt.NDArray[np.bool_]:
    """Tell for which links a condition holds."""
    if own.ndim == 1:
        return np.isin(links.rows, own)
    # Numbers of items and rows only grow, and never come near to half of 64 bits each.
    return np.isin((links.items << 32) + links.rows, (own[:, 0] << 32) + own[:, 1])


def _spread(first: Integers, counts: Integers) -> Integers:
    """Return all numbers of ranges, given by their first ones and counts."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) - np.repeat(ends - counts, counts) + np.repeat(first, counts)
