"""Help while typing, and Lab's settings editor."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

LOAD = """\
%load_ext mmrag_jupyter
import mmrag_jupyter.samples
frame = mmrag_jupyter.samples.shop()
%mmrag load frame --as shop --image photo --text title,description --id sku --model builtin"""

FORM = "[id='jp-SettingsEditor-mmrag-jupyter:plugin"


@pytest.fixture
def shop(server, user, request):
    """A notebook with a loaded collection, and an empty cell below."""
    name = f"{request.node.name}/notebook.ipynb"
    server.notebook(name, [LOAD, "", "%mmrag query teapot"])
    user.opens_lab(name)
    user.waits_for_kernel()
    user.runs(0)
    return user


def types(user, text, *, cell=1):
    user.cell(cell).locator(".jp-InputArea-editor").click()
    user.page.keyboard.press("Control+a")
    user.page.keyboard.type(text)


def completions(user, text):
    types(user, text)
    user.page.keyboard.press("Tab")
    items = user.page.locator(".jp-Completer-item")
    expect(items.first).to_be_visible()
    return items


def is_kept(value):
    """Return whether a response is that to settings with this value being saved."""
    return lambda response: (
        response.request.method == "PUT"
        and "api/settings" in response.url
        and value in (response.request.post_data or "")
    )


def test_completions_have_icons_types_and_documentation(shop):
    shop.picks("Settings", "Settings Editor")
    shop.page.locator("input[placeholder^='Search settings']").fill("completion")
    with shop.page.expect_response(is_kept("showDocumentationPanel")):
        shop.page.get_by_label("Show the documentation panel.").check()
    shop.page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab").filter(has_text="notebook").click()
    items = completions(shop, "%mmrag query red --w")
    expect(items).to_have_count(2)
    expect(items.nth(1)).to_contain_text("--where")
    expect(items.nth(1)).to_contain_text("param")
    expect(items.nth(1).locator(".jp-Completer-icon svg")).to_be_visible()
    panel = shop.page.locator(".jp-Completer-docpanel")
    expect(panel).to_contain_text("--weights")
    shop.page.keyboard.press("ArrowDown")
    expect(panel).to_contain_text("--where EXPR")
    shop.photographs("completion")
    shop.page.keyboard.press("Enter")
    assert shop.sources()[1] == "%mmrag query red --where"
    # Columns and collections, in the documentation of the word that they stand for.
    for typed, word, meaning in (
        ("%mmrag load frame --text ti", "title", "--text COLS"),
        ("%mmrag use sh", "shop", "NAME"),
    ):
        items = completions(shop, typed)
        expect(items).to_have_count(1)
        expect(items).to_contain_text(word)
        expect(panel).to_contain_text(meaning)
        shop.page.keyboard.press("Escape")


@pytest.mark.parametrize(
    ("typed", "kind", "whole"),
    [("%mmrag qu", "magic", "%mmrag query"), ("%mmrag load fra", "instance", "%mmrag load frame")],
)
def test_what_is_found_is_put_in(shop, typed, kind, whole):
    items = completions(shop, typed)
    expect(items).to_have_count(1)
    expect(items).to_contain_text(kind)
    shop.page.keyboard.press("Enter")
    expect(shop.cell(1).locator(".cm-line")).to_have_text(whole)


def test_completion_works_while_a_cell_is_running(shop):
    types(shop, "import time; time.sleep(300)", cell=2)
    shop.page.keyboard.press("Control+Enter")
    expect(shop.cell(2).locator(".jp-InputPrompt")).to_have_text("[*]:")
    items = completions(shop, "%mmrag query red --w")
    expect(items).to_have_count(2)
    shop.page.keyboard.press("Escape")
    shop.picks("Kernel", "Interrupt Kernel")


def test_lines_of_the_magic_are_coloured(shop):
    types(shop, "hits = %mmrag query men's shoes --where 'price < 50'")
    line = shop.cell(1).locator(".cm-line")
    kinds = {"magic": "%mmrag", "command": "query", "option": "--where", "quoted": "'price < 50'"}
    for kind, text in kinds.items():
        # Python's grammar cuts a text into pieces.
        expect(line.locator(f".jp-mmrag-{kind}").first).to_be_visible()
        assert "".join(line.locator(f".jp-mmrag-{kind}").all_inner_texts()) == text
    assert "".join(line.locator(".jp-mmrag-words").all_inner_texts()) == "men'sshoes"

    def colour(kind):
        node = line.locator(f".jp-mmrag-{kind}").first
        inner = "node => getComputedStyle([...node.querySelectorAll('*')].at(-1) ?? node).color"
        return node.evaluate(inner)

    assert len({colour(kind) for kind in ("magic", "command", "option", "quoted", "words")}) == 5
    plain = shop.cell(0).locator(".cm-line").nth(2).evaluate("node => getComputedStyle(node).color")
    types(shop, "%%mmrag query\nimport is a (word")
    assert (
        shop.cell(1)
        .locator(".cm-line")
        .nth(1)
        .locator(".jp-mmrag-words")
        .first.evaluate(
            "node => getComputedStyle([...node.querySelectorAll('*')].at(-1) ?? node).color"
        )
        == plain
    )


def test_settings_reach_the_kernel_and_its_results(shop):
    shop.picks("Settings", "Settings Editor")
    shop.page.locator("input[placeholder^='Search settings']").fill("multimodal")
    with shop.page.expect_response(is_kept("table")):
        shop.page.locator(f"{FORM}_view']").select_option("table")
    with shop.page.expect_response(is_kept("64")):
        shop.page.locator(f"{FORM}_thumbnail']").fill("64")
        shop.page.locator(f"{FORM}_thumbnail']").blur()
    shop.photographs("settings")
    shop.page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab").filter(has_text="notebook").click()
    # An answer over the same comm: what was said before it has been heard.
    completions(shop, "%mmrag query red --w")
    shop.page.keyboard.press("Escape")
    types(shop, "%config Mmrag")
    shop.page.keyboard.press("Control+Enter")
    expect(shop.output(1)).to_contain_text(
        re.compile(r"Mmrag.thumbnail=<Int>\s+The [^.]*\.\s+Current: 64")
    )
    shop.runs(2)
    pressed = shop.output(2).get_by_role("button", name="Table", exact=True)
    expect(pressed).to_have_attribute("aria-pressed", "true")
    # What the notebook itself says wins.
    types(shop, "%config Mmrag.view = 'list'")
    shop.runs(1)
    shop.runs(2)
    expect(shop.output(2).get_by_role("button", name="List", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )


def test_commands_are_in_the_palette(shop):
    shop.page.keyboard.press("Control+Shift+c")
    shop.page.locator("#modal-command-palette input").fill("multimodal search")
    labels = shop.page.locator("#modal-command-palette .lm-CommandPalette-itemLabel")
    expect(labels.filter(has_text="Show multimodal search")).to_be_visible()
    expect(labels.filter(has_text="Open a tutorial")).to_be_visible()
    expect(labels.filter(has_text="Load the extension in this notebook")).to_be_visible()
    expect(labels.filter(has_text="Open the search panel in a cell")).to_be_visible()
    shop.photographs("palette")
    labels.filter(has_text="Show multimodal search").click()
    expect(shop.page.locator(".jp-mmrag-Sidebar")).to_be_visible()
