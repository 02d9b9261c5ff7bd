import random

import numpy as np
import pytest

from mmrag_jupyter.store import word_index
from mmrag_jupyter.store.word_index import WordIndex

TEXTS = 3000
VOCABULARY = [f"w{number}" for number in range(400)]


@pytest.fixture(scope="module")
def texts():
    """Texts in which words are as frequent as in language: some are in most of them."""
    rng = random.Random(5)
    shares = [1 / (at + 1) for at in range(len(VOCABULARY))]
    return [" ".join(rng.choices(VOCABULARY, shares, k=rng.randint(4, 30))) for _ in range(TEXTS)]


@pytest.fixture(scope="module")
def index(tmp_path_factory, texts):
    folder = tmp_path_factory.mktemp("words")
    word_index.build(folder, enumerate(texts), TEXTS, lambda: None)
    return WordIndex(folder)


def split(index, texts, words, k):
    """Return how many of these words, the rarest, decide what the k best are."""
    counted = sorted((sum(word in text.split() for text in texts), word) for word in words)
    return word_index._rare([one for one in counted if one[0]], len(index), k)


def test_common_words_are_passed_over_and_the_ranking_is_the_same(index, texts, monkeypatch):
    rng = random.Random(7)
    passed = 0
    for _ in range(150):
        places = rng.sample(range(4), rng.choice([1, 2])) + rng.sample(range(80, 400), 2)
        words = [VOCABULARY[at] for at in places]
        k = rng.choice([1, 3, 10])
        parts, scores = index.search(words, k, within=None)
        passed += split(index, texts, words, k) > 0
        with monkeypatch.context() as patch:
            patch.setattr(word_index, "_rare", lambda *_: 0)
            true_parts, true_scores = index.search(words, k, within=None)
        np.testing.assert_allclose(scores, true_scores, rtol=1e-5)
        # Those of one score may come in any order.
        assert {p for p, s in zip(parts, scores, strict=True) if s > scores[-1] * 1.0001} == {
            p for p, s in zip(true_parts, true_scores, strict=True) if s > scores[-1] * 1.0001
        }
    assert passed > 20


def test_texts_that_have_common_words_only_are_found_where_few_have_a_rare_one(tmp_path):
    texts = [(at, "common " * (1 + at % 3) + ("rare" if at < 5 else "")) for at in range(500)]
    word_index.build(tmp_path, texts, len(texts), lambda: None)
    parts, _ = WordIndex(tmp_path).search(["rare", "common"], 40, within=None)
    assert len(parts) == 40
    assert set(range(5)) <= set(parts.tolist())


def test_what_common_words_could_outweigh_is_scored_whole(index, monkeypatch):
    # As if a rare word decided although others together weigh more.
    monkeypatch.setattr(word_index, "_rare", lambda *_: 1)
    words, k = ["w40", "w41", "w42", "w43"], 30
    found = index.search(words, k, within=None)
    monkeypatch.setattr(word_index, "_rare", lambda *_: 0)
    true = index.search(words, k, within=None)
    np.testing.assert_allclose(found[1], true[1], rtol=1e-5)


@pytest.mark.parametrize(
    ("counts", "decisive"),
    [
        ([100, 90_000], 1),
        ([100, 120, 90_000], 2),
        ([30, 90_000], 0),  # too few have it to fill the ranking
        ([40_000, 90_000], 0),  # hardly fewer than all
        ([100, 110], 0),
        ([100], 0),
        ([], 0),
    ],
)
def test_rare_words_decide_where_the_others_weigh_little(counts, decisive):
    counted = [(count, f"w{count}") for count in counts]
    assert word_index._rare(counted, 100_000, 10) == decisive


def test_only_words_that_are_somewhere_count(index):
    parts, _ = index.search(["absent", "w0", "w399"], 5, within=None)
    assert len(parts) == 5
    assert not len(index.search(["absent"], 5, within=None)[0])
