"""JupyterLab in another language: a pack in which every sentence of ours stands in «»."""

from __future__ import annotations

import json

import pytest
from browser import Server
from panel_host import STATIC, hit, hosts
from playwright.sync_api import expect
from sentences import language_pack

LOAD = """\
%load_ext mmrag_jupyter
import mmrag_jupyter.samples
frame = mmrag_jupyter.samples.shop()
%mmrag load frame --as shop --image photo --text title,description --id sku --model builtin"""
LANGUAGE = "de_DE"


@pytest.fixture(scope="module")
def server(tmp_path_factory, chromium_path):  # noqa: ARG001 - no server where there is no browser
    folder = tmp_path_factory.mktemp("server")
    language_pack(folder / "packs", LANGUAGE, lambda sentence: f"«{sentence}»")
    chosen = folder / "settings" / "@jupyterlab" / "translation-extension"
    chosen.mkdir(parents=True)
    (chosen / "plugin.jupyterlab-settings").write_text(json.dumps({"locale": LANGUAGE}))
    started = Server(folder, PYTHONPATH=str(folder / "packs"))
    yield started
    started.stop()


def test_result_panel_and_sidebar_speak_the_language_of_lab(server, user):
    server.notebook("all.ipynb", [LOAD, "%mmrag query teapot", "%mmrag panel teapot"])
    user.opens_lab("all.ipynb")
    user.waits_for_kernel()
    user.runs_all(3)
    user.page.locator('.jp-SideBar [data-id="mmrag-sidebar"]').click()
    places = {
        "result": user.output(1),
        "panel": user.output(2),
        "sidebar": user.page.locator(".jp-mmrag-Sidebar"),
    }
    places["sidebar"].get_by_role("searchbox").fill("teapot")
    for place in places.values():
        expect(place.locator(".mmrag-hit").first).to_be_visible()
        expect(place.get_by_role("button", name="«Gallery»")).to_be_visible()
    panel = places["panel"]
    panel.scroll_into_view_if_needed()
    expect(panel.get_by_role("searchbox", name="«Search»")).to_be_visible()
    panel.locator("summary", has_text="«Weights»").click()
    slider = panel.get_by_role("slider", name="«Weight of «words»»")
    expect(slider.locator("..")).to_have_attribute(
        "title", "«How much this counts; as a command: --weights lexical=1»"
    )
    user.photographs("language")
    names = panel.locator(".mmrag-panel button").evaluate_all(
        "all => all.map(one => one.getAttribute('aria-label') ?? one.textContent)"
    )
    assert len(names) > 10
    assert [name for name in names if not name.startswith("«")] == []
    panel.locator(".mmrag-hit").first.dblclick()
    expect(panel.get_by_role("dialog")).to_contain_text("«100% «words», rank 1»")
    assert user.errors == []


def test_the_panel_speaks_the_language_of_notebook_7(server, user):
    server.notebook("seven.ipynb", [LOAD, "%mmrag panel teapot"])
    user.opens_notebook("seven.ipynb")
    user.waits_for_kernel()
    user.runs(0)
    user.runs(1)
    expect(user.output(1).get_by_role("button", name="«Add a file»")).to_be_visible()


def pages(guard):
    """Open a page that is not Lab's."""
    page = guard.context.new_page()
    page.set_content('<!doctype html><body><div id="output"></div>')
    return page


SPEAKS = """replies => {
  window.heard = 0;
  const answer = (sentence, ...filled) => replies[sentence] ?? `«${sentence} ${filled}»`;
  const detail = { __: answer, _n: (one, more, ...filled) => {
    if (replies[one] === 'throws') throw new Error('no such rule');
    return answer(one, ...filled);
  } };
  const give = () => document.dispatchEvent(new CustomEvent('mmrag:translator', { detail }));
  document.addEventListener('mmrag:translator-asked', () => { window.heard += 1; give(); });
  give();
}"""


def test_a_panel_that_is_there_before_lab_is_ready_changes_its_language(guard):
    page = pages(guard)
    hosts(page, [hit(1)])
    panel = page.locator(".mmrag-panel")
    expect(panel.get_by_role("button", name="Add a file")).to_be_visible()
    for nothing in ("null", "{}", "{ __: 1, _n: 2 }"):
        page.evaluate(
            f"document.dispatchEvent(new CustomEvent('mmrag:translator', {{ detail: {nothing} }}))"
        )
    expect(panel.get_by_role("button", name="Add a file")).to_be_visible()
    page.evaluate(SPEAKS, {})
    expect(panel.get_by_role("button", name="«Add a file »")).to_be_visible()
    expect(panel.get_by_role("button", name="«Gallery »")).to_be_visible()


def test_a_translation_that_is_none_is_not_shown(guard):
    page = pages(guard)
    page.evaluate(
        SPEAKS,
        {
            "Add a file": 7,
            "Clear all": "",
            "Filters": "<img src=x onerror=pwned(1)>",
            "Remove %1": "without what",
            "%1 hit": "throws",
            "1 hit": "throws",
        },
    )
    hosts(page, [hit(1)])
    panel = page.locator(".mmrag-panel")
    expect(panel.locator(".mmrag-hit")).to_have_count(1)
    for name in ("Add a file", "Clear all"):
        expect(panel.get_by_role("button", name=name)).to_be_visible()
    expect(panel.locator("summary").first).to_have_text("<img src=x onerror=pwned(1)>")
    panel.get_by_role("searchbox").fill("teapot")
    page.keyboard.press("Enter")
    expect(panel.get_by_role("button", name="Remove teapot")).to_be_visible()
    expect(panel.locator(".mmrag-status").first).to_have_text("1 hit")
    # The loader and the panel have asked once each, and hear no more when they are gone.
    assert page.evaluate("heard") == 2


def test_what_is_said_before_the_panel_is_there_is_translated(guard):
    page = pages(guard)
    page.evaluate(SPEAKS, {})
    page.evaluate(
        """async loader => {
             const url = URL.createObjectURL(new Blob([loader], { type: 'text/javascript' }));
             const { default: widget } = await import(url);
             const model = { send: () => undefined, on: () => undefined, off: () => undefined };
             widget.render({ model, el: document.getElementById('output') });
           }""",
        (STATIC / "loader.js").read_text(),
    )
    expect(page.get_by_role("status")).to_contain_text("«The search panel waits for its kernel.")
    expect(page.get_by_role("button", name="«Ask again »")).to_be_visible()
