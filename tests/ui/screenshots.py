"""Takes the pictures of the documentation: `python tests/ui/screenshots.py docs/images`."""

from __future__ import annotations

import io
import re
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import PIL.Image
from browser import Server, User, chromium
from playwright.sync_api import expect, sync_playwright

CELLS = [
    "%load_ext mmrag_jupyter\nfrom mmrag_jupyter import samples\nproducts = samples.shop()",
    "%mmrag load products --as shop --image photo --text title,description --id sku",
    "%mmrag query red mug for the kitchen -k 10",
    "%mmrag panel",
]


def take(user, folder, theme):
    """Take all pictures in one theme."""
    user.server.notebook("shop.ipynb", CELLS)
    user.opens_lab("shop.ipynb")
    user.waits_for_kernel()
    if theme == "dark":
        user.goes_dark()
    user.page.locator(".jp-SideBar .lm-mod-current").first.click()  # the file browser away
    user.runs_all(len(CELLS))
    area = user.output(2).locator(".mmrag-hits")
    area.scroll_into_view_if_needed()
    expect(area.locator("img").first).to_be_visible()
    notebook = user.page.locator("#jp-main-dock-panel")

    def photograph(name, what=notebook):
        user.page.mouse.move(0, 0)
        taken = PIL.Image.open(io.BytesIO(what.screenshot()))
        # A third of the bytes, and no difference to see.
        few = taken.convert("RGB").quantize(256, kmeans=3, dither=PIL.Image.Dither.NONE)
        few.save(folder / f"{name}-{theme}.png", optimize=True)

    photograph("results")
    area.get_by_role("button", name="Table").click()
    area.get_by_label("Sort by").select_option("price")
    photograph("results-table")
    area.get_by_role("button", name="Gallery").click()
    area.locator(".mmrag-hit").first.click()
    photograph("result")
    user.page.keyboard.press("Escape")
    photograph_panel(user, photograph)
    photograph_sidebar(user, photograph)


def photograph_panel(user, photograph):
    """Take the panel with words to find and to avoid, a filter, a thumb and a selection."""
    panel = user.output(3).locator(".mmrag-panel")
    panel.scroll_into_view_if_needed()
    hits = panel.locator(".mmrag-hit")
    panel.get_by_role("searchbox", name="Search").click()
    user.page.keyboard.type("red mug")
    user.page.keyboard.press("Enter")
    user.page.keyboard.type("-clock")
    panel.get_by_role("checkbox", name="kitchen").check()
    expect(panel.get_by_role("button", name="Reset the filter of category")).to_be_visible()
    user.page.wait_for_function("!document.querySelector('.mmrag-panel [aria-busy=true]')")
    hits.nth(1).hover()
    hits.nth(1).get_by_label("More like this").first.click()
    expect(panel.locator(".mmrag-panel-chip", has_text="1 liked")).to_be_visible()
    hits.nth(0).click()
    hits.nth(2).click(modifiers=["ControlOrMeta"])
    await_pictures(user.page, ".mmrag-panel .mmrag-hit img")
    photograph("panel", panel)


def photograph_sidebar(user, photograph):
    """Take the sidebar with a search, beside its notebook."""
    user.page.locator('.jp-SideBar [data-id="mmrag-sidebar"]').click()
    sidebar = user.page.locator(".jp-mmrag-Sidebar")
    sidebar.get_by_role("searchbox").fill("lamp")
    expect(sidebar.locator(".mmrag-hit").first).to_contain_text(re.compile("lamp", re.IGNORECASE))
    await_pictures(user.page, ".jp-mmrag-Sidebar .mmrag-hit img")
    photograph("sidebar", user.page.locator("#main"))


def await_pictures(page, selector):
    """Wait until the pictures in sight are drawn."""
    page.wait_for_function(
        """selector => {
             const all = [...document.querySelectorAll(selector)];
             return all.length > 0 && all.every(one => one.complete && one.naturalWidth > 0)
               && document.querySelector('.mmrag-pending') === null;
           }""",
        arg=selector,
    )


def main(folder):
    """Take all pictures, in light and dark."""
    folder.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp())
    found = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    # Without the models of this machine, so that everybody's pictures are the same.
    server = Server(home, HF_HOME=str(home / "no-models"))
    try:
        with sync_playwright() as playwright, chromium(playwright, found) as browser:
            for theme in ("light", "dark"):
                context = browser.new_context(viewport={"width": 1120, "height": 840})
                take(User(server, context.new_page()), folder, theme)
                context.close()
    finally:
        server.stop()
        shutil.rmtree(home)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
