"""Search of many vectors a part against brute force, on vectors of several kinds."""

from __future__ import annotations

import numpy as np
import pytest
from store_rows import digest

from mmrag_jupyter.items import NewItem, NewPart
from mmrag_jupyter.store import Question, Selection, Store, tokens_search

DIM = 32


def units(rng, *shape):
    found = rng.standard_normal(shape).astype(np.float32)
    return found / np.linalg.norm(found, axis=-1, keepdims=True)


def at_random(rng, parts):
    return [units(rng, int(rng.integers(20, 40)), DIM) for _ in range(parts)]


def clustered(rng, parts):
    topics = units(rng, 200, DIM)
    found = []
    for _ in range(parts):
        own = topics[rng.choice(rng.choice(200, 8, replace=False), int(rng.integers(20, 40)))]
        own = own + 0.6 * units(rng, len(own), DIM)
        found.append(own / np.linalg.norm(own, axis=1, keepdims=True))
    return [one.astype(np.float32) for one in found]


def questions_about(rng, matrices, count):
    for _ in range(count):
        own = matrices[rng.integers(len(matrices))]
        noisy = own[rng.choice(len(own), 12)] + 0.5 * units(rng, 12, DIM)
        noisy /= np.linalg.norm(noisy, axis=1, keepdims=True)
        yield Question(noisy.astype(np.float32), np.full(12, 1 / 12, np.float32))


def stored(folder, matrices, modality="page"):
    store = Store.create(folder, "late")
    with store.writer() as writer:
        writer.add_source("rows", "rows", ())
        space = writer.add_space("late", None, DIM, frozenset({"text", "page"}), late=True)
        for start in range(0, len(matrices), 500):
            some = matrices[start : start + 500]
            items = [
                NewItem(f"i{n}", digest(f"i{n}"), [NewPart(modality, digest(f"p{n}"))])
                for n in range(start, start + len(some))
            ]
            writer.put(items, {space: (np.arange(len(some)), some)}, source="rows")
    return store, space


def brute_force(matrices, question, k):
    """Score every part by the tokens that the store keeps, rounded to float16."""
    scores = [
        question.weights @ (question.tokens @ own.astype(np.float16).astype(np.float32).T).max(1)
        for own in matrices
    ]
    return np.argsort(-np.array(scores), kind="stable")[:k] + 1, np.sort(scores)[::-1][:k]


@pytest.mark.parametrize("made", [at_random, clustered])
def test_two_stages_find_what_brute_force_finds(tmp_path, monkeypatch, made):
    rng = np.random.default_rng(3)
    matrices = made(rng, 3000)
    store, space = stored(tmp_path / "c", matrices)
    monkeypatch.setattr(tokens_search, "EXACT_UP_TO", 0)
    same = total = 0
    for question in questions_about(rng, matrices, 30):
        found, scores = store.tokens.nearest(space, question, 50)
        truth, true_scores = brute_force(matrices, question, 10)
        same += len(set(found[:10].tolist()) & set(truth.tolist()))
        total += 10
        assert scores[0] == pytest.approx(true_scores[0], abs=1e-3)
        assert (np.diff(scores) <= 0).all()
    assert same / total >= 0.98


def test_where_guesses_tell_little_the_search_goes_on(tmp_path, monkeypatch):
    rng = np.random.default_rng(8)
    # Many tokens without order: the few that stand for them say nearly nothing.
    matrices = [units(rng, 200, DIM) for _ in range(1500)]
    store, space = stored(tmp_path / "c", matrices)
    monkeypatch.setattr(tokens_search, "EXACT_UP_TO", 0)
    found = 0
    for _ in range(15):
        question = Question(units(rng, 12, DIM), np.full(12, 1 / 12, np.float32))
        parts, _ = store.tokens.nearest(space, question, 10)
        found += len(set(parts.tolist()) & set(brute_force(matrices, question, 10)[0].tolist()))
    assert found / 150 >= 0.98


def test_clustered_parts_are_mostly_not_visited(tmp_path, monkeypatch):
    rng = np.random.default_rng(4)
    matrices = clustered(rng, 4000)
    store, space = stored(tmp_path / "c", matrices)
    visited = []
    scored = tokens_search.scored
    monkeypatch.setattr(tokens_search, "EXACT_UP_TO", 0)
    monkeypatch.setattr(
        tokens_search, "scored", lambda v, q, rows: visited.append(len(rows)) or scored(v, q, rows)
    )
    for question in questions_about(rng, matrices, 10):
        store.tokens.nearest(space, question, 10)
    assert sum(visited) / 10 < 0.5 * len(matrices)


def test_a_small_collection_is_searched_exactly(tmp_path):
    rng = np.random.default_rng(5)
    matrices = at_random(rng, 300)
    store, space = stored(tmp_path / "c", matrices)
    for question in questions_about(rng, matrices, 5):
        found, scores = store.tokens.nearest(space, question, 300)
        truth, true_scores = brute_force(matrices, question, 300)
        assert found[:20].tolist() == truth[:20].tolist()
        assert np.allclose(scores, true_scores, atol=1e-3)


@pytest.mark.parametrize("limit", [0, 10**9])
def test_only_what_is_selected_is_found_and_as_many_as_there_are(tmp_path, monkeypatch, limit):
    rng = np.random.default_rng(6)
    matrices = clustered(rng, 1200)
    store, space = stored(tmp_path / "c", matrices)
    monkeypatch.setattr(tokens_search, "EXACT_UP_TO", limit)
    question = next(iter(questions_about(rng, matrices, 1)))
    few = store.select(ids=["i5", "i700", "i1100", "i8"])
    found, _ = store.tokens.nearest(space, question, 10, few)
    assert sorted(found.tolist()) == [6, 9, 701, 1101]
    none, _ = store.tokens.nearest(space, question, 10, Selection(modality=frozenset({"text"})))
    assert not len(none)


def test_tokens_to_avoid_count_against_a_part(tmp_path):
    one, other = np.eye(DIM, dtype=np.float32)[:2]
    both = np.stack([one, other])
    store, space = stored(tmp_path / "c", [both, one[None], other[None]])
    wanted = Question(both, np.array([1.0, -0.5], np.float32))
    parts, scores = store.tokens.nearest(space, wanted, 3)
    assert parts.tolist() == [2, 1, 3]
    assert scores == pytest.approx([1.0, 0.5, -0.5], abs=1e-3)


def test_numbers_that_are_no_vectors_are_said_to_be_damage(tmp_path):
    from mmrag_jupyter.errors import StoreDamagedError

    rng = np.random.default_rng(7)
    matrices = at_random(rng, 50)
    store, space = stored(tmp_path / "c", matrices)
    question = next(iter(questions_about(rng, matrices, 1)))
    store.tokens.nearest(space, question, 5)
    with (tmp_path / "c" / "space-1.tok").open("r+b") as file:
        file.seek(4000)
        file.write(b"\xff" * 4000)
    with pytest.raises(StoreDamagedError, match=r"space-1\.tok"):
        store.tokens.nearest(space, question, 5)
