from __future__ import annotations

import numpy as np
from tuning_toys import latent, rotation

from mmrag_jupyter.tuning.lesson import Lesson
from mmrag_jupyter.tuning.related import unrelated

COUNT = 30


def lesson(good, queries=None):
    parts = np.stack([latent(at) for at in range(COUNT)])
    read = parts @ rotation().T.astype(np.float32) if queries is None else queries
    bad = [frozenset()] * len(good)
    return Lesson(read[: len(good)], parts, np.arange(COUNT), good, bad, keeps=False)


def own(count=COUNT):
    return [frozenset([at]) for at in range(count)]


def test_what_is_right_is_related_whatever_the_spaces():
    assert unrelated(lesson(own()), 0) < 0.001


def test_labels_by_chance_are_as_likely_as_any():
    found = []
    for seed in range(20):
        order = np.random.default_rng([seed, 1]).permutation(COUNT).tolist()
        found.append(unrelated(lesson([frozenset([at]) for at in order]), seed))
    assert 0.25 < np.mean(found) < 0.75
    assert sum(one < 0.1 for one in found) < 8


def test_one_item_for_several_queries_is_one_observation():
    # Ten queries with the same words ask for the same thing, drawn by chance: that is one draw.
    read = np.repeat(np.stack([latent(100 + at) for at in range(3)]), 10, axis=0)
    good = [frozenset([at // 10]) for at in range(30)]
    assert unrelated(lesson(good, read), 0) > 0.1


def test_nothing_can_be_told_of_too_few_or_of_what_is_all_alike():
    assert unrelated(lesson(own(2)), 0) == 1
    assert unrelated(lesson(own(), np.ones((COUNT, 3), np.float32)), 0) == 1


def test_very_many_are_told_from_some_of_them():
    parts = np.stack([latent(at) for at in range(400)])
    good = own(400)
    made = Lesson(parts, parts, np.arange(400), good, [frozenset()] * 400, keeps=True)
    assert unrelated(made, 0) < 0.001
