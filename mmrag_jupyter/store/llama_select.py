"""What a LlamaIndex query may find: node ids, source documents and metadata filters."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
from llama_index.core.schema import NodeRelationship
from pydantic_core import to_jsonable_python

from mmrag_jupyter.errors import QueryError
from mmrag_jupyter.store import filters as metadata_filters
from mmrag_jupyter.store import lookup, noderows
from mmrag_jupyter.store.catalogue import Catalogue, read_catalogue
from mmrag_jupyter.store.filter_sql import compiled, plain_columns
from mmrag_jupyter.store.itemrows import read_items
from mmrag_jupyter.store.selection import Selection

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt
    from llama_index.core.vector_stores.types import MetadataFilters

    from mmrag_jupyter.items import Modality
    from mmrag_jupyter.store.catalogue import Physical
    from mmrag_jupyter.store.filter_sql import Condition
    from mmrag_jupyter.store.itemrows import ItemTable
    from mmrag_jupyter.store.llama_add import Face
    from mmrag_jupyter.store.store import Store
    from mmrag_jupyter.store.values import PartRow

    Integers = npt.NDArray[np.int64]

# LlamaIndex puts a node's source document into the metadata that filters see, three times.
_DOCUMENT_KEYS = frozenset({"document_id", "doc_id", "ref_doc_id"})
_NO_DOCUMENT = "None"
_FACES: Mapping[Face, frozenset[Modality]] = {
    "text": frozenset({"text"}),
    "image": frozenset({"image", "page"}),
}
_JSON = frozenset({str, int, float, bool, type(None)})


def select(
    store: Store,
    *,
    filters: MetadataFilters | None = None,
    node_ids: Sequence[str] | None = None,
    doc_ids: Sequence[str] | None = None,
    face: Face | None = None,
) -> Selection | None:
    """Return what may be found, or None for everything; empty lists restrict nothing.

    Raises
    ------
    FilterTypeError
        A filter compares values of types that do not compare.
    """
    items = passing(store, filters)
    if doc_ids:
        own = np.unique(np.array(items_of(store, doc_ids), np.int64))
        items = own if items is None else np.intersect1d(items, own)
    parts = None
    if node_ids:
        found = parts_of_nodes(store, node_ids)
        parts = np.unique(np.array([row.part for row in found], np.int64))
    modality = _FACES[face] if face is not None else None
    if items is None and parts is None and modality is None:
        return None
    return Selection(items, parts, modality)


def passing(store: Store, filters: MetadataFilters | None) -> Integers | None:
    """Return the numbers of the items whose metadata pass, in order; None for all items.

    Raises
    ------
    QueryError
        A filter looks at a column of joined rows, of which an item has many.
    FilterTypeError
        A filter compares values of types that do not compare.
    """
    names = metadata_filters.keys(filters)
    if filters is None or not names:
        return None
    _refuse_joined(store, names)
    with store._reading() as db:  # noqa: SLF001 - one room
        condition = _condition(db, filters) if not names & _DOCUMENT_KEYS else None
        if condition is not None:
            query = f"SELECT item FROM items WHERE {condition.sql} ORDER BY item"
            rows = db.execute(query, condition.values).fetchall()
            return np.fromiter((item for (item,) in rows), np.int64, len(rows))
        table, columns = _read(db, names)
        documents = noderows.documents(db) if names & _DOCUMENT_KEYS else {}
    named = {item: document or _NO_DOCUMENT for item, document in documents.items()}
    values = {one.column.name: _as_json(table.values[one.number]) for one in columns}
    for name in names & _DOCUMENT_KEYS:
        own = values.get(name, [None] * len(table.items))
        values[name] = [
            named.get(item, item_id if value is None else value)
            for item, item_id, value in zip(table.items, table.ids, own, strict=True)
        ]
    passed = metadata_filters.passing(filters, values, len(table.items))
    return np.sort(np.array(table.items, np.int64)[np.array(passed, np.bool_)])


def items_of(store: Store, documents: Sequence[str]) -> list[int]:
    """Return the items that LlamaIndex takes for pieces of these source documents.

    They are the nodes that name one as their source, and items that the collection loaded:
    their parts name the item itself.
    """
    with store._reading() as db:  # noqa: SLF001 - one room
        nodes = noderows.of_documents(db, documents)
        own = [place.item for place in lookup.places(db, documents).values()]
        return [*nodes, *(item for item in own if item not in noderows.read(db, own))]


def document_hash(store: Store, document: str) -> str | None:
    """Return the hash that a source document had when its nodes were added, where they say."""
    for row in store.nodes(items_of(store, [document])[:1]).values():
        source = json.loads(row.json).get("relationships", {}).get(NodeRelationship.SOURCE.value)
        return source.get("hash") if isinstance(source, dict) else None
    return None


def parts_of_nodes(store: Store, node_ids: Sequence[str]) -> list[PartRow]:
    """Return the parts that the nodes with these ids stand for, in the order of the ids."""
    # The item of "a#1" may be called "a#1", or it is the second part of "a".
    candidates = dict.fromkeys(
        name for node_id in node_ids for name in (node_id, node_id.rpartition("#")[0]) if name
    )
    rows = store.parts_of(list(store.find(list(candidates)).values()))
    nodes = store.nodes(list(dict.fromkeys(row.item for row in rows)))
    by_id: dict[str, list[PartRow]] = {}
    for row in rows:
        by_id.setdefault(node_id_of(row, nodes), []).append(row)
    return [row for node_id in dict.fromkeys(node_ids) for row in by_id.get(node_id, ())]


def node_id_of(row: PartRow, nodes: Mapping[int, object]) -> str:
    """Return the id of the node that a part stands for; `nodes` has the items that are nodes."""
    return row.item_id if row.item in nodes and not row.row else row.node_id


def _refuse_joined(store: Store, names: frozenset[str]) -> None:
    # To a filter an item would seem to lack it, and nothing would be found.
    theirs = names.intersection(store.joins.columns())
    foreign = theirs.difference(column.name for column in store.columns()) if theirs else theirs
    for name in sorted(foreign):
        raise QueryError(
            f"{name!r} is a column of joined rows, which LlamaIndex's filters do not look at; "
            f"conditions do: collection.query(text, where={f'{name} ...'!r})"
        )


def _read(db: sqlite3.Connection, names: Iterable[str]) -> tuple[ItemTable, list[Physical]]:
    """Read the columns of these names, of all items."""
    catalogue = read_catalogue(db)
    wanted = set(names)
    sources = {
        number: replace(
            source,
            columns=tuple(one for one in source.metadata() if one.column.name in wanted),
        )
        for number, source in catalogue.sources.items()
    }
    columns = Catalogue(sources, catalogue.exact).merged()
    exact = catalogue.exact & {one.number for one in columns}
    return read_items(db, Catalogue(sources, exact), None), columns


def _condition(db: sqlite3.Connection, filters: MetadataFilters) -> Condition | None:
    catalogue = read_catalogue(db)
    columns = [
        one
        for one in catalogue.merged()
        if one.column.role == "column" and one.column.kind != "media"
    ]
    return compiled(filters, plain_columns(columns, catalogue.exact))


def _as_json(values: Sequence[object]) -> Sequence[object]:
    """Return values as LlamaIndex's stores keep them: dates as text, decimals as floats."""
    if set(map(type, values)) <= _JSON:
        return values
    return [float(one) if isinstance(one, Decimal) else to_jsonable_python(one) for one in values]
