"""Several galleries in one output: within the budget, said what is left out, all escaped."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mmrag_jupyter.display import Card, Options
from mmrag_jupyter.display.budget import bundle_bytes
from mmrag_jupyter.display.sections import Section, sections_bundle


def noise(seed):
    pixels = np.random.default_rng(seed).integers(0, 255, (200, 200, 3), np.uint8)
    return Image.fromarray(pixels)


def section(number, cards=3):
    return Section(
        f"Group {number}",
        [
            Card(f"g{number}i{at}", at + 1, 0.5, partial(noise, number * 10 + at), text="some text")
            for at in range(cards)
        ],
        "differ in price",
        cards + 2,
    )


@pytest.mark.parametrize("budget", [3_000, 8_000, 30_000, 65_536, 400_000])
def test_the_output_keeps_within_the_budget_and_says_what_is_left_out(budget):
    sections = [section(at) for at in range(12)]
    bundle = sections_bundle(
        sections, title="a title", options=Options(budget=budget), more="groups"
    )
    assert bundle_bytes(bundle) <= budget
    shown = bundle["text/html"].count("Group ")
    if shown < 12:
        assert f"Showing {shown} of 12 groups" in bundle["text/plain"]
        assert f"groups[{shown}:] are the next ones" in bundle["text/plain"]
    assert bundle["text/html"].count("<img") == 3 * shown
    assert "<figcaption>" in bundle["text/html"] or not shown


def test_what_a_section_leaves_out_is_told():
    bundle = sections_bundle([section(1)], title="t")
    assert "differ in price · and 2 more" in bundle["text/plain"]
    assert "Showing" not in bundle["text/plain"]


def test_cards_without_pictures_show_their_text():
    bundle = sections_bundle([Section("S", [Card("a", 1, 1.0, text="what it says")])], title="t")
    assert "what it says" in bundle["text/html"]
    assert "what it says" in bundle["text/plain"]


def test_no_sections_are_a_title():
    bundle = sections_bundle([], title="nothing", notices=["a note"])
    assert bundle["text/plain"].split() == ["nothing", "a", "note"]


@settings(deadline=None, max_examples=25)
@given(st.text(), st.text(), st.text(), st.text())
def test_any_text_stays_text(title, heading, note, words):
    card = Card(f"<b>{words}", 1, 0.1, text=f"<script>{words}", metadata={f"<i>{note}": "<u>x"})
    bundle = sections_bundle(
        [Section(f"<b>{heading}", [card], f"<em>{note}")], title=f"<h1>{title}"
    )
    html = bundle["text/html"]
    for tag in ("<script>", "<i>", "<u>", "<em>", "<h1>"):
        assert tag not in html
