"""An explanation keeps within its budget and lets nothing of the user's be read as HTML."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mmrag_jupyter.display.budget import bundle_bytes
from mmrag_jupyter.display.explaining import explanation_bundle

NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 255, (900, 700, 3), dtype=np.uint8))


def bundle(**changed):
    given = {
        "picture": NOISE,
        "alt": "where it matches",
        "words": [(f"word{n}", NOISE) for n in range(12)],
        "text": "some words to be marked " * 300,
        "terms": ("words",),
        "notices": ("One line.",),
        "budget": 65536,
        **changed,
    }
    return explanation_bundle("report.pdf: why “words”", **given)


@pytest.mark.parametrize("budget", [65536, 30000, 16384, 8192, 4096])
def test_it_keeps_within_its_budget(budget):
    made = bundle(budget=budget)
    assert bundle_bytes(made) <= budget
    assert "report.pdf" in made["text/plain"]


def test_everything_is_there_where_there_is_room():
    html = bundle(budget=2_000_000)["text/html"]
    assert html.count("<img") == 9
    assert html.count("<mark") > 100
    assert "Note: One line." in html


def test_without_a_picture_the_text_is_shown():
    html = bundle(picture=None, words=[])["text/html"]
    assert "<img" not in html
    assert "<mark" in html


def test_nothing_is_read_as_html():
    made = bundle(
        alt='"><script>', words=[("<b>", NOISE)], text="<script>words</script>", notices=("<i>",),
        budget=2_000_000,
    )  # fmt: skip
    assert "<script>" not in made["text/html"]
    assert "<b>&lt;b&gt;" not in made["text/html"]
    assert "&lt;i&gt;" in made["text/html"]


def test_a_picture_without_anything_else_is_shown():
    html = bundle(words=[], text="", notices=())["text/html"]
    assert html.count("<img") == 1
    assert 'width="' in html
