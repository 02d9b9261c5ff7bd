"""Liked and disliked items refine a query."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from toys import ToyEmbedder, picture

import mmrag_jupyter as mm
from mmrag_jupyter.errors import NotFoundError, QueryError
from mmrag_jupyter.search.feedback import centroid, telling_words


@pytest.fixture
def session(tmp_path):
    return mm.Session(mm.Config(root=str(tmp_path)))


@pytest.fixture
def colours(session):
    shades = {
        "red": (250, 10, 10),
        "wine": (150, 10, 20),
        "blue": (10, 10, 250),
        "sky": (90, 120, 250),
    }
    frame = pd.DataFrame(
        {"name": list(shades), "photo": [picture(shade) for shade in shades.values()]}
    )
    return session.load(frame, "colours", image="photo", id="name", model=ToyEmbedder())


@pytest.fixture
def words(session):
    frame = pd.DataFrame(
        {
            "id": ["a", "b", "c", "d"],
            "text": [
                "lamp of brass for the desk",
                "lamp of glass for the ceiling",
                "desk organiser of brass",
                "garden chair",
            ],
        }
    )
    return session.load(frame, "words", text="text", id="id", model="builtin")


def test_a_liked_picture_draws_its_like_up_and_a_disliked_one_pushes_them_down(colours):
    query = picture((120, 60, 120))
    up = colours.query(image=query, liked="wine", disliked="sky", k=4).ids
    down = colours.query(image=query, liked="sky", disliked="wine", k=4).ids
    assert set(up[:2]) == {"red", "wine"}
    assert set(down[:2]) == {"blue", "sky"}


def test_the_query_moves_as_rocchio_says(colours):
    hit = colours.query(image=picture((120, 60, 120)), liked=["red"], disliked=["blue"], k=4)
    store, embedder = colours.store, ToyEmbedder()
    numbers = {row.item_id: row.part for row in store.parts_of(store.numbers())}
    vectors = {name: store.vectors(1, [part])[0] for name, part in numbers.items()}
    query = embedder.embed_image([picture((120, 60, 120))])[0]
    moved = query + 0.75 * vectors["red"] - 0.15 * vectors["blue"]
    moved /= np.linalg.norm(moved)
    for one in hit:
        assert one.why[0].score == pytest.approx(float(moved @ vectors[one.id]), abs=1e-4)


def test_words_of_liked_texts_find_what_the_query_alone_does_not(words):
    assert words.query("lamp").ids == ["a", "b"]
    hits = words.query("lamp", liked="a", k=4)
    assert hits.ids[0] == "a"
    assert "c" in hits.ids
    assert {why.signal for why in hits[0].why} == {"lexical", "liked words"}


def test_liked_items_alone_are_a_query_and_disliked_ones_are_not(words):
    assert words.query(liked="a").ids[0] == "a"
    with pytest.raises(QueryError, match="Only things to avoid"):
        words.query(disliked="a")


def test_an_item_that_is_not_there_is_named(words):
    with pytest.raises(NotFoundError, match="'aa'"):
        words.query("lamp", liked="aa")


def test_liked_items_stay_among_the_hits_and_the_title_counts_them(words):
    hits = words.query("lamp", liked=["a"], disliked=["b"])
    assert "a" in hits.ids
    assert hits.title == "words: “lamp”, 1 liked, 1 disliked"


def test_telling_words_are_those_that_most_texts_share():
    texts = ["brass lamp, old brass", "a lamp of brass", "lamp"]
    assert telling_words(texts, "") == "lamp brass old"
    assert telling_words(texts, "Lamp") == "brass old"
    assert telling_words([], "") == ""
    assert len(telling_words([" ".join(f"word{'x' * at}" for at in range(99))], "").split()) == 12


def test_the_centroid_of_nothing_is_none():
    assert centroid([[], []]) is None
    np.testing.assert_allclose(
        centroid([[np.array([1, 0], np.float32)], [np.array([0, 1], np.float32)]]), [0.5, 0.5]
    )
