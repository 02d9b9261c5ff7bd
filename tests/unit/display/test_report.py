"""A load's report as HTML, JSON and text: within its budget, whatever it tells."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmrag_jupyter.display import REPORT_MIME, Loaded, report_bundle
from mmrag_jupyter.display.budget import bundle_bytes

COUNTS = {"added": 3, "updated": 1, "unchanged": 0, "removed": 0, "failed": 2, "kept": 4}
EVIL = "</td></table><script>alert(1)</script>\"' onmouseover='x'\x00\u202e\ud800"
TEXTS = st.text(st.characters(codec=None, categories=None), max_size=2000) | st.sampled_from(
    [EVIL, EVIL * 40, "a" * 5000, "\n" * 300, "\u2028", ""]
)


def loaded(**other):
    return Loaded(**{
        "collection": "shop", "source": "folder photos", "counts": COUNTS, "seconds": 1.23456,
        "problems": [("a.png", "is gone"), ("b.png", "is empty")], "notices": ["A note."], **other,
    })  # fmt: skip


def told(budget=65536, **other):
    return report_bundle(loaded(**other), "shop: 3 added", budget=budget)[REPORT_MIME]


def test_a_report_is_told_as_data_beside_its_page_and_its_text(read):
    bundle = report_bundle(loaded(), "shop: 3 added, 2 failed")
    assert list(bundle) == [REPORT_MIME, "text/html", "text/plain"]
    assert bundle[REPORT_MIME] == {
        "version": 1,
        "collection": "shop",
        "source": "folder photos",
        "counts": COUNTS,
        "seconds": 1.235,
        "notices": ["A note."],
        "total": 2,
        "problems": [
            {"source": "a.png", "reason": "is gone"},
            {"source": "b.png", "reason": "is empty"},
        ],
    }
    for shown in (read(bundle["text/html"]).text, bundle["text/plain"]):
        for each in ("shop: 3 added, 2 failed", "A note.", "folder photos", "b.png", "is empty"):
            assert each in shown


def test_of_ten_thousand_problems_those_are_kept_that_there_is_room_for():
    many = [(f"photos/{at:05}.png", "its file is empty") for at in range(10_000)]
    small, large = told(8000, problems=many), told(65536, problems=many)
    assert small["total"] == large["total"] == 10_000
    assert 20 < len(small["problems"]) < len(large["problems"]) < 10_000
    assert large["problems"][0] == {"source": "photos/00000.png", "reason": "its file is empty"}
    bundle = report_bundle(loaded(problems=many), "shop")
    assert 60_000 < bundle_bytes(bundle) <= 65536
    assert "… and 9,980 more" in bundle["text/html"]


def test_a_name_that_cannot_be_shown_as_it_is_is_kept_beside_its_form():
    names = ["a\x07.png", "\u202egnp.exe", "x" * 900, "x" * 3000, "\ud800.png", "plain.png"]
    problems = told(problems=[(name, "is gone") for name in names])["problems"]
    assert [each.get("key") for each in problems] == [*names[:3], "", "", None]
    assert [each["source"][:8] for each in problems[:2]] == ["a␇.png", "[U+202E]"]
    assert len(problems[2]["source"]) == 400
    assert problems[2]["source"].endswith("…")


@pytest.mark.parametrize("seconds", [float("nan"), float("inf")])
def test_a_time_that_json_has_no_word_for_is_none(seconds):
    assert told(seconds=seconds)["seconds"] == 0.0


def test_a_name_of_200_characters_wraps_in_the_page(read):
    page = read(report_bundle(loaded(problems=[("x" * 200, "is gone")]), "shop")["text/html"])
    assert "x" * 200 in page.text
    # What JupyterLab leaves of the styles of a page that it does not trust.
    assert any("table-layout:fixed;width:100%" in style for style in page.styles)
    assert any("overflow-wrap:break-word" in style for style in page.styles)
    short = read(report_bundle(loaded(), "shop")["text/html"])
    assert not any("table-layout" in style for style in short.styles)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_report_keeps_within_any_budget_and_is_sound(data, read):
    budget = data.draw(st.sampled_from([0, 400, 1500, 4096, 20_000, 65536]))
    pairs = data.draw(st.lists(st.tuples(TEXTS, TEXTS), max_size=12))
    one = loaded(
        collection=data.draw(TEXTS),
        source=data.draw(TEXTS),
        counts=dict.fromkeys(COUNTS, data.draw(st.integers(0, 2**53))),
        seconds=data.draw(st.floats()),
        problems=pairs * data.draw(st.sampled_from([1, 1, 200])),
        notices=data.draw(st.lists(TEXTS, max_size=30)),
    )
    bundle = report_bundle(one, data.draw(TEXTS), budget=budget)
    if budget >= 400:
        assert bundle_bytes(bundle) <= budget
    read(bundle["text/html"])
    written = json.dumps(bundle, allow_nan=False, ensure_ascii=False).encode()
    assert json.loads(written) == bundle
    shown = {**bundle, REPORT_MIME: without_keys(bundle.get(REPORT_MIME, {}))}
    # Control characters are written as \u0000 and \u001b.
    for acting in ("\u202e", "\\u00"):
        assert acting not in json.dumps(shown, ensure_ascii=False)


def without_keys(told):
    """Return the payload without the names as they are, which are for copying alone."""
    kept = [{**each, "key": ""} for each in told.get("problems", ())]
    return {**told, "problems": kept}
