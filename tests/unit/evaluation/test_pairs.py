"""Texts and pictures that belong together find each other by what models see, or not at all."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from toys import ToyEmbedder, picture, picture_vector

from mmrag_jupyter.errors import NotFoundError, QueryError
from mmrag_jupyter.evaluation.pairs import TO_PICTURE, TO_TEXT, from_collection

NAMED = {"red": (255, 0, 0), "green": (0, 128, 0), "blue": (0, 0, 255), "white": (255,) * 3,
         "black": (0, 0, 0)}  # fmt: skip


class Seeing(ToyEmbedder):
    """Reads the colour that a text names, so that texts and pictures truly meet."""

    def embed_text(self, texts, *, query):
        known = super().embed_text(texts, query=query)
        for row, text in zip(known, texts, strict=True):
            for name, colour in NAMED.items():
                if name in text:
                    row[:] = picture_vector(picture(colour))
        return known


class Blind(ToyEmbedder):
    """Reads texts in a space of its own."""

    def __init__(self):
        super().__init__("blind:1", ("text",))


@pytest.fixture
def seen(session, things):
    return session.load(things, "seen", text="title", image="photo", model=Seeing(), progress=False)


def means(evaluation, measure="MRR"):
    frame = evaluation.to_pandas()
    frame = frame[frame["measure"] == measure]
    return dict(zip(frame["slice"], frame["mean"], strict=True))


def test_a_model_that_sees_both_finds_each_by_the_other(seen):
    evaluation = seen.evaluate(pairs=True)
    # One direction each and no mean over both: they are different tasks.
    assert means(evaluation) == {TO_PICTURE: 1.0, TO_TEXT: 1.0}
    assert len(evaluation.questions) == 10
    assert any("no text finds itself" in notice for notice in evaluation.notices)


def test_words_do_not_help_where_no_model_sees_both(session, things):
    shop = session.load(
        things, "halves", text="title", image="photo", text_model=Blind(),
        image_model=ToyEmbedder("eye:1", ("image",)), progress=False,
    )  # fmt: skip
    evaluation = shop.evaluate(pairs=True)
    # The very title would find its item by words, and the item's picture beside it.
    assert shop.query("red shoe", k=1).ids == ["red"]
    assert means(evaluation) == {TO_PICTURE: 0.0, TO_TEXT: 0.0}
    assert any("no model here knows both" in notice for notice in evaluation.notices)
    # Not even where a setting would count words more.
    assert means(shop.evaluate(pairs=True, weights={"lexical": 9, "text": 9}))[TO_PICTURE] == 0


def test_items_of_the_same_text_are_each_right(session, things):
    same = session.load(
        things.assign(title="a thing"), "same", text="title", image="photo", model=Seeing(),
        progress=False,
    )  # fmt: skip
    questions = from_collection(same.store, None).questions
    assert [len(one.judged) for one in questions if one.slice == TO_PICTURE] == [5]


def test_captions_of_another_column_are_asked_with(seen):
    found = from_collection(seen.store, "kind")
    assert {one.text for one in found.questions if one.text} == {"feet", "head", "body", "hands"}
    with pytest.raises(QueryError, match=r"'kin' is no column of 'seen'.*'kind'"):
        seen.evaluate(pairs=True, query="kin")


def test_pairs_of_a_users_own_rows_are_found_by_their_pictures(seen):
    rows = pd.DataFrame({
        "caption": ["something red", "all blue", "not here", ""],
        "photo": [picture("red"), picture("blue"), picture("pink"), picture("green")],
    })  # fmt: skip
    evaluation = seen.evaluate(rows, pairs=True)
    assert means(evaluation)[TO_PICTURE] == 1.0
    assert [one.relevant for one in evaluation.questions] == [["red"], ["blue"]] * 2
    told = " ".join(evaluation.notices)
    assert "Columns: query = 'caption', image = 'photo'." in told
    assert "1 picture of the dataframe not in the collection" in told


def test_rows_that_make_no_pairs_are_told(seen):
    with pytest.raises(NotFoundError, match="None of the 1 pictures of the dataframe"):
        seen.evaluate(pd.DataFrame({"text": ["a"], "image": [picture("pink")]}), pairs=True)
    with pytest.raises(QueryError, match="needs a column of captions"):
        seen.evaluate(pd.DataFrame({"text": ["a"]}), pairs=True)
    with pytest.raises(QueryError, match="No row of the dataframe has both"):
        seen.evaluate(pd.DataFrame({"text": [None, "a"], "image": ["x.png", None]}), pairs=True,
                      query="text", image="image")  # fmt: skip


def test_a_collection_without_pictures_has_no_pairs(session, things):
    words = session.load(things[["title"]], "words", text="title", model="builtin", progress=False)
    with pytest.raises(QueryError, match=r"No item of 'words' has both .*5 texts, 0 pictures"):
        words.evaluate(pairs=True)


def test_of_very_many_items_some_are_drawn_and_said(seen, monkeypatch):
    monkeypatch.setattr("mmrag_jupyter.evaluation.pairs.MOST_ITEMS", 3)
    first = from_collection(seen.store, None, seed=1)
    assert len(first.questions) == 6
    assert "3 of 5 items, drawn by chance (seed 1)." in first.notices
    again = from_collection(seen.store, None, seed=1)
    assert [one.key for one in first.questions] == [one.key for one in again.questions]
    others = {
        tuple(one.key for one in from_collection(seen.store, None, seed=seed).questions)
        for seed in range(9)
    }
    assert len(others) > 1


def test_pairs_are_sliced_within_each_direction(seen):
    evaluation = seen.evaluate(pairs=True, by="kind")
    assert f"{TO_PICTURE} · body" in evaluation.slices
    assert np.isnan(means_of(evaluation, f"{TO_PICTURE} · feet", "low"))


def means_of(evaluation, part, column):
    frame = evaluation.to_pandas()
    return frame[(frame["slice"] == part) & (frame["measure"] == "MRR")][column].item()
