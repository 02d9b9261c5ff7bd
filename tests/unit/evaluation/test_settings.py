from __future__ import annotations

import pytest

from mmrag_jupyter.errors import QueryError
from mmrag_jupyter.evaluation.settings import Setting, settings


def made(shop, *compared):
    return settings(Setting("shop", shop, {"text": 3.0}), compared)


def test_weights_are_added_to_those_of_the_base(shop):
    base, one, other = made(shop, "lexical=0, image=2", {"text": 1})
    assert base.weights == {"text": 3.0}
    assert one.weights == {"text": 3.0, "lexical": 0.0, "image": 2.0}
    assert (other.name, other.weights) == ("text=1", {"text": 1.0})


def test_a_reranker_a_collection_and_chance_can_be_compared(shop, session, things):
    twin = session.load(things[["title"]], "twin", text="title", model="builtin", progress=False)
    _, read_again, plain, chance, other = made(
        shop, "rerank=tiny,text=2", "rerank=none", "chance", twin
    )
    assert (read_again.rerank, read_again.weights) == ("tiny", {"text": 2.0})
    assert plain.rerank is None
    assert chance.chance
    assert (other.name, other.collection.name) == ("twin", "twin")


def test_settings_of_one_name_are_numbered(shop):
    assert [one.name for one in made(shop, "text=1", "text=1", shop)] == [
        "shop", "text=1", "text=1 (2)", "shop (2)",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("lexcial=2", "Did you mean 'lexical'"),
        ("text", "it is no collection"),
        ("chanse", "Did you mean 'chance'"),
        ("text=", "is not NAME=VALUE"),
        ("text=-1", "give a number from 0 up"),
        ("text=much", "give a number from 0 up"),
        ({"text": float("nan")}, "give a number from 0 up"),
        ({}, "An empty comparison"),
        (3, "An int cannot be compared with"),
    ],
)
def test_what_cannot_be_compared_is_told(shop, wrong, said):
    with pytest.raises(QueryError, match=said):
        made(shop, wrong)
