"""Recommendations from what is liked and disliked, over everything that items are made of."""

from __future__ import annotations

import pandas as pd
import pytest
from toys import ToyEmbedder, picture

import mmrag_jupyter as mm
from mmrag_jupyter.errors import NotFoundError, QueryError, WhereError
from mmrag_jupyter.search import phrases

SHADES = {
    "red": ((250, 10, 10), "wool scarf for cold days", 5),
    "wine": ((200, 10, 20), "linen shirt", 0),
    "ruby": ((220, 30, 30), "linen trousers", 3),
    "blue": ((10, 10, 250), "rain jacket", 4),
    "navy": ((10, 10, 200), "rain boots with wide fit", 7),
    "sky": ((30, 60, 250), "sandals with wide fit", 2),
    "grass": ((10, 250, 10), "garden gloves", 9),
}


@pytest.fixture
def session(tmp_path):
    return mm.Session(mm.Config(root=str(tmp_path)))


def frame():
    return pd.DataFrame(
        {
            "name": list(SHADES),
            "photo": [picture(shade) for shade, _, _ in SHADES.values()],
            "text": [text for _, text, _ in SHADES.values()],
            "stock": [stock for _, _, stock in SHADES.values()],
        }
    )


@pytest.fixture
def shop(session):
    return session.load(
        frame(), "shop", image="photo", text="text", id="name",
        image_model=ToyEmbedder(modalities=("image",)), text_model="builtin",
    )  # fmt: skip


@pytest.fixture
def colours(session):
    return session.load(
        frame().drop(columns="text"), "colours", image="photo", id="name", model=ToyEmbedder()
    )


def test_what_was_given_is_never_recommended(shop):
    ratings = {"blue": 3, "navy": 3, "sky": 5}
    found = shop.recommend("red", "grass", ratings=ratings, k=7).ids
    assert sorted(found) == ["ruby", "wine"]


def test_who_has_rated_all_that_is_near_is_recommended_what_lies_behind(session):
    shades = [(250 - at // 4, at // 4, 10) for at in range(900)]
    many = pd.DataFrame({"id": range(900), "photo": [picture(shade) for shade in shades]})
    many["id"] = many["id"].map("p{:03}".format)
    c = session.load(many, "many", image="photo", id="id", model=ToyEmbedder())
    rated = {f"p{at:03}": 5 for at in range(850)}
    found = c.recommend(ratings=rated, k=5).ids
    assert len(found) == 5
    assert not rated.keys() & set(found)


def test_alike_pictures_come_first_with_their_reason(colours):
    found = colours.recommend("red", k=3)
    assert set(found.ids[:2]) == {"wine", "ruby"}
    assert found[0].reason == "similar picture to red"
    assert list(found.to_pandas()["reason"]) == [hit.reason for hit in found]


def test_two_tastes_get_some_of_both_and_not_what_lies_between(session):
    shades = {"red": (255, 0, 0), "red2": (250, 0, 20), "blue": (0, 0, 255), "blue2": (20, 0, 250),
              "violet": (128, 0, 128), "mauve": (130, 0, 126)}  # fmt: skip
    table = pd.DataFrame({"name": list(shades), "photo": [picture(one) for one in shades.values()]})
    made = session.load(table, "tints", image="photo", id="name", model=ToyEmbedder())
    assert set(made.recommend(["red", "blue"], k=2).ids) == {"red2", "blue2"}


def test_what_is_like_a_disliked_item_falls(colours):
    neutral = colours.recommend(["red", "blue"], k=5)
    turned = colours.recommend(["red", "blue"], "navy", k=5)
    assert [one for one in neutral.ids if one != "navy"] == ["wine", "ruby", "sky", "grass"]
    assert turned.ids == ["wine", "ruby", "grass", "sky"]
    sky = next(hit for hit in turned if hit.id == "sky")
    assert "not image" in [why.signal for why in sky.why]


def test_shared_words_are_named_as_the_reason(shop):
    best = shop.recommend("navy", k=6, weights={"image": 0})[0]
    assert best.id == "sky"
    assert best.reason == "mentions “wide fit” as navy does"


def test_what_joined_reviews_say_finds_the_like_and_is_the_reason(session, monkeypatch):
    table = pd.DataFrame({"sku": list("abcd"), "title": ["boot", "sandal", "hat", "coat"]})
    made = session.load(table, "shoes", text="title", id="sku", model="builtin")
    said = pd.DataFrame(
        {
            "sku": list("aaabbbcd"),
            "body": [
                "a wide fit at last", "good for a wide fit", "the wide fit is right",
                "so comfortable, with a wide fit", "bought it for the wide fit", "sturdy",
                "a gift for the garden", "warm, and the colour stays",
            ],
        }
    )  # fmt: skip
    made.load(said, on="sku", text="body", called="reviews")
    read = []
    plainly = phrases._phrases
    monkeypatch.setattr(phrases, "_phrases", lambda text: read.append(text) or plainly(text))
    best = made.recommend("a", k=1)[0]
    assert best.id == "b"
    assert best.reason == "reviews mention “wide fit” as a does"
    # Each text once, not each beside each: an item may have thousands of reviews.
    assert len(read) == len(set(read)) == 8


def test_conditions_and_kinds_of_parts_hold(shop):
    assert shop.recommend("red", where="stock > 3", k=7).ids
    assert {"wine", "ruby", "sky"}.isdisjoint(shop.recommend("red", where="stock > 3", k=7).ids)
    only = shop.recommend("navy", modality="image", k=6)
    assert {why.signal for hit in only for why in hit.why} == {"image"}


def test_diversity_brings_another_colour_forward(colours):
    alike = colours.recommend("red", k=2).ids
    varied = colours.recommend("red", k=2, diverse=0.9).ids
    assert varied[0] == alike[0]
    assert varied[1] not in {"wine", "ruby"}


def test_the_strongest_rating_says_most(colours):
    found = colours.recommend(ratings={"red": 5, "blue": 4, "grass": 1}, k=4).ids
    assert set(found[:2]) & {"wine", "ruby"}
    assert set(found) == {"wine", "ruby", "navy", "sky"}


def test_hits_say_for_whom_and_show_why(colours):
    found = colours.recommend(["red", "blue"], k=2)
    assert found.title == "colours: recommended to one who likes blue, red"
    shown = found._repr_mimebundle_()
    assert "similar picture to" in shown["text/html"]
    hits = shown["application/vnd.mmrag.hits.v1+json"]["hits"]
    assert [hit["reason"] for hit in hits] == [hit.reason for hit in found]


def test_a_collection_of_liked_items_alone_recommends_nothing(session):
    table = frame().head(2)
    made = session.load(table, "two", image="photo", text="text", id="name", model=ToyEmbedder())
    assert len(made.recommend(["red", "wine"])) == 0
    assert len(made.recommend(["red", "wine"], diverse=0.5)) == 0


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"likes": "rd"}, NotFoundError, "Did you mean 'red'"),
        ({"likes": []}, QueryError, "Nothing is liked"),
        ({"likes": "red", "diverse": 1.5}, QueryError, "diverse is 1.5"),
        ({"likes": "red", "diverse": float("nan")}, QueryError, "diverse is nan"),
        ({"likes": "red", "diverse": "0.3"}, QueryError, "give a number from 0"),
        ({"likes": "red", "k": 0}, QueryError, "k is 0"),
        ({"likes": "red", "where": "stok > 1"}, WhereError, "stock"),
        ({"likes": "red", "weights": {"colour": 1}}, QueryError, "Unknown weight"),
    ],
    ids=["unknown", "nobody", "diverse", "nan", "text", "k", "where", "weight"],
)
def test_what_cannot_be_meant_is_said(shop, options, error, message):
    with pytest.raises(error, match=message):
        shop.recommend(**options)
