"""Takes the pictures of the documentation: `python tests/ui/screenshots.py docs/images`."""

from __future__ import annotations

import io
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

    def photograph(name):
        user.page.mouse.move(0, 0)
        taken = PIL.Image.open(io.BytesIO(notebook.screenshot()))
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
