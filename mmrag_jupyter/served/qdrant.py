"""Qdrant: a server, or a folder of this machine for trying."""

from __future__ import annotations

import atexit
import os
import uuid
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from mmrag_jupyter.served.cells import MOMENT, TEXT, moment
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
from mmrag_jupyter.served.rows import KEY, Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    from mmrag_jupyter.served.address import Address
    from mmrag_jupyter.served.conditions import Plain, Test
    from mmrag_jupyter.served.rows import FieldType, Table

_PAGE = 500
_WAIT = 60  # seconds
_REFUSED = (401, 403)
_ORDER = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
# What is filtered by in every query; the items' own columns are indexed as they come.
_INDEXED: Mapping[FieldType, str] = {
    "int": "integer", "float": "float", "text": "keyword", "texts": "keyword",
}  # fmt: skip
_UNINDEXED = frozenset({"text", "record", "data", "length"})
# No point's key is so.
_NOBODY = "\ufffdnobody"


class QdrantEngine:
    """Collections of a Qdrant."""

    label = "Qdrant"
    longest = 0

    def __init__(self, address: Address) -> None:
        from qdrant_client import QdrantClient

        # Left to the end of Python, its client fails to close itself, and says so.
        atexit.register(self.close)
        self._is_local = address.is_local
        if address.is_local:
            self._client: Any = QdrantClient(path=address.place)
        else:
            scheme = "https" if address.secure else "http"
            url = f"{scheme}://{address.place}"
            if ":" not in address.place:
                url += ":443" if address.secure else ":6333"
            key = os.environ.get("QDRANT_API_KEY")
            self._client = QdrantClient(
                url=url, api_key=key, timeout=_WAIT, check_compatibility=False
            )

    def tables(self) -> set[str]:
        """As `Engine.tables`."""
        return {one.name for one in self._client.get_collections().collections}

    def create(self, table: Table, fields: Mapping[str, FieldType]) -> None:
        """As `Engine.create`."""
        from qdrant_client.models import Distance, VectorParams

        if not self._client.collection_exists(table.name):
            params = VectorParams(size=max(table.dim, 1), distance=Distance.COSINE)
            self._client.create_collection(table.name, vectors_config=params if table.dim else {})
        self.widen(table, fields)

    def widen(self, table: Table, fields: Mapping[str, FieldType]) -> None:
        """As `Engine.widen`."""
        if self._is_local:
            return  # it has no indexes, and says so each time
        known = self._client.get_collection(table.name).payload_schema
        for name, type_ in fields.items():
            if name not in known and name not in _UNINDEXED:
                self._client.create_payload_index(table.name, name, _INDEXED[type_], wait=True)

    def drop(self, table: Table) -> None:
        """As `Engine.drop`."""
        self._client.delete_collection(table.name)

    def put(self, table: Table, rows: Sequence[Row]) -> None:
        """As `Engine.put`."""
        from qdrant_client.models import PointStruct

        points = [
            PointStruct(
                id=_id(row.text(KEY)),
                vector=_vector(row, table.dim),
                payload={name: value for name, value in row.fields.items() if value is not None},
            )
            for row in rows
        ]
        self._client.upsert(table.name, points, wait=True)

    def delete(self, table: Table, test: Test) -> None:
        """As `Engine.delete`."""
        from qdrant_client.models import FilterSelector

        self._client.delete(table.name, FilterSelector(filter=_filter(test)), wait=True)

    def count(self, table: Table, test: Test | None = None) -> int:
        """As `Engine.count`."""
        asked = _filter(test) if test is not None else None
        return int(self._client.count(table.name, count_filter=asked, exact=True).count)

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
        asked = _filter(test) if test is not None else None
        left, offset = limit, None
        while True:
            points, offset = self._client.scroll(
                table.name,
                scroll_filter=asked,
                limit=_PAGE if left is None else min(left, _PAGE),
                offset=offset,
                with_payload=list(fields),
                with_vectors=vectors and bool(table.dim),
            )
            yield from map(_row, points)
            left = None if left is None else left - len(points)
            if offset is None or left == 0:
                return

    def nearest(
        self,
        table: Table,
        vector: npt.NDArray[np.float32],
        k: int,
        test: Test | None,
        fields: Sequence[str],
    ) -> list[tuple[Row, float]]:
        """As `Engine.nearest`."""
        found = self._client.query_points(
            table.name,
            query=vector.tolist(),
            query_filter=_filter(test) if test is not None else None,
            limit=k,
            with_payload=list(fields),
        )
        return [(_row(point), float(point.score)) for point in found.points]

    def check(self, test: Test) -> None:
        """As `Engine.check`."""
        _filter(test)

    def tidy(self, table: Table) -> None:
        """Do nothing: a server does it by itself."""

    @staticmethod
    def explain(error: Exception) -> str:
        """As `Engine.explain`."""
        status = getattr(error, "status_code", None)
        if status in _REFUSED:
            return (
                f"it refuses (status {status}): set QDRANT_API_KEY in the environment to a key "
                "that may write"
            )
        module = type(error).__module__.partition(".")[0]
        if module in {"httpx", "httpcore", "grpc"} or "ResponseHandling" in type(error).__name__:
            return f"it does not answer ({error or type(error).__name__})"
        if isinstance(error, RuntimeError) and "already accessed" in str(error):
            return "another process has this folder open; a server can be asked by many"
        if module == "qdrant_client" or isinstance(error, OSError):
            return str(error) or type(error).__name__
        return ""

    def close(self) -> None:
        """As `Engine.close`."""
        atexit.unregister(self.close)
        self._client.close()


def _id(key: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, key))


def _vector(row: Row, dim: int) -> Any:  # noqa: ANN401 - as the client takes it
    if not dim:
        return {}
    return [0.0] * dim if row.vector is None else np.asarray(row.vector, np.float32).tolist()


def _row(point: Any) -> Row:  # noqa: ANN401 - the client's own
    vector = getattr(point, "vector", None)
    own = np.asarray(vector, np.float32) if isinstance(vector, list) else None
    return Row(point.payload or {}, own)


def _filter(test: Test) -> Any:  # noqa: ANN401 - the client's own
    from qdrant_client.models import Filter

    match test:
        case Every(tests=tests):
            return Filter(must=[_filter(one) for one in tests]) if tests else Filter()
        case Some(tests=tests):
            return Filter(should=[_filter(one) for one in tests]) if tests else _is(KEY, _NOBODY)
        case Compare(left=Field() as left, sign=sign, right=Constant(value=value)):
            return _compared(test, left, sign, value)
        case Among(left=Field() as left, values=values, negated=negated):
            found = Filter(should=[_is(left.name, one) for one in values])
            if all(isinstance(one, str) for one in values) or left.type == "int":
                found = _any(left.name, values)
            return Filter(must_not=[found, _empty(left.name)]) if negated else found
        case Missing(left=Field(name=name), negated=negated):
            return Filter(must_not=[_empty(name)]) if negated else Filter(must=[_empty(name)])
        case Has(field=field, value=value):
            return _is(field.name, value)
        case _:
            raise _cannot(test)


def _cannot(test: Test) -> CannotError:
    return CannotError(told(test))


def _compared(test: Test, left: Field, sign: str, value: Plain) -> Any:  # noqa: ANN401
    from qdrant_client.models import FieldCondition, Filter, Range

    if sign == "=":
        return _is(left.name, value)
    if sign == "<>":
        return Filter(must_not=[_is(left.name, value), _empty(left.name)])
    name = left.name
    if isinstance(value, str):
        # Only numbers have an order here; of dates there are some.
        since = moment(value) if left.of in {"date", "datetime"} else None
        if since is None:
            raise _cannot(test)
        name, value = name.removesuffix(TEXT) + MOMENT, since
    return Filter(must=[FieldCondition(key=name, range=Range(**{_ORDER[sign]: value}))])


def _is(name: str, value: Plain) -> Any:  # noqa: ANN401
    from qdrant_client.models import FieldCondition, Filter, MatchValue, Range

    if isinstance(value, str):
        return Filter(must=[FieldCondition(key=name, match=MatchValue(value=value))])
    return Filter(must=[FieldCondition(key=name, range=Range(gte=value, lte=value))])


def _any(name: str, values: Sequence[Plain]) -> Any:  # noqa: ANN401
    from qdrant_client.models import FieldCondition, Filter, MatchAny

    return Filter(
        must=[FieldCondition(key=name, match=MatchAny(any=cast("list[str]", list(values))))]
    )


def _empty(name: str) -> Any:  # noqa: ANN401
    from qdrant_client.models import IsEmptyCondition, PayloadField

    return IsEmptyCondition(is_empty=PayloadField(key=name))
