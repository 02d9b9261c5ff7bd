from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from mmrag_jupyter.errors import QueryError
from mmrag_jupyter.items import Media
from mmrag_jupyter.search.query import Query
from mmrag_jupyter.search.terms import as_list, avoided, pictures, words


def test_an_empty_query_is_refused():
    with pytest.raises(QueryError, match="query is empty"):
        Query(text="  ")


def test_a_query_of_only_avoided_things_is_refused():
    with pytest.raises(QueryError, match="also what to look for"):
        Query(avoid_text=("leather",))


@pytest.mark.parametrize("k", [0, -3])
def test_k_must_be_positive(k):
    with pytest.raises(QueryError, match=f"k is {k}"):
        Query(text="shoe", k=k)


def test_an_unknown_weight_suggests_the_nearest():
    with pytest.raises(QueryError, match="Did you mean 'image'"):
        Query(text="shoe", weights={"imgae": 1})


def test_an_unknown_modality_suggests_the_nearest():
    with pytest.raises(QueryError, match="Did you mean 'text'"):
        Query(text="shoe", modality=frozenset({"texts"}))


@pytest.mark.parametrize("weight", [-1, float("nan"), float("inf")])
def test_a_weight_must_be_a_number_from_zero_up(weight):
    with pytest.raises(QueryError, match="weight of 'text'"):
        Query(text="shoe", weights={"text": weight})


def test_the_title_tells_the_whole_query_in_one_line():
    query = Query(
        text="red\nshoe", images=(Media(path=Path("a.jpg")),), avoid_text=("leather",),
        where="price < 5",
    )  # fmt: skip
    assert query.describe() == "“red shoe”, picture a.jpg, not “leather” where price < 5"


def test_one_value_or_several_become_a_list():
    assert as_list("abc") == ["abc"]
    assert as_list(b"abc") == [b"abc"]
    assert as_list(("a", "b")) == ["a", "b"]
    assert as_list(None) == []


def test_pictures_are_recognised_by_what_they_are():
    image = Image.new("RGB", (2, 2))
    found = pictures(
        ["a.jpg", "https://host/b.png", b"bytes", {"bytes": b"x", "path": None}, image]
    )
    assert found[0].path == Path("a.jpg")
    assert found[1].url == "https://host/b.png"
    assert (found[2].data, found[3].data) == (b"bytes", b"x")
    assert found[4].image is image


def test_something_else_is_no_picture():
    with pytest.raises(QueryError, match="An int is not a picture"):
        pictures([3])


def test_avoided_strings_are_words_and_paths_are_pictures():
    texts, images = avoided(["leather", Path("bag.jpg")])
    assert texts == ("leather",)
    assert [image.path for image in images] == [Path("bag.jpg")]


def test_words_are_distinct_and_in_order():
    assert words("Red, red shoe: Größe 42!") == ("Red", "red", "shoe", "Größe", "42")
