"""The sidebar lists the collections of the notebook in front, and searches in them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from sidebar_user import LOAD, beside


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


SLOW = """\
import threading
from mmrag_jupyter.widgets import asking
answering, given = threading.Event(), []
search = getattr(asking.Searches.run, "itself", asking.Searches.run)
def held(*one, **other):
    answering.wait(60)
    given.append(search(*one, **other))
    return given[-1]
held.itself = search
asking.Searches.run = held"""

ANSWER = """\
import time
answering.set()
while len(given) < 2:
    time.sleep(0.05)"""


def test_further_hits_are_those_of_the_query_that_they_follow(opens, user, sidebar):
    many = """\
%load_ext mmrag_jupyter
import pandas as pd
many = pd.DataFrame({'title': ["rare thing", *(f'thing number {n}' for n in range(300))]})
%mmrag load many --text title --model builtin"""
    sent = []
    user.page.on("websocket", lambda one: one.on("framesent", lambda said: sent.append(str(said))))
    opens(many, SLOW, ANSWER)
    user.runs(0)
    sidebar.opens()
    sidebar.searches("thing")
    expect(sidebar.node.get_by_text("60 hits")).to_be_visible()
    user.runs(1)
    sidebar.searches("rare")
    while not any('"rare"' in said for said in sent):
        user.page.wait_for_timeout(50)
    # Meanwhile the old hits are scrolled to their end, which asks for more of them.
    sidebar.hits.first.focus()
    user.page.keyboard.press("End")
    user.runs(2)
    expect(sidebar.hits).to_have_count(1)
    expect(sidebar.hits.first).to_contain_text("rare thing")


def test_it_calls_the_notebook_as_it_is_called_now(shop, user):
    expect(shop.node.locator("h2")).to_have_text("notebook.ipynb")
    user.picks("File", "Rename Notebook")
    user.page.locator(".jp-Dialog input").fill("another.ipynb")
    user.page.keyboard.press("Enter")
    expect(shop.node.locator("h2")).to_have_text("another.ipynb")


def test_it_follows_the_notebook_in_front(shop, server, user):
    beside(user, server, "beside.ipynb", ["%load_ext mmrag_jupyter"])
    shop.opens()
    shop.says("The extension is not loaded")
    expect(shop.node.locator("h2")).to_have_text("beside.ipynb")
    user.page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab").first.click()
    expect(shop.card("shop")).to_be_visible()


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
