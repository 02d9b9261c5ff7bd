"""PostgreSQL with pgvector: tables beside those that a team has already."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

import numpy as np

from mmrag_jupyter.served.rows import KEY, Row
from mmrag_jupyter.served.sql import Dialect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy.typing as npt

    from mmrag_jupyter.served.address import Address
    from mmrag_jupyter.served.conditions import Test
    from mmrag_jupyter.served.rows import FieldType, Table, Value

T = TypeVar("T")

DIALECT = Dialect(
    has="({0} @> ARRAY[{1}])",
    matches="({0} ~ {1})",
    functions=frozenset({
        "lower", "upper", "length", "instr", "abs", "round", "+", "-", "*", "/",
        "trim", "ltrim", "rtrim", "substr", "||",
    }),
    # Its own round takes no digits, and halves to even numbers; beyond 2^53 all are whole.
    round=(
        "(CASE WHEN abs({0}) < 9e15 THEN round(({0})::numeric, {1})::double precision"
        " ELSE {0} END)"
    ),
    collation=' COLLATE "C"',
    quote='"',
)  # fmt: skip
_VECTOR = "vector"
# Conditions compare texts by their bytes, and an index serves only the order that it was made in.
_TYPES: Mapping[FieldType, str] = {
    "int": "bigint", "float": "double precision", "text": 'text COLLATE "C"', "texts": "text[]",
}  # fmt: skip
# A btree takes no text of several kB, and an id may be one.
_INDEXED = {
    "item_id": "USING hash", "item": "", "part": "", "digest": "", "words": "USING gin",
    "row": "", "row_id": "USING hash",
}  # fmt: skip
_PAGE = 2000
# From so many vectors on, an index is quicker than a look at all of them.
_INDEX_FROM, _MOST_INDEXED = 50_000, 2_000  # vectors, dimensions
_LOOKED_AT = 100  # neighbours of which the k best are taken
# Another one makes the same table or extension at this moment.
_TWICE = frozenset({"23505", "42P07", "42710"})
_CONNECTS = 15  # seconds


class PostgresEngine:
    """Tables of a PostgreSQL database with the extension pgvector.

    One connection, made again where the server has let go of it. What is written is written
    under its key, so that to ask twice does no harm.
    """

    label = "PostgreSQL"
    longest = 0

    def __init__(self, address: Address) -> None:
        # Of an option that is said twice, the last counts.
        options = urlencode([("connect_timeout", str(_CONNECTS)), *address.options])
        # Of user and password, what the address lacks comes from PGUSER and PGPASSWORD.
        self._info = f"postgresql://{address.place}?{options}"
        self._lock = threading.RLock()
        self._db: Any = None

    def tables(self) -> set[str]:
        """As `Engine.tables`."""
        query = "SELECT tablename FROM pg_tables WHERE schemaname = ANY(current_schemas(false))"
        return {name for (name,) in self._asked(query)}

    def create(self, table: Table, fields: Mapping[str, FieldType]) -> None:
        """As `Engine.create`."""
        columns = [
            f'"{name}" {_TYPES[type_]}{" PRIMARY KEY" if name == KEY else ""}'
            for name, type_ in fields.items()
        ]
        if table.dim:
            self._extend()
            columns.append(f"{_VECTOR} vector({table.dim})")
        self._make(f'CREATE TABLE IF NOT EXISTS "{table.name}" ({", ".join(columns)})')
        for name, way in _INDEXED.items():
            if name in fields:
                self._make(
                    f'CREATE INDEX IF NOT EXISTS "{table.name}_{name}" ON "{table.name}"'
                    f' {way} ("{name}")'
                )

    def widen(self, table: Table, fields: Mapping[str, FieldType]) -> None:
        """As `Engine.widen`."""
        if fields:
            added = ", ".join(
                f'ADD COLUMN IF NOT EXISTS "{name}" {_TYPES[one]}' for name, one in fields.items()
            )
            self._do(f'ALTER TABLE "{table.name}" {added}')

    def drop(self, table: Table) -> None:
        """As `Engine.drop`."""
        self._do(f'DROP TABLE IF EXISTS "{table.name}"')

    def put(self, table: Table, rows: Sequence[Row]) -> None:
        """As `Engine.put`."""
        names = list(dict.fromkeys(name for row in rows for name in row.fields))
        # A row in place of another has none of its fields.
        names += [name for name in self._columns(table) if name not in {*names, _VECTOR}]
        columns = [f'"{name}"' for name in names] + ([_VECTOR] if table.dim else [])
        marks = ", ".join(["%s"] * len(columns))
        changed = ", ".join(f"{one} = excluded.{one}" for one in columns if one != f'"{KEY}"')
        query = (
            f'INSERT INTO "{table.name}" ({", ".join(columns)}) VALUES ({marks})'
            f' ON CONFLICT ("{KEY}") DO UPDATE SET {changed}'
        )
        values = [_values(row, names, table.dim) for row in rows]

        def write(db: Any) -> None:  # noqa: ANN401 - psycopg's own
            with db.transaction(), db.cursor() as cursor:
                cursor.executemany(query, values)

        self._with(write)

    def delete(self, table: Table, test: Test) -> None:
        """As `Engine.delete`."""
        self._do(f'DELETE FROM "{table.name}" WHERE {DIALECT.test(test)}')

    def count(self, table: Table, test: Test | None = None) -> int:
        """As `Engine.count`."""
        found = self._asked(f'SELECT count(*) FROM "{table.name}"{_where(test)}')
        return int(found[0][0])

    def scan(
        self,
        table: Table,
        test: Test | None,
        fields: Sequence[str],
        *,
        vectors: bool = False,
        limit: int | None = None,
    ) -> Iterator[Row]:
        """As `Engine.scan`."""
        # Page by page in the order of the keys: no cursor outlives a lost connection.
        has_vector = vectors and bool(table.dim)
        names = list(dict.fromkeys([KEY, *fields]))
        columns = ", ".join([f'"{name}"' for name in names] + ([_VECTOR] * has_vector))
        left, after = limit, None
        while left is None or left > 0:
            most = _PAGE if left is None else min(left, _PAGE)
            tests = [] if test is None else [DIALECT.test(test)]
            tests += [f'"{KEY}" COLLATE "C" > %s'] if after is not None else []
            where = f" WHERE {' AND '.join(tests)}" if tests else ""
            found = self._asked(
                f'SELECT {columns} FROM "{table.name}"{_escaped(where, after)}'
                f' ORDER BY "{KEY}" COLLATE "C" LIMIT {most}',
                None if after is None else (after,),
            )
            for row in found:
                yield _row(row, names, has_vector=has_vector)
            if len(found) < most:
                return
            after = found[-1][0]
            left = None if left is None else left - len(found)

    def nearest(
        self,
        table: Table,
        vector: npt.NDArray[np.float32],
        k: int,
        test: Test | None,
        fields: Sequence[str],
    ) -> list[tuple[Row, float]]:
        """As `Engine.nearest`."""
        columns = ", ".join(f'"{name}"' for name in fields)
        distance = f"{_VECTOR} <=> '{_text(vector)}'"
        query = (
            f'SELECT {columns}, 1 - ({distance}) FROM "{table.name}"{_where(test)}'
            f" ORDER BY {distance} LIMIT {k}"
        )
        found = self._asked(query)
        if len(found) < k and self._is_indexed(table):
            # An index looks at so many and no more, of which few may pass the test.
            found = self._exactly(query)
        return [(_row(row, fields, has_vector=False), float(row[-1])) for row in found]

    def check(self, test: Test) -> None:
        """As `Engine.check`."""
        DIALECT.test(test)

    def tidy(self, table: Table) -> None:
        """As `Engine.tidy`."""
        if 0 < table.dim <= _MOST_INDEXED and self.count(table) > _INDEX_FROM:
            self._do(
                f'CREATE INDEX IF NOT EXISTS "{table.name}_{_VECTOR}" ON "{table.name}"'
                f" USING hnsw ({_VECTOR} vector_cosine_ops)"
            )
        self._do(f'ANALYZE "{table.name}"')

    @staticmethod
    def explain(error: Exception) -> str:
        """As `Engine.explain`."""
        if type(error).__module__.partition(".")[0] != "psycopg":
            return ""
        said = str(error).strip()
        state = str(getattr(error, "sqlstate", None) or "")
        if state == "28P01" or "authentication failed" in said or "no password" in said:
            return f"it refuses ({said}): set PGUSER and PGPASSWORD in the environment"
        if state == "42501":
            return f"it refuses ({said}): the user may not do that"
        if '"vector"' in said and state in {"0A000", "58P01", "42704"}:
            return "it has no pgvector: have the extension installed on the server"
        if type(error).__name__ == "OperationalError" and not state:
            return f"it does not answer ({said})"
        return said

    def close(self) -> None:
        """As `Engine.close`."""
        with self._lock:
            if self._db is not None:
                self._db.close()
            self._db = None

    def _extend(self) -> None:
        if not self._asked("SELECT 1 FROM pg_extension WHERE extname = 'vector'"):
            self._make("CREATE EXTENSION IF NOT EXISTS vector")

    def _columns(self, table: Table) -> list[str]:
        query = (
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
            " AND NOT attisdropped"
        )
        return [name for (name,) in self._asked(query, (f'"{table.name}"',))]

    def _is_indexed(self, table: Table) -> bool:
        name = f'"{table.name}_{_VECTOR}"'
        return self._asked("SELECT to_regclass(%s)", (name,))[0][0] is not None

    def _exactly(self, query: str) -> list[Any]:
        def run(db: Any) -> list[Any]:  # noqa: ANN401 - psycopg's own
            with db.transaction():
                db.execute("SET LOCAL enable_indexscan = off")
                found: list[Any] = db.execute(query).fetchall()
                return found

        return self._with(run)

    def _do(self, query: str) -> None:
        def run(db: Any) -> None:  # noqa: ANN401 - psycopg's own
            db.execute(query)

        self._with(run)

    def _make(self, query: str) -> None:
        """Make what is not there; IF NOT EXISTS alone fails where two look at the same moment."""
        from psycopg import Error

        try:
            self._do(query)
        except Error as error:
            if error.sqlstate not in _TWICE:
                raise
            self._do(query)

    def _asked(self, query: str, values: Sequence[object] | None = None) -> list[Any]:
        def run(db: Any) -> list[Any]:  # noqa: ANN401 - psycopg's own
            found: list[Any] = db.execute(query, values).fetchall()
            return found

        return self._with(run)

    def _with(self, work: Callable[[Any], T]) -> T:
        """Do something with the connection; once more where it turns out to be lost."""
        from psycopg import OperationalError

        with self._lock:
            known = self._db is not None
            try:
                return work(self._connected())
            except OperationalError:
                if not known or self._db is None or not self._db.broken:
                    raise
                self._db = None
                return work(self._connected())

    def _connected(self) -> Any:  # noqa: ANN401 - psycopg's own
        if self._db is None or self._db.closed:
            import psycopg

            self._db = psycopg.connect(self._info, autocommit=True, client_encoding="utf8")
            # Conditions are written for it: a server may have it otherwise.
            self._db.execute("SET standard_conforming_strings = on")
            with suppress(psycopg.Error):
                # k results come back also where few of the nearest pass the filter.
                self._db.execute("LOAD 'vector'")
                self._db.execute(f"SET hnsw.ef_search = {_LOOKED_AT}")
                self._db.execute("SET hnsw.iterative_scan = strict_order")
        return self._db


def _where(test: Test | None) -> str:
    return "" if test is None else f" WHERE {DIALECT.test(test)}"


def _escaped(where: str, after: object) -> str:
    """Return a condition as psycopg reads it: with values, a plain % is written twice."""
    if after is None:
        return where
    head, sign, tail = where.rpartition("%s")
    return f"{head.replace('%', '%%')}{sign}{tail}"


def _values(row: Row, names: Sequence[str], dim: int) -> list[Value]:
    values = [row.fields.get(name) for name in names]
    if dim:
        values.append(None if row.vector is None else _text(row.vector))
    return values


def _text(vector: npt.NDArray[np.float32]) -> str:
    return f"[{','.join(map(repr, np.asarray(vector, np.float32).tolist()))}]"


def _row(found: Sequence[Any], names: Sequence[str], *, has_vector: bool) -> Row:
    fields = dict(zip(names, found, strict=False))
    text = found[len(names)] if has_vector else None
    vector = np.fromstring(text[1:-1], np.float32, sep=",") if text else None
    return Row(fields, vector)
