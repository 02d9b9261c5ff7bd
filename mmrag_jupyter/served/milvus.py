"""Milvus: a cluster, or a file of this machine (Milvus Lite), by the same client."""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmrag_jupyter.errors import MissingError
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
    from mmrag_jupyter.served.conditions import Operand, Plain, Test
    from mmrag_jupyter.served.rows import FieldType, Table

_VECTOR = "vector"
CONNECTS = 20  # seconds
# A collection of Milvus has a vector, whether there is one or not.
_NO_DIM = 2
_LONGEST, _MOST_WORDS = 65_535, 4_096
_PAGE, _MOST_FOUND = 1_000, 16_384
_REFUSED = re.compile(r"auth|permission|privilege|token", re.IGNORECASE)
_INDEXED = frozenset({"item_id", "item", "part", "digest", "words", "row", "row_id"})
# May be missing, and so stand among the fields that a row has for itself, like its columns.
_OWN = re.compile(r"path|page|c\d+_[nsd]")


class MilvusEngine:
    """Collections of a Milvus."""

    label = "Milvus"
    longest = _LONGEST

    def __init__(self, address: Address) -> None:
        from pymilvus import MilvusClient

        # It writes tracebacks of its own to the notebook; what it raises says the same.
        for name in ("pymilvus", "grpc._server"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._is_local = address.is_local
        self._loaded: set[str] = set()
        self._path = ""
        if address.is_local:
            self._path = _file(address.place)
            self._client: Any = MilvusClient(self._path)
        else:
            scheme = "https" if address.secure else "http"
            port = "" if ":" in address.place else ":19530"
            self._client = MilvusClient(
                f"{scheme}://{address.place}{port}",
                token=os.environ.get("MILVUS_TOKEN", ""),
                timeout=CONNECTS,
            )

    def tables(self) -> set[str]:
        """As `Engine.tables`."""
        return set(self._client.list_collections())

    def create(self, table: Table, fields: Mapping[str, FieldType]) -> None:
        """As `Engine.create`."""
        if self._client.has_collection(table.name):
            return
        from pymilvus import DataType, MilvusClient

        schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=True)
        for name, type_ in fields.items():
            if not _OWN.fullmatch(name):
                _add(schema, name, type_)
        schema.add_field(_VECTOR, DataType.FLOAT_VECTOR, dim=table.dim or _NO_DIM)
        indexes = self._client.prepare_index_params()
        indexes.add_index(_VECTOR, index_type="AUTOINDEX", metric_type="COSINE")
        # The file of this machine indexes no lists.
        indexed = _INDEXED - ({"words"} if self._is_local else set())
        for name in sorted(indexed & fields.keys()):
            indexes.add_index(name, index_type="INVERTED")
        self._client.create_collection(
            table.name, schema=schema, index_params=indexes, consistency_level="Strong"
        )

    def widen(self, table: Table, fields: Mapping[str, FieldType]) -> None:
        """Do nothing: a row may have any fields."""

    def drop(self, table: Table) -> None:
        """As `Engine.drop`."""
        self._loaded.discard(table.name)
        self._client.drop_collection(table.name)

    def put(self, table: Table, rows: Sequence[Row]) -> None:
        """As `Engine.put`."""
        nothing = [0.0] * (_NO_DIM - 1) + [1.0]
        data = []
        for row in rows:
            fields = {name: value for name, value in row.fields.items() if value is not None}
            own = row.vector if table.dim else None
            fields[_VECTOR] = nothing if own is None else np.asarray(own).tolist()  # type: ignore[assignment]
            data.append(fields)
        self._client.upsert(self._ready(table), data)

    def delete(self, table: Table, test: Test) -> None:
        """As `Engine.delete`."""
        self._client.delete(self._ready(table), filter=_filter(test))

    def count(self, table: Table, test: Test | None = None) -> int:
        """As `Engine.count`."""
        asked = _filter(test) if test is not None else ""
        found = self._client.query(self._ready(table), filter=asked, output_fields=["count(*)"])
        return int(found[0]["count(*)"])

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
        names = [*fields, _VECTOR] if vectors and table.dim else list(fields)
        asked = _filter(test) if test is not None else ""
        # An iterator asks for a time stamp first, which costs more than few rows do.
        most = _MOST_FOUND if limit is None else min(limit, _MOST_FOUND)
        found = self._client.query(
            self._ready(table), filter=asked, limit=most, output_fields=names
        )
        if len(found) < _MOST_FOUND or limit == most:
            yield from map(_row, found)
            return
        pages = self._client.query_iterator(
            self._ready(table),
            filter=asked,
            batch_size=_PAGE,
            limit=-1 if limit is None else limit,
            output_fields=names,
        )
        try:
            while page := pages.next():
                yield from map(_row, page)
        finally:
            pages.close()

    def nearest(
        self,
        table: Table,
        vector: npt.NDArray[np.float32],
        k: int,
        test: Test | None,
        fields: Sequence[str],
    ) -> list[tuple[Row, float]]:
        """As `Engine.nearest`."""
        found = self._client.search(
            self._ready(table),
            data=[vector.tolist()],
            anns_field=_VECTOR,
            limit=min(k, _MOST_FOUND),
            filter=_filter(test) if test is not None else "",
            output_fields=list(fields),
            search_params={"metric_type": "COSINE"},
        )
        return [(_row(one["entity"]), float(one["distance"])) for one in found[0]]

    def check(self, test: Test) -> None:
        """As `Engine.check`."""
        _filter(test)

    def tidy(self, table: Table) -> None:
        """Do nothing: it does it by itself."""

    @staticmethod
    def explain(error: Exception) -> str:
        """As `Engine.explain`."""
        if type(error).__module__.partition(".")[0] not in {"pymilvus", "grpc", "milvus_lite"}:
            return str(error) if isinstance(error, OSError) else ""
        said = str(getattr(error, "message", "") or error)
        if "open local milvus" in said.lower():
            return "the file cannot be opened; perhaps another process has it open"
        if _REFUSED.search(said):
            return f"it refuses ({said}): set MILVUS_TOKEN in the environment to user:password"
        if "connect" in said.lower() or "unavailable" in said.lower():
            return f"it does not answer ({said})"
        return said

    def close(self) -> None:
        """As `Engine.close`."""
        self._client.close()
        if self._path:
            from milvus_lite.server_manager import server_manager_instance

            # Otherwise the file stays locked until this process ends.
            server_manager_instance.release_server(self._path)

    def _ready(self, table: Table) -> str:
        """Return the name of a table, once it is in memory: it is not after a restart."""
        if table.name not in self._loaded:
            self._client.load_collection(table.name)
            self._loaded.add(table.name)
        return table.name


def _file(place: str) -> str:
    """Return the file of Milvus Lite, which knows one by its ending."""
    from importlib.util import find_spec

    if find_spec("milvus_lite") is None:
        raise MissingError(
            "A Milvus in a file needs the library milvus_lite: pip install 'mmrag-jupyter[milvus]'."
        )
    path = Path(place if place.endswith(".db") else f"{place}.db")
    path.parent.mkdir(parents=True, exist_ok=True)
    return str(path)


def _add(schema: Any, name: str, type_: FieldType) -> None:  # noqa: ANN401 - the client's own
    from pymilvus import DataType

    if type_ == "texts":
        schema.add_field(
            name,
            DataType.ARRAY,
            element_type=DataType.VARCHAR,
            max_capacity=_MOST_WORDS,
            max_length=512,
        )
    elif type_ == "text":
        schema.add_field(name, DataType.VARCHAR, max_length=_LONGEST, is_primary=name == KEY)
    else:
        schema.add_field(name, DataType.INT64 if type_ == "int" else DataType.DOUBLE)


def _row(found: Mapping[str, Any]) -> Row:
    vector = found.get(_VECTOR)
    fields = {name: value for name, value in found.items() if name != _VECTOR}
    if "words" in fields:
        fields["words"] = list(fields["words"])
    return Row(fields, None if vector is None else np.asarray(vector, np.float32))


def _filter(test: Test) -> str:
    match test:
        case Every(tests=tests):
            return f"({' and '.join(map(_filter, tests))})" if tests else f"({KEY} != '')"
        case Some(tests=tests):
            return f"({' or '.join(map(_filter, tests))})" if tests else f"({KEY} == '')"
        case Compare(left=left, sign=sign, right=right):
            signs = {"=": "==", "<>": "!="}
            asked = f"{_operand(test, left)} {signs.get(sign, sign)} {_operand(test, right)}"
            return f"({_there(left, right)}{asked})"
        case Among(left=left, values=values, negated=negated):
            listed = ", ".join(map(_constant, values))
            asked = f"{_operand(test, left)} {'not ' if negated else ''}in [{listed}]"
            return f"({_there(left)}{asked})"
        case Missing(left=Field(name=name), negated=negated):
            return f"({name} is {'not ' if negated else ''}null)"
        case Has(field=field, value=value):
            return f"array_contains({field.name}, {_constant(value)})"
        case _:
            raise _cannot(test)


def _there(*operands: Operand) -> str:
    """Return the test that no field is missing: what is missing differs from everything."""
    names = [one.name for one in operands if isinstance(one, Field) and _OWN.fullmatch(one.name)]
    return "".join(f"{name} is not null and " for name in names)


def _operand(test: Test, operand: Operand) -> str:
    match operand:
        case Field(name=name):
            return name
        case Constant(value=value):
            return _constant(value)
        case _:
            raise _cannot(test)


def _cannot(test: Test) -> CannotError:
    return CannotError(told(test))


# All that its language has for texts; any other character stands for itself.
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"})


def _constant(value: Plain) -> str:
    return f'"{value.translate(_ESCAPES)}"' if isinstance(value, str) else repr(value)
