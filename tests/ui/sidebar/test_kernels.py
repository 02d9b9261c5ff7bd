"""The sidebar over a kernel that may be busy, dead, old, or not ours at all."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from browser import Server
from playwright.sync_api import expect
from sidebar_user import LOAD


@pytest.fixture(scope="module")
def server(tmp_path_factory, chromium_path):  # noqa: ARG001 - no server where there is no browser
    folder = tmp_path_factory.mktemp("server")
    config = folder / "config" / "jupyter_server_config.json"
    config.parent.mkdir()
    # It looks as often whether a kernel has died; it still starts one again five times.
    config.write_text(json.dumps({"KernelRestarter": {"time_to_dead": 0.5}}))
    started = Server(folder)
    yield started
    started.stop()


@pytest.fixture(scope="module")
def odd_kernels(server):
    """Kernels besides the usual one, by what is odd with them."""
    script = Path(__file__).with_name("odd_kernel.py")
    hows = ("without-package", "other-version", "other-protocol", "without-subshells")
    for how in (*hows, "mortal", "other-language"):
        folder = server.home / ".local" / "share" / "jupyter" / "kernels" / how
        folder.mkdir(parents=True)
        language = "logo" if how == "other-language" else "python"
        argv = [sys.executable, str(script), how, "-f", "{connection_file}"]
        spec = {"argv": argv, "display_name": how, "language": language}
        (folder / "kernel.json").write_text(json.dumps(spec))


def test_it_answers_while_a_cell_is_running(shop, user):
    user.runs(1, wait=False)
    expect(user.cell(1).locator(".jp-InputPrompt")).to_have_text("[*]:")
    shop.searches("red")
    expect(shop.hits.first).to_be_visible()
    expect(shop.node.locator(".mmrag-hit img").first).to_be_visible()
    expect(user.cell(1).locator(".jp-InputPrompt")).to_have_text("[*]:")
    user.picks("Kernel", "Interrupt Kernel")
    expect(user.output(1)).to_contain_text("KeyboardInterrupt")


@pytest.mark.usefixtures("odd_kernels")
def test_a_kernel_without_subshells_answers_after_the_cell(opens, user, sidebar):
    folder = opens(LOAD, "import time; time.sleep(300)", kernel="without-subshells")
    sidebar.opens()
    user.runs(0)
    sidebar.says_nothing()
    expect(sidebar.card("shop")).to_be_visible()
    user.runs(1, wait=False)
    sidebar.says("A cell is running; this kernel answers when it has finished.")
    sidebar.searches("teapot")
    expect(sidebar.node).to_contain_text("Waiting for the kernel…")
    user.picks("Kernel", "Interrupt Kernel")
    expect(sidebar.hits.first).to_be_visible()
    sidebar.says_nothing()
    user.runs(1, wait=False)
    user.saves()
    user.opens_lab(f"{folder.name}/notebook.ipynb")
    sidebar.opens()
    sidebar.says("If a cell is running, it answers when that has finished.")
    user.picks("Kernel", "Interrupt Kernel")
    expect(sidebar.card("shop")).to_contain_text("120 items")


def test_a_page_opened_while_a_cell_runs_is_answered(opens, user, sidebar):
    folder = opens(LOAD, "import time; time.sleep(300)")
    user.runs(0)
    user.runs(1, wait=False)
    user.saves()
    user.opens_lab(f"{folder.name}/notebook.ipynb")
    sidebar.opens()
    expect(sidebar.card("shop")).to_contain_text("120 items")
    sidebar.searches("teapot")
    expect(sidebar.hits.first).to_contain_text("Teapot")
    user.picks("Kernel", "Interrupt Kernel")
    user.waits_for_kernel()


def test_a_load_shows_how_far_it_is(opens, user, sidebar):
    slow = """\
%load_ext mmrag_jupyter
import time, numpy as np, pandas as pd

class Slow:
    name, dim, modalities = "slow", 4, frozenset({"text"})

    def embed_text(self, texts, *, query):
        time.sleep(0.3)
        return np.full((len(texts), 4), 0.5, "float32")

slow = Slow()
frame = pd.DataFrame({"text": [f"text {n}" for n in range(40_000)]})
%mmrag load frame --as <b>slow --model slow""".replace("<b>", "")
    opens(slow)
    sidebar.opens()
    user.runs(0, wait=False)
    bar = sidebar.node.get_by_role("progressbar")
    expect(bar).to_be_visible()
    expect(sidebar.node.locator(".jp-mmrag-loads")).to_contain_text("of 40,000 items")
    user.picks("Kernel", "Interrupt Kernel")
    expect(bar).to_have_count(0)


def test_a_restart_and_a_death_are_said_and_recovered_from(shop, user):
    user.runs(1, wait=False)
    user.restarts_kernel()
    shop.says("The extension is not loaded")
    shop.press("Insert and run")
    shop.says_nothing()
    # What was loaded is on disk.
    expect(shop.card("shop")).to_contain_text("120 items")
    shop.searches("teapot")
    expect(shop.hits.first).to_be_visible()


def test_a_kernel_that_dies_comes_back(opens, user, sidebar):
    opens(LOAD, "import os; os._exit(1)")
    user.runs(0)
    sidebar.opens()
    expect(sidebar.card("shop")).to_be_visible()
    user.runs(1, wait=False)
    # The server starts it again by itself.
    user.page.locator(".jp-Dialog .jp-mod-accept").click()
    sidebar.says("The extension is not loaded")
    sidebar.press("Insert and run")
    expect(sidebar.card("shop")).to_contain_text("120 items")


@pytest.mark.usefixtures("odd_kernels")
def test_a_kernel_that_stays_dead(opens, user, sidebar):
    folder = opens("1", kernel="mortal")
    sidebar.opens()
    sidebar.says("The extension is not loaded")
    (folder / "dead").touch()
    user.cell(0).locator(".cm-content").fill("import os; os._exit(1)")
    user.runs(0, wait=False)
    # JupyterLab tells of each time that the server tries to start it again.
    user.page.add_locator_handler(
        user.page.locator(".jp-Dialog"),
        lambda dialog: dialog.locator(".jp-mod-accept").first.click(),
        no_wait_after=True,
    )
    sidebar.says("The kernel died. What was loaded is on disk and will be there again.")
    expect(user.page.locator(".jp-KernelName")).to_have_text("No Kernel")
    (folder / "dead").unlink()
    sidebar.press("Restart the kernel…")
    sidebar.says("The extension is not loaded")


SOCKETS = """
const Plain = WebSocket;
window.sockets = [];
window.held = false;
window.WebSocket = class extends Plain {
  constructor(...given) {
    super(...(window.held ? ["ws://127.0.0.1:9"] : given));
    window.sockets.push(this);
  }
};
"""


def test_a_connection_that_is_lost_comes_back_with_what_was_searched(user, request):
    user.page.add_init_script(SOCKETS)
    shop = request.getfixturevalue("shop")
    shop.searches("teapot")
    expect(shop.hits.first).to_be_visible()
    user.page.evaluate("window.held = true; window.sockets.forEach(each => each.close())")
    shop.says("The connection to the kernel is lost; this goes on when it is back.")
    user.page.evaluate("window.held = false")
    shop.says_nothing()
    expect(shop.node.get_by_role("searchbox")).to_have_value("teapot")
    shop.searches("chair")
    expect(shop.hits.first).to_contain_text("Chair")


def test_no_kernel(opens, user, sidebar):
    opens("1")
    sidebar.opens()
    user.picks("Kernel", "Shut Down Kernel")
    sidebar.says("This notebook has no kernel.")
    expect(sidebar.node.get_by_role("button", name="Choose a kernel…")).to_be_visible()


@pytest.mark.usefixtures("odd_kernels")
def test_a_kernel_without_the_package(opens, user, sidebar):
    opens("", kernel="without-package")
    sidebar.opens()
    sidebar.press("Insert and run %load_ext mmrag_jupyter")
    sidebar.says("The package mmrag_jupyter is not installed where this kernel runs.")
    sidebar.press("Insert %pip install mmrag-jupyter")
    assert "%pip install mmrag-jupyter" in user.sources()


@pytest.mark.usefixtures("odd_kernels")
def test_another_version_in_the_kernel_is_said(opens, user, sidebar):
    opens("%load_ext mmrag_jupyter", kernel="other-version")
    sidebar.opens()
    user.runs(0)
    sidebar.says("This kernel has mmrag_jupyter 0.0.7, Lab has 0.1.0.")
    expect(sidebar.node).to_contain_text("There is no collection yet.")


@pytest.mark.usefixtures("odd_kernels")
def test_a_version_that_does_not_understand_lab_is_said(opens, user, sidebar):
    opens("%load_ext mmrag_jupyter", kernel="other-protocol")
    sidebar.opens()
    user.runs(0)
    sidebar.says(
        "This kernel has mmrag_jupyter 9.0.0 and Lab has 0.1.0, which do not understand each other."
    )


@pytest.mark.usefixtures("odd_kernels")
def test_a_kernel_of_another_language(opens, sidebar):
    opens("fd 100", kernel="other-language")
    sidebar.opens()
    sidebar.says("The kernel of this notebook runs logo. Multimodal search needs Python.")
