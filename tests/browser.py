"""JupyterLab and Notebook 7 in a real browser, used as a user uses them."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import nbformat
from playwright.sync_api import expect

PATIENCE = 60  # seconds; a busy machine, never a measure of speed
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Server:
    """A Jupyter server with its own empty folder and configuration, on a free loopback port."""

    def __init__(self, folder, **environment):
        self.home = folder / "home"
        self.folder = folder / "work"
        self.token = secrets.token_hex(8)
        config = folder / "config"
        for each in (self.home, self.folder, config / "labconfig", folder / "runtime"):
            each.mkdir(parents=True)
        # They would ask the network for news.
        quiet = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
        (config / "labconfig" / "page_config.json").write_text(json.dumps(quiet))
        self._runtime = folder / "runtime"
        self.environment = {
            **os.environ,
            "HF_HUB_OFFLINE": "1",
            "HOME": str(self.home),
            "IPYTHONDIR": str(folder / "ipython"),
            "JUPYTER_CONFIG_DIR": str(config),
            "JUPYTER_RUNTIME_DIR": str(self._runtime),
            "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            **environment,
        }
        self.log = folder / "server.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
                    *("--ip=127.0.0.1", "--port=0", "--ServerApp.port_retries=0"),
                    f"--IdentityProvider.token={self.token}",
                    f"--ServerApp.root_dir={self.folder}",
                    "--LabApp.news_url=",
                    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
                ],
                env=self.environment,
                cwd=self.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.url = self._address()

    def _address(self):
        deadline = time.monotonic() + PATIENCE
        info = self._runtime / f"jpserver-{self.process.pid}.json"
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            try:
                return json.loads(info.read_text())["url"]
            except (OSError, ValueError):
                time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def notebook(self, name, cells):
        """Write a notebook with `cells`: sources, or cells as nbformat has them."""
        made = nbformat.v4.new_notebook(
            metadata={
                "kernelspec": {
                    "name": "python3",
                    "display_name": "Python 3 (ipykernel)",
                    "language": "python",
                }
            }
        )
        made.cells = [
            nbformat.v4.new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells
        ]
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(made, path)
        return path


class Guard:
    """Collects what no page may do: run what data brought, or ask anything of another host."""

    def __init__(self, context):
        self.faults = []
        context.route("**/*", self._watch)
        context.on("page", self._attend)
        # Hostile data in tests calls one of these.
        context.expose_function("pwned", lambda *said: self.faults.append(f"ran: {said}"))

    def _watch(self, route):
        address = urlsplit(route.request.url)
        if address.scheme in {"http", "https", "ws", "wss"} and address.hostname != "127.0.0.1":
            self.faults.append(f"asked for {route.request.url[:200]}")
            route.abort()
        else:
            route.continue_()

    def _attend(self, page):
        page.on("dialog", self._dismiss)

    def _dismiss(self, dialog):
        if dialog.type == "beforeunload":
            dialog.accept()
        else:
            self.faults.append(f"dialog: {dialog.message[:200]}")
            dialog.dismiss()


class User:
    """A person in front of one page."""

    def __init__(self, server, page):
        self.server = server
        self.page = page
        self.errors = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    # Opening

    def opens_lab(self, notebook=""):
        """Open JupyterLab, on a notebook if there is one named, in a workspace of its own."""
        tree = f"/tree/{quote(notebook)}" if notebook else ""
        workspace = f"w{secrets.token_hex(4)}"
        self.page.goto(
            f"{self.server.url}lab/workspaces/{workspace}{tree}?token={self.server.token}"
        )
        self._settles("#jp-main-dock-panel", notebook)
        return self

    def opens_notebook(self, notebook):
        """Open a notebook in Notebook 7."""
        self.page.goto(f"{self.server.url}notebooks/{quote(notebook)}?token={self.server.token}")
        self._settles("#main-panel", notebook)
        return self

    def _settles(self, selector, notebook):
        self.page.wait_for_selector(selector, timeout=PATIENCE * 1000)
        if notebook:
            self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=PATIENCE * 1000)

    # Cells

    def cell(self, index):
        return self.page.locator(
            f'.jp-Notebook .jp-Cell[data-windowed-list-index="{index}"]:visible'
        )

    def output(self, index):
        return self.cell(index).locator(".jp-OutputArea")

    def sources(self):
        """Return the sources of all cells, as the page has them."""
        text = "node => node.cmTile?.view?.state.doc.toString() ?? node.innerText"
        cells = self.page.locator(".jp-Notebook:visible .jp-Cell .cm-content")
        return [cells.nth(at).evaluate(text) for at in range(cells.count())]

    def waits_for_kernel(self):
        """Wait until the kernel of the notebook in front is there, connected and idle."""
        # The page calls a kernel idle before it has one; its name tells whether it has.
        self.page.wait_for_function(
            """() => {
                 const seen = name => [...document.querySelectorAll(name)].filter(
                   node => node.offsetParent);
                 return seen('.jp-KernelName').some(node => node.innerText !== 'No Kernel')
                   && seen('.jp-Notebook-ExecutionIndicator').some(
                     node => node.dataset.status === 'idle');
               }""",
            timeout=PATIENCE * 1000,
        )

    def runs(self, index, *, wait=True):
        """Run one cell with the keyboard; wait until it has run."""
        cell = self.cell(index)
        cell.locator(".jp-InputArea-editor").click()
        self.page.keyboard.press("Control+Enter")
        if wait:
            self.has_run(index)

    def has_run(self, index):
        prompt = self.cell(index).locator(".jp-InputPrompt")
        expect(prompt).to_have_text(re.compile(r"\[\d+\]:"), timeout=PATIENCE * 1000)

    def runs_all(self, count):
        """Run all `count` cells from the menu."""
        self.picks("Run", "Run All Cells")
        for index in range(count):
            self.has_run(index)

    # What surrounds the notebook

    def picks(self, *names):
        """Choose from the menus in the bar, as `picks("Settings", "Theme", "JupyterLab Dark")`."""
        bar = self.page.locator(".lm-MenuBar-content > .lm-MenuBar-item")
        bar.filter(has_text=re.compile(rf"^{re.escape(names[0])}$")).click()
        for name in names[1:]:
            exactly = re.compile(rf"^{re.escape(name)}…?$")
            self.page.locator(".lm-Menu-itemLabel").filter(has_text=exactly).last.click()

    def goes_dark(self):
        self._theme("JupyterLab Dark", "false")

    def goes_light(self):
        self._theme("JupyterLab Light", "true")

    def _theme(self, name, light):
        self.picks("Settings", "Theme", name)
        themed = self.page.locator(f'body[data-jp-theme-light="{light}"]')
        expect(themed).to_be_attached(timeout=PATIENCE * 1000)

    def saves(self):
        """Save with the keyboard, again where something was written since, until it is saved.

        What a kernel tells about its language goes into the notebook when it comes, which on a
        busy machine is now and then just after the first save.
        """
        dirty = self.page.locator(".jp-mod-dirty, .jp-DirtyIndicator:visible")
        for again in (True, True, False):
            self.page.keyboard.press("Control+s")
            try:
                expect(dirty).to_have_count(0, timeout=10_000)
            except AssertionError:
                if not again:
                    raise
            else:
                return

    def restarts_kernel(self):
        self.picks("Kernel", "Restart Kernel")
        self.page.locator(".jp-Dialog .jp-mod-accept, .jp-Dialog .jp-mod-warn").last.click()
        self.waits_for_kernel()

    def goes_without_kernel(self):
        """Answer the question for a kernel that is not there."""
        self.page.locator(".jp-Dialog").get_by_role("button", name="No Kernel").click()

    def closes(self):
        self.page.close()

    # Looking

    def photographs(self, name, *, part=None):
        """Keep a picture of the page, or of `part` of it, under build/ui."""
        folder = Path(__file__).parents[1] / "build" / "ui"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.png"
        (part or self.page).screenshot(path=path)
        return path


@contextmanager
def chromium(playwright, path):
    """A browser with a fresh profile that asks nothing of anybody."""
    browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
    try:
        yield browser
    finally:
        browser.close()
