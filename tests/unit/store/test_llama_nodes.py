"""LlamaIndex nodes as items of a collection and back, and its items as nodes."""

from __future__ import annotations

import base64
import io
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from llama_index.core.schema import (
    Document,
    ImageDocument,
    ImageNode,
    IndexNode,
    MediaResource,
    Node,
    NodeRelationship,
    RelatedNodeInfo,
    TextNode,
)
from llama_index.core.vector_stores.types import (
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
)
from PIL import Image

from mmrag_jupyter.errors import QueryError
from mmrag_jupyter.items import Column, NewItem, NewPart
from mmrag_jupyter.store.llama import CollectionVectorStore
from mmrag_jupyter.store.llama_spaces import is_nameless
from mmrag_jupyter.store.store import Store

SOURCE = NodeRelationship.SOURCE


def picture(color="red"):
    data = io.BytesIO()
    Image.new("RGB", (4, 4), color).save(data, "PNG")
    return data.getvalue()


PNG = picture()
PNG_BASE64 = base64.b64encode(PNG).decode()
RESOURCE = MediaResource(text="both")


def text_node(name, embedding=None, **metadata):
    return TextNode(id_=name, text=f"text of {name}", embedding=embedding, metadata=metadata)


def ask(embedding=None, k=10, **fields):
    return VectorStoreQuery(query_embedding=embedding, similarity_top_k=k, **fields)


def only(key, value):
    return MetadataFilters(filters=[MetadataFilter(key=key, value=value)])


@pytest.fixture
def ours(tmp_path):
    with Store.create(tmp_path / "shop", "shop") as store:
        yield CollectionVectorStore(store)


# Nodes come back, from disk, with all that they had.

NODES = [
    TextNode(
        id_="text", text="a text", metadata={"n": 1, "f": 1.5, "s": "é", "b": True, "l": [1, "a"],
        "d": {"k": [None]}, "none": None, "": "no name"}, start_char_idx=3, end_char_idx=9,
        excluded_llm_metadata_keys=["n"], text_template="{content}!",
        relationships={SOURCE: RelatedNodeInfo(node_id="doc", metadata={"z": 1}, hash="h"),
                       NodeRelationship.NEXT: RelatedNodeInfo(node_id="next"),
                       NodeRelationship.CHILD: [RelatedNodeInfo(node_id="child")]},
    ),
    TextNode(id_="empty", text=""),
    ImageNode(id_="file", image_path="/photos/a.png", metadata={"n": "now a text"}),
    ImageNode(id_="captioned", text="a caption", image_path="/photos/a.png"),
    ImageNode(id_="bytes", text="x", image=PNG_BASE64, image_mimetype="image/png"),
    ImageNode(id_="address", image_url="https://example.org/a.png"),
    ImageNode(id_="not base64", image="?!"),
    IndexNode(id_="index", text="see", index_id="other", obj=TextNode(id_="inner", text="inner")),
    Node(id_="node", text_resource=RESOURCE, image_resource=MediaResource(data=PNG)),
    Node(id_="sound", audio_resource=MediaResource(path="/sounds/a.ogg")),
    Document(id_="document", text="whole", metadata={"when": datetime(2024, 5, 31, tzinfo=UTC)}),
    ImageDocument(id_="picture", image=PNG, text="caption"),
]  # fmt: skip


def as_dict(node):
    return node.model_dump(exclude={"embedding"})


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.id_)
def test_a_node_comes_back_as_it_was_after_reopening(ours, node):
    ours.add(NODES)
    with Store.open(ours.client.folder) as again:
        found = CollectionVectorStore(again).get_nodes([node.node_id])
    assert [type(one) for one in found] == [type(node)]
    assert as_dict(found[0]) == as_dict(node)
    resource = getattr(node, "image_resource", None)
    if resource is not None:
        assert found[0].image_resource.data == resource.data


def test_the_bytes_of_a_picture_are_kept_once(ours):
    ours.add(NODES)
    for node in ("bytes", "node", "picture"):
        item = ours.client.find([node])[node]
        assert PNG_BASE64[:40] not in ours.client.nodes([item])[item].json


def test_what_numpy_and_pandas_put_into_metadata_comes_back_plain(ours):
    values = {
        "float": np.float32(1.5), "int": np.int64(7), "bool": np.bool_(True), "nan": np.nan,
        "array": np.arange(2), "when": pd.Timestamp("2024-05-31 18:30"), "nat": pd.NaT, "na": pd.NA,
        "deep": {"x": [np.int8(1)]}, "set": {3},
    }  # fmt: skip
    related = RelatedNodeInfo(
        node_id="doc", metadata={"when": pd.Timestamp("2024"), "n": np.int8(1)}
    )
    ours.add([TextNode(id_="n", text="x", metadata=values, relationships={SOURCE: related})])
    found = ours.get_nodes(["n"])[0].metadata
    assert found == {
        "float": 1.5, "int": 7, "bool": True, "nan": None, "array": [0, 1],
        "when": datetime(2024, 5, 31, 18, 30), "nat": None, "na": None, "deep": {"x": [1]},  # noqa: DTZ001
        "set": [3],
    }  # fmt: skip
    assert ours.client.matching("when > '2024-05-31' and int == 7 and float < 2")


def test_metadata_are_columns_for_where(ours):
    ours.add([text_node("apple", color="red", price=3), text_node("lime", price=1.5)])
    ours.add([text_node("plum", color="blue", price=5), text_node("pear", price="cheap")])
    assert ids_where(ours, "color == 'red' or color == 'blue'") == ["apple", "plum"]
    assert ids_where(ours, "price > 2 and id != 'plum'") == ["apple"]
    assert ids_where(ours, "price == 'cheap'") == ["pear"]


def ids_where(store, expression):
    return [row.id for row in store.client.items(store.client.matching(expression))]


# Spaces: by modality and dimension.


def captioned(name="pic", caption="a red shoe", embedding=None):
    return ImageNode(id_=name, text=caption, image_path=f"/{name}.png", embedding=embedding)


def test_unknown_embeddings_make_a_space_of_their_dimension(ours):
    ours.add([text_node("a", [1.0, 0.0])])
    ours.add([text_node("b", [1.0, 0.0, 0.0]), text_node("c", [1.0, 0.1])])
    spaces = ours.client.spaces()
    assert [(space.name, space.dim, space.rows) for space in spaces] == [
        ("llama-index:2", 2, 2), ("llama-index:3", 3, 1),
    ]  # fmt: skip
    assert all(map(is_nameless, spaces))


def test_embeddings_go_to_the_collections_own_space_of_their_modality(ours):
    with ours.client.writer() as writer:
        texts = writer.add_space("words", "words", 2, frozenset({"text"}))
        images = writer.add_space("looks", "looks", 2, frozenset({"image"}))
    ours.add(
        [text_node("a", [1.0, 0.0]), ImageNode(id_="b", image_path="/b.png", embedding=[0.0, 1.0])]
    )
    rows = {space.number: space.rows for space in ours.client.spaces()}
    assert rows == {texts: 1, images: 1}
    assert ours.of("text").query(ask([0.0, 1.0])).ids == ["a"]
    assert ours.of("image").query(ask([1.0, 0.0])).ids == ["b"]
    assert set(ours.query(ask([0.0, 1.0])).ids) == {"a", "b"}


def test_a_space_with_a_model_comes_before_one_of_unknown_models(ours):
    ours.add([text_node("a", [1.0, 0.0])])
    with ours.client.writer() as writer:
        writer.add_space("words", "words", 2, frozenset({"text"}))
    ours.add([text_node("b", [1.0, 0.0])])
    assert [(space.name, space.rows) for space in ours.client.spaces()] == [
        ("llama-index:2", 1), ("words", 1),
    ]  # fmt: skip


def test_without_a_face_all_spaces_of_the_dimension_are_searched_best_first(ours):
    with ours.client.writer() as writer:
        writer.add_space("words", "words", 2, frozenset({"text"}))
        writer.add_space("looks", "looks", 2, frozenset({"image"}))
    texts = [text_node("a", [1.0, 0.0]), text_node("c", [0.0, 1.0])]
    ours.add([*texts, ImageNode(id_="b", image_path="/b.png", embedding=[1.0, 1.0])])
    assert ours.query(ask([1.0, 0.0])).ids == ["a", "b", "c"]
    assert ours.query(ask([0.0, 1.0], k=2)).ids == ["c", "b"]


@pytest.mark.parametrize("image_dim", [2, 3])
def test_a_caption_and_its_picture_are_added_in_turn_under_one_id(ours, image_dim):
    image = [0.0] * (image_dim - 1) + [1.0]
    for _ in range(2):  # adding all of it once more changes nothing
        ours.add([captioned(embedding=[1.0, 0.0])])
        ours.add([captioned(embedding=image)])
        assert ours.of("text").query(ask([1.0, 0.0])).similarities == pytest.approx([1.0])
        assert ours.of("image").query(ask(image)).similarities == pytest.approx([1.0])
        assert ours.query(ask(query_str="shoe", mode=VectorStoreQueryMode.TEXT_SEARCH)).ids == [
            "pic"
        ]
        assert len(ours.client) == 1


def test_faces_say_what_embeddings_are_of(ours):
    ours.of("image").add([captioned(embedding=[0.0, 1.0])])
    ours.of("text").add([captioned(embedding=[1.0, 0.0])])
    assert ours.of("text").query(ask([1.0, 0.0])).similarities == pytest.approx([1.0])
    assert ours.of("image").query(ask([0.0, 1.0])).similarities == pytest.approx([1.0])


def test_a_changed_caption_loses_its_old_embedding(ours):
    ours.of("text").add([captioned(embedding=[1.0, 0.0])])
    ours.of("image").add([captioned(caption="a blue hat", embedding=[0.0, 1.0])])
    assert ours.of("text").query(ask([1.0, 0.0])).ids == []
    assert ours.of("image").query(ask([0.0, 1.0])).ids == ["pic"]


def test_a_node_found_by_text_and_picture_occurs_once_among_k(ours):
    ours.of("text").add([captioned(f"p{n}", embedding=[1.0, 0.01 * n]) for n in range(5)])
    ours.of("image").add([captioned(f"p{n}", embedding=[1.0, 0.01 * n]) for n in range(5)])
    assert ours.query(ask([1.0, 0.0], k=3)).ids == ["p0", "p1", "p2"]


# Items that the collection loaded are nodes too.


@pytest.fixture
def loaded(ours):
    columns = [
        Column("title", "str", "str"),
        Column("price", "decimal"),
        Column("when", "datetime"),
    ]
    items = [
        NewItem("shoe", b"1", [
            NewPart("text", b"t" * 16, "a red shoe"),
            NewPart("image", b"i" * 16, path="/photos/shoe.png"),
        ], {"title": "Shoe", "when": datetime(2024, 5, 31)}),  # noqa: DTZ001
        NewItem("hat", b"2", [
            NewPart("image", b"h" * 16, blob=PNG),
            NewPart("text", b"u" * 16, "a hat", page=2),
            NewPart("audio", b"a" * 16, path="/sounds/hat.ogg", start=1.0, end=2.5),
        ], {"title": "Hat"}),
    ]  # fmt: skip
    vectors = np.array([[1, 0], [0, 1], [0.6, 0.8], [0.8, -0.6]], np.float32)
    with ours.client.writer() as writer:
        writer.add_source("table:1", "shop.csv", columns)
        space = writer.add_space("clip", "clip", 2, frozenset({"text", "image"}))
        writer.put(items, {space: (np.array([0, 1, 2, 3]), vectors)}, source="table:1")
    return ours


def test_items_are_answered_as_one_node_a_part(loaded):
    found = {node.node_id: node for node in loaded.query(ask([1.0, 0.0])).nodes}
    assert list(found) == ["shoe", "hat#1", "hat", "shoe#1"]
    assert {name: type(node) for name, node in found.items()} == {
        "shoe": TextNode, "hat#1": TextNode, "hat": ImageNode, "shoe#1": ImageNode,
    }  # fmt: skip
    picture_of_shoe, picture_of_hat = found["shoe#1"], found["hat"]
    assert (picture_of_shoe.image_path, picture_of_shoe.text) == ("/photos/shoe.png", "a red shoe")
    assert base64.b64decode(picture_of_hat.image) == PNG
    assert found["shoe"].metadata == {"title": "Shoe", "when": datetime(2024, 5, 31)}  # noqa: DTZ001
    assert found["hat#1"].metadata == {"title": "Hat", "page": 2}
    assert {node.ref_doc_id for node in found.values()} == {"shoe", "hat"}


def test_a_recording_is_a_node_with_a_sound(loaded):
    sound = loaded.get_nodes(["hat#2"])[0]
    assert str(sound.audio_resource.path) == "/sounds/hat.ogg"
    assert sound.metadata == {"title": "Hat", "start": 1.0, "end": 2.5}


def test_items_are_restricted_and_filtered_as_nodes(loaded):
    query = [1.0, 0.0]
    assert loaded.query(ask(query, node_ids=["hat", "shoe#1"])).ids == ["hat", "shoe#1"]
    assert loaded.query(ask(query, doc_ids=["hat"])).ids == ["hat#1", "hat"]
    assert loaded.query(ask(query, filters=only("title", "Shoe"))).ids == ["shoe", "shoe#1"]
    assert loaded.query(ask(query, filters=only("when", "2024-05-31T00:00:00"))).ids[0] == "shoe"
    assert loaded.query(ask(query, filters=only("ref_doc_id", "hat"))).ids == ["hat#1", "hat"]
    assert loaded.of("image").query(ask(query)).ids == ["hat", "shoe#1"]


def test_deleting_the_source_of_a_part_deletes_the_item(loaded):
    loaded.delete("hat")
    assert loaded.client.ids() == ["shoe"]


def test_an_item_is_deleted_whole_or_not_at_all(loaded):
    with pytest.raises(
        QueryError, match=r"Item 'shoe' has parts beside those named, such as 'shoe#1'"
    ):
        loaded.delete_nodes(["shoe"])
    loaded.delete_nodes(["shoe", "shoe#1"])
    assert loaded.client.ids() == ["hat"]


def test_an_item_called_like_a_part_of_another_is_kept_apart(loaded):
    loaded.add([text_node("shoe#1", [0.0, -1.0])])
    found = loaded.query(ask([0.0, -1.0], node_ids=["shoe#1"], k=1))
    assert found.nodes[0].text == "text of shoe#1"


def test_a_node_with_the_id_of_an_item_takes_its_place(loaded):
    loaded.add([text_node("hat", [1.0, 0.0])])
    assert loaded.get_nodes(["hat"])[0].text == "text of hat"
    assert loaded.get_nodes(["hat#1"]) == []
