"""Joined rows reach LlamaIndex as nodes of their own, and answers as sources of their own."""

from __future__ import annotations

import pandas as pd
import pytest
from toys import ToyEmbedder

import mmrag_jupyter as mm
from mmrag_jupyter.errors import QueryError
from mmrag_jupyter.search.query import Query
from mmrag_jupyter.search.ranking import InOrder, Ranked


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session = mm.Session(mm.Config(root=str(tmp_path / "collections")))
    products = pd.DataFrame(
        {
            "sku": ["A-3", "B-4"],
            "title": ["Trail shoe", "Rain boot"],
            "date": ["2020", "2021"],
            "price": [59.5, 80.0],
        }
    )
    reviews = pd.DataFrame(
        {
            "sku": ["A-3", "A-3", "B-4"],
            "stars": [5, 1, 4],
            "date": ["May", "June", "July"],
            "body": [
                "The shoe is perfect for wide feet and long walks.",
                "The sole came off after two weeks of gravel.",
                "Keeps dry in the river.",
            ],
        },
        index=[17, 18, 19],
    )
    made = session.load(products, "shop", text="title", id="sku", model=ToyEmbedder())
    session.load(reviews, "reviews", into="shop", on="sku", text="body")
    return made


def test_a_node_of_a_joined_part_has_the_rows_metadata_beside_the_items(shop):
    (found, *_) = shop.index.as_retriever(similarity_top_k=1).retrieve("sole gravel weeks")
    assert found.node.node_id == "A-3#2"
    assert found.node.ref_doc_id == "A-3"
    expected = {"stars": 1, "date": "2020", "reviews.date": "June", "title": "Trail shoe"}
    assert expected.items() <= found.node.metadata.items()
    assert found.node.metadata["origin"] == "reviews"
    assert found.node.metadata["origin_row"] == "18"
    own = shop.vector_store.get_nodes(["A-3"])[0]
    assert not {"origin", "stars"} & own.metadata.keys()


def test_a_node_that_llama_index_added_keeps_its_text_whatever_joins_it(shop):
    from llama_index.core.schema import TextNode

    node = TextNode(id_="note", text="own words", metadata={"sku": "N"})
    shop.vector_store.add([node])
    notes = pd.DataFrame({"id": ["note"], "body": ["said of it"]})
    shop.load(notes, on="id", text="body", called="notes")
    own, joined = shop.vector_store.get_nodes(["note", "note#1"])
    assert own.text == "own words"
    assert (joined.text, joined.metadata["origin"]) == ("said of it", "notes")
    shop.vector_store.add([TextNode(id_="note", text="new words", metadata={"sku": "N"})])
    own, joined = shop.vector_store.get_nodes(["note", "note#1"])
    assert (own.text, joined.text) == ("new words", "said of it")


def test_an_answer_cites_the_row_that_says_it(shop):
    answer = shop.ask("Is the trail shoe good for wide feet?")
    cited = [one for one in answer.citations if "wide feet" in one.quote]
    assert [one.title for one in cited] == ["reviews 17 of Trail shoe"]
    assert [(one.item, one.part) for one in cited] == [("A-3", "A-3#1")]
    assert ("stars", "5") in cited[0].passage.fields


def test_an_item_to_be_like_is_like_what_its_rows_say(shop):
    more = pd.DataFrame({"sku": ["C-5"], "title": ["Sandal"], "date": ["2022"], "price": [9.0]})
    shop.load(more, text="title", id="sku", key="table:more")
    third = pd.DataFrame({"sku": ["C-5"], "body": ["Perfect for wide feet on long walks."]})
    shop.load(third, on="sku", text="body", called="third")
    assert shop.query(like="A-3", weights={"text": 0}).ids[0] == "C-5"


def test_a_panel_tells_what_matched_page_by_page(shop):
    ranked = Ranked(Query(text="wide feet long walks"), shop.store, shop.serving())
    (first, *_) = ranked.page(0, 2).hits
    assert (first.id, first.joined[0].origin, first.joined[0].total) == ("A-3", "reviews", 2)
    listed = InOrder(shop.store, None).page(0, 2).hits
    assert [str(hit.joined[0]) for hit in listed] == ["2 of 2 reviews", "1 of 1 reviews"]


def test_what_matched_of_a_hit_is_explained(shop):
    hit = shop.query("wide feet", weights={"text": 0})[0]
    assert "wide" in str(hit.explain()._repr_mimebundle_()["text/html"])


def test_a_filter_on_a_joined_column_says_what_does_look_at_it(shop):
    from llama_index.core.vector_stores import MetadataFilter, MetadataFilters

    stars = MetadataFilters(filters=[MetadataFilter(key="stars", value=4, operator=">=")])
    with pytest.raises(QueryError, match=r"'stars' is a column of joined rows.*where='stars"):
        shop.index.as_retriever(filters=stars).retrieve("river")
    price = MetadataFilters(filters=[MetadataFilter(key="price", value=70, operator=">")])
    found = shop.index.as_retriever(filters=price).retrieve("gravel river")
    assert {one.node.ref_doc_id for one in found} == {"B-4"}
    assert shop.query("gravel river", where="stars == 4").ids == ["B-4"]
