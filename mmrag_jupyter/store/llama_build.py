"""Build LlamaIndex nodes for parts that were found: for these few, and for no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.store.llama_select import node_id_of
from mmrag_jupyter.store.nodes import from_part, from_stored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llama_index.core.schema import BaseNode

    from mmrag_jupyter.store.store import Store
    from mmrag_jupyter.store.values import PartRow


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
    siblings: dict[int, list[PartRow]] = {number: [] for number in numbers}
    for part in store.parts_of(numbers):
        siblings[part.item].append(part)
    built: dict[str, BaseNode] = {}
    for row in rows:
        node_id = node_id_of(row, kept)
        item = items.get(row.item)
        if item is None or node_id in built:
            continue
        parts = siblings[row.item]
        if row.item in kept:
            built[node_id] = from_stored(kept[row.item], item, parts, store.blob)
        else:
            built[node_id] = from_part(row, item, _caption(row, parts), store.blob)
    return built


def _caption(row: PartRow, parts: Sequence[PartRow]) -> str:
    """Return what stands beside a picture: the first text of its item, or all that of its page."""
    if row.modality == "page":
        return "\n".join(part.text for part in parts if part.page == row.page and part.text)
    return next((part.text for part in parts if part.text), "")
