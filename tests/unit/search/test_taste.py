"""Judgements of a user become weights."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

import mmrag_jupyter as mm
from mmrag_jupyter.errors import MmragError, NotFoundError
from mmrag_jupyter.search.taste import MOST_JUDGED, taste_of


@pytest.fixture
def store(tmp_path):
    frame = pd.DataFrame({"id": range(100), "text": [f"thing {n}" for n in range(100)]})
    return (
        mm.Session(mm.Config(root=str(tmp_path))).load(frame, "things", text="text", id="id").store
    )


def test_ratings_count_by_how_far_they_are_from_the_users_own_mean(store):
    taste = taste_of(store, [], [], {"1": 5, "2": 4, "3": 2, "4": 1})
    assert taste.likes == {"1": 1.0, "2": 0.5}
    assert taste.dislikes == {"4": 1.0, "3": 0.5}
    assert taste.given == {"1", "2", "3", "4"}


@pytest.mark.parametrize(
    "ratings",
    [{"1": 1, "2": 0}, {"1": True, "2": False}, {"1": 1, "2": -1, "3": 0}],
    ids=["0 and 1", "booleans", "signs"],
)
def test_yes_and_no_are_taken_as_said(store, ratings):
    taste = taste_of(store, [], [], ratings)
    assert (taste.likes, taste.dislikes) == ({"1": 1.0}, {"2": 1.0})


def test_ratings_that_are_all_equal_are_said_to_count_as_liked(store):
    taste = taste_of(store, [], [], {"1": 4, "2": 4})
    assert set(taste.likes) == {"1", "2"}
    assert taste.notices == ("All ratings are 4: all of these items count as liked.",)


@pytest.mark.parametrize(
    "ratings",
    [
        pd.Series({1: 5.0, 2: 1.0}),
        pd.DataFrame({"thing": [1, 2], "stars": [5, 1], "price": [9.5, 2.5]}),
        pd.DataFrame({"rating": [5, 1]}, index=[1, 2]),
        pl.DataFrame({"thing": ["1", "2"], "value": [5, 1]}),
        pd.DataFrame({"thing": ["1", "2"], "rating": ["5", "1"], "price": [2.5, 9.5]}),
        pd.DataFrame([[1, 5], [2, 1]]).rename(columns={1: "rating"}),
        pd.Series({1.0: 5, 2.0: 1}),
        pd.DataFrame({"id": [1.0, 2.0, np.nan], "rating": [5, 1, 3]}),
    ],
    ids=["series", "frame", "index", "polars", "texts", "a nameless label", "floats", "gaps"],
)
def test_ratings_are_found_in_series_and_dataframes(store, ratings):
    taste = taste_of(store, [], [], ratings)
    assert (taste.likes, taste.dislikes) == ({"1": 1.0}, {"2": 1.0})


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_ratings_are_read_from_a_file(store, tmp_path, suffix):
    path = tmp_path / f"mine.{suffix}"
    frame = pd.DataFrame({"thing": [1, 2], "stars": [5, 1]})
    if suffix == "csv":
        frame.to_csv(path, index=False)
    elif suffix == "parquet":
        frame.set_index("thing").to_parquet(path)
    else:
        frame.to_json(path, orient="records", lines=True)
    taste = taste_of(store, [], [], str(path))
    assert (taste.likes, taste.dislikes) == ({"1": 1.0}, {"2": 1.0})


def test_a_dataframe_says_which_columns_were_read(store):
    frame = pd.DataFrame({"thing": [1, 2], "stars": [5, 1]})
    assert taste_of(store, [], [], frame).notices == (
        "Ratings are those of column 'stars', of the items that column 'thing' names.",
    )


def test_unknown_items_are_counted_and_named(store):
    taste = taste_of(store, [], [], {"1": 5, "2": 1, "x": 5, "y": 1})
    assert taste.notices == ("2 of 4 rated items are not here: 'x', 'y'.",)
    assert set(taste.likes) == {"1"}


def test_an_item_rated_twice_has_the_mean_and_missing_ratings_are_passed_over(store):
    frame = pd.DataFrame({"id": [1, 1, 2, 3], "rating": [5, 3, 1, np.nan]})
    taste = taste_of(store, [], [], frame)
    assert set(taste.likes) == {"1"}
    assert taste.given == {"1", "2"}


def test_only_the_strongest_of_very_many_count_but_all_are_given(store):
    ratings = {str(n): n for n in range(100)}
    taste = taste_of(store, [], [], ratings | {"99": 1000})
    assert len(taste.dislikes) == MOST_JUDGED
    assert len(taste.given) == 100
    assert any("disliked items the strongest 50 count" in one for one in taste.notices)


@pytest.mark.parametrize(
    ("likes", "dislikes", "ratings", "message"),
    [
        ([], [], None, "Nothing is liked"),
        ([], ["1"], None, "Nothing is liked"),
        (["1"], ["1"], None, "both liked and disliked"),
        ([], [], {"x": 5}, "No rated item is in collection 'things': 'x'; it has ids such as '0'"),
        ([], [], {}, "No rated item"),
        ([], [], {"1": np.nan}, "No rated item: there is no rating with both an id and a number"),
        ([], [], pd.DataFrame({"id": ["x", "y"], "rating": [5, 1]}), "No rated item .* 'x', 'y'"),
        ([], [], pd.DataFrame({"id": [1], "rating": ["good"]}), "The rating of '1' is 'good'"),
        ([], [], pl.Series([5, 1]), "A Series has no ratings"),
        ([], [], "none.csv", "none.csv cannot be read"),
        ([], [], "ratings", "'ratings' is no table of ratings"),
        ([], [], {"1": "good"}, "The rating of '1' is 'good'; ratings are numbers"),
        ([], [], {"1": float("inf")}, "ratings are numbers"),
        ([], [], {"1": -1, "2": -1}, "Nothing is liked"),
        ([], [], pd.DataFrame({"id": [1], "a": [1], "b": [2]}), "Which column has the ratings"),
        ([], [], pd.DataFrame({"id": []}), "is empty"),
        ([], [], 7, "An int has no ratings"),
    ],
    ids=range(17),
)
def test_what_cannot_be_used_is_said_in_a_line(store, likes, dislikes, ratings, message):
    with pytest.raises(MmragError, match=message) as told:
        taste_of(store, likes, dislikes, ratings)
    assert "\n" not in str(told.value)


def test_an_empty_collection_has_nothing_that_was_rated(store):
    with store.writer() as writer:
        writer.delete([str(number) for number in range(100)])
    with pytest.raises(MmragError, match=r"No rated item .* it has no items yet"):
        taste_of(store, [], [], {"1": 5})


def test_an_unknown_id_is_refused_and_the_nearest_named(store):
    with pytest.raises(NotFoundError, match="No item 'x1'"):
        taste_of(store, ["x1"], [])
