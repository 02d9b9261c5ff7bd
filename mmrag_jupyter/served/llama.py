"""Any LlamaIndex vector store that a user hands over: one place for all tables of a collection.

A row is a node. Its metadata say in which table it is, and hold its fields; what is no vector
has one that is nobody's. Nothing is asked of the store but `add`, `delete_nodes`, `get_nodes`
and `query` with metadata filters, all of which LlamaIndex names.
"""

from __future__ import annotations

import base64
import uuid
from typing import TYPE_CHECKING, Any

import numpy as np

from mmrag_jupyter.served.conditions import (
    Among,
    CannotError,
    Compare,
    Constant,
    Every,
    Field,
    Has,
    Missing,
    Some,
    told,
)
from mmrag_jupyter.served.rows import KEPT_FIELDS, KEY, Row, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt
    from llama_index.core.vector_stores.types import BasePydanticVectorStore, MetadataFilters

    from mmrag_jupyter.served.conditions import Test
    from mmrag_jupyter.served.rows import FieldType, Value

_TABLE, _VECTOR, _TABLES = "mmrag_table", "mmrag_vector", "mmrag_tables"
# Of a field that may be missing: 1 where it is not. LlamaIndex has no opposite of "is empty".
_THERE = "_there"
_SIGNS = {"=": "==", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
# So wide are vectors where no model has said yet.
_DIM = 8


class LlamaEngine:
    """The nodes of a LlamaIndex vector store.

    Parameters
    ----------
    store
        It keeps texts and metadata, and gives nodes back.
    """

    longest = 0

    def __init__(self, store: BasePydanticVectorStore) -> None:
        self._store = store
        self.label = type(store).__name__
        # All vectors of a store are equally wide: what has none waits for the first that has.
        self._dim = 0
        self._waiting: dict[tuple[str, str], tuple[Table, Row]] = {}

    def tables(self) -> set[str]:
        """As `Engine.tables`."""
        rows = self.scan(Table(_TABLES), None, (KEY,))
        return {row.text(KEY) for row in rows}

    def create(self, table: Table, fields: Mapping[str, FieldType]) -> None:  # noqa: ARG002
        """As `Engine.create`."""
        self.put(Table(_TABLES), [Row({KEY: table.name, "kind": "table", "data": str(table.dim)})])
        if table.dim and not self._dim:
            self._settle(table.dim)

    def widen(self, table: Table, fields: Mapping[str, FieldType]) -> None:
        """Do nothing: a node may have any metadata."""

    def drop(self, table: Table) -> None:
        """As `Engine.drop`."""
        self._waiting = {at: one for at, one in self._waiting.items() if at[0] != table.name}
        self._store.delete_nodes(filters=self._filters(table, None))
        self.delete(Table(_TABLES), Among(Field(KEY, "text"), (table.name,)))

    def put(self, table: Table, rows: Sequence[Row]) -> None:
        """As `Engine.put`."""
        if not self._dim:
            self._dim = self._known_dim()
        if not self._dim and any("part" in row.fields for row in rows):
            # Items come after the models that find them: none of these will have a vector here.
            self._settle(_DIM)
        if not self._dim:
            self._waiting.update(((table.name, row.text(KEY)), (table, row)) for row in rows)
            return
        from llama_index.core.schema import TextNode

        ids = [_id(table, row.text(KEY)) for row in rows]
        self._store.delete_nodes(node_ids=ids)
        nodes = []
        for node_id, row in zip(ids, rows, strict=True):
            metadata = _metadata(table, row)
            nodes.append(
                TextNode(
                    id_=node_id,
                    text=row.text("text"),
                    metadata=metadata,
                    embedding=self._vector(row).tolist(),
                    excluded_embed_metadata_keys=list(metadata),
                    excluded_llm_metadata_keys=list(metadata),
                )
            )
        self._store.add(nodes)

    def delete(self, table: Table, test: Test) -> None:
        """As `Engine.delete`."""
        if self._waiting:
            doomed = {row.text(KEY) for row in self._held(table, test)}
            self._waiting = {
                at: one
                for at, one in self._waiting.items()
                if at[0] != table.name or at[1] not in doomed
            }
        keys = [row.text(KEY) for row in self.scan(table, test, (KEY,))]
        if keys:
            self._store.delete_nodes(node_ids=[_id(table, key) for key in keys])

    def count(self, table: Table, test: Test | None = None) -> int:
        """As `Engine.count`."""
        return sum(1 for _ in self.scan(table, test, (KEY,)))

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
        if self._waiting:
            yield from self._held(table, test)
            return
        nodes = self._store.get_nodes(filters=self._filters(table, test))
        for node in nodes[:limit]:
            yield _row(node, fields, vectors=vectors)

    def nearest(
        self,
        table: Table,
        vector: npt.NDArray[np.float32],
        k: int,
        test: Test | None,
        fields: Sequence[str],
    ) -> list[tuple[Row, float]]:
        """As `Engine.nearest`."""
        from llama_index.core.vector_stores.types import VectorStoreQuery

        asked = VectorStoreQuery(
            query_embedding=vector.tolist(),
            similarity_top_k=k,
            filters=self._filters(table, test),
        )
        found = self._store.query(asked)
        nodes = found.nodes or []
        rows = [_row(node, fields, vectors=True) for node in nodes]
        # What a store calls similarity is a distance, or a share of one: this is the cosine.
        return [
            (row, float(row.vector @ vector) if row.vector is not None else 0.0) for row in rows
        ]

    def check(self, test: Test) -> None:
        """As `Engine.check`."""
        _filter(test)

    def tidy(self, table: Table) -> None:  # noqa: ARG002 - its own affair
        """As `Engine.tidy`: what no model has made wide is written now."""
        if self._waiting:
            self._settle(_DIM)

    @staticmethod
    def explain(error: Exception) -> str:
        """As `Engine.explain`."""
        if isinstance(error, NotImplementedError):
            return (
                f"this vector store cannot hold a collection ({error or 'a method is missing'}): "
                "it has to give nodes back (get_nodes) and take filters"
            )
        return f"{type(error).__name__}: {error}"

    def close(self) -> None:
        """Leave the store open: it is its owner's."""

    def _settle(self, dim: int) -> None:
        self._dim = dim
        waiting, self._waiting = list(self._waiting.values()), {}
        for table in dict.fromkeys(one for one, _ in waiting):
            self.put(table, [row for own, row in waiting if own == table])

    def _known_dim(self) -> int:
        nodes = [] if self._waiting else self._store.get_nodes(
            filters=self._filters(Table(_TABLES), None)
        )  # fmt: skip
        return max((int(node.metadata.get("data", 0)) for node in nodes), default=0)

    def _vector(self, row: Row) -> npt.NDArray[np.float32]:
        if row.vector is not None:
            return np.asarray(row.vector, np.float32)
        nobody = np.zeros(self._dim, np.float32)
        nobody[0] = 1.0
        return nobody

    def _held(self, table: Table, test: Test | None) -> Iterator[Row]:
        """Yield what is not written yet: settings alone, asked for by their key or kind."""
        for (name, _), (_, row) in list(self._waiting.items()):
            asked = isinstance(test, Among) and isinstance(test.left, Field)
            if name == table.name and (
                test is None or (asked and row.fields.get(test.left.name) in test.values)  # type: ignore[union-attr]
            ):
                yield row

    def _filters(self, table: Table, test: Test | None) -> MetadataFilters:
        from llama_index.core.vector_stores.types import (
            FilterCondition,
            MetadataFilter,
            MetadataFilters,
        )

        own = MetadataFilter(key=_TABLE, value=table.name)
        filters = [own] if test is None else [own, _filter(test)]
        return MetadataFilters(filters=filters, condition=FilterCondition.AND)


def _id(table: Table, key: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{table.name}:{key}"))


def _metadata(table: Table, row: Row) -> dict[str, Any]:
    fields = {
        name: value for name, value in row.fields.items() if value is not None and name != "text"
    }
    there = {f"{name}{_THERE}": 1 for name in fields if name not in KEPT_FIELDS}
    found: dict[str, Any] = {_TABLE: table.name, **fields, **there}
    if row.vector is not None:
        data = np.asarray(row.vector, "<f4").tobytes()
        found[_VECTOR] = base64.b64encode(data).decode()
    return found


def _row(node: Any, fields: Sequence[str], *, vectors: bool) -> Row:  # noqa: ANN401
    found: dict[str, Value] = {name: node.metadata.get(name) for name in fields}
    if "text" in found:
        found["text"] = node.text
    own = node.metadata.get(_VECTOR) if vectors else None
    vector = np.frombuffer(base64.b64decode(own), "<f4").astype(np.float32) if own else None
    return Row(found, vector)


def _filter(test: Test) -> Any:  # noqa: ANN401 - LlamaIndex's own
    match test:
        case Every(tests=tests):
            return _together([_filter(one) for one in tests] or [_one(_TABLE, "!=", "")], "and")
        case Some(tests=tests):
            return _together([_filter(one) for one in tests] or [_one(_TABLE, "==", "")], "or")
        case Compare(left=Field(name=name), sign=sign, right=Constant(value=value)):
            return _together([_one(f"{name}{_THERE}", "==", 1), _one(name, _SIGNS[sign], value)])
        case Among(left=Field(name=name), values=values, negated=negated):
            found = _one(name, "nin" if negated else "in", list(values))
            return _together([_one(f"{name}{_THERE}", "==", 1), found]) if negated else found
        case Missing(left=Field(name=name), negated=negated):
            flag = f"{name}{_THERE}"
            return _one(flag, "==", 1) if negated else _one(flag, "is_empty", None)
        case Has(field=field, value=value):
            return _one(field.name, "contains", value)
        case _:
            raise CannotError(told(test))


def _one(name: str, sign: str, value: object) -> Any:  # noqa: ANN401 - LlamaIndex's own
    from llama_index.core.vector_stores.types import FilterOperator, MetadataFilter

    return MetadataFilter(key=name, value=value, operator=FilterOperator(sign))  # type: ignore[arg-type]


def _together(filters: list[Any], condition: str = "and") -> Any:  # noqa: ANN401
    from llama_index.core.vector_stores.types import FilterCondition, MetadataFilters

    return MetadataFilters(filters=filters, condition=FilterCondition(condition))
