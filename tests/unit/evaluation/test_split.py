from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mmrag_jupyter.errors import QueryError
from mmrag_jupyter.evaluation.split import split_items, split_queries, within

items = st.lists(st.text(max_size=3), min_size=2, max_size=30, unique=True)


@given(items, st.floats(0.05, 0.95), st.integers(0, 9))
def test_the_halves_share_nothing_and_leave_nothing_out(ids, share, seed):
    split = split_items(ids, share, seed)
    assert not set(split.learnt) & set(split.held_out)
    assert sorted([*split.learnt, *split.held_out]) == sorted(ids)
    assert split.learnt
    assert split.held_out
    assert abs(len(split.held_out) - share * len(ids)) <= 1


@given(items, st.integers(0, 9))
def test_the_same_seed_gives_the_same_halves_whatever_the_order(ids, seed):
    first = split_items(ids, 0.5, seed)
    again = split_items(list(reversed(ids)), 0.5, seed)
    assert set(first.held_out) == set(again.held_out)
    assert list(first.learnt) == [one for one in ids if one in set(first.learnt)]


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 4), min_size=2), st.integers(0, 9))
def test_groups_stay_together(groups, seed):
    assume(len(set(groups.values())) > 1)
    split = split_items([*groups, "outside"], 0.4, seed, groups=groups)
    held = {groups[one] for one in split.held_out if one in groups}
    assert not held & {groups[one] for one in split.learnt if one in groups}


qrels = st.dictionaries(
    st.text(max_size=3),
    st.dictionaries(st.sampled_from("abcdefgh"), st.just(1.0), min_size=1, max_size=2),
    min_size=2,
    max_size=8,
)


@given(qrels, st.integers(0, 9))
def test_queries_are_split_so_that_no_judged_item_is_on_both_sides(judged, seed):
    assume(not set.intersection(*map(set, judged.values())))
    try:
        split = split_queries(judged, 0.5, seed)
    except QueryError:
        # They hang together by a chain: the next test.
        assume(condition=False)
    one, other = (
        {item for query in half for item in judged[query]}
        for half in (split.learnt, split.held_out)
    )
    assert not one & other


def test_queries_that_hang_together_by_a_chain_cannot_be_split():
    chain = {"q1": {"a": 1, "b": 1}, "q2": {"b": 1, "c": 1}, "q3": {"c": 1}}
    with pytest.raises(QueryError, match="3 that belong together cannot be split in two"):
        split_queries(chain)
    assert split_queries({**chain, "q4": {"d": 1}}, 0.25).held_out in {
        ("q4",), ("q1", "q2", "q3"),
    }  # fmt: skip


def test_a_query_with_items_on_both_sides_keeps_those_of_each():
    judged = {"q": {"a": 1.0, "b": 2.0}, "r": {"b": 1.0}}
    assert within(judged, ["a"]) == {"q": {"a": 1.0}}
    assert within(judged, ["b"]) == {"q": {"b": 2.0}, "r": {"b": 1.0}}


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5, float("nan")])
def test_a_share_outside_0_and_1_is_refused(share):
    with pytest.raises(QueryError, match="between 0 and 1"):
        split_items(["a", "b"], share)


@pytest.mark.parametrize("ids", [[], ["a"], ["a", "a"]])
def test_fewer_than_two_items_cannot_be_split(ids):
    with pytest.raises(QueryError, match="in all cannot be split in two"):
        split_items(ids)
