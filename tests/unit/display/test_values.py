import json
from datetime import UTC, date, datetime, time
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from mmrag_jupyter.display.values import jsonable, missing, shown


@pytest.mark.parametrize(
    "value", [None, float("nan"), np.nan, np.float32("nan"), pd.NA, pd.NaT, Decimal("NaN")]
)
def test_every_missing_value_shows_as_a_dash_and_is_null(value):
    assert missing(value)
    assert shown(value) == "—"
    assert jsonable(value, 20) is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (49.9, "49.9"),
        (29.0, "29"),
        (0.1 + 0.2, "0.3"),
        (1234567.89, "1234567.89"),
        (7, "7"),
        (True, "True"),
        (Decimal("19.90"), "19.90"),
        (date(2024, 5, 1), "2024-05-01"),
        (datetime.fromisoformat("2024-05-01"), "2024-05-01"),
        (datetime(2024, 5, 1, 9, 30, tzinfo=UTC), "2024-05-01 09:30:00+00:00"),
        (time(9, 30), "09:30:00"),
        (b"12345", "5 bytes"),
        (["a", None, 2.5], "a, —, 2.5"),
        ({"size": 41, "tags": ["x", "y"]}, "size: 41, tags: x, y"),
        ("two\nlines", "two lines"),
        ("", "—"),
        ("   ", "—"),
    ],
)
def test_values_show_as_an_analyst_writes_them(value, words):
    assert shown(value) == words


def test_long_values_are_cut():
    assert len(shown("x" * 10_000, 40)) == 40
    assert len(shown(["x" * 10_000] * 1000, 40)) == 40


def test_a_value_that_holds_itself_ends():
    ring = []
    ring.append(ring)
    assert shown(ring) != ""
    json.dumps(jsonable(ring, 20))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True),
        (3, 3),
        (2**60, str(2**60)),
        (1.5, 1.5),
        (float("inf"), "inf"),
        (date(2024, 5, 1), "2024-05-01"),
        (Decimal("1.10"), "1.10"),
        ({1: [None, float("nan")]}, {"1": [None, None]}),
        ("x" * 50, "x" * 19 + "…"),
        ("a\ud800", "a\ufffd"),
        (np.int64(3), "3"),
    ],
)
def test_json_values_are_plain(value, expected):
    assert jsonable(value, 20) == expected
    json.dumps(jsonable(value, 20), allow_nan=False).encode()
