"""Found nodes as language models are to get them: pictures with their captions, pages drawn.

LlamaIndex's `ImageNode` sends its picture alone. What stands beside it (the caption, the
columns) has to go with it, and a page of a PDF has to be a picture first.
"""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING

from llama_index.core.base.llms.types import TextBlock
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import ImageNode, MetadataMode, NodeWithScore, TextNode

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.items import Media
from mmrag_jupyter.sources.images import open_image

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import BaseContentBlock
    from llama_index.core.schema import BaseNode, QueryBundle

_EDGE = 1024  # pixels of a drawn page's longer side


class CaptionedNode(ImageNode):
    """An `ImageNode` whose caption goes with its picture."""

    def get_content_blocks(
        self, metadata_mode: MetadataMode = MetadataMode.NONE
    ) -> list[BaseContentBlock]:
        """Return the metadata as asked for, the caption, and the picture."""
        blocks = super().get_content_blocks(metadata_mode)
        if self.text:
            blocks.insert(len(blocks) - 1, TextBlock(text=self.text))
        return blocks


class Captions(BaseNodePostprocessor):
    """Adds a text node for the caption and the columns of each picture.

    LlamaIndex's chat engines take texts from text nodes alone. The added node has the id of
    the picture: both are the same part.
    """

    @classmethod
    def class_name(cls) -> str:
        """Return the name that LlamaIndex knows the class by."""
        return "mmrag_captions"

    def _postprocess_nodes(
        self,
        nodes: list[NodeWithScore],
        query_bundle: QueryBundle | None = None,  # noqa: ARG002 - captions do not depend on it
    ) -> list[NodeWithScore]:
        added = [
            NodeWithScore(node=_caption(found.node), score=found.score)
            for found in nodes
            if isinstance(found.node, ImageNode) and (found.node.text or found.node.metadata)
        ]
        return [*nodes, *added]


def seen(node: BaseNode) -> BaseNode:
    """Return a found node as a language model is to get it, with the same id."""
    if type(node) is not ImageNode:
        return node
    fields = {name: getattr(node, name) for name in type(node).model_fields}
    path = Path(node.image_path) if node.image_path else None
    if path is not None and path.suffix.lower() == ".pdf":
        drawn = _drawn(path, node.metadata.get("page"))
        if drawn is None:
            shared = {"metadata": node.metadata, "relationships": node.relationships}
            return TextNode(id_=node.node_id, text=node.text, **shared)
        fields |= {"image": drawn, "image_path": None, "image_mimetype": "image/jpeg"}
    return CaptionedNode(**fields)


def _drawn(path: Path, page: object) -> str | None:
    """Return a page of a PDF as a JPEG in base64, or None where it is gone."""
    try:
        image = open_image(Media(path=path, page=page if isinstance(page, int) else None))
    except SourceError:
        return None
    image.thumbnail((_EDGE, _EDGE))
    out = io.BytesIO()
    image.save(out, "jpeg", quality=85)
    return base64.b64encode(out.getvalue()).decode()


def _caption(node: ImageNode) -> TextNode:
    text = node.get_content(MetadataMode.LLM)
    return TextNode(id_=node.node_id, text=text, relationships=node.relationships)
