"""From an address to the engine that is there; credentials come from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from threading import Lock
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import MissingError
from mmrag_jupyter.served.told import Told, telling

if TYPE_CHECKING:
    from mmrag_jupyter.served.address import Address
    from mmrag_jupyter.served.engine import Engine

# What each kind of store imports, and the extra that brings it.
_NEEDS = {
    "lancedb": ("lancedb", "lancedb"),
    "qdrant": ("qdrant_client", "qdrant"),
    "milvus": ("pymilvus", "milvus"),
    "postgresql": ("psycopg", "postgres"),
}


# These let only one client have a folder: all collections in it go through that one.
_ALONE = frozenset({"qdrant", "milvus"})
_OPENING = Lock()


@dataclass(slots=True)
class _Shared:
    """An engine, and how many collections go through it."""

    engine: Engine
    users: int = 0


_OPEN: dict[str, _Shared] = {}


def connect(address: Address) -> Told:
    """Return the engine at an address.

    Raises
    ------
    MissingError
        Its library is not installed.
    StoreError
        It is not there, or refuses.
    """
    module, extra = _NEEDS[address.kind]
    if find_spec(module) is None:
        raise MissingError(
            f"An address of {address.kind} needs the library {module}: "
            f"pip install 'mmrag-jupyter[{extra}]'."
        )
    kind = _kind(address)
    with telling(kind.label, address.store, kind.explain):
        if address.kind not in _ALONE or not address.is_local:
            engine = _tried(kind(address))
            return Told(engine, address.store, engine.close)
        with _OPENING:
            shared = _OPEN.get(address.store) or _Shared(_tried(kind(address)))
            _OPEN[address.store] = shared
            shared.users += 1
    return Told(shared.engine, address.store, partial(_release, address.store, shared))


def _tried(engine: Engine) -> Engine:
    """Return an engine that answers; one that does not is left with nothing open."""
    try:
        engine.tables()
    except BaseException:
        engine.close()
        raise
    return engine


def _release(store: str, shared: _Shared) -> None:
    with _OPENING:
        shared.users -= 1
        if not shared.users:
            _OPEN.pop(store, None)
            shared.engine.close()


def _kind(address: Address) -> type[Engine]:
    if address.kind == "lancedb":
        from mmrag_jupyter.served.lance import LanceEngine

        return LanceEngine
    if address.kind == "qdrant":
        from mmrag_jupyter.served.qdrant import QdrantEngine

        return QdrantEngine
    if address.kind == "milvus":
        from mmrag_jupyter.served.milvus import MilvusEngine

        return MilvusEngine
    from mmrag_jupyter.served.postgres import PostgresEngine

    return PostgresEngine
