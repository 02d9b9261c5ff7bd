"""The colours of a map: one a value, or a scale for what has an order."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrag_jupyter.exploring.colours import MISSING, OTHERS, PALETTE, SCALE, coloured

ODD = [float("nan"), None, 1.5, 2, True, "x", [1, 2], {"a": 1}, dt.date(2020, 1, 1), b"b"]


def test_a_thousand_categories_are_the_most_frequent_and_others():
    values = [f"v{at}" for at in range(1_000)] + ["often"] * 5 + [None]
    found = coloured("kind", values)
    assert len(found.entries) == len(PALETTE) + 2
    assert found.entries[0].label == "often"
    assert found.entries[-2].colour == OTHERS
    assert found.entries[-2].label == f"{1_001 - len(PALETTE):,} other values"
    assert found.entries[-1].colour == MISSING
    assert sum(one.count for one in found.entries) == len(values)
    assert "1,001 values" in found.notice


def test_numbers_have_a_scale_that_a_few_extremes_do_not_press_flat():
    values = [*range(1_000), 1e9, float("nan"), float("inf"), None]
    found = coloured("price", values)
    assert [one.colour for one in found.entries] == [*SCALE, MISSING]
    assert found.entries[-1].count == 2
    assert min(one.count for one in found.entries[:-1]) > 50
    assert (np.diff(found.codes[:1_000]) >= 0).all()


@pytest.mark.parametrize(
    "values",
    [
        [dt.date(2020, 1, 1) + dt.timedelta(days=at) for at in range(100)],
        [dt.datetime(2020, 1, 1) + dt.timedelta(hours=at) for at in range(100)],  # noqa: DTZ001
        [
            pd.Timestamp("2020-01-01", tz="Europe/Madrid") + pd.Timedelta(at, "D")
            for at in range(99)
        ],
    ],
)
def test_moments_have_a_scale(values):
    found = coloured("when", values)
    assert [one.colour for one in found.entries] == list(SCALE)
    assert found.entries[0].label.startswith("2020-01-01")
    assert (np.diff(found.codes) >= 0).all()


@pytest.mark.parametrize(
    "values",
    [
        [Decimal(at) / 3 for at in range(30)],
        [dt.timedelta(hours=at) for at in range(30)],
        [at * 1e307 for at in range(-15, 15)],
        [
            # Midnight comes in the east first.
            dt.datetime(2020, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=at)))
            for at in range(12, -9, -1)
        ],
    ],
)
def test_what_has_an_order_has_a_scale(values):
    found = coloured("n", values)
    assert [one.colour for one in found.entries] == list(SCALE)
    assert (np.diff(found.codes) >= 0).all()
    assert set(found.codes.tolist()) == set(range(len(SCALE)))


def test_a_step_of_one_value_is_told_by_that_value():
    found = coloured("n", [float(at) for at in range(9)])
    assert found.entries[-2].label in {"6", "7"}


def test_long_values_that_begin_alike_are_told_apart():
    long = "https://example.org/a/very/long/address/of/some/picture/"
    found = coloured("url", [long + "1", long + "2", long + "1"])
    assert [one.count for one in found.entries] == [2, 1]
    assert max(len(one.label) for one in found.entries) <= 40


def test_few_numbers_are_categories():
    found = coloured("stars", [1, 2, 3, 4, 5] * 3 + [None])
    assert [one.label for one in found.entries] == ["1", "2", "3", "4", "5", "missing"]


def test_booleans_and_lists_are_categories():
    assert [one.label for one in coloured("b", [True, False, True]).entries] == ["True", "False"]
    assert [one.label for one in coloured("l", [[1], [2], [1]]).entries] == ["1", "2"]


@given(st.lists(st.sampled_from(ODD) | st.text(max_size=4) | st.floats(), max_size=30))
def test_any_values_have_colours(values):
    found = coloured("any", values)
    assert len(found.codes) == len(values)
    assert sum(one.count for one in found.entries) == len(values)
    counts = np.bincount(found.codes, minlength=len(found.entries))
    assert counts.tolist() == [one.count for one in found.entries]
