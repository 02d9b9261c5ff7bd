"""`where`: one condition over the columns of a collection, written as in pandas or SQL.

Nothing of the user's text reaches SQLite as it stands: the expression is read by a grammar
of its own (`where_grammar`) and written anew, so that it can only be what the grammar knows.
SQLite's authorizer is the second lock on the same door.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from mmrag_jupyter.errors import WhereError
from mmrag_jupyter.store.where_functions import FUNCTIONS
from mmrag_jupyter.store.where_grammar import Reader
from mmrag_jupyter.store.where_tokens import fault

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from typing import TypeAlias

    from mmrag_jupyter.items import Column
    from mmrag_jupyter.store.where_names import Dotted
    from mmrag_jupyter.store.where_tree import Tree

    Authorizer: TypeAlias = Callable[[int, str | None, str | None, str | None, str | None], int]

# The functions that a user may write, and those behind the operators that are written for them.
_CALLED = frozenset(FUNCTIONS) | {"like", "glob", "typeof"}


class Compiled(NamedTuple):
    """A condition as SQL, the physical names of the columns in it, and how it is made up."""

    sql: str
    used: frozenset[str]
    tree: Tree


def compile_where(expression: str, columns: Mapping[str, tuple[str, Column]]) -> str:
    """Return the SQL condition over the table `items` that `expression` stands for.

    Parameters
    ----------
    expression
        Such as `price < 50 and brand in ['Acme', 'Bell'] and not sold`. It knows
        comparisons (`== = != <> < <= > >=`), `and or not & | ~`, `in`, `like` (with `%` and
        `_`; ignores the case of ASCII letters), `glob` (with `*` and `?`), `between`,
        `is null`, `is None`, `True`, `False`, `+ - * /`, and the functions lower, upper,
        trim, ltrim, rtrim, length, substr, instr, abs and round. Names with other characters
        stand in backquotes; a "double quoted" word is the column of exactly that name or
        else a text. A missing value matches no comparison, neither `==` nor `!=` (as in SQL
        and with pandas' nullable dtypes); `is None` finds it. Dates are written as
        '2024-05-31' or '2024-05-31 18:30', and read in the column's own time zone unless
        they name one.
    columns
        From each name that the user may write to its quoted physical name and its column.

    Raises
    ------
    WhereError
        When it is not understood; the message is one line, shows the place, and suggests
        the nearest column.
    """
    return compiled(expression, columns).sql


def compiled(
    expression: str, columns: Mapping[str, tuple[str, Column]], dotted: Dotted | None = None
) -> Compiled:
    """Return what `compile_where` does, and what is in it.

    Parameters
    ----------
    columns
        Physical names may have the name of another table than `items` before them, with a dot.
    dotted
        Names that a dot and a column may follow without backquotes.

    Raises
    ------
    WhereError
        When the expression is not understood.
    """
    try:
        expression.encode()
    except UnicodeEncodeError:
        raise WhereError("where: the expression holds half a character (a surrogate)") from None
    reader = Reader(expression, columns, dotted)
    condition = reader.condition()
    used = reader.grown.columns()
    _prove(expression, condition, used)
    return Compiled(condition, used, reader.grown[condition])


def authorizer(tables: Collection[str]) -> Authorizer:
    """Let a statement read columns of tables and call harmless functions, and nothing else.

    For `sqlite3.Connection.set_authorizer` of a connection that runs compiled conditions;
    it may begin and end transactions too, and ask whether others have written.
    """

    def authorize(
        action: int, arg1: str | None, arg2: str | None, database: str | None, trigger: str | None
    ) -> int:
        # A statement that reads no column of the table asks for column "" of no database.
        table = arg1 in tables and database in {"main", None}
        allowed = trigger is None and (
            action in {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_TRANSACTION}
            or (action, arg1, arg2) == (sqlite3.SQLITE_PRAGMA, VERSION, None)
            or (action == sqlite3.SQLITE_READ and table)
            or (action == sqlite3.SQLITE_FUNCTION and (arg2 or "").lower() in _CALLED)
        )
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    return authorize


# The pragma that tells whether anything was committed since.
VERSION = "data_version"

where_authorizer = authorizer({"items"})


def _prove(expression: str, condition: str, physical: Iterable[str]) -> None:
    # How deep an expression may be depends on how SQLite was built: ask this one.
    tables = {"items": ['"nothing"']}
    for name in physical:
        table, _, column = name.rpartition(".")
        tables.setdefault(table or "items", []).append(column)
    with closing(sqlite3.connect(":memory:")) as scratch:
        for table, names in tables.items():
            scratch.execute(f"CREATE TABLE {table} ({', '.join(names)})")
        scratch.set_authorizer(authorizer(tables.keys()))
        try:
            scratch.execute(f"SELECT 1 FROM {', '.join(tables)} WHERE {condition}")
        except sqlite3.Error as error:
            message = f"the expression is too long or too deeply nested ({error})"
            raise fault(expression, 0, message) from None
