"""Build LlamaIndex nodes for parts that were found: for these few, and for no others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mmrag_jupyter.store.llama_select import node_id_of
from mmrag_jupyter.store.nodes import from_part, from_stored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llama_index.core.schema import BaseNode

    from mmrag_jupyter.store.joined import JoinedRow
    from mmrag_jupyter.store.store import Store
    from mmrag_jupyter.store.values import ItemRow, PartRow


def node_ids(store: Store, rows: Sequence[PartRow]) -> list[str]:
    """Return for each part the id of the node that it stands for."""
    nodes = store.nodes(list(dict.fromkeys(row.item for row in rows)))
    return [node_id_of(row, nodes) for row in rows]


def build(store: Store, rows: Sequence[PartRow]) -> dict[str, BaseNode]:
    """Return the nodes that parts stand for by their ids, in the order of the parts.

    Parts whose item has been deleted since they were found are left out.
    """
    numbers = list(dict.fromkeys(row.item for row in rows))
    items = {item.item: item for item in store.items(numbers)}
    kept = store.nodes(numbers)
    joined = store.joins.rows([row.row for row in rows])
    siblings: dict[tuple[int, int], list[PartRow]] = {}
    for part in store.parts_of(numbers):
        siblings.setdefault((part.item, part.row), []).append(part)
    built: dict[str, BaseNode] = {}
    for row in rows:
        node_id = node_id_of(row, kept)
        item = items.get(row.item)
        if item is None or node_id in built:
            continue
        parts = siblings.get((row.item, row.row), [])
        if row.row:
            item = with_row(item, joined.get(row.row))
        if row.item in kept and not row.row:
            built[node_id] = from_stored(kept[row.item], item, parts, store.blob)
        else:
            built[node_id] = from_part(row, item, _caption(row, parts), store.blob)
    return built


def with_row(item: ItemRow, row: JoinedRow | None) -> ItemRow:
    """Return an item with the columns of a joined row beside its own, for a part of that row.

    The row's columns come by their names, or where the item has one of that name with the
    table's name and a dot before it; `origin` and `origin_row` name the table and the row.
    """
    if row is None:
        return item
    own = {
        name if name not in item.metadata else f"{row.origin}.{name}": value
        for name, value in row.metadata.items()
    }
    told = {"origin": row.origin, "origin_row": row.id}
    return replace(item, metadata={**item.metadata, **own, **told})


def _caption(row: PartRow, parts: Sequence[PartRow]) -> str:
    """Return what stands beside a picture: the first text of its item, or all that of its page."""
    if row.modality == "page":
        return "\n".join(part.text for part in parts if part.page == row.page and part.text)
    return next((part.text for part in parts if part.text), "")
