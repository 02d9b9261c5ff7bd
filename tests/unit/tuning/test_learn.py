from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tuning_toys import latent, rotation

from mmrag_jupyter.tuning.learn import _order, _Ridge, learn
from mmrag_jupyter.tuning.lesson import Lesson, Map
from mmrag_jupyter.tuning.refine import STEPS, refined


def lesson(count=30, *, keeps=True, turn=None, noise=0.0, seed=0):
    parts = np.stack([latent(at) for at in range(count)])
    random = np.random.default_rng(seed)
    queries = parts @ (rotation() if turn is None else turn).T
    queries = queries + noise * random.standard_normal(queries.shape)
    queries = (queries / np.linalg.norm(queries, axis=1, keepdims=True)).astype(np.float32)
    own = [frozenset([at]) for at in range(count)]
    return Lesson(queries, parts, np.arange(count), own, [frozenset()] * count, keeps)


@pytest.mark.parametrize("keeps", [True, False])
def test_a_rotation_is_learnt_and_holds_for_others(keeps):
    taught = lesson(keeps=keeps).some(np.arange(24), frozenset(range(24)))
    made = learn(taught, 0)
    assert made is not None
    new = lesson(40, keeps=keeps).some(np.arange(24, 40), frozenset(range(24, 40)))
    assert _order(new, made).mean() > 0.95 > _order(new, None).mean()


def test_nothing_is_learnt_where_everything_is_right():
    assert learn(lesson(turn=np.eye(12)), 0) is None


def test_nothing_is_learnt_from_a_single_query():
    assert learn(lesson(1), 0) is None


def test_the_same_seed_gives_the_same_map():
    first, second = (learn(lesson(noise=0.3), 4) for _ in range(2))
    assert np.array_equal(first.up, second.up)
    assert np.array_equal(first.down, second.down)


def test_the_contrastive_loss_puts_more_in_order():
    taught = lesson(noise=0.2)
    random = np.random.default_rng(0)
    shape = (12, 12)
    start = Map(0.0, *(random.standard_normal(shape).astype(np.float32) for _ in range(2)))
    orders = [_order(taught, one).mean() for one in (start, *refined(start, taught, 0))]
    assert len(orders) == 1 + len(STEPS)
    assert orders[0] < 0.7
    assert min(orders[1:]) > 0.9


def test_what_was_judged_wrong_is_pushed_away():
    taught = lesson(noise=0.5)
    wrong = [frozenset([30 + at]) for at in range(30)]
    others = np.stack([latent(100 + at) for at in range(30)])
    parts, owners = np.concatenate([taught.parts, others]), np.arange(60)
    random = np.random.default_rng(0)
    start = Map(0.0, *(random.standard_normal((12, 12)).astype(np.float32) for _ in range(2)))
    nearness = []
    for bad in (wrong, [frozenset()] * 30):
        made = refined(start, Lesson(taught.queries, parts, owners, taught.good, bad, True), 0)[-1]
        turned = made(taught.queries)
        turned /= np.linalg.norm(turned, axis=1, keepdims=True)
        nearness.append(float((turned * others).sum(axis=1).mean()))
    warned, unwarned = nearness
    assert warned < unwarned - 0.02


def test_ridge_agrees_with_the_normal_equations():
    taught = lesson(20, keeps=False, noise=0.3)
    found = _Ridge(taught).map(type("Choice", (), {"ridge": 0.5, "strength": np.inf})())
    queries = taught.queries.astype(float)
    targets = taught.parts - taught.parts.mean(axis=0)
    wanted = targets.T @ queries @ np.linalg.inv(queries.T @ queries + 0.5 * np.eye(12))
    assert np.allclose(found.up @ found.down, wanted, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 8), st.integers(2, 12), st.integers(0, 10_000))
def test_order_is_the_share_of_pairs_that_are_in_order(queries, parts, seed):
    random = np.random.default_rng(seed)
    rows = random.integers(-2, 3, (queries, 3)).astype(np.float32)
    columns = random.integers(-2, 3, (parts, 3)).astype(np.float32)
    good = [frozenset(np.flatnonzero(random.random(parts) < 0.4).tolist()) for _ in range(queries)]
    made = Lesson(rows, columns, np.arange(parts), good, [frozenset()] * queries, True)
    scores = rows @ columns.T
    for at, own in enumerate(_order(made, None)):
        right = [scores[at][one] for one in good[at]]
        wrong = [scores[at][one] for one in range(parts) if one not in good[at]]
        pairs = [(a > b) + (a == b) / 2 for a in right for b in wrong]
        assert own == pytest.approx(np.mean(pairs) if pairs else 0.5)
