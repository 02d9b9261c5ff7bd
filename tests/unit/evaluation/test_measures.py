"""Each measure agrees with an independent computation, and intervals are what they say."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmrag_jupyter.errors import MissingError, QueryError
from mmrag_jupyter.evaluation.measures import (
    Difference,
    canonical,
    cutoff,
    interval,
    measure,
    paired_difference,
    usual,
)

# Names that sort otherwise than they rank, and that trec_eval's formats could trip over.
IDS = ["b", "a", "Z", "ä", "10", "9", "x y", "#1", "q0 d", "é\u0301", "<b>", "0"]


def independent(ranking, judged, name):
    """Return a measure by its definition, written without a look at any library."""
    seen, order = set(), []
    for one in ranking:
        if one not in seen:
            seen.add(one)
            order.append(one)
    relevant = {one for one, grade in judged.items() if grade > 0}
    kind, _, at = name.partition("@")
    k = int(at) if at else None
    if kind == "recall":
        return len(relevant & set(order[:k])) / len(relevant)
    if kind == "precision":
        return len(relevant & set(order[:k])) / k
    if kind == "MRR":
        return next((1 / rank for rank, one in enumerate(order, 1) if one in relevant), 0.0)
    if kind == "MAP":
        precisions = [
            len(relevant & set(order[:rank])) / rank
            for rank, one in enumerate(order, 1)
            if one in relevant
        ]
        return sum(precisions) / len(relevant)
    gains = [max(judged.get(one, 0), 0) for one in order[:k]]
    best = sorted((max(grade, 0) for grade in judged.values()), reverse=True)[:k]

    def discounted(values):
        return sum(gain / math.log2(place + 2) for place, gain in enumerate(values))

    return discounted(gains) / discounted(best)


rankings = st.lists(st.sampled_from(IDS), max_size=16)  # an id may come again
grades = st.one_of(st.integers(-2, 5), st.sampled_from([0.5, 0.25, 1 / 3, 4.5, 0.01]))
judgements = st.dictionaries(st.sampled_from(IDS), grades, max_size=8)


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(
        st.text(min_size=1, max_size=4), st.tuples(rankings, judgements), min_size=1, max_size=5
    ),
    st.integers(1, 15),
)
def test_every_measure_agrees_with_its_definition(queries, k):
    names = usual(k)
    ranked = {query: ranking for query, (ranking, _) in queries.items() if ranking}
    qrels = {query: judged for query, (_, judged) in queries.items()}
    found = measure(ranked, qrels, names)
    answerable = [query for query in qrels if any(grade > 0 for grade in qrels[query].values())]
    for name in names:
        assert list(found[name].queries) == answerable
        expected = [independent(ranked.get(one, []), qrels[one], name) for one in answerable]
        np.testing.assert_allclose(found[name].values, expected, rtol=0, atol=1e-9)


@settings(max_examples=100, deadline=None)
@given(st.permutations(IDS), judgements.filter(lambda one: any(v > 0 for v in one.values())))
def test_whole_numbers_in_proportion_give_the_same_gains(ranking, judged):
    once = measure({"q": ranking}, {"q": judged}, ["nDCG@5"])["nDCG@5"]
    seven = {one: 7 * grade for one, grade in judged.items()}
    again = measure({"q": ranking}, {"q": seven}, ["nDCG@5"])["nDCG@5"]
    np.testing.assert_allclose(once.values, again.values, atol=1e-9)


def test_queries_without_anything_relevant_and_without_a_ranking():
    found = measure({"a": ["x"]}, {"a": {"x": 1}, "b": {"x": 1}, "c": {"x": 0}}, ["MRR"])["MRR"]
    assert found.queries == ("a", "b")
    assert found.values.tolist() == [1.0, 0.0]
    assert found.mean == 0.5
    empty = measure({"c": ["x"]}, {"c": {"x": 0}}, ["MRR"])["MRR"]
    assert empty.queries == ()
    assert math.isnan(empty.mean)


def test_the_order_given_decides_and_not_the_names():
    for ranking, expected in ((["b", "a"], 1.0), (["a", "b"], 0.5)):
        assert measure({"q": ranking}, {"q": {"b": 1}}, ["MRR"])["MRR"].mean == expected


def test_huge_and_tiny_grades_keep_their_order():
    judged = {"x": 5e9, "y": 1e-9}
    good, bad = (
        measure({"q": order}, {"q": judged}, ["nDCG@2", "recall@2"])["nDCG@2"].mean
        for order in (["x", "y"], ["y", "x"])
    )
    assert good == 1.0 > bad
    assert measure({"q": ["y"]}, {"q": {"y": 1e-9}}, ["recall@1"])["recall@1"].mean == 1.0


@pytest.mark.parametrize("wrong", [math.nan, math.inf, None, "good"])
def test_a_relevance_that_is_no_number_is_refused(wrong):
    with pytest.raises(QueryError, match="relevance of a hit of 'q' is"):
        measure({}, {"q": {"x": wrong}}, ["MRR"])


@pytest.mark.parametrize(
    ("given_name", "proper"),
    [("NDCG@5", "nDCG@5"), ("r@3", "recall@3"), ("P @ 1", "precision@1"), ("rr", "MRR"),
     ("ap", "MAP")],
)  # fmt: skip
def test_measures_are_known_by_their_short_names(given_name, proper):
    assert canonical([given_name, proper]) == (proper,)


@pytest.mark.parametrize("name", ["ndgc@10", "recall", "recall@0", "MRR@5", "", "@5", "nDCG@-1"])
def test_an_unknown_measure_names_those_that_there_are(name):
    with pytest.raises(QueryError, match=r"Unknown measure .*nDCG@10, recall@10"):
        canonical([name])


def test_a_missing_library_is_told_in_a_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "ir_measures", None)
    with pytest.raises(MissingError, match=r"^Measuring needs ir-measures: pip install"):
        measure({"q": ["a"]}, {"q": {"a": 1}}, ["MRR"])


def test_a_cutoff_is_read_from_the_name():
    assert (cutoff("recall@25"), cutoff("MAP")) == (25, None)


def test_the_interval_holds_the_mean_is_seeded_and_narrows_with_more_queries():
    values = np.random.default_rng(1).random(40)
    low, high = interval(values, seed=3)
    assert low < values.mean() < high
    assert interval(values, seed=3) == (low, high)
    assert interval(values, seed=4) != (low, high)
    more_low, more_high = interval(np.tile(values, 16), seed=3)
    assert more_high - more_low < (high - low) / 3


def test_the_interval_is_as_wide_as_that_of_a_normal_mean():
    values = np.random.default_rng(2).random(200)
    low, high = interval(values)
    usual_width = 2 * 1.96 * values.std() / math.sqrt(len(values))
    assert abs((high - low) / usual_width - 1) < 0.06


def test_the_interval_covers_the_true_mean_about_as_often_as_it_says():
    random = np.random.default_rng(5)
    covered = 0
    for trial in range(300):
        low, high = interval(random.binomial(1, 0.4, 80).astype(float), seed=trial)
        covered += low <= 0.4 <= high
    assert 0.90 <= covered / 300 <= 0.99


@pytest.mark.parametrize("number", range(5))
def test_an_interval_of_a_handful_of_queries_says_nothing(number):
    assert all(map(math.isnan, interval(np.ones(number))))
    assert not paired_difference(np.zeros(number), np.ones(number)).beyond


def test_queries_that_all_agree_have_an_interval_of_no_width():
    assert interval(np.full(9, 0.25)) == (0.25, 0.25)


def test_a_small_but_steady_difference_is_beyond_chance_and_noise_is_not():
    random = np.random.default_rng(7)
    first = random.random(60)
    steady = paired_difference(first, first + 0.02)
    assert steady.beyond
    assert math.isclose(steady.mean, 0.02)
    noise = paired_difference(first, random.permutation(first))
    assert not noise.beyond
    assert not Difference(0.1, math.nan, math.nan).beyond
    with pytest.raises(ValueError, match="queries"):
        paired_difference(first, first[1:])


def test_many_queries_are_resampled_in_bounded_memory():
    low, high = interval(np.arange(100_000) / 100_000)
    assert 0.49 < low < 0.5 < high < 0.51
