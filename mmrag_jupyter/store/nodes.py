"""LlamaIndex nodes as items and parts, and items and parts as LlamaIndex nodes.

A node that LlamaIndex adds is one item, whose id is the node's; its text and its picture
are parts. What these and the metadata columns do not hold is kept as JSON (`NodeRow`).
An item that the collection loaded is answered as one node a part.
"""

from __future__ import annotations

import base64
import binascii
import json
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from llama_index.core.schema import (
    BaseNode,
    Document,
    ImageDocument,
    ImageNode,
    IndexNode,
    MediaResource,
    Node,
    NodeRelationship,
    ObjectType,
    RelatedNodeInfo,
    TextNode,
)

from mmrag_jupyter.items import NewItem, NewPart
from mmrag_jupyter.store.noderows import NodeRow
from mmrag_jupyter.store.packing import pack
from mmrag_jupyter.store.plain import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mmrag_jupyter.store.values import ItemRow, PartRow

_CLASSES: Mapping[str, type[BaseNode]] = {
    known.class_name(): known
    for known in (TextNode, ImageNode, IndexNode, Node, Document, ImageDocument)
}
_LEFT_OUT = {"embedding", "text_embedding", "metadata"}
_RESOURCES = ("image_resource", "audio_resource", "video_resource")


class StoredNode(NamedTuple):
    """A node as the store takes it."""

    item: NewItem
    row: NodeRow


def to_stored(node: BaseNode) -> StoredNode:
    """Return a node as an item of at most three parts: its text, its picture, its sound.

    The hashes of its parts cover its id as well: an embedding that LlamaIndex computed is of
    the node, metadata included, and must never serve another part with the same text.
    """
    kept = node.model_dump(mode="json", exclude=_LEFT_OUT, exclude_defaults=True, fallback=plain)
    values = {key: plain(value) for key, value in node.metadata.items()}
    metadata = {key: value for key, value in values.items() if value is not None}
    kept["metadata"] = list(values)
    parts: list[NewPart] = []
    text = _text(node)
    if text:
        parts.append(NewPart("text", _digest(node, "text", text), text))
    if type(node) in {TextNode, ImageNode, IndexNode}:
        kept.pop("text", None)
    picture = _picture(node, kept)
    if picture is not None:
        parts.append(picture)
    sound = getattr(node, "audio_resource", None)
    if sound is not None:
        path = str(sound.path or sound.url or "") or None
        parts.append(NewPart("audio", _digest(node, "audio", path or ""), path=path))
    if not parts:
        parts.append(NewPart("text", _digest(node, "text", "")))
    row = NodeRow(node.ref_doc_id, json.dumps(kept, ensure_ascii=False, separators=(",", ":")))
    digest = blake2b(digest_size=16)
    for piece in (row.json, pack(metadata), *(part.digest.hex() for part in parts)):
        digest.update(piece.encode("utf-8", "surrogatepass") + b"\0")
    return StoredNode(NewItem(node.node_id, digest.digest(), parts, metadata), row)


def from_stored(
    row: NodeRow, item: ItemRow, parts: Sequence[PartRow], blob: Callable[[bytes], bytes | None]
) -> BaseNode:
    """Return the node that `to_stored` was given, without its embedding.

    Parameters
    ----------
    parts
        All parts of the item.
    blob
        Reads the bytes of a picture by its hash.
    """
    kept = json.loads(row.json)
    kept["metadata"] = {key: item.metadata.get(key) for key in kept["metadata"]}
    known = _CLASSES.get(kept["class_name"], TextNode)
    for part in parts:
        if part.modality == "text" and issubclass(known, TextNode):
            kept["text"] = part.text
        if part.modality == "image" and part.has_blob:
            data = base64.b64encode(blob(part.digest) or b"")
            if known is ImageNode:
                kept["image"] = data.decode()
            else:
                kept["image_resource"]["data"] = data
    return known.from_dict(kept)


def from_part(
    part: PartRow, item: ItemRow, caption: str, blob: Callable[[bytes], bytes | None]
) -> BaseNode:
    """Return a part of an item that the collection loaded as a node.

    Its source document is the item: LlamaIndex's `ref_doc_id` is the item's id.

    Parameters
    ----------
    caption
        The text that stands beside a picture.
    blob
        Reads the bytes of a picture by its hash.
    """
    places = {"page": part.page, "start": part.start, "end": part.end}
    values = {**places, **item.metadata}
    metadata = {key: value for key, value in values.items() if value is not None}
    source = RelatedNodeInfo(node_id=item.id, node_type=ObjectType.DOCUMENT)
    shared: dict[str, Any] = {
        "id_": part.node_id,
        "metadata": metadata,
        "relationships": {NodeRelationship.SOURCE: source},
    }
    remote = part.path is not None and part.path.startswith(("http://", "https://"))
    if part.modality == "text":
        return TextNode(text=part.text, **shared)
    text = part.text or caption
    if part.modality == "audio":
        sound = {"url" if remote else "path": part.path}
        return Node.from_dict({"text_resource": {"text": text}, "audio_resource": sound, **shared})
    data = blob(part.digest) if part.has_blob else None
    return ImageNode(
        text=text,
        image=base64.b64encode(data).decode() if data is not None else None,
        image_path=None if remote else part.path,
        image_url=part.path if remote else None,
        **shared,
    )


def _text(node: BaseNode) -> str:
    if isinstance(node, TextNode):
        return node.text
    resource: MediaResource | None = getattr(node, "text_resource", None)
    return (resource.text if resource is not None else None) or ""


def _picture(node: BaseNode, kept: dict[str, Any]) -> NewPart | None:
    """Return a node's picture; its bytes move from the JSON to the part."""
    if isinstance(node, ImageNode):
        data = _decoded(node.image)
        if data is not None:
            kept.pop("image")
        path = node.image_path or node.image_url
    else:
        resource: MediaResource | None = getattr(node, "image_resource", None)
        if resource is None:
            return None
        data = _decoded(resource.data)
        path = str(resource.path or resource.url or "") or None
    content = data if data is not None else (path or "").encode("utf-8", "surrogatepass")
    return NewPart("image", _digest(node, "image", content), path=path, blob=data)


def _decoded(data: str | bytes | None) -> bytes | None:
    if not data:
        return None
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return None


def _digest(node: BaseNode, modality: str, content: str | bytes) -> bytes:
    whole = blake2b(
        f"{modality}\0{node.node_id}\0".encode("utf-8", "surrogatepass"), digest_size=16
    )
    whole.update(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)
    return whole.digest()
