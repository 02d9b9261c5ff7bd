"""Hits page by page, and queries that are embedded once."""

from __future__ import annotations

from math import isnan

import numpy as np
import pandas as pd
import pytest
from toys import ToyEmbedder, picture

import mmrag_jupyter as mm
from mmrag_jupyter.errors import WhereError
from mmrag_jupyter.search.query import Query
from mmrag_jupyter.search.ranking import InOrder, Ranked
from mmrag_jupyter.search.remembered import Remembered


@pytest.fixture
def shop(tmp_path):
    words = np.random.default_rng(0).choice(["red", "blue", "hat", "shoe", "lamp"], (300, 3))
    frame = pd.DataFrame(
        {
            "sku": [f"s{at:03}" for at in range(300)],
            "title": [" ".join(row) for row in words],
            "price": range(300),
        }
    )
    session = mm.Session(mm.Config(root=str(tmp_path)))
    return session.load(frame, "shop", text="title", id="sku", model=ToyEmbedder())


def pages(ranking, size):
    found, offset = [], 0
    while True:
        page = ranking.page(offset, size)
        found += page.hits
        offset += len(page.hits)
        if not page.more:
            return found


def test_pages_repeat_nothing_and_leave_nothing_out(shop):
    ranking = Ranked(Query("red hat"), shop.store, shop.serving())
    found = pages(ranking, 37)
    assert len({hit.id for hit in found}) == len(found) == 300
    assert [hit.rank for hit in found] == list(range(1, 301))


def test_the_first_page_is_what_a_query_finds(shop):
    ranking = Ranked(Query("red hat"), shop.store, shop.serving())
    assert [hit.id for hit in ranking.page(0, 10).hits] == shop.query("red hat", k=10).ids
    assert ranking.best(3) == list(shop.store.find(shop.query("red hat", k=3).ids).values())


def test_what_was_given_out_stays_when_more_is_ranked(shop):
    ranking = Ranked(Query("red hat"), shop.store, shop.serving())
    first = [hit.id for hit in ranking.page(0, 50).hits]
    ranking.page(250, 50)
    assert [hit.id for hit in ranking.page(0, 50).hits] == first


def test_total_counts_the_items_that_a_condition_leaves(shop):
    assert Ranked(Query("red"), shop.store, shop.serving()).total == 300
    assert Ranked(Query("red", where="price < 40"), shop.store, shop.serving()).total == 40
    assert InOrder(shop.store, "price < 40").total == 40
    with pytest.raises(WhereError):
        InOrder(shop.store, "prize < 40")


def test_without_a_query_items_come_in_their_order_and_have_no_score(shop):
    found = pages(InOrder(shop.store, None), 64)
    assert [hit.id for hit in found] == [f"s{at:03}" for at in range(300)]
    assert isnan(found[0].score)
    assert found[0].parts[0].text


def test_an_item_deleted_between_two_pages_is_left_out(shop):
    ranking = InOrder(shop.store, None)
    ranking.page(0, 10)
    shop.delete("s012")
    assert [hit.id for hit in ranking.page(10, 4).hits] == ["s010", "s011", "s013"]


def test_the_last_word_of_an_unfinished_query_finds_what_begins_so(shop):
    def lexical(query):
        ranking = Ranked(query, shop.store, {})
        return {hit.id for hit in pages(ranking, 100)}

    assert lexical(Query("sho")) == set()
    assert lexical(Query("sho", unfinished=True)) == lexical(Query("shoe"))
    assert lexical(Query("s", unfinished=True)) == set()
    assert lexical(Query("sho ", unfinished=True)) == set()


def test_a_query_is_embedded_once():
    embedder = ToyEmbedder()
    remembered = Remembered(embedder)
    one = remembered.embed_text(["red", "hat"], query=True)
    np.testing.assert_array_equal(remembered.embed_text(["hat", "red"], query=True), one[::-1])
    remembered.embed_image([picture("red")])
    remembered.embed_image([picture("red"), picture("blue")])
    assert (embedder.texts, embedder.images) == (2, 2)
    np.testing.assert_array_equal(
        remembered.embed_image([picture("red")]), embedder.embed_image([picture("red")])
    )


def test_only_the_last_queries_are_remembered():
    embedder = ToyEmbedder()
    remembered = Remembered(embedder)
    remembered.embed_text([f"q{at}" for at in range(600)], query=True)
    remembered.embed_text(["q599"], query=True)
    assert embedder.texts == 600
    remembered.embed_text(["q0"], query=True)
    assert embedder.texts == 601
