"""The sidebar of JupyterLab, over a kernel that may be busy, dead, old, or not ours at all."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

LOAD = """\
%load_ext mmrag_jupyter
import mmrag_jupyter.samples
frame = mmrag_jupyter.samples.shop()
%mmrag load frame --as shop --image photo --text title,description --id sku --model builtin"""


class Sidebar:
    """The sidebar as its user sees it."""

    def __init__(self, user):
        self.user = user
        self.page = user.page
        self.node = self.page.locator(".jp-mmrag-Sidebar")

    def opens(self):
        self.page.locator('.jp-SideBar [data-id="mmrag-sidebar"]').click()
        # It takes the focus, and would take the next key else.
        self.page.wait_for_function(
            "() => document.querySelector('.jp-mmrag-Sidebar').contains(document.activeElement)"
        )
        return self

    def says(self, words):
        expect(self.node.locator(".jp-mmrag-standing")).to_contain_text(words)

    def says_nothing(self):
        expect(self.node.locator(".jp-mmrag-standing")).to_be_empty()

    def card(self, name):
        return self.node.locator(".jp-mmrag-card").filter(
            has=self.page.get_by_text(name, exact=True)
        )

    def searches(self, words):
        self.node.get_by_role("searchbox").fill(words)

    @property
    def hits(self):
        return self.node.locator(".mmrag-hit")

    def press(self, name):
        self.node.get_by_role("button", name=name).first.click()


@pytest.fixture
def sidebar(user):
    return Sidebar(user)


@pytest.fixture
def opens(server, user, request):
    """Return a function that opens a new notebook with these cells, in a folder of its own."""

    def with_cells(*cells, name="notebook", kernel="python3"):
        path = f"{re.sub(r'[^a-z0-9]', '-', request.node.name)}/{name}.ipynb"
        file = server.notebook(path, list(cells))
        saved = json.loads(file.read_text())
        saved["metadata"]["kernelspec"] = {"name": kernel, "display_name": kernel}
        file.write_text(json.dumps(saved))
        user.opens_lab(path)
        user.waits_for_kernel()
        return file.parent

    return with_cells


@pytest.fixture
def shop(opens, user, sidebar):
    """A notebook with a loaded collection, and the sidebar open beside it."""
    opens(LOAD, "import time; time.sleep(300)")
    user.runs(0)
    sidebar.opens()
    expect(sidebar.card("shop")).to_contain_text("120 items")
    return sidebar


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


def test_without_a_notebook_it_says_so(user, sidebar):
    user.opens_lab()
    sidebar.opens()
    sidebar.says("Open a notebook to search its collections here.")


def test_it_offers_to_load_the_extension_and_then_lists_the_collections(opens, user, sidebar):
    folder = opens("", PICTURES, "%mmrag load broken --model builtin", "%subshell")
    pictures(folder / "pictures")
    sidebar.opens()
    sidebar.says("The extension is not loaded in the kernel of this notebook.")
    sidebar.press("Insert and run %load_ext mmrag_jupyter")
    sidebar.says_nothing()
    # The cell is there for everybody to see.
    assert user.sources()[0] == "%load_ext mmrag_jupyter"
    expect(sidebar.node).to_contain_text("There is no collection yet.")
    user.runs(1)
    expect(sidebar.card("pictures")).to_contain_text("3 items")
    expect(sidebar.card("pictures")).to_contain_text("current")
    expect(sidebar.card("pictures")).to_contain_text("3 image")
    expect(sidebar.card("pictures")).to_contain_text(".mmrag/pictures")
    # Files that have been deleted since are said to be gone, each in its place.
    (folder / "pictures" / "red.png").unlink()
    sidebar.searches("colour")
    expect(sidebar.hits).to_have_count(3)
    expect(sidebar.hits.filter(has_text="Picture is gone")).to_have_count(1)
    expect(sidebar.hits.filter(has_text="Picture is gone")).to_contain_text("red.png is gone")
    # A collection of nothing can be chosen and searched like another.
    (folder / "broken").mkdir()
    (folder / "broken" / "no.png").write_bytes(b"no picture")
    user.runs(2)
    expect(sidebar.card("broken")).to_contain_text("empty")
    sidebar.searches("colour")
    expect(sidebar.node).to_contain_text("No hits")
    # Questions from before the extension was loaded have left no thread behind.
    user.runs(3)
    expect(user.output(3)).to_contain_text(re.compile(r"subshell list: \['[\w-]+'\]"))


PICTURES = """\
import pandas as pd
colours = ["red", "green", "blue"]
pictures = pd.DataFrame({"file": [f"pictures/{colour}.png" for colour in colours]})
pictures["title"] = [f"the colour {colour}" for colour in colours]
%mmrag load pictures --image file --text title --model builtin"""


def pictures(folder):
    from PIL import Image

    folder.mkdir(exist_ok=True)
    for colour in ("red", "green", "blue"):
        Image.new("RGB", (80, 60), colour).save(folder / f"{colour}.png")


def test_it_answers_while_a_cell_is_running(shop, user):
    user.runs(1, wait=False)
    expect(user.cell(1).locator(".jp-InputPrompt")).to_have_text("[*]:")
    shop.searches("red")
    expect(shop.hits.first).to_be_visible()
    expect(shop.node.locator(".mmrag-hit img").first).to_be_visible()
    expect(user.cell(1).locator(".jp-InputPrompt")).to_have_text("[*]:")
    user.picks("Kernel", "Interrupt Kernel")
    expect(user.output(1)).to_contain_text("KeyboardInterrupt")


def test_a_newer_question_replaces_the_answer_to_an_older_one(shop):
    shop.searches("teapot")
    expect(shop.hits.first).to_contain_text("Teapot")
    shop.searches("chair")
    expect(shop.hits.first).to_contain_text("Chair")
    shop.searches("")
    expect(shop.hits).to_have_count(0)
    shop.searches("xyzzyq")
    expect(shop.node).to_contain_text("No hits")


def test_a_hit_is_dragged_into_the_notebook_as_a_cell(shop, user):
    shop.searches("teapot")
    expect(shop.hits.first).to_be_visible()
    box = shop.hits.first.bounding_box()
    target = user.cell(1).bounding_box()
    mouse = user.page.mouse
    mouse.move(box["x"] + 20, box["y"] + 20)
    mouse.down()
    mouse.move(box["x"] + 60, box["y"] + 40, steps=5)
    mouse.move(target["x"] + 200, target["y"] + 10, steps=10)
    mouse.up()
    expect(user.page.locator(".jp-Notebook .jp-Cell")).to_have_count(3)
    [dropped] = [each for each in user.sources() if each.startswith("%mmrag show")]
    assert re.fullmatch(r"%mmrag show KI-\d+ --in shop", dropped)
    at = user.sources().index(dropped)
    user.runs(at)
    expect(user.output(at)).to_contain_text("Teapot")


def test_hits_become_cells_by_keyboard(shop, user):
    shop.searches("teapot")
    expect(shop.hits.first).to_be_visible()
    shop.hits.first.press("Space")
    shop.press("Use as query")
    assert any(re.match(r"%mmrag query --like KI-\d+ --in shop", each) for each in user.sources())
    shop.press("Insert as cell")
    assert any(re.match(r"%mmrag show KI-\d+ --in shop", each) for each in user.sources())
    shop.press("Insert this search as a cell")
    assert "%mmrag query teapot --in shop" in user.sources()


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


def test_further_hits_come_as_one_scrolls(opens, user, sidebar):
    opens(
        "%load_ext mmrag_jupyter\nimport pandas as pd\n"
        "rows = pd.DataFrame({'text': [f'row number {n}' for n in range(150)]})\n"
        "%mmrag load rows --model builtin"
    )
    user.runs(0)
    sidebar.opens()
    sidebar.searches("row")
    status = sidebar.node.locator(".mmrag-status, .mmrag-bar [role=status]").first
    expect(status).to_have_text("60 hits")
    sidebar.hits.first.focus()
    for seen in ("120 hits", "150 hits"):
        user.page.keyboard.press("End")
        expect(status).to_have_text(seen)


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


@pytest.mark.usefixtures("odd_kernels")
def test_a_kernel_of_another_language(opens, sidebar):
    opens("fd 100", kernel="other-language")
    sidebar.opens()
    sidebar.says("The kernel of this notebook runs logo. Multimodal search needs Python.")


def test_it_follows_the_notebook_in_front(shop, server, user):
    beside(user, server, "beside.ipynb", ["%load_ext mmrag_jupyter"])
    shop.opens()
    shop.says("The extension is not loaded")
    expect(shop.node.locator("h2")).to_have_text("beside.ipynb")
    user.page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab").first.click()
    expect(shop.card("shop")).to_be_visible()


def beside(user, server, name, cells, *, kernel=""):
    """Open a further notebook from the file browser; `kernel` is the id of a running one."""
    server.notebook(name, cells)
    if kernel:
        asked = {"path": name, "name": name, "type": "notebook", "kernel": {"id": kernel}}
        made = user.page.request.post(f"{server.url}api/sessions?token={server.token}", data=asked)
        assert made.ok, made.text()
    user.page.locator(".jp-SideBar [data-id='filebrowser']").click()
    user.page.locator(".jp-BreadCrumbs-home").click()
    user.page.locator(".jp-DirListing-item", has_text=name).dblclick()
    expect(user.page.locator(".lm-DockPanel-tabBar .jp-mod-current")).to_contain_text(name)
    user.waits_for_kernel()


def test_views_of_one_kernel_show_the_same_and_cells_go_where_one_looks(shop, server, user):
    sessions = user.page.request.get(f"{server.url}api/sessions?token={server.token}").json()
    [kernel] = [one["kernel"]["id"] for one in sessions if "views-of-one" in one["path"]]
    user.picks("File", "New Console for Notebook")
    expect(user.page.locator(".jp-CodeConsole")).to_be_visible()
    beside(user, server, "second.ipynb", ["# second"], kernel=kernel)
    shop.opens()
    expect(shop.node.locator("h2")).to_have_text("second.ipynb")
    expect(shop.card("shop")).to_contain_text("120 items")
    shop.searches("teapot")
    expect(shop.hits.first).to_contain_text("Teapot")
    shop.press("Insert this search as a cell")
    at = user.sources().index("# second")
    assert user.sources()[at + 1] == "%mmrag query teapot --in shop"
    # The view that Lab would let have comms goes; the second notebook is still answered.
    user.page.get_by_title("Close notebook.ipynb").first.click()
    user.page.locator(".jp-Dialog").get_by_role("button", name="Discard").click()
    expect(user.page.locator(".jp-NotebookPanel")).to_have_count(1)
    shop.searches("chair")
    expect(shop.hits.first).to_contain_text("Chair")
    user.opens_lab("second.ipynb")
    shop.opens()
    expect(shop.card("shop")).to_contain_text("120 items")


HOSTILE = """\
%load_ext mmrag_jupyter
import pandas as pd
evil = '<img src=x onerror=pwned("data")><script>pwned("script")</script>'
frame = pd.DataFrame({
    evil: [evil, "javascript:pwned(1)"],
    "title": [evil + " one", "\\u202eevil\\u2066 one"],
}, index=[evil, "a\\"b' c"])
%mmrag load frame --as hostile --text title --model builtin"""


def test_hostile_data_shows_as_text(opens, user, sidebar):
    opens(HOSTILE, name="hostile <b>&")
    user.runs(0)
    sidebar.opens()
    sidebar.searches("one")
    expect(sidebar.hits).to_have_count(2)
    expect(sidebar.node.locator("h2")).to_have_text("hostile <b>&.ipynb")
    expect(sidebar.node).to_contain_text("<img src=x")
    assert sidebar.node.locator("script, img[src=x]").count() == 0
    sidebar.hits.first.press("Enter")
    expect(sidebar.node.get_by_role("dialog")).to_contain_text("<script>")
    user.page.keyboard.press("Escape")
    for hit in (0, 1):
        sidebar.hits.nth(hit).press("Space")
        sidebar.press("Insert as cell")
        sidebar.hits.nth(hit).press("Space")
    cells = [at for at, each in enumerate(user.sources()) if each.startswith("%mmrag show")]
    for at in cells:
        user.runs(at)
        expect(user.output(at).locator(".mmrag-hits, table").first).to_be_visible()
    assert len(cells) == 2


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_accessible(shop, user, axe_script, theme):
    if theme == "dark":
        user.goes_dark()
    shop.searches("teapot")
    expect(shop.hits.first).to_be_visible()
    user.page.evaluate(axe_script)
    found = user.page.evaluate("() => axe.run('.jp-mmrag-Sidebar')")
    user.photographs(f"sidebar-{theme}")
    assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []


def test_it_works_in_notebook_7_too(server, user, sidebar):
    server.notebook("seven/notebook.ipynb", [LOAD])
    # Notebook 7.6 has errors of its own at the start, with and without us.
    ours = []
    user.page.on(
        "pageerror",
        lambda error: ours.append(error.stack) if "mmrag-jupyter" in error.stack else None,
    )
    user.opens_notebook("seven/notebook.ipynb")
    user.waits_for_kernel()
    user.runs(0)
    user.picks("View", "Left Sidebar", "Show Multimodal search")
    expect(sidebar.card("shop")).to_contain_text("120 items")
    sidebar.searches("teapot")
    expect(sidebar.hits.first).to_be_visible()
    sidebar.press("Insert this search as a cell")
    assert "%mmrag query teapot --in shop" in user.sources()
    assert ours == []
