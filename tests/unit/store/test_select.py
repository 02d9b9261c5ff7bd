"""What a condition chooses is remembered until something is committed."""

from __future__ import annotations

import pytest
from store_rows import fill

from mmrag_jupyter.store import Store


def test_the_same_condition_is_run_once(store, asked):
    fill(store)
    for _ in range(3):
        assert store.select(where="price >= 15").count == 5
        assert store.select(where="price < 2").count == 2
    assert [one.expression for one in asked] == ["price >= 15", "price < 2"]


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_commit_makes_it_run_again(store, asked, elsewhere):
    fill(store)
    assert store.select(where="price >= 15").count == 5
    with Store.open(store.folder) as other, (other if elsewhere else store).writer() as writer:
        writer.delete(["i17", "i3"])
    assert store.select(where="price >= 15").count == 4
    assert store.select(where="price >= 15").count == 4
    assert len(asked) == 2


def test_what_is_remembered_cannot_be_changed(store):
    fill(store)
    within = store.select(where="price >= 15")
    with pytest.raises(ValueError, match="read-only"):
        within.items[0] = 1


def test_only_some_conditions_are_remembered(store, asked):
    fill(store)
    for _ in range(2):
        for price in range(10):
            assert store.select(where=f"price < {price}").count == price
    assert len(asked) == 20
