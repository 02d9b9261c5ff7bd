"""Answers in the outputs of JupyterLab: the text beside the sources that it cites."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from saved_outputs import cell, picture

from mmrag_jupyter.display.answer import answer_bundle
from mmrag_jupyter.display.answer_parts import ANSWER_MIME, Reference, Reply
from mmrag_jupyter.display.prose import Cite, Element

HOSTILE = "<img src=x onerror=pwned(1)>"


def bundle(**other):
    told = {
        "question": "Which shoes suit wide feet?",
        "text": "The sneaker [1], and ~~[9]~~ nothing else [2].",
        "prose": (
            Element("p", ("The ", Element("strong", ("sneaker",)), " ", Cite(1), ", and ")),
            Element("ul", (Element("li", ("nothing else ", Cite(2), Cite(9, struck=True))),)),
        ),
        "references": (
            Reference(
                key=1,
                item="SH-101",
                part="SH-101",
                title="Canvas sneaker Porto",
                quote="Cut generously, so it suits wide feet.",
                fields=(("price", "49"), ("colour", "red")),
                picture=picture(0),
            ),
            Reference(
                key=2,
                item="manual.pdf",
                part="manual.pdf#3",
                title="manual.pdf",
                quote="Shoes that are too narrow can be stretched.",
                source="docs/manual.pdf",
                page=3,
            ),
        ),
        "model": "a small model",
        "others": 4,
        "seconds": {"writing": 1.25},
    }
    return answer_bundle(Reply(**{**told, **other}))


def shows(user, server, made):
    server.notebook("answer.ipynb", [cell(made, "%mmrag ask Which shoes suit wide feet?")])
    user.opens_lab("answer.ipynb")
    return user.output(0).locator(".mmrag-answer")


def test_a_citation_leads_to_its_source(server, user):
    area = shows(user, server, bundle())
    expect(area.locator(".mmrag-prose")).to_contain_text("The sneaker [1], and")
    expect(area.locator(".mmrag-prose s")).to_have_text("[9]")
    expect(area).to_contain_text("written by a small model in 1.3 s, 4 more parts retrieved")
    expect(area.locator("img")).to_have_count(1)
    area.get_by_role("button", name="Source 2: manual.pdf").focus()
    user.page.keyboard.press("Enter")
    source = area.get_by_role("article", name="Source 2: manual.pdf")
    expect(source).to_be_focused()
    expect(source).to_contain_text("page 3")
    expect(source).to_contain_text("Shoes that are too narrow can be stretched.")
    user.photographs("answer")


def test_keys_pressed_in_an_answer_are_no_shortcuts_of_the_notebook(server, user):
    server.notebook("keys.ipynb", [cell(bundle(), "%mmrag ask Which shoes?"), "after = 1"])
    user.opens_lab("keys.ipynb")
    before = user.sources()
    user.output(0).get_by_role("button", name="Source 2: manual.pdf").focus()
    user.page.keyboard.type("ddx")
    assert user.sources() == before


def test_hostile_answers_are_shown_as_texts(server, user):
    made = bundle(
        question=HOSTILE,
        text=HOSTILE,
        prose=(Element("p", (HOSTILE, Cite(1))),),
        references=(
            Reference(1, HOSTILE, HOSTILE, HOSTILE, HOSTILE, fields=((HOSTILE, HOSTILE),)),
        ),
        notices=(HOSTILE,),
        model=HOSTILE,
    )
    told = made[ANSWER_MIME]
    told["prose"] += [
        {"tag": "script", "inside": ["pwned(2)"]},
        {"tag": "a", "href": "javascript:pwned(3)", "inside": ["link"]},
        {"tag": "p", "dangerouslySetInnerHTML": {"__html": HOSTILE}, "onclick": "pwned(4)"},
        {"cite": 77},
        5,
    ]
    area = shows(user, server, made)
    for part in (".mmrag-title", ".mmrag-notice", ".mmrag-prose", ".mmrag-source"):
        expect(area.locator(part).first).to_contain_text(HOSTILE)
    expect(area.locator("script, a, img")).to_have_count(0)
    area.get_by_text("link").click()


@pytest.mark.parametrize("told", [{"version": 2}, {"version": 1}, "garbage", None])
def test_what_cannot_be_read_is_shown_in_its_plain_form(server, user, told):
    made = bundle() | {ANSWER_MIME: told}
    server.notebook("odd.ipynb", [cell(made)])
    user.opens_lab("odd.ipynb")
    expect(user.output(0)).to_contain_text("Its plain form is shown.")
    expect(user.output(0)).to_contain_text("Cut generously, so it suits wide feet.")


def test_axe_finds_nothing_to_object_to_in_an_answer(server, user, axe_violations):
    shows(user, server, bundle(notices=("A notice.",)))
    for theme in (user.goes_light, user.goes_dark):
        theme()
        assert axe_violations(user, ".mmrag-answer") == []
    user.photographs("answer-dark")
