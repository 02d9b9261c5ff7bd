"""Scores are a table with a plot in it, for any host, within their bytes."""

from __future__ import annotations

import base64
import io
import math
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from mmrag_jupyter.display.budget import bundle_bytes
from mmrag_jupyter.display.cases import heading, row
from mmrag_jupyter.display.scores import ScoreLine, scores_bundle
from mmrag_jupyter.display.whiskers import whisker

NASTY = '<script>alert("x")</script>'


def line(setting="shop", part="", measure="MRR", difference=None, mean=0.5):
    return ScoreLine(setting, part, measure, mean, 0.4, 0.6, 12, difference, (1.5, 2500.0))


def drawn(html):
    data = re.search(r'src="data:image/png;base64,([^"]+)"', html)[1]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGBA"))


def test_every_mean_stands_with_its_interval_difference_and_time():
    other = line("text=2", difference=(0.1, 0.05, 0.15))
    unsure = line("text=3", difference=(0.1, -0.05, 0.15))
    bundle = scores_bundle([line(), other, unsure], title="shop: 12 queries")
    html = bundle["text/html"]
    assert "<b>0.500</b>" in html
    assert "0.40 … 0.60" in html
    assert "<b>+0.100<br>+0.05 … +0.15</b>" in html
    assert "<small>+0.100<br>-0.05 … +0.15</small>" in html
    assert "1.5 ms <small>(2,500 ms)</small>" in html
    assert "in bold where" in html
    assert "text=2" in bundle["text/plain"]
    assert "slice" not in html
    assert "same" in scores_bundle([line(), line("x", difference=(0, 0, 0))], title="")["text/html"]


def test_chance_takes_no_time():
    html = scores_bundle([replace(line(), latency=(math.nan, math.nan))], title="")["text/html"]
    assert " ms" not in html


def test_the_bar_covers_the_interval_and_the_dot_the_mean():
    pixels = drawn(whisker(0.5, 0.25, 0.75))
    blue = pixels[:, :, 2] > 200
    columns = np.flatnonzero(blue.any(axis=0)) / pixels.shape[1]
    assert abs(columns.min() - 0.27) < 0.03
    assert abs(columns.max() - 0.73) < 0.03
    tallest = np.flatnonzero(blue.sum(axis=0) == blue.sum(axis=0).max()) / pixels.shape[1]
    assert abs(tallest.mean() - 0.5) < 0.03
    assert (pixels[0, :, 3] == 0).all()  # transparent: for a light and a dark page


def test_a_bar_needs_an_interval_and_a_dot_a_mean():
    assert (drawn(whisker(0.5, math.nan, math.nan))[:, :, 2] > 200).sum() < (
        drawn(whisker(0.5, 0.0, 1.0))[:, :, 2] > 200
    ).sum()
    assert whisker(math.nan, math.nan, math.nan) == ""
    assert len(whisker(0.5, 0.25, 0.75)) < 450
    assert 'alt="0.50, 0.25 to 0.75"' in whisker(0.5, 0.25, 0.75)


def test_everything_of_the_users_is_escaped_and_nothing_needs_a_script():
    lines = [line(NASTY, NASTY)]
    html = scores_bundle(lines, title=NASTY, notices=[NASTY])["text/html"]
    html += heading(NASTY, NASTY) + row([(NASTY, [(NASTY, lambda: Image.new("RGB", (9, 9)))])])
    assert "<script" not in html
    assert "<svg" not in html
    assert "<style" not in html


@pytest.mark.parametrize("budget", [65536, 20000, 6000, 2000, 300])
def test_whatever_there_is_to_show_the_budget_holds(budget):
    lines = [line(f"setting {n}", f"slice {n}", name) for n in range(60) for name in ("MRR", "MAP")]
    pages = ["<p>page</p>" * 500] * 3
    bundle = scores_bundle(lines, title="t", notices=["n" * 500] * 20, pages=pages, budget=budget)
    assert bundle_bytes(bundle) <= max(budget, 60)
    if budget == 65536:
        assert "more rows" in bundle["text/html"]
        assert "<p>page</p>" in bundle["text/html"]


def test_pictures_stand_behind_their_labels_and_a_lost_one_says_why():
    def gone():
        raise OSError("the file is gone")

    html = row([
        ("asked with", [("mine.jpg", lambda: Image.new("RGB", (40, 20), "red"))]),
        ("should be found", [("A-1", gone)]),
        ("none", []),
    ])  # fmt: skip
    assert html.index("asked with") < html.index("mine.jpg") < html.index("should be found")
    assert "the file is gone" in html
    assert ">none<" not in html
    assert row([("none", [])]) == ""
