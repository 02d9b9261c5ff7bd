"""LanceDB: a folder that many share, or an object store; no server."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from mmrag_jupyter.served.address import VARIABLES
from mmrag_jupyter.served.rows import KEY, Row
from mmrag_jupyter.served.sql import Dialect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    from mmrag_jupyter.served.address import Address
    from mmrag_jupyter.served.conditions import Test
    from mmrag_jupyter.served.rows import FieldType, Table

DIALECT = Dialect(
    has="array_has({0}, {1})",
    matches="regexp_like({0}, {1})",
    functions=frozenset({"lower", "upper", "length", "instr", "abs", "round", "+", "-", "*", "/"}),
)
_VECTOR = "vector"
# From so many vectors on, an index is quicker than a look at all of them.
_INDEXED = 100_000
_NO_LIMIT = 2**31 - 1
_TRIES = 5
# An object store's errors are told by the client in a page of its own structures.
_NO_CREDENTIALS = re.compile(r"Failed to get \w+ credentials|CredentialsNotLoaded|no credentials")
_REFUSED = re.compile(r"status: (?:StatusCode\()?(40[13])\b")
_GONE = re.compile(
    r"connection refused|tcp connect error|dns error|timed out|error sending request", re.IGNORECASE
)
# What readers of an older version may still need.
_KEPT = timedelta(minutes=30)


class LanceEngine:
    """Tables of Lance in a folder, or in an object store."""

    label = "LanceDB"
    longest = 0

    def __init__(self, address: Address) -> None:
        import lancedb

        # Another machine's commit is seen by the next question.
        self._db: Any = lancedb.connect(address.place, read_consistency_interval=timedelta(0))
        self._open: dict[str, Any] = {}

    def tables(self) -> set[str]:
        """As `Engine.tables`."""
        found: set[str] = set()
        token = None
        while True:
            page = self._db.list_tables(page_token=token)
            found |= set(page.tables)
            token = page.page_token
            if not token:
                return found

    def create(self, table: Table, fields: Mapping[str, FieldType]) -> None:
        """As `Engine.create`."""
        import pyarrow as pa

        columns = [pa.field(name, _arrow(type_)) for name, type_ in fields.items()]
        if table.dim:
            columns.append(pa.field(_VECTOR, pa.list_(pa.float32(), table.dim)))
        for tried in range(_TRIES):
            try:
                made = self._db.create_table(table.name, schema=pa.schema(columns), exist_ok=True)
            except RuntimeError as error:
                # Another machine makes it at this moment.
                if "Retryable commit conflict" not in str(error) or tried == _TRIES - 1:
                    raise
                continue
            self._open[table.name] = made
            return

    def widen(self, table: Table, fields: Mapping[str, FieldType]) -> None:
        """As `Engine.widen`."""
        import pyarrow as pa

        found = self._table(table)
        known = set(found.schema.names)
        lacking = [pa.field(name, _arrow(one)) for name, one in fields.items() if name not in known]
        if lacking:
            found.add_columns(lacking)

    def drop(self, table: Table) -> None:
        """As `Engine.drop`."""
        self._open.pop(table.name, None)
        self._db.drop_table(table.name, ignore_missing=True)

    def put(self, table: Table, rows: Sequence[Row]) -> None:
        """As `Engine.put`."""
        import pyarrow as pa

        found = self._table(table)
        columns = {
            name: pa.array([row.fields.get(name) for row in rows], found.schema.field(name).type)
            for name in found.schema.names
            if name != _VECTOR
        }
        if table.dim:
            flat = np.concatenate([_vector(row, table.dim) for row in rows])
            columns[_VECTOR] = pa.FixedSizeListArray.from_arrays(pa.array(flat), table.dim)
        data = pa.table(columns)
        merged = found.merge_insert(KEY).when_matched_update_all().when_not_matched_insert_all()
        merged.execute(data)

    def delete(self, table: Table, test: Test) -> None:
        """As `Engine.delete`."""
        self._table(table).delete(DIALECT.test(test))

    def count(self, table: Table, test: Test | None = None) -> int:
        """As `Engine.count`."""
        asked = None if test is None else DIALECT.test(test)
        return int(self._table(table).count_rows(asked))

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
        query = self._table(table).search()
        if test is not None:
            query = query.where(DIALECT.test(test))
        names = [*fields, _VECTOR] if vectors and table.dim else list(fields)
        found = query.select(names).limit(limit or _NO_LIMIT).to_batches()
        for batch in found:
            yield from _rows(batch, fields, table.dim if vectors else 0)

    def nearest(
        self,
        table: Table,
        vector: npt.NDArray[np.float32],
        k: int,
        test: Test | None,
        fields: Sequence[str],
    ) -> list[tuple[Row, float]]:
        """As `Engine.nearest`."""
        query = self._table(table).search(vector, vector_column_name=_VECTOR)
        query = query.distance_type("cosine").refine_factor(4)
        # Without a bound: k results come back also where few of the nearest pass the filter.
        query = query.minimum_nprobes(40).maximum_nprobes(0)
        if test is not None:
            query = query.where(DIALECT.test(test), prefilter=True)
        found = query.select([*fields, "_distance"]).limit(k).to_arrow()
        distances = found.column("_distance").to_pylist()
        rows = (row for batch in found.to_batches() for row in _rows(batch, fields, 0))
        return [(row, 1.0 - one) for row, one in zip(rows, distances, strict=True)]

    def check(self, test: Test) -> None:
        """As `Engine.check`."""
        DIALECT.test(test)

    def tidy(self, table: Table) -> None:
        """As `Engine.tidy`."""
        from lancedb.index import BTree, LabelList

        found = self._table(table)
        there = {column for index in found.list_indices() for column in index.columns}
        kinds = {KEY: BTree, "item": BTree, "item_id": BTree, "words": LabelList, "digest": BTree}
        kinds |= {"row": BTree, "row_id": BTree}
        for column, kind in kinds.items():
            if column in found.schema.names and column not in there and found.count_rows():
                found.create_index(column, config=kind())
        if table.dim and _VECTOR not in there and found.count_rows() > _INDEXED:
            from lancedb.index import IvfSq

            found.create_index(_VECTOR, config=IvfSq(distance_type="cosine"))
        found.optimize(cleanup_older_than=_KEPT)

    @staticmethod
    def explain(error: Exception) -> str:
        """As `Engine.explain`."""
        if isinstance(error, FileNotFoundError | PermissionError | OSError):
            return f"{error.strerror or error}"
        said = str(error)
        if _NO_CREDENTIALS.search(said):
            return f"it has no credentials for it: set {VARIABLES['lancedb']}"
        if refused := _REFUSED.search(said):
            return f"it refuses (status {refused[1]}): set {VARIABLES['lancedb']}"
        if gone := _GONE.search(said):
            return f"it does not answer ({gone[0]})"
        known = isinstance(error, RuntimeError | ValueError) and "lance" in said.lower()
        return said.split(", /", maxsplit=1)[0] if known or "not found" in said else ""

    def close(self) -> None:
        """As `Engine.close`."""
        self._open.clear()

    def _table(self, table: Table) -> Any:  # noqa: ANN401 - lancedb's own
        found = self._open.get(table.name)
        if found is None:
            found = self._open[table.name] = self._db.open_table(table.name)
        return found


def _arrow(type_: FieldType) -> Any:  # noqa: ANN401 - Arrow ships no types
    import pyarrow as pa

    plain = {"int": pa.int64(), "float": pa.float64(), "text": pa.string()}
    return plain.get(type_) or pa.list_(pa.string())


def _vector(row: Row, dim: int) -> npt.NDArray[np.float32]:
    if row.vector is None:
        return np.zeros(dim, np.float32)
    return np.ascontiguousarray(row.vector, np.float32)


def _rows(batch: Any, fields: Sequence[str], dim: int) -> Iterator[Row]:  # noqa: ANN401
    columns = [batch.column(name).to_pylist() for name in fields]
    vectors = None
    if dim:
        found = batch.column(_VECTOR)
        vectors = found.flatten().to_numpy(zero_copy_only=False).reshape(-1, dim)
    for at in range(batch.num_rows):
        row = {name: column[at] for name, column in zip(fields, columns, strict=True)}
        yield Row(row, None if vectors is None else vectors[at])
