"""Arguments of a query that are not what they should be, and those that are wide of the mark."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from toys import ToyEmbedder

import mmrag_jupyter as mm
from mmrag_jupyter.errors import QueryError


@pytest.fixture
def numbered(tmp_path):
    frame = pd.DataFrame(
        {"text": ["red shoe", "red hat", "blue hat"], "rank": [1, 2, 3], "hit_rank": [4, 5, 6]}
    )
    session = mm.Session(mm.Config(root=str(tmp_path)))
    return session.load(frame, "numbered", text="text", model=ToyEmbedder())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"text": 5}, "The text is '5' of type int"),
        ({"text": ["a", "b"]}, "of type list"),
        ({"text": float("nan")}, "of type float"),
        ({"text": "a", "where": 5}, "The condition is '5' of type int"),
        ({"text": "a", "k": "3"}, "k is '3'; give a whole number"),
        ({"text": "a", "k": 1.5}, "k is '1.5'"),
        ({"text": "a", "weights": {"text": "heavy"}}, "weight of 'text' is 'heavy'"),
        ({"text": "a", "weights": {"text": None}}, "weight of 'text' is 'None'"),
    ],
)
def test_what_is_no_argument_is_told_in_one_line(numbered, arguments, said):
    with pytest.raises(QueryError) as told:
        numbered.query(**arguments)
    assert said in str(told.value)
    assert "\n" not in str(told.value)


def test_any_whole_number_counts(numbered):
    assert len(numbered.query("hat", k=np.int64(2))) == 2


def test_a_huge_k_asks_for_no_more_than_there_is(numbered, monkeypatch):
    asked = []
    nearest = numbered._store.nearest

    def watched(space, queries, k, within=None, **how):
        asked.append(k)
        return nearest(space, queries, k, within, **how)

    monkeypatch.setattr(numbered._store, "nearest", watched)
    assert len(numbered.query("hat", k=10**9)) == 3
    assert set(asked) == {3}


def test_ids_may_be_the_numbers_of_the_index(numbered):
    assert numbered.show(1).ids == ["1"]
    assert numbered.items([2, 0])["text"].tolist() == ["blue hat", "red shoe"]
    assert numbered.items("1")["text"].tolist() == ["red hat"]
    assert numbered.query(like=1).ids[0] in {"0", "2"}
    assert numbered.delete(0) == 1


def test_items_by_id_and_condition_fulfil_both(numbered):
    assert numbered.items([2, 0], where="text like 'red%'").index.tolist() == [0]


def test_own_columns_keep_their_names_beside_those_of_the_hits(numbered):
    frame = numbered.query("hat").to_pandas()
    assert list(frame) == ["text", "rank", "hit_rank", "hit_hit_rank", "score", "why"]
    assert frame["hit_hit_rank"].tolist() == [1, 2, 3]
