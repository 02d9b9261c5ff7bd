"""What is held out is held out: no query of it is learnt from, and no item."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tuning_toys import TurnedEmbedder, right, things

import mmrag_jupyter as mm
from mmrag_jupyter.evaluation.evaluate import judged
from mmrag_jupyter.tuning.asking import Asking
from mmrag_jupyter.tuning.examples import LEAST, examples_of, folds_of
from mmrag_jupyter.tuning.trial import FOLDS, Learner, try_out
from mmrag_jupyter.tuning.ways import vocabulary, ways_of

COUNT = 30


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    session = mm.Session(mm.Config(root=str(tmp_path_factory.mktemp("root"))))
    return session.load(
        things(COUNT), "things", id="id", image="image", model=TurnedEmbedder(noise=0.1)
    )


def examples(collection, frame):
    return examples_of(judged(collection, frame, {}), collection.store, 0)


def neighbours(count):
    """Return judgements in which every query shares an item with the next."""
    rows = [(f"thing {at}", f"t{one % count}", 1) for at in range(count) for one in (at, at + 1)]
    return pd.DataFrame(rows, columns=["query", "id", "relevance"])


@pytest.mark.parametrize("frame", [right(COUNT), right(COUNT, per=2), neighbours(COUNT)])
def test_no_item_of_a_held_out_query_is_learnt_from(collection, frame, monkeypatch):
    own = examples(collection, frame)
    asked = []
    monkeypatch.setattr(
        Asking,
        "ask",
        lambda _, question, adapters, unseen: asked.append((question, set(unseen))),  # noqa: ARG005
    )
    monkeypatch.setattr(Asking, "trial", lambda _: None)
    seen = []
    monkeypatch.setattr(Learner, "learn", lambda _, queries, items: seen.append((queries, items)))
    try_out(collection.store, collection.serving(), Learner((), own, 0, lambda: None))
    folds = folds_of(own, FOLDS, 0)
    assert len(asked) == len(own.questions)
    numbers = collection.store.find([f"t{at}" for at in range(COUNT)])
    at = 0
    for fold, (queries, items) in zip(folds, seen, strict=True):
        assert not set(queries.tolist()) & set(fold)
        for question, unseen in asked[at : at + len(fold)]:
            wanted = {numbers[one] for one in question.judged}
            assert not wanted & items
            assert wanted <= unseen
            assert not unseen & items
        at += len(fold)


@pytest.mark.parametrize("frame", [right(COUNT), right(COUNT, per=2), neighbours(COUNT)])
def test_every_query_is_held_out_once(collection, frame):
    own = examples(collection, frame)
    folds = folds_of(own, FOLDS, 3)
    assert len(folds) == FOLDS
    assert sorted(at for fold in folds for at in fold) == list(range(len(own.questions)))
    assert max(map(len, folds)) <= 2 * len(own.questions) / FOLDS


def test_queries_of_one_item_are_held_out_together(collection):
    own = examples(collection, right(COUNT, per=2))
    for fold in folds_of(own, FOLDS, 0):
        items = [own.good[at] for at in fold]
        assert all(items.count(one) == 2 for one in items)


def test_a_ranking_that_ends_early_is_filled_by_chance_alone(collection):
    own = examples(collection, right(COUNT))
    asking = Asking(collection.store, {}, 0)
    asking.begin()
    for question in own.questions:
        asking.ask(question, {}, np.array(collection.store.numbers()))
    trial = asking.trial()
    # No model serves: nothing is found, and one right item of 30 is where chance puts it.
    wanted = sum(1 / np.log2(rank + 1) for rank in range(1, 11)) / COUNT
    assert trial.empty == COUNT
    assert trial.unseen.before["nDCG@10"].mean() == pytest.approx(wanted, abs=0.05)
    assert np.array_equal(trial.unseen.before["nDCG@10"], trial.unseen.after["nDCG@10"])
    assert not trial.own.any()


def test_words_that_are_known_count_the_more_the_rarer_they_are():
    words = vocabulary(["red shoe", "red hat", "blue hat 7"])
    assert words.vocabulary == ("blue", "hat", "red", "shoe")
    weights = dict(zip(words.vocabulary, words.idf.tolist(), strict=True))
    assert weights["blue"] == weights["shoe"] > weights["red"] == weights["hat"] > 0
    assert vocabulary(["7", "…"]).vocabulary == ()
    rows = words.vectors(["Red RED shoe", "green"])
    assert np.linalg.norm(rows, axis=1).tolist() == pytest.approx([1, 0])


def test_ways_are_those_in_which_judged_items_can_be_reached(collection):
    own = examples(collection, right(LEAST))
    (way,) = ways_of(collection.store, collection.serving(), own)
    assert (way.modality, way.space, way.reader) == ("image", "turned:1", "turned:1")
    assert way.parts.shape == (LEAST, 12)
    assert way.read.shape == (LEAST, 12)
