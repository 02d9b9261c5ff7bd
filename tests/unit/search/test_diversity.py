"""Hits that are good and not all alike."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as some

from mmrag_jupyter.search.diversity import diversified, spread

SHARES = st.floats(0, 1, width=32)


@st.composite
def candidates(draw):
    """Draw relevances, best first, and a symmetric matrix of likeness with ones on its diagonal."""
    n = draw(st.integers(1, 12))
    relevance = np.sort(draw(some.arrays(np.float64, n, elements=SHARES)))[::-1]
    half = np.triu(draw(some.arrays(np.float64, (n, n), elements=SHARES)), 1)
    return relevance, half + half.T + np.eye(n)


@given(candidates(), st.integers(1, 15), SHARES)
def test_each_candidate_is_chosen_at_most_once_and_the_best_one_first(drawn, k, diverse):
    relevance, likeness = drawn
    chosen = diversified(relevance, likeness, k, diverse)
    assert len(chosen) == len(set(chosen)) == min(k, len(relevance))
    assert relevance[chosen[0]] == relevance.max()


@given(candidates(), st.integers(1, 15))
def test_without_diversity_the_order_of_relevance_stays(drawn, k):
    relevance, likeness = drawn
    assert diversified(relevance, likeness, k, 0) == list(range(min(k, len(relevance))))


@given(candidates(), SHARES)
def test_each_choice_is_the_one_with_the_greatest_marginal_relevance(drawn, diverse):
    relevance, likeness = drawn
    chosen = diversified(relevance, likeness, len(relevance), diverse)
    for at in range(1, len(chosen)):
        before, left = chosen[:at], chosen[at:]
        gains = [
            (1 - diverse) * relevance[one] - diverse * max(likeness[one][other] for other in before)
            for one in left
        ]
        assert gains[0] == pytest.approx(max(gains), abs=1e-12)


def test_a_twin_of_the_first_choice_waits_for_something_else():
    likeness = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]], float)
    assert diversified(np.array([1, 0.9, 0.5]), likeness, 3, 0.5) == [0, 2, 1]


def test_cosines_are_stretched_and_missing_ones_stay_missing():
    cosines = np.array([[1, 0.5, np.nan], [0.5, 1, 0.9], [np.nan, 0.9, 1]])
    found = spread(cosines)
    assert found[0, 1] == 0
    assert found[1, 2] == 1
    assert np.isnan(found[0, 2])


def test_items_that_are_all_alike_are_told_apart_by_nothing():
    assert not spread(np.full((3, 3), 0.7)).any()
