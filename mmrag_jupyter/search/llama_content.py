"""What there is to embed in LlamaIndex nodes: their texts and their pictures."""

from __future__ import annotations

import base64
import binascii
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from llama_index.core.schema import BaseNode, ImageNode, MediaResource, MetadataMode

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.items import Media
from mmrag_jupyter.sources.images import open_image

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llama_index.core.schema import ImageType
    from PIL.Image import Image


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """Nodes to store, and by their ids what is to be embedded and what already is."""

    nodes: Sequence[BaseNode]
    text: Mapping[str, str]
    image: Mapping[str, ImageType]
    given_text: Mapping[str, list[float]]
    given_image: Mapping[str, list[float]]


def work(nodes: Sequence[BaseNode], *, text: bool) -> Work:
    """Return what there is to embed in nodes.

    An embedding that a node brings is used: that of a picture is of the picture, whatever
    its caption. A picture without a caption has no text to embed, whatever its metadata.

    Parameters
    ----------
    text
        Whether there is a model for texts.
    """
    texts: dict[str, str] = {}
    images: dict[str, ImageType] = {}
    given_text: dict[str, list[float]] = {}
    given_image: dict[str, list[float]] = {}
    for node in nodes:
        shown = picture(node)
        caption_embedding = getattr(node, "text_embedding", None)
        if caption_embedding is not None:
            given_text[node.node_id] = caption_embedding
        if node.embedding is not None:
            (given_text if shown is None else given_image)[node.node_id] = node.embedding
        elif shown is not None:
            images[node.node_id] = shown
        content = node.get_content(MetadataMode.EMBED)
        has_text = content.strip() and (shown is None or node.get_content(MetadataMode.NONE))
        if text and has_text and node.node_id not in given_text:
            texts[node.node_id] = content
    return Work(nodes, texts, images, given_text, given_image)


def picture(node: BaseNode) -> ImageType | None:
    """Return a node's picture: its bytes in a file object, or its path or address; or None.

    Raises
    ------
    SourceError
        The bytes are not base64.
    """
    if isinstance(node, ImageNode):
        data: str | bytes | None = node.image
        address = node.image_path or node.image_url
    else:
        resource: MediaResource | None = getattr(node, "image_resource", None)
        data = resource.data if resource is not None else None
        address = str(resource.path or resource.url or "") if resource is not None else None
    if not data:
        return address or None
    try:
        return io.BytesIO(base64.b64decode(data, validate=True))
    except (binascii.Error, ValueError):
        raise SourceError(f"The picture of node {node.node_id!r} is not base64.") from None


def opened(one: ImageType, edge: int | None) -> Image:
    """Open a picture that LlamaIndex hands over; `edge` is the pixels needed of its shorter side.

    Raises
    ------
    SourceError
        It cannot be read.
    """
    if isinstance(one, io.BytesIO):
        return open_image(Media(data=one.getvalue()), edge=edge)
    address = str(one)
    if address.startswith(("http://", "https://")):
        return open_image(Media(url=address), edge=edge)
    return open_image(Media(path=Path(address)), edge=edge)
