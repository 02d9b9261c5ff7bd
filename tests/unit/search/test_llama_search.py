"""`c.index` and `c.vector_store` of a collection that was loaded the usual way."""

from __future__ import annotations

import pandas as pd
import pytest
from llama_index.core.llms.mock import MockLLM
from llama_index.core.schema import QueryBundle, TextNode
from llama_index.core.vector_stores import MetadataFilter, MetadataFilters
from toys import ToyEmbedder, picture, write_pictures

import mmrag_jupyter as mm


@pytest.fixture
def shop(tmp_path):
    session = mm.Session(mm.Config(root=str(tmp_path / "root")))
    frame = pd.DataFrame(
        {
            "sku": ["a1", "b2", "c3"],
            "title": ["red running shoe", "blue leather boot", "yellow rain hat"],
            "photo": [picture("red"), picture("blue"), picture("yellow")],
            "price": [59.9, 120.0, 25.5],
        }
    )
    return session.load(frame, "shop", text="title", image="photo", id="sku", model=ToyEmbedder())


def items_of(nodes):
    return [one.node.ref_doc_id or one.node.node_id for one in nodes]


def test_the_index_retrieves_with_the_collections_own_search(shop):
    retriever = shop.index.as_retriever(similarity_top_k=2, image_similarity_top_k=0)
    nodes = retriever.retrieve("leather boot")
    assert items_of(nodes) == shop.query("leather boot", k=2, modality="text").ids
    assert nodes[0].node.metadata["price"] == 120.0


def test_pictures_are_retrieved_by_a_picture(shop, tmp_path):
    blue = write_pictures(tmp_path / "photos", ["blue"]) / "blue.png"
    retriever = shop.index.as_retriever(similarity_top_k=0, image_similarity_top_k=1)
    nodes = retriever.retrieve(QueryBundle("", image_path=str(blue)))
    assert items_of(nodes) == ["b2"]


def test_filters_restrict_the_search(shop):
    filters = MetadataFilters(filters=[MetadataFilter(key="price", value=60, operator="<")])
    retriever = shop.index.as_retriever(
        similarity_top_k=3, image_similarity_top_k=0, filters=filters
    )
    assert sorted(items_of(retriever.retrieve("leather boot"))) == ["a1", "c3"]


def test_a_query_engine_answers_from_the_collection(shop):
    response = shop.index.as_query_engine(llm=MockLLM(), similarity_top_k=1).query("rain hat")
    assert "yellow rain hat" in str(response)
    assert "c3" in items_of(response.source_nodes)


def test_a_node_inserted_through_the_index_is_found_by_the_collection(shop):
    shop.index.insert_nodes([TextNode(text="green garden hose", id_="n1", metadata={"price": 9})])
    hit = shop.query("garden hose", k=1)[0]
    assert (hit.id, hit.metadata["price"]) == ("n1", 9)
    assert shop.query("garden hose", where="price < 10", k=1).ids == ["n1"]
    shop.index.delete_nodes(["n1"])
    assert "n1" not in shop.query("garden hose", k=9).ids
