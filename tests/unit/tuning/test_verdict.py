from __future__ import annotations

import numpy as np
import pytest

from mmrag_jupyter.tuning.asking import MEASURES, Pool, Trial
from mmrag_jupyter.tuning.verdict import RARE, by_chance, verdict_of


def pool(before, after):
    return Pool(dict.fromkeys(MEASURES, before), dict.fromkeys(MEASURES, after))


def trial(gain, *, own=None, whole=0.0, queries=40):
    before = np.random.default_rng(0).uniform(0.2, 0.4, queries)
    unseen = pool(before, before + gain)
    everywhere = pool(before, before + whole)
    words = gain if own is None else own
    return Trial(tuple(map(str, range(queries))), unseen, everywhere, words, 0)


def steady(mean, queries=40, spread=0.05):
    return mean + spread * np.random.default_rng(1).standard_normal(queries)


def test_a_steady_gain_is_one():
    found = verdict_of(trial(steady(0.2)), RARE / 2, 0)
    assert found.gained
    assert "from 0." in found.reason


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (trial(steady(0.0)), "no more than chance"),
        (trial(steady(-0.2)), "no more than chance"),
        (trial(np.zeros(40)), "nothing could be learnt that serves"),
        (trial(steady(0.2), own=steady(0.0)), "gains beyond others comes by chance"),
        (trial(steady(0.2), whole=-0.01), "among all items it falls"),
        (
            trial(steady(0.2, spread=0), own=np.zeros(40)),
            "gains beyond others comes by chance in 100.0%",
        ),
    ],
)
def test_what_is_no_gain_is_told_why(given, said):
    found = verdict_of(given, RARE / 2, 0)
    assert not found.gained
    assert said in found.reason


def test_labels_that_chance_could_have_drawn_are_not_believed():
    found = verdict_of(trial(steady(0.2)), RARE, 0)
    assert found.changes[0].difference.low > 0
    assert not found.gained
    assert "labels drawn by chance would have as much to do with the queries" in found.reason


def test_chance_is_the_share_of_flips_that_reach_as_far():
    # All of n differences alike: only no flip at all, 1 of 2**n, reaches as far.
    assert by_chance(np.ones(6), 0) == pytest.approx(1 / 64, rel=0.2)
    assert by_chance(np.zeros(6), 0) == 1
    assert by_chance(-np.ones(6), 0) == 1


def test_random_differences_are_rarely_rare():
    random = np.random.default_rng(2)
    rare = sum(by_chance(random.standard_normal(30), seed) < 0.05 for seed in range(200))
    assert rare < 25
