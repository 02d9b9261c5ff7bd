"""A keystroke in the search panel at 40k items, in JupyterLab: from the key to the pictures.

In a real browser (Chromium, through Playwright): the time from a key that is pressed to the
moment when all pictures in sight are those of its hits, the pause for the next key included.
`python benchmarks/panel_browser.py [--items 40000]`; MMRAG_CHROMIUM names the browser.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from panel import WORK, collection
from playwright.sync_api import sync_playwright
from report import machine

TESTS = Path(__file__).parents[1] / "tests"
TYPED = "red wool hat steel lamp"

OPEN = f"""\
import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})
import panel
session, name = panel.collection({{items}})
session.collection(name).panel()"""

# Notes when a key goes down, and when the pictures that follow it are all there.
WATCH = """() => {
  const root = document.querySelector('.mmrag-panel');
  let before = '', pressed = null;
  window.keystrokes = [];
  const sources = () => [...root.querySelectorAll('.mmrag-hit img')]
    .map(one => (one.complete && one.naturalWidth > 0 ? one.src : '')).join();
  root.addEventListener('keydown', () => {
    pressed = performance.now();
    before = sources();
  }, true);
  const look = () => {
    const now = sources();
    if (pressed !== null && now !== before && now !== '' && !now.split(',').includes('')) {
      window.keystrokes.push(performance.now() - pressed);
      pressed = null;
    }
    requestAnimationFrame(look);
  };
  look();
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=40_000)
    given = parser.parse_args()
    sys.path.insert(0, str(TESTS))
    from browser import Server, User, chromium

    found = os.environ.get("MMRAG_CHROMIUM") or shutil.which("chromium")
    if not found:
        sys.exit("No Chromium; install one, or name it by MMRAG_CHROMIUM.")
    print(machine("jupyterlab", "faiss-cpu"))
    collection(given.items)
    folder = Path(tempfile.mkdtemp(dir=WORK))
    server = Server(folder)
    try:
        server.notebook("panel.ipynb", [OPEN.format(items=given.items)])
        with sync_playwright() as playwright, chromium(playwright, found) as browser:
            user = User(server, browser.new_page(viewport={"width": 1280, "height": 900}))
            taken = _types(user)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(
        f"\nIn the browser, {len(taken)} keystrokes: median {statistics.median(taken):.0f} ms, "
        f"slowest {max(taken):.0f} ms, of which 20 ms are the pause for the next key."
    )


def _types(user: object) -> list[float]:
    """Type slowly enough for every key to be answered; return milliseconds."""
    user.opens_lab("panel.ipynb")
    user.waits_for_kernel()
    user.runs(0)
    page = user.page
    page.locator(".mmrag-panel .mmrag-hit img").first.wait_for()
    page.evaluate(WATCH)
    page.locator(".mmrag-panel-field").click()
    for key in TYPED:
        page.keyboard.press("Space" if key == " " else key)
        page.wait_for_timeout(1000)
    return page.evaluate("window.keystrokes")


if __name__ == "__main__":
    main()
