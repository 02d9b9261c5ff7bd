"""LlamaIndex documents and nodes as items."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.items import Item, Media, Piece, Problem
from mmrag_jupyter.sources.cells import media_of
from mmrag_jupyter.sources.chunks import chunks
from mmrag_jupyter.sources.frames import list_column
from mmrag_jupyter.sources.plain import clean
from mmrag_jupyter.sources.stream import Stream
from mmrag_jupyter.sources.tables import refuse_bad_ids

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from llama_index.core.schema import BaseNode


def is_nodes(source: object) -> TypeGuard[Sequence[BaseNode]]:
    """Tell whether something is a list of LlamaIndex nodes, without importing LlamaIndex."""
    schema = sys.modules.get("llama_index.core.schema")
    return (
        schema is not None
        and isinstance(source, (list, tuple))
        and bool(source)
        and all(isinstance(node, schema.BaseNode) for node in source)
    )


def node_source(
    nodes: Sequence[BaseNode], folders: Sequence[Path], *, key: str | None, chunk_tokens: int
) -> Stream:
    """Return the source of LlamaIndex documents and nodes.

    A node's id is the item's id, its metadata are the columns. Documents are cut into
    chunks; nodes are taken to be cut already.

    Raises
    ------
    SourceError
        Ids that are empty or that several nodes share.
    """
    ids = [clean(node.node_id) for node in nodes]
    refuse_bad_ids(ids, "the nodes")
    names = list(dict.fromkeys(clean(str(name)) for node in nodes for name in node.metadata))
    rows = [{clean(str(name)): value for name, value in node.metadata.items()} for node in nodes]
    columns = {name: list_column(name, [row.get(name) for row in rows]) for name in names}
    digest = hashlib.blake2b(json.dumps(sorted(names)).encode(), digest_size=8).hexdigest()
    values = {name: column.values(0, len(nodes)) for name, column in columns.items()}
    return Stream(
        key or f"nodes:{digest}",
        "list of nodes",
        ids,
        [column.column for column in columns.values()],
        frozenset({"text", "image"} if any(any(_place(node)) for node in nodes) else {"text"}),
        "",
        [],
        _Nodes(nodes, ids, values, folders, chunk_tokens).items,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Nodes:
    nodes: Sequence[BaseNode]
    ids: Sequence[str]
    values: Mapping[str, Sequence[object]]
    folders: Sequence[Path]
    chunk_tokens: int

    def items(self) -> Iterator[Item | Problem]:
        for at, (item_id, node) in enumerate(zip(self.ids, self.nodes, strict=True)):
            pieces = [Piece("text", text) for text in self._texts(node)]
            try:
                media = _picture(node, self.folders)
            except SourceError as problem:
                yield Problem(item_id, str(problem))
            else:
                pieces += [Piece("image", media=media)] if media is not None else []
            metadata = {name: column[at] for name, column in self.values.items()}
            yield Item(item_id, pieces, metadata)

    def _texts(self, node: BaseNode) -> list[str]:
        from llama_index.core.schema import Document, MetadataMode

        text = clean(node.get_content(metadata_mode=MetadataMode.NONE)).replace("\0", "")
        if isinstance(node, Document):
            return chunks(text, self.chunk_tokens)
        return [text] if text.strip() else []


def _picture(node: BaseNode, folders: Sequence[Path]) -> Media | None:
    """Return a node's picture: bytes before a path before an address."""
    data, place = _place(node)
    if data:
        try:
            return Media(data=base64.b64decode(data, validate=True))
        except binascii.Error as error:
            raise SourceError(f"its picture is not base64 ({error})") from None
    return media_of(place, folders)


def _place(node: BaseNode) -> tuple[str | bytes | None, str | None]:
    """Return a node's picture in base64, and its path or address."""
    from llama_index.core.schema import ImageNode, Node

    if isinstance(node, ImageNode):
        return node.image, node.image_path or node.image_url
    if isinstance(node, Node) and node.image_resource is not None:
        found = node.image_resource
        place = found.path or found.url
        return found.data, str(place) if place else None
    return None, None
