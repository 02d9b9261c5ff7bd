"""The panel in pages that are not JupyterLab's, over a model such as anywidget gives."""

from __future__ import annotations

import pytest
from panel_host import hit, hosts
from playwright.sync_api import expect

# The widget managers of both bring the light colours of JupyterLab along, in dark pages too.
MANAGER = "<style>:root {{ --jp-layout-color1: white; --jp-ui-font-color0: black }}</style>"
VSCODE = f"""{MANAGER}<body style="--vscode-editor-background: {{back}};
  --vscode-editor-foreground: {{front}}">
<div id="output" style="background: white"></div>"""
# Colab's frames are clear, and say in the root what the page behind them is.
COLAB = f"""<html theme="{{theme}}">{MANAGER}<body style="background: transparent">
<div id="output"></div>"""
# marimo: all margins reset, colours of the newer kind, and the widget in a shadow.
MARIMO = """<body style="background: {back}"><style>* {{ margin: 0 }}</style>
<div id="output" data-shadow></div>"""


def opens(guard, page, hits):
    """Open a page that shows a panel with these hits."""
    shown = guard.context.new_page()
    shown.set_content(f"<!doctype html>{page}")
    hosts(shown, hits)
    return shown


@pytest.mark.parametrize(
    ("page", "dark"),
    [
        (VSCODE.format(back="#1f1f1f", front="#cccccc"), True),
        (VSCODE.format(back="#ffffff", front="#3b3b3b"), False),
        (COLAB.format(theme="dark"), True),
        (COLAB.format(theme="default"), False),
        (MARIMO.format(back="oklch(0.2 0.01 90)"), True),
        (MARIMO.format(back="oklch(1 0 0)"), False),
        ('<body><div id="output"></div>', False),
    ],
    ids=[
        *("vscode-dark", "vscode-light", "colab-dark", "colab-light"),
        *("marimo-dark", "marimo-light", "bare"),
    ],
)
def test_it_works_and_takes_the_colours_of_its_host(guard, page, dark):
    shown = opens(guard, page, [hit(number) for number in (1, 2, 3)])
    hits = shown.locator(".mmrag-panel .mmrag-hit")
    expect(hits).to_have_count(3)
    scheme = "dark" if dark else "light"
    panel = shown.locator(f".mmrag-panel[style*='color-scheme: {scheme}']")
    expect(panel).to_be_visible()
    back, front = panel.evaluate(
        """node => ['backgroundColor', 'color'].map(name => {
             const canvas = document.createElement('canvas').getContext('2d');
             canvas.fillStyle = getComputedStyle(node)[name]; canvas.fillRect(0, 0, 1, 1);
             return canvas.getImageData(0, 0, 1, 1).data[1] / 255; })"""
    )
    assert (back < 0.3, front > 0.7) == (dark, dark)

    shown.get_by_role("searchbox", name="Search").fill("teapot")
    shown.wait_for_function("asked.filter(one => one.type === 'search').length > 1")
    # Nobody there inserts cells, so the panel itself searches.
    expect(shown.get_by_role("button", name="Use as query")).to_have_count(0)
    hits.first.click()
    shown.get_by_role("button", name="More like this").last.click()
    shown.wait_for_function("asked.some(one => one.asked?.like?.[0] === 'A-1')")
    hits.first.dblclick()
    box = shown.get_by_role("dialog").bounding_box()
    assert abs(box["x"] * 2 + box["width"] - 1280) < 20
    shown.keyboard.press("Escape")
    shown.evaluate("takeAway()")
    expect(shown.locator(".mmrag-panel")).to_have_count(0)


BARE = '<body><div id="output"></div>'


def test_a_connection_that_is_lost_is_said_and_comes_back(guard):
    shown = opens(guard, BARE, [hit(1)])
    said = shown.locator(".mmrag-panel-said")
    field = shown.get_by_role("searchbox", name="Search")
    expect(shown.locator(".mmrag-hit")).to_have_count(1)
    shown.evaluate("answers = false")
    field.fill("teapot")
    expect(said).to_contain_text("No answer yet")
    shown.evaluate("channelChanges()")
    expect(said).to_contain_text("No kernel answers this panel")
    expect(shown.locator(".mmrag-hit")).to_have_count(1)  # what was found stays
    shown.evaluate("answers = true")
    shown.get_by_role("button", name="Try again").click()
    expect(said).to_be_empty()
    shown.evaluate("asked.length = 0")
    field.fill("cup")
    shown.wait_for_function("asked.some(one => one.type === 'facets')")


def test_two_hundred_columns_and_very_long_cells_stay_within_the_panel(guard):
    columns = {f"column {number}": "word " * 2000 for number in range(200)}
    shown = opens(guard, BARE, [hit(number, **columns) for number in range(1, 11)])
    panel = shown.locator(".mmrag-panel")
    for view in ("Table", "List", "Gallery"):
        panel.get_by_role("button", name=view).click()
        expect(panel.locator(".mmrag-hit").first).to_be_visible()
        assert panel.evaluate("node => node.scrollWidth <= node.clientWidth + 1")
        assert panel.locator(".mmrag-panel-hits *").count() < 1500
    panel.get_by_role("button", name="Table").click()
    panel.locator(".mmrag-scroll").evaluate("node => { node.scrollLeft = node.scrollWidth }")
    expect(panel.get_by_role("columnheader", name="column 199")).to_be_visible()
