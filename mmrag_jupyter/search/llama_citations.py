"""LlamaIndex's citation engine, with sources that keep what they are."""

from __future__ import annotations

from llama_index.core.query_engine import CitationQueryEngine
from llama_index.core.schema import ImageNode, Node, NodeWithScore


class CollectionCitationEngine(CitationQueryEngine):
    """A `CitationQueryEngine` whose numbered sources have the ids of the collection's parts.

    LlamaIndex's own splits what was found into new nodes with new ids, and drops the captions
    of pictures. Parts of a collection are short already: each is one source here.
    """

    def _create_citation_nodes(self, nodes: list[NodeWithScore]) -> list[NodeWithScore]:
        return [self._numbered(number, found) for number, found in enumerate(nodes, start=1)]

    def _create_multimodal_citation_nodes(self, nodes: list[NodeWithScore]) -> list[NodeWithScore]:
        return self._create_citation_nodes(nodes)

    def _numbered(self, number: int, found: NodeWithScore) -> NodeWithScore:
        node = found.node
        text = node.get_content(self._metadata_mode)
        told: dict[str, object] = {
            "id_": node.node_id,
            "metadata": node.metadata,
            "relationships": node.relationships,
            "text_resource": {"text": f"Source {number}:\n{text}\n"},
        }
        if self._multimodal and isinstance(node, ImageNode):
            told["image_resource"] = {
                "data": node.image.encode() if node.image else None,
                "path": node.image_path or None,
                "url": node.image_url or None,
                "mimetype": node.image_mimetype,
            }
        return NodeWithScore(node=Node.model_validate(told), score=found.score)
