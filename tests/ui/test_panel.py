"""The search panel in JupyterLab and Notebook 7: a user's stories."""

from __future__ import annotations

import base64
import io
import re

import nbformat
import pytest
from PIL import Image
from playwright.sync_api import expect

LOAD = """\
%load_ext mmrag_jupyter
from mmrag_jupyter import samples
products = samples.shop()
%mmrag load products --as shop --image photo --text title,description --id sku --model builtin"""

OPEN = "panel = %mmrag panel\npanel"


class Panel:
    """The panel as its user sees it."""

    def __init__(self, user):
        self.user = user
        self.page = user.page
        self.node = self.page.locator(".mmrag-panel").locator("visible=true")

    @property
    def field(self):
        return self.node.get_by_role("searchbox", name="Search")

    @property
    def hits(self):
        return self.node.locator(".mmrag-hit")

    @property
    def count(self):
        return self.node.locator(".mmrag-status").first

    def shows(self, *names):
        """Wait until the first hits are called so."""
        for at, name in enumerate(names):
            expect(self.hits.nth(at)).to_contain_text(name)

    def types(self, words):
        self.field.click()
        self.page.keyboard.type(words)

    def says(self, words):
        expect(self.node.locator(".mmrag-panel-said")).to_contain_text(words)

    def chips(self):
        return self.node.locator(".mmrag-panel-chip bdi").all_inner_texts()

    def value(self, column, value):
        """Return the checkbox of a value in the filter of a column."""
        title = self.page.locator("summary bdi", has_text=re.compile(f"^{re.escape(column)}$"))
        facet = self.node.locator(".mmrag-panel-facet", has=title)
        return facet.get_by_role("checkbox", name=value)

    def press(self, name):
        self.node.get_by_role("button", name=name, exact=True).click()

    def drops(self, name, data, kind):
        """Drop a file onto the field, as a browser tells of it."""
        self.field.evaluate(
            """(field, [data, name, type]) => {
                 const bytes = Uint8Array.from(atob(data), char => char.charCodeAt(0));
                 const dataTransfer = new DataTransfer();
                 dataTransfer.items.add(new File([bytes], name, { type }));
                 for (const kind of ['dragenter', 'dragover', 'drop']) {
                   field.dispatchEvent(
                     new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer }));
                 }
               }""",
            [base64.b64encode(data).decode(), name, kind],
        )


def png(colour):
    out = io.BytesIO()
    Image.new("RGB", (400, 300), colour).save(out, "PNG")
    return out.getvalue()


def opens(server, user, name, *cells, load=LOAD, panel=OPEN):
    """Open a notebook in JupyterLab with a panel, and the cells below it."""
    server.notebook(name, [load, panel, *cells])
    user.opens_lab(name)
    user.waits_for_kernel()
    user.runs(0)
    user.runs(1)
    shown = Panel(user)
    expect(shown.hits.first).to_be_visible()
    return shown


def loaded_pictures(panel):
    """Wait until every picture in sight is there, and return how many there are."""
    panel.page.wait_for_function(
        """() => {
             const all = [...document.querySelectorAll('.mmrag-panel .mmrag-hit img')];
             return all.length > 0 && all.every(
               one => one.src.startsWith('blob:') && one.complete && one.naturalWidth > 0);
           }"""
    )
    return panel.hits.locator("img").count()


def test_from_typing_to_a_dataframe_of_what_was_selected(server, user):
    panel = opens(
        server,
        user,
        "story.ipynb",
        "panel.selection.to_pandas()[['sku', 'title', 'price']]",
        "print(panel.where, panel.hits[0].id, shop.feedback()['verdict'].tolist())",
        panel="import mmrag_jupyter as mm\nshop = mm.open('shop')\npanel = shop.panel()\npanel",
    )
    expect(panel.count).to_have_text("120 items")

    # Half a word finds already; the pictures are there with the names.
    panel.types("red teap")
    panel.shows("Teapot Romã")
    assert loaded_pictures(panel) >= 3

    # Words are kept as chips, and can be turned into something to avoid.
    user.page.keyboard.press("Enter")
    panel.types("-stoneware")
    user.page.keyboard.press("Enter")
    expect(panel.node.locator(".mmrag-panel-chip")).to_have_count(2)
    assert panel.chips() == ["red teap", "stoneware"]
    panel.node.get_by_role("button", name="Remove red teap").click()
    panel.says("Only things to avoid were given")
    panel.press("Clear all")
    expect(panel.count).to_have_text("120 items")

    # A picture that is dropped finds its like.
    panel.drops("red thing.png", png((215, 40, 40)), "image/png")
    expect(panel.node.locator(".mmrag-panel-chip img")).to_have_count(1)
    expect(panel.hits.nth(2)).to_contain_text(re.compile("colour red"))
    assert panel.chips() == ["red thing.png"]

    # A filter with counts; those of its own column stay, so that more can be added.
    kitchen = panel.value("category", "kitchen")
    kitchen.check()
    expect(panel.hits.first).to_contain_text("category kitchen")
    panel.value("category", "hats").check()
    expect(panel.count).to_have_text("30 hits")
    kitchen.uncheck()
    expect(panel.count).to_have_text("11 hits")

    # Thumbs refine the query at once, and are kept.
    second = panel.hits.nth(1)
    name = second.locator(".mmrag-name b").inner_text()
    second.hover()
    second.get_by_label("More like this").first.click()
    panel.shows(name)
    assert "1 liked" in panel.chips()

    # Three are selected: one by a click, one with control, one with the keyboard.
    panel.hits.nth(0).click()
    panel.hits.nth(2).click(modifiers=["ControlOrMeta"])
    user.page.keyboard.press("ArrowRight")
    user.page.keyboard.press(" ")
    expect(panel.node).to_contain_text("3 hits selected")
    names = [panel.hits.nth(at).locator(".mmrag-name b").inner_text() for at in (0, 2, 3)]
    user.runs(2)
    for each in names:
        expect(user.output(2)).to_contain_text(each)
    expect(user.output(2).locator("tbody tr")).to_have_count(3)
    user.runs(3)
    expect(user.output(3)).to_contain_text(re.compile(r"category == 'hats' HA-\d+ \[1\]"))

    # What is selected becomes a query in a cell below.
    panel.press("Use as query")
    inserted = user.sources()[2]
    assert re.fullmatch(r"%mmrag query( --like HA-\d+){3} --in shop", inserted)
    user.runs(2)
    expect(user.output(2).locator(".mmrag-hits .mmrag-hit").first).to_be_visible()
    assert user.errors == []


def test_the_panel_answers_while_a_cell_sleeps(server, user):
    panel = opens(server, user, "busy.ipynb", "import time; time.sleep(30)", "panel.hits[0].id")
    user.runs(2, wait=False)
    prompt = user.cell(2).locator(".jp-InputPrompt")
    expect(prompt).to_have_text("[*]:")
    panel.types("teapot")
    panel.shows("Teapot")
    assert loaded_pictures(panel) >= 1
    panel.hits.first.dblclick()
    expect(user.page.get_by_role("dialog")).to_contain_text("Why it was found")
    user.page.keyboard.press("Escape")
    expect(prompt).to_have_text("[*]:")
    user.picks("Kernel", "Interrupt Kernel")
    user.waits_for_kernel()
    user.runs(3)
    expect(user.output(3)).to_contain_text("KI-1")


def test_a_dead_kernel_is_said_and_running_the_cell_again_recovers(server, user):
    panel = opens(server, user, "dies.ipynb")
    user.restarts_kernel()
    panel.types("teapot")
    panel.says("No kernel answers this panel. Run its cell again to go on.")
    expect(panel.hits.first).to_be_visible()  # what was found stays
    panel.press("Try again")
    panel.says("No kernel answers this panel.")
    user.runs(0)
    user.runs(1)
    panel = Panel(user)
    expect(panel.count).to_have_text("120 items")
    panel.types("teapot")
    panel.shows("Teapot")
    expect(panel.node.locator(".mmrag-panel-said")).to_have_text("")


def test_two_notebooks_search_side_by_side(server, people):
    one, two = people(), people()
    first = opens(server, one, "one/first.ipynb", "panel.hits[0].id")
    second = opens(server, two, "two/second.ipynb", "panel.hits[0].id")
    first.types("teapot")
    second.types("clock")
    first.shows("Teapot")
    second.shows("clock")
    one.runs(2)
    two.runs(2)
    expect(one.output(2)).to_contain_text("KI-")
    expect(two.output(2)).not_to_contain_text("KI-110")


def test_a_new_panel_of_the_collection_takes_the_place_of_the_old_one(server, user):
    opens(server, user, "again.ipynb", "%mmrag panel teapot")
    user.runs(2)
    expect(user.page.locator(".mmrag-panel")).to_have_count(1)
    expect(user.output(2).locator(".mmrag-hit").first).to_contain_text("Teapot")


def test_queries_that_cannot_be_are_told_where_they_are_typed(server, user):
    panel = opens(server, user, "wrong.ipynb")
    where = panel.node.get_by_role("textbox", name="Condition")
    where.fill("prize < 5")
    where.press("Enter")
    panel.says("there is no column 'prize'. Did you mean 'price'?")
    where.fill("price < 25")
    where.press("Enter")
    expect(panel.count).to_have_text("19 items")
    expect(panel.node.locator(".mmrag-panel-said")).to_have_text("")

    panel.drops("notes.txt", b"no picture", "text/plain")
    panel.says("notes.txt is no recording, and no picture that this browser can open.")
    panel.drops("drawing.svg", b"<svg onload='pwned()'></svg>", "image/svg+xml")
    panel.says("drawing.svg is no recording, and no picture that this browser can open.")
    panel.field.evaluate(
        """field => {
             const dataTransfer = new DataTransfer();
             dataTransfer.items.add(new File([new Uint8Array(201 * 2 ** 20)], 'film.raw'));
             field.dispatchEvent(
               new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer }));
           }"""
    )
    panel.says("film.raw has 201 MB; a query takes at most 200 MB of its kind.")
    assert panel.chips() == []


def test_a_picture_of_fifty_megabytes_is_made_small_before_it_is_sent(server, user):
    panel = opens(server, user, "large.ipynb")
    panel.field.evaluate(
        """field => {
             // An uncompressed picture of 4096 x 4096: 50 MB.
             const side = 4096, bytes = new Uint8Array(54 + side * side * 3).fill(200);
             const head = new DataView(bytes.buffer);
             head.setUint16(0, 0x424d); head.setUint32(2, bytes.length, true);
             head.setUint32(10, 54, true); head.setUint32(14, 40, true);
             head.setInt32(18, side, true); head.setInt32(22, side, true);
             head.setUint16(26, 1, true); head.setUint16(28, 24, true);
             for (const at of [6, 30, 34, 38, 42, 46, 50]) head.setUint32(at, 0, true);
             const dataTransfer = new DataTransfer();
             dataTransfer.items.add(new File([bytes], 'huge.bmp', { type: 'image/bmp' }));
             window.sentBytes = 0;
             const send = WebSocket.prototype.send;
             WebSocket.prototype.send = function (data) {
               window.sentBytes += data.byteLength ?? data.length;
               return send.call(this, data);
             };
             field.dispatchEvent(
               new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer }));
           }"""
    )
    expect(panel.node.locator(".mmrag-panel-chip img")).to_have_count(1)
    expect(panel.count).to_contain_text("hits")
    assert panel.chips() == ["huge.bmp"]
    assert 0 < user.page.evaluate("window.sentBytes") < 400_000


def test_thousands_of_items_scroll_and_the_page_stays_small(server, user):
    many = """\
%load_ext mmrag_jupyter
import pandas as pd
many = pd.DataFrame({'title': [f'thing number {n}' for n in range(3000)],
                     'size': range(3000)})
%mmrag load many --text title --model builtin"""
    panel = opens(server, user, "many.ipynb", "len(panel.hits)", load=many)
    expect(panel.count).to_have_text("3000 items")
    panel.press("List")
    scroll = panel.node.locator(".mmrag-scroll")
    for _ in range(40):
        scroll.evaluate("node => node.scrollTo(0, node.scrollHeight)")
        if panel.hits.last.inner_text().find("thing number 2999") >= 0:
            break
        user.page.wait_for_timeout(100)
    assert panel.hits.count() < 60
    user.runs(2)
    shown = int(user.output(2).inner_text().split()[-1])
    assert 400 < shown <= 3000


def test_an_empty_collection_and_items_deleted_since(server, user):
    panel = opens(
        server,
        user,
        "empty.ipynb",
        "%mmrag delete KI-110",
        '%mmrag delete --where "price > 0"',
    )
    panel.types("teapot roma")
    panel.shows("Teapot Romã")
    user.runs(2)
    panel.hits.first.dblclick()
    dialog = user.page.get_by_role("dialog")
    expect(dialog).to_contain_text("is no longer in collection 'shop'")
    user.page.keyboard.press("Escape")
    user.runs(3)
    panel.press("Clear all")
    expect(panel.node).to_contain_text("This collection is empty; load something into it")
    panel.types("teapot")
    expect(panel.count).to_have_text("0 hits")


def test_another_version_in_the_kernel_is_said_with_both(server, user):
    other = """\
from mmrag_jupyter.widgets import protocol
protocol.VERSION, before = "9.9.9", protocol.VERSION"""
    server.notebook("versions.ipynb", [f"{LOAD}\n{other}", OPEN, "protocol.PROTOCOL = 2", OPEN])
    user.opens_lab("versions.ipynb")
    user.waits_for_kernel()
    user.runs(0)
    user.runs(1)
    panel = Panel(user)
    panel.says("This panel is of mmrag_jupyter 0.1.0 and the kernel has 9.9.9.")
    panel.types("teapot")
    panel.shows("Teapot")
    user.runs(2)
    user.runs(3)
    Panel(user).says("they do not understand each other")


HOSTILE = """\
%load_ext mmrag_jupyter
import pandas as pd, io
from PIL import Image
evil = ["<img src=x onerror=pwned(1)>", "<script>pwned(2)</script>", "javascript:pwned(3)",
        "<svg onload=pwned(4)></svg>", "\\u202egnp.exe", "</style><style>*{display:none}",
        "{{7*7}} ${7*7} `x`", "<a href='http://example.com/x'>x</a>"] * 3
out = io.BytesIO(); Image.new("RGB", (40, 40), "red").save(out, "PNG")
frame = pd.DataFrame({"id": [f"{at}{one}" for at, one in enumerate(evil)], "text": evil,
                      "<b onclick=pwned(5)>brand": evil, "photo": [out.getvalue()] * len(evil)})
%mmrag load frame --as "evil" --text text --image photo --id id --model builtin"""


def test_hostile_names_and_values_show_as_text(server, user):
    panel = opens(server, user, "hostile.ipynb", "panel.selection.to_pandas()", load=HOSTILE)
    expect(panel.node.locator("summary", has_text="<b onclick=pwned(5)>brand")).to_be_visible()
    first = "<img src=x onerror=pwned(1)>"
    expect(panel.hits.first).to_contain_text(first)
    panel.value("<b onclick=pwned(5)>brand", "<script>pwned(2)</script>").check()
    expect(panel.count).to_have_text("3 items")
    expect(panel.hits.first).to_contain_text("<script>pwned(2)</script>")
    for view in ("Table", "List", "Gallery"):
        panel.press(view)
        expect(panel.hits.first).to_contain_text("<script>pwned(2)</script>")
    panel.hits.first.dblclick()
    expect(user.page.get_by_role("dialog")).to_contain_text("<script>pwned(2)</script>")
    user.page.keyboard.press("Escape")
    panel.types("<img src=x onerror=pwned(6)>")
    user.page.keyboard.press("Enter")
    assert panel.chips() == ["<img src=x onerror=pwned(6)>"]
    panel.drops("<b onmouseover=pwned(7)>.png", png("red"), "image/png")
    expect(panel.node.locator(".mmrag-panel-chip img")).to_have_count(1)
    assert panel.node.locator("b[onclick], script, a").count() == 0
    assert user.errors == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_nothing_stands_in_the_way_of_anybody(server, user, axe_violations, dark):
    panel = opens(server, user, f"axe-{dark}.ipynb")
    if dark:
        user.goes_dark()
    panel.types("red")
    user.page.keyboard.press("Enter")
    panel.types("-clock")
    expect(panel.hits.first).to_be_visible()
    panel.value("category", "kitchen").check()
    panel.node.locator("summary", has_text="Weights").click()
    loaded_pictures(panel)
    panel.hits.first.click()
    for view in ("Table", "List", "Gallery"):
        panel.press(view)
        expect(panel.hits.first).to_be_visible()
        assert axe_violations(user, ".mmrag-panel") == []
    user.photographs(f"panel-{'dark' if dark else 'light'}")


def test_undo_in_a_field_of_the_panel_undoes_no_cell(server, user):
    panel = opens(server, user, "undo.ipynb")
    user.cell(1).locator(".jp-InputArea-editor").click()
    user.page.keyboard.press("Control+End")
    user.page.keyboard.type("  # mine")
    user.page.keyboard.press("Escape")
    before = user.sources()
    panel.types("teapot")
    user.page.keyboard.press("Control+z")
    assert user.sources() == before
    panel.hits.first.click()
    user.page.keyboard.press("Control+z")  # outside of fields it stays the notebook's
    expect(user.cell(1).locator(".cm-content")).not_to_contain_text("mine")


def test_keys_typed_in_the_panel_are_no_shortcuts_of_the_notebook(server, user):
    panel = opens(server, user, "keys.ipynb")
    before = user.sources()
    expect(panel.hits.first).to_be_visible()
    panel.node.get_by_role("checkbox").first.focus()
    user.page.keyboard.type("dd")
    panel.hits.first.focus()
    user.page.keyboard.type("ddxa")
    panel.types("dd")
    assert user.sources() == before


def test_a_narrow_panel_shows_hits_first(server, user):
    server.notebook("narrow.ipynb", [LOAD, OPEN])
    user.opens_lab("narrow.ipynb")
    user.waits_for_kernel()
    user.runs(0)
    user.page.keyboard.press("Control+b")
    user.page.set_viewport_size({"width": 480, "height": 800})
    user.runs(1)
    panel = Panel(user)
    expect(panel.hits.first).to_be_visible()
    expect(panel.node.get_by_role("checkbox")).to_have_count(0)
    panel.node.locator("summary", has_text="Filters").click()
    expect(panel.value("category", "kitchen")).to_be_visible()
    assert panel.node.evaluate("node => node.scrollWidth <= node.clientWidth")
    user.photographs("panel-narrow")


def test_in_notebook_7_too(server, user):
    server.notebook("seven.ipynb", [LOAD, "%mmrag panel teapot"])
    user.opens_notebook("seven.ipynb")
    user.waits_for_kernel()
    user.runs(0)
    user.runs(1)
    panel = Panel(user)
    panel.shows("Teapot")
    expect(panel.field).to_have_value("teapot")
    assert loaded_pictures(panel) >= 1


def test_a_saved_notebook_stays_small(server, user, capsys):
    panel = opens(server, user, "small.ipynb")
    panel.types("red")
    panel.shows("red")
    panel.hits.first.click()
    user.saves()
    made = nbformat.read(server.folder / "small.ipynb", 4)
    kept = len(nbformat.writes(made)) - len(nbformat.writes(nbformat.v4.new_notebook()))
    state = len(str(made.metadata.get("widgets", "")))
    with capsys.disabled():
        print(f"\n  a saved panel: {len(str(made.cells[1].outputs)):,} bytes, {state:,} of state")
    assert kept < 20_000
