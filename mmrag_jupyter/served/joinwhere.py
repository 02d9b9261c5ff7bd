"""Conditions that name columns of joined tables: which items they choose, and which rows.

They mean what they do in a folder (`store.where_joined`): an item is chosen where the condition
holds beside one of its rows, and of the tables that it names only the rows for which it holds
take part. One table is asked of the store, whose rows have the columns of their items too; of
several tables, all rows of an item are combined, which is done here.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.errors import WhereError
from mmrag_jupyter.naming import shortened
from mmrag_jupyter.served.cells import fields_of, from_key
from mmrag_jupyter.served.conditions import (
    Among,
    Call,
    Compare,
    Every,
    Field,
    Matches,
    Missing,
    Some,
)
from mmrag_jupyter.served.counting import stored
from mmrag_jupyter.store import where_joined
from mmrag_jupyter.store.select import run
from mmrag_jupyter.store.where import authorizer

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    import numpy.typing as npt

    from mmrag_jupyter.served.conditions import Operand, Test
    from mmrag_jupyter.served.reading import Reading
    from mmrag_jupyter.served.rows import Row
    from mmrag_jupyter.store.catalogue import Physical

_ALWAYS, _NEVER = Every(()), Some(())
# Of more rows of several tables, the combinations are not tried here.
MOST_COMBINED = 200_000


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """What a condition chooses: items, and of some tables the rows, each beside its item."""

    items: frozenset[int]
    tables: frozenset[int]
    rows: frozenset[tuple[int, int]]

    def numbers(self) -> npt.NDArray[np.int64]:
        """Return the items, sorted."""
        return np.array(sorted(self.items), np.int64)

    def allows(self, part: Row) -> bool:
        """Tell whether a part may be found, from its row with item and record."""
        item = part.number("item")
        if item not in self.items:
            return False
        told = json.loads(part.text("record"))
        return told.get("of", 0) not in self.tables or (item, told["row"]) in self.rows


def of_one(store: Reading, test: Test, table: int) -> Chosen:
    """Return what a test chooses that names the columns of one joined table, and of items."""
    held = _pairs(store.joins.of_table(table, (), test))
    items = {item for item, _ in held}
    without = _without(test, fields_of(store.state.joined().sources[table].columns).keys())
    if without != _NEVER:
        asked = None if without == _ALWAYS else without
        rows = store.engine.scan(store.layout.items, asked, ("item",))
        bare = {row.number("item") for row in rows}
        items |= bare - {item for item, _ in _pairs(store.joins.of_table(table, ()))}
    return Chosen(frozenset(items), frozenset({table}), held)


def of_several(
    store: Reading, expression: str, sql: str, used: frozenset[str], tables: Sequence[int]
) -> Chosen:
    """Return what a condition chooses that names columns of several joined tables.

    Parameters
    ----------
    expression
        As the user wrote it.
    sql, used
        As `compiled` returns them.

    Raises
    ------
    WhereError
        There are too many rows, or it takes too long.
    """
    catalogue = store.state.joined()
    rows = {
        table: store.joins.of_table(table, list(fields_of(_used(f"j{table}", used, columns))))
        for table, columns in ((table, catalogue.sources[table].columns) for table in tables)
    }
    if (count := sum(map(len, rows.values()))) > MOST_COMBINED:
        raise WhereError(
            f"where: {shortened(expression)!r} names columns of {len(tables)} joined tables, which "
            f"have {count:,} rows, and of a collection at {store.place} at most {MOST_COMBINED:,} "
            "can be combined; ask for one table at a time."
        )
    with closing(sqlite3.connect(":memory:")) as db:
        own = _used("i", used, store.state.catalogue().merged())
        fields = ("item", "item_id", *fields_of(own))
        items = list(store.engine.scan(store.layout.items, None, fields))
        ids = [from_key(row.text("item_id")) for row in items]
        _fill(db, "items", items, number="item", columns=own, more={'"id"': ids})
        db.execute("CREATE TABLE joined_links (item, row, source)")
        columns = {
            one.number: one
            for table in tables
            for one in _used(f"j{table}", used, catalogue.sources[table].columns)
        }
        every = [row for found in rows.values() for row in found]
        first = {row.number("row"): row for row in every}
        _fill(db, "joined_rows", list(first.values()), number="row", columns=list(columns.values()))
        db.executemany(
            "INSERT INTO joined_links VALUES (?, ?, ?)",
            [
                (row.number("item"), row.number("row"), table)
                for table, found in rows.items()
                for row in found
            ],
        )
        db.execute("CREATE INDEX of_item ON joined_links(item, source)")
        db.set_authorizer(authorizer(where_joined.READ))
        found = run(db, expression, where_joined.statement(sql, tables))
    held = {
        (item, row)
        for pairs in where_joined.pairs_of(found, tables)
        for item, row in pairs.tolist()
    }
    return Chosen(frozenset(one[0] for one in found), frozenset(tables), frozenset(held))


def _used(table: str, used: frozenset[str], columns: Iterable[Physical]) -> list[Physical]:
    return [one for one in columns if f"{table}.{one.name}" in used]


def _fill(
    db: sqlite3.Connection,
    table: str,
    rows: Sequence[Row],
    *,
    number: str,
    columns: Sequence[Physical],
    more: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Make a table of rows as a folder has it, with these columns alone."""
    cells = {
        number: [row.number(number) for row in rows],
        **(more or {}),
        **{one.name: stored(rows, one.name, one.column.kind) for one in columns},
    }
    db.execute(f"CREATE TABLE {table} ({number} INTEGER PRIMARY KEY, {', '.join(list(cells)[1:])})")
    marks = ", ".join("?" * len(cells))
    db.executemany(f"INSERT INTO {table} VALUES ({marks})", zip(*cells.values(), strict=True))


def _pairs(rows: Iterable[Row]) -> frozenset[tuple[int, int]]:
    return frozenset((row.number("item"), row.number("row")) for row in rows)


def _without(test: Test, gone: Container[str]) -> Test:
    """Return what remains of a test where these fields are missing."""
    match test:
        case Every(tests=tests):
            left = [one for one in (_without(some, gone) for some in tests) if one != _ALWAYS]
            return _NEVER if _NEVER in left else Every(tuple(left))
        case Some(tests=tests):
            left = [one for one in (_without(some, gone) for some in tests) if one != _NEVER]
            return _ALWAYS if _ALWAYS in left else Some(tuple(left))
        case Missing(left=operand, negated=negated) if _reads(operand, gone):
            return _NEVER if negated else _ALWAYS
        case Compare(left=left_, right=right) if _reads(left_, gone) or _reads(right, gone):
            return _NEVER
        case Among(left=operand) | Matches(left=operand) if _reads(operand, gone):
            return _NEVER
        case _:
            return test


def _reads(operand: Operand, fields: Container[str]) -> bool:
    match operand:
        case Field(name=name):
            return name in fields
        case Call(given=given):
            return any(_reads(one, fields) for one in given)
        case _:
            return False
