from __future__ import annotations

import base64
import datetime as dt
import io

import pytest
from llama_index.core.schema import (
    Document,
    ImageDocument,
    ImageNode,
    MediaResource,
    Node,
    TextNode,
)
from PIL import Image

from mmrag_jupyter import sources
from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.items import Item, Problem
from mmrag_jupyter.sources.images import open_image


def png():
    out = io.BytesIO()
    Image.new("RGB", (3, 2), "red").save(out, "PNG")
    return out.getvalue()


def test_documents_are_items_with_their_metadata():
    documents = [
        Document(text="First.", id_="a", metadata={"n": 1, "tags": ["x"]}),
        Document(text="Second.", id_="b", metadata={"n": 2.5, "day": dt.date(2020, 1, 1)}),
    ]
    source = sources.read(documents)
    first, second = source
    assert source.ids == ["a", "b"]
    assert first.metadata == {"n": 1, "tags": ["x"], "day": None}
    assert second.metadata == {"n": 2.5, "tags": None, "day": dt.date(2020, 1, 1)}
    assert [column.kind for column in source.columns] == ["any", "json", "date"]
    assert [piece.text for piece in first.pieces] == ["First."]
    assert source.modalities == {"text"}
    assert first.index == ()


def test_documents_are_chunked_and_nodes_are_not():
    text = "A sentence of several words. " * 200
    document, node = sources.read([Document(text=text), TextNode(text=text)], chunk_tokens=64)
    assert len(document.pieces) > 5
    assert [piece.text for piece in node.pieces] == [text]


def test_metadata_does_not_leak_into_the_text():
    (item,) = sources.read([TextNode(text="Only this.", metadata={"secret": "x"})])
    assert item.pieces[0].text == "Only this."


def test_one_node_alone_is_a_source():
    assert sources.read(TextNode(text="x", id_="a")).ids == ["a"]


@pytest.fixture
def path(tmp_path):
    (tmp_path / "a.png").write_bytes(png())
    return tmp_path / "a.png"


def test_pictures_of_every_kind_of_node(path):
    encoded = base64.b64encode(png()).decode()
    nodes = [
        ImageNode(image_path=str(path), text="caption"),
        ImageNode(image=encoded),
        ImageDocument(image_path=str(path)),
        Document(image_resource=MediaResource(data=png())),
        Node(image_resource=MediaResource(path=path), text_resource=MediaResource(text="t")),
        Node(image_resource=MediaResource(data=png())),
    ]
    source = sources.read(nodes)
    assert source.modalities == {"text", "image"}
    items = list(source)
    assert [[piece.modality for piece in item.pieces] for item in items] == [
        ["text", "image"], ["image"], ["image"], ["image"], ["text", "image"], ["image"],
    ]  # fmt: skip
    for item in items:
        assert open_image(item.pieces[-1].media).size == (3, 2)


def test_addresses_are_kept():
    (item,) = sources.read([ImageNode(image_url="https://example.org/a.png")])
    assert item.pieces[0].media.url == "https://example.org/a.png"


def test_relative_paths_begin_in_the_root(path):
    (item,) = sources.read([ImageNode(image_path="a.png")], root=path.parent)
    assert item.pieces[0].media.path == path


@pytest.mark.parametrize(
    ("node", "reason"),
    [(ImageNode(image_path="gone.png", id_="x"), "gone.png"),
     (ImageNode(image="%%%", id_="x"), "base64"),
     (ImageNode(image_url="file:///etc/passwd", id_="x"), "file:")],
)  # fmt: skip
def test_a_broken_picture_is_a_problem_beside_the_item(node, reason):
    problem, item = sources.read([node])
    assert isinstance(problem, Problem)
    assert problem.source == "x"
    assert reason in problem.reason
    assert isinstance(item, Item)


def test_nodes_of_one_id_are_refused():
    with pytest.raises(SourceError, match="1 id is not unique in the nodes: 'a'"):
        sources.read([TextNode(text="x", id_="a"), TextNode(text="y", id_="a")])


def test_columns_make_no_sense_for_nodes():
    with pytest.raises(SourceError, match="A list of nodes has no columns"):
        sources.read([TextNode(text="x")], text="name")


def test_the_same_kind_of_nodes_is_the_same_source():
    one = sources.read([TextNode(text="x", metadata={"a": 1, "b": 2})])
    two = sources.read([TextNode(text="y", metadata={"b": 1, "a": 2})] * 1)
    assert one.key == two.key != sources.read([TextNode(text="x")]).key
