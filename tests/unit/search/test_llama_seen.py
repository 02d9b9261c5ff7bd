"""Found nodes as language models get them."""

from __future__ import annotations

import base64
import io

from llama_index.core.schema import ImageNode, MetadataMode, NodeWithScore, TextNode
from pdfs import write_pdf
from PIL import Image
from toys import picture

from mmrag_jupyter.search.llama_seen import Captions, seen


def photo(tmp_path, **fields):
    picture("red").save(tmp_path / "red.png")
    return ImageNode(id_="a1", image_path=str(tmp_path / "red.png"), **fields)


def test_a_caption_goes_with_its_picture(tmp_path):
    node = seen(photo(tmp_path, text="a red shoe", metadata={"price": 3}))
    blocks = node.get_content_blocks(MetadataMode.LLM)
    assert [one.block_type for one in blocks] == ["text", "text", "image"]
    assert [one.text for one in blocks[:2]] == ["price: 3", "a red shoe"]
    assert (node.node_id, node.class_name()) == ("a1", "ImageNode")


def test_a_picture_without_a_caption_is_a_picture(tmp_path):
    blocks = seen(photo(tmp_path)).get_content_blocks()
    assert [one.block_type for one in blocks] == ["image"]


def test_a_page_is_drawn(tmp_path):
    write_pdf(tmp_path / "r.pdf", ["one", "two"])
    node = ImageNode(image_path=str(tmp_path / "r.pdf"), metadata={"page": 2})
    page = seen(node)
    with Image.open(io.BytesIO(base64.b64decode(page.image))) as image:
        assert (image.format, max(image.size)) == ("JPEG", 1024)
    assert page.image_path is None


def test_a_page_that_is_gone_leaves_its_text(tmp_path):
    node = ImageNode(text="words", image_path=str(tmp_path / "gone.pdf"), metadata={"page": 1})
    left = seen(node)
    assert type(left) is TextNode
    assert (left.node_id, left.text, left.metadata) == (node.node_id, "words", {"page": 1})


def test_texts_are_left_as_they_are():
    node = TextNode(text="cork")
    assert seen(node) is node


def test_captions_are_added_as_texts_with_the_same_id(tmp_path):
    found = [
        NodeWithScore(node=photo(tmp_path, text="a red shoe"), score=0.5),
        NodeWithScore(node=TextNode(text="cork"), score=0.4),
    ]
    added = Captions().postprocess_nodes(found)
    assert [one.node.node_id for one in added][:1] == ["a1"]
    assert (added[2].node.node_id, added[2].node.text, added[2].score) == ("a1", "a red shoe", 0.5)
    assert len(added) == 3
