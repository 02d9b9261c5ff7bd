"""A collection in a LlamaIndex vector store that the user hands over, whatever it is."""

from __future__ import annotations

import pandas as pd
import pytest
from llama_index.core.vector_stores import SimpleVectorStore
from served_places import Place
from served_rows import options, picture_bytes, products
from toys import ToyEmbedder

from mmrag_jupyter.errors import NotFoundError, StoreError
from mmrag_jupyter.store import Store
from mmrag_jupyter.store.llama import CollectionVectorStore


@pytest.fixture
def vector_store(tmp_path):
    """Return one that keeps nodes and filters them: it knows of us no more than another does."""
    return CollectionVectorStore(Store.create(tmp_path / "nodes", "nodes"))


@pytest.fixture
def place(tmp_path):
    return Place("llama", "", tmp_path)


@pytest.fixture
def both(place, vector_store, embedder):
    one = place.session().load(products(), "products", store=vector_store, **options(embedder))
    return one, place.here().load(products(), "products", **options(ToyEmbedder()))


def test_queries_find_the_same_as_in_a_folder(both):
    elsewhere, here = both
    for query in (
        {"text": "red shoe"},
        {"text": "shoe", "image": picture_bytes(4)},
        {"text": "leather", "exclude": "red"},
        {"like": "s2"},
        {"text": "shoe", "where": "price < 60 and brand == 'Acme' or brand is null"},
        {"text": "shoe", "where": "not (price < 60) and brand not in ['Bell', 'Acme']"},
        {"text": "wool", "modality": "image"},
    ):
        assert elsewhere.query(**query).ids == here.query(**query).ids, query
    pd.testing.assert_frame_equal(elsewhere.items(), here.items())


def test_deltas_and_deletes_work(both, embedder):
    elsewhere, here = both
    embedder.texts = embedder.images = 0
    changed = products().iloc[2:].copy()
    changed.loc[4, "title"] = "purple tent"
    for collection, model in ((elsewhere, embedder), (here, ToyEmbedder())):
        report = collection.load(changed, **options(model))
        assert (report.updated, report.removed, report.unchanged) == (1, 2, 9)
        assert collection.delete(where="price > 80") == 4
    assert (embedder.texts, embedder.images) == (1, 0)
    assert elsewhere.query("purple tent").ids == here.query("purple tent").ids
    pd.testing.assert_frame_equal(elsewhere.items(), here.items())


def test_it_opens_again_with_the_same_store(both, place, vector_store):
    elsewhere, _ = both
    again = place.session("another").open(vector_store, model=ToyEmbedder())
    assert again.name == "products"
    assert again.query("red shoe").ids == elsewhere.query("red shoe").ids
    again.remove()
    assert vector_store.get_nodes() == []
    with pytest.raises(NotFoundError, match="no collections in this CollectionVectorStore"):
        place.session("another").open(vector_store)


def test_words_alone_need_no_model(place, vector_store):
    frame = products()[["sku", "title"]]
    collection = place.session().load(
        frame, "words", store=vector_store, text="title", id="sku", model="builtin", progress=False
    )
    assert collection.query("red shoe", k=2).ids[0] == "s0"


def test_a_store_that_gives_no_nodes_back_is_refused(place, embedder):
    with pytest.raises(StoreError, match=r"SimpleVectorStore .*cannot hold a collection") as error:
        place.session().load(products(), "a", store=SimpleVectorStore(), **options(embedder))
    assert "\n" not in str(error.value)


def test_what_is_no_store_is_refused(place, embedder):
    with pytest.raises(StoreError, match="An int is no place for a collection"):
        place.session().load(products(), "a", store=7, **options(embedder))
