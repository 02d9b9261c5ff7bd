from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrag_jupyter.search.fusion import RRF_CONSTANT, Signal, fuse

ONE_TO_ONE = {part: part for part in range(100)}


def test_an_item_first_in_every_signal_scores_one():
    fused = fuse([Signal("text", [1, 2], [0.9, 0.8]), Signal("image", [1, 3], [0.5, 0.4])],
                 ONE_TO_ONE)  # fmt: skip
    assert fused[0].item == 1
    assert fused[0].score == pytest.approx(1.0)
    assert {hit.item for hit in fused} == {1, 2, 3}


def test_scores_follow_the_formula_with_weights():
    fused = fuse([Signal("text", [1, 2], [0.9, 0.8], 2.0), Signal("lexical", [2], [5.0], 0.5)],
                 ONE_TO_ONE)  # fmt: skip
    best = 2.5 / (RRF_CONSTANT + 1)
    scores = {hit.item: hit.score for hit in fused}
    assert scores[1] == pytest.approx(2.0 / 61 / best)
    assert scores[2] == pytest.approx((2.0 / 62 + 0.5 / 61) / best)


def test_a_signal_of_weight_zero_counts_for_nothing():
    fused = fuse([Signal("text", [1], [0.9]), Signal("image", [2], [0.9], 0.0)], ONE_TO_ONE)
    assert [hit.item for hit in fused] == [1]


def test_parts_roll_up_to_items_ranked_among_items():
    item_of = {10: 1, 11: 1, 12: 1, 20: 2}
    fused = fuse([Signal("text", [10, 11, 12, 20], [0.9, 0.8, 0.7, 0.6])], item_of)
    assert [(hit.item, hit.contributions[0].rank, hit.contributions[0].part) for hit in fused] == [
        (1, 1, 10),
        (2, 2, 20),
    ]


def test_what_is_avoided_falls_but_stays():
    wanted = Signal("lexical", [1, 2, 3], [3.0, 2.0, 1.0])
    avoided = Signal("lexical", [1], [9.0], avoid=True)
    fused = fuse([wanted, avoided], ONE_TO_ONE)
    assert sorted(hit.item for hit in fused) == [1, 2, 3]
    assert fused[-1].item == 1
    assert [c.signal for c in fused[-1].contributions] == ["lexical", "not lexical"]


def test_what_only_avoided_things_have_found_is_no_result():
    fused = fuse(
        [Signal("lexical", [1], [1.0]), Signal("image", [2], [1.0], avoid=True)], ONE_TO_ONE
    )
    assert [hit.item for hit in fused] == [1]


def test_nothing_found_is_an_empty_order():
    assert fuse([], {}) == []
    assert fuse([Signal("text", [], [])], {}) == []


@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(0, 20), unique=True, max_size=15),
            st.sampled_from([0.0, 0.5, 1.0, 3.0]),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_the_order_does_not_depend_on_the_order_of_signals(rankings):
    signals = [
        Signal(f"s{number}", parts, [1.0] * len(parts), weight)
        for number, (parts, weight) in enumerate(rankings)
    ]
    forward = [(hit.item, round(hit.score, 9)) for hit in fuse(signals, ONE_TO_ONE)]
    backward = [(hit.item, round(hit.score, 9)) for hit in fuse(signals[::-1], ONE_TO_ONE)]
    assert dict(forward) == dict(backward)
    assert all(0 < score <= 1 + 1e-9 for _, score in forward)


@st.composite
def parted(draw):
    """Draw two signals over parts, and the item of each part."""
    item_of = dict(enumerate(draw(st.lists(st.integers(0, 6), min_size=1, max_size=20))))
    rankings = [draw(st.permutations(sorted(item_of))) for _ in range(2)]
    kept = [ranking[: draw(st.integers(1, len(ranking)))] for ranking in rankings]
    weights = [draw(st.sampled_from([0.5, 1.0, 3.0])) for _ in kept]
    named = zip(("text", "image"), kept, weights, strict=True)
    return [Signal(name, own, [1.0] * len(own), weight) for name, own, weight in named], item_of


def rolled(signals, item_of):
    """Return the signals with one part an item: its best."""
    for signal in signals:
        best = dict.fromkeys(item_of[part] for part in signal.parts)
        parts = [next(part for part in signal.parts if item_of[part] == item) for item in best]
        yield replace(signal, parts=parts, scores=[1.0] * len(parts))


@given(parted())
def test_an_item_is_there_once_and_its_weaker_parts_change_nothing(drawn):
    signals, item_of = drawn
    fused = fuse(signals, item_of)
    assert len({hit.item for hit in fused}) == len(fused)
    assert {hit.item for hit in fused} == {item_of[one] for s in signals for one in s.parts}
    assert fused == fuse(list(rolled(signals, item_of)), item_of)


@given(parted())
def test_weights_count_only_in_proportion_to_each_other(drawn):
    signals, item_of = drawn
    scaled = [replace(signal, weight=7 * signal.weight) for signal in signals]
    for one, other in zip(fuse(signals, item_of), fuse(scaled, item_of), strict=True):
        assert one.score == pytest.approx(other.score)


@given(parted(), st.data())
def test_a_part_that_moves_up_never_lowers_the_score_of_its_item(drawn, data):
    signals, item_of = drawn
    at = data.draw(st.integers(0, len(signals[0].parts) - 1))
    parts = list(signals[0].parts)
    moved = [parts[at], *parts[:at], *parts[at + 1 :]]
    before = {hit.item: hit.score for hit in fuse(signals, item_of)}
    after = {
        hit.item: hit.score for hit in fuse([replace(signals[0], parts=moved), signals[1]], item_of)
    }
    assert after[item_of[parts[at]]] >= before[item_of[parts[at]]] - 1e-12


def test_a_ranking_that_stands_in_for_others_does_not_lower_their_scores():
    fused = fuse(
        [Signal("lexical", [1], [2.0]), Signal("image", [2], [0.9], stands_in=True)], ONE_TO_ONE
    )
    assert [(hit.item, hit.score) for hit in fused] == [
        (1, pytest.approx(1.0)),
        (2, pytest.approx(1.0)),
    ]
