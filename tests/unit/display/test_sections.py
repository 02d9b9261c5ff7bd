"""Several galleries in one output: within the budget, said what is left out, all escaped."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sounds import RATE, tone

from mmrag_jupyter.display import Card, Options
from mmrag_jupyter.display.budget import bundle_bytes
from mmrag_jupyter.display.sections import Section, sections_bundle
from mmrag_jupyter.display.stretches import Stretch
from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.items import Sound


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
    # Where there is little room, two of each are enough to compare.
    assert bundle["text/html"].count("<img") == (3 if budget == 400_000 else 2) * shown
    assert "<figcaption>" in bundle["text/html"] or not shown


def test_some_of_each_section_are_shown_rather_than_all_of_some():
    sections = [section(at, cards=5) for at in range(6)]
    bundle = sections_bundle(sections, title="t", options=Options(budget=56_000))
    assert bundle_bytes(bundle) <= 56_000
    assert bundle["text/html"].count("Group ") == 6
    assert bundle["text/html"].count("<img") in {12, 18, 24}
    assert "Showing" not in bundle["text/plain"]


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


def recording(name, seconds, *, bad=False):
    def read(begin, last):
        if bad:
            raise SourceError(f"{name} is gone.")
        return Sound(tone(440, last - begin), RATE)

    heard = Stretch(0.0, seconds, read)
    return Card(name, 1, 0.5, heard.picture, sound=heard, start=0.0, end=seconds)


def test_sounds_are_heard_within_the_budget_the_first_of_each_section_before_the_others():
    sections = [
        Section(f"S{at}", [recording(f"s{at}r{one}", 8.0) for one in range(5)]) for at in range(6)
    ]
    bundle = sections_bundle(sections, title="t")
    assert bundle_bytes(bundle) <= 65_536
    html = bundle["text/html"]
    assert html.count("<img") == 12
    shown = [part.count("<audio") for part in html.split("<b><bdi>S")[1:]]
    assert len(shown) == 6
    assert min(shown) >= 1
    assert max(shown) - min(shown) <= 1
    assert "too long" not in html


def test_of_many_sections_with_sounds_the_first_ones_are_heard():
    sections = [
        Section(f"S{at}", [recording(f"s{at}r{one}", 8.0) for one in range(5)]) for at in range(20)
    ]
    bundle = sections_bundle(sections, title="t")
    assert bundle_bytes(bundle) <= 65_536
    shown = [part.count("<audio") for part in bundle["text/html"].split("<b><bdi>S")[1:]]
    assert len(shown) == 20
    assert sum(shown) >= 3
    assert sorted(shown, reverse=True) == shown


def test_sounds_and_photos_share_the_room():
    cards = [replace(recording(f"r{at}", 30.0), picture=partial(noise, at)) for at in range(6)]
    bundle = sections_bundle([Section("S", cards)], title="t", options=Options(budget=50_000))
    assert bundle_bytes(bundle) <= 50_000
    assert bundle["text/html"].count("<audio") >= 3
    assert bundle["text/html"].count("<img") == 6


def test_a_recording_that_is_gone_is_told_and_the_others_are_heard():
    cards = [recording("a", 2.0, bad=True), recording("b", 2.0)]
    html = sections_bundle([Section("S", cards)], title="t")["text/html"]
    assert "a is gone" in html
    assert html.count("<audio") == 1
