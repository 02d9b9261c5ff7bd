"""The file browser's context menu, the launcher's card, and new notebooks that they make."""

from __future__ import annotations

import json
import shutil

import pytest
from PIL import Image
from playwright.sync_api import expect

LOAD = "%load_ext mmrag_jupyter\n%mmrag load photos --model builtin"


@pytest.fixture
def folder(server, request):
    """An empty folder of the server's, for this test alone."""
    made = server.folder / request.node.name
    made.mkdir()
    return made


@pytest.fixture
def photos(folder):
    made = folder / "photos"
    made.mkdir()
    for colour in ("red", "green", "blue"):
        Image.new("RGB", (80, 60), colour).save(made / f"{colour}.png")
    return made


@pytest.fixture
def lab(server, user, folder):
    """Return a function that opens Lab in the folder, with a notebook if cells are given."""

    def opens(*cells):
        if cells:
            server.notebook(f"{folder.name}/notebook.ipynb", list(cells))
            user.opens_lab(f"{folder.name}/notebook.ipynb")
            user.waits_for_kernel()
        else:
            user.opens_lab()
            enters(user, folder.name)
        return user

    return opens


def item(user, name):
    return user.page.locator(".jp-DirListing-item:visible").filter(
        has=user.page.locator(".jp-DirListing-itemText").get_by_text(name, exact=True)
    )


def enters(user, *names):
    for name in names:
        item(user, name).dblclick()
        expect(user.page.locator(".jp-BreadCrumbs")).to_contain_text(name)


def menu(user, name):
    """Open the context menu of a file or folder; return its entries' labels."""
    item(user, name).click(button="right")
    labels = user.page.locator(".lm-Menu-itemLabel:visible")
    expect(labels.first).to_be_visible()
    return labels.all_inner_texts()


def chooses(user, label):
    user.page.locator(".lm-Menu-item:visible").filter(has_text=label).click()


def accepts(user, **fields):
    dialog = user.page.locator(".jp-Dialog")
    for label, value in fields.items():
        dialog.get_by_label(label.replace("_", " ")).fill(value)
    dialog.locator(".jp-mod-accept").click()


def test_the_menu_offers_what_a_file_is_good_for(lab, folder, photos):
    (folder / "rows.CSV").write_text("name\na\n")
    for name in ("paper.pdf", "rows.parquet", "rows.jsonl", "report.docx"):
        (folder / name).write_bytes(b"%PDF-1.4")
    (folder / "code.py").write_text("1")
    user = lab("1")
    ours = {"Load into collection…", "Find similar images"}
    offered = {}
    loadable = ("photos", "rows.CSV", "paper.pdf", "rows.parquet", "rows.jsonl", "report.docx")
    for name in (*loadable, "code.py", "notebook.ipynb"):
        offered[name] = ours & set(menu(user, name))
        user.page.keyboard.press("Escape")
    enters(user, photos.name)
    offered["red.png"] = ours & set(menu(user, "red.png"))
    assert offered == {
        **{name: {"Load into collection…"} for name in loadable},
        "code.py": set(),
        "notebook.ipynb": set(),
        "red.png": ours,
    }


def test_a_folder_is_loaded_by_a_cell_that_everybody_can_see(lab, photos):
    user = lab("x = 1", "y = 2")
    menu(user, photos.name)
    chooses(user, "Load into collection…")
    accepts(user, Collection="my pictures")
    user.has_run(1)
    assert user.sources() == [
        "x = 1",
        '%load_ext mmrag_jupyter\n%mmrag load ./photos --as "my pictures"',
        "y = 2",
    ]
    expect(user.output(1)).to_contain_text("my pictures: 3 added")


def test_a_table_is_loaded_with_its_columns(lab, folder):
    (folder / "rows.csv").write_text("code,what\n1,red shoe\n2,blue hat\n")
    user = lab("%load_ext mmrag_jupyter")
    user.runs(0)
    user.page.keyboard.press("Escape")
    menu(user, "rows.csv")
    chooses(user, "Load into collection…")
    dialog = user.page.locator(".jp-Dialog")
    dialog.get_by_label("Columns with texts").fill("what")
    accepts(user)
    user.has_run(1)
    # The extension is there already.
    assert user.sources()[1] == "%mmrag load ./rows.csv --text what"
    expect(user.output(1)).to_contain_text("rows: 2 added")


NAMES = [
    'it\'s "red"',
    "-dash",
    "semi;colon;",
    "brackets['x']",
    "back\\slash",
    "ünïcödé 图片 \u202e",
    "{braces} $dollars",
    "<b onmouseover=pwned(1)>",
    "100%25 %mmrag %d 😀",
]


def test_names_of_any_kind_are_found_by_the_kernel(server, user, folder, photos):
    deep = folder / "a b" / "it's"
    deep.mkdir(parents=True)
    for name in NAMES:
        shutil.copy(photos / "red.png", deep / f"{name}.png")
    server.notebook(f"{folder.name}/notes/notebook.ipynb", [LOAD.replace("photos", "../photos")])
    user.opens_lab(f"{folder.name}/notes/notebook.ipynb")
    user.waits_for_kernel()
    user.runs(0)
    user.page.keyboard.press("Escape")
    user.page.locator(".jp-BreadCrumbs-item").filter(has_text=folder.name).click()
    enters(user, "a b", "it's")
    for at, name in enumerate(NAMES, start=1):
        item(user, f"{name}.png").click(button="right")
        chooses(user, "Find similar images")
        user.has_run(at)
        expect(user.output(at).locator(".mmrag-hit").first).to_contain_text("red.png")
    assert all("../a b/it's/" in each for each in user.sources()[1:])


def test_without_a_notebook_a_new_one_is_offered(lab, folder, photos):
    user = lab()
    shutil.copy(photos / "red.png", photos / "two\nlines.png")
    enters(user, photos.name)
    user.page.locator(".jp-DirListing-item", has_text="lines.png").click(button="right")
    chooses(user, "Find similar images")
    dialog = user.page.locator(".jp-Dialog")
    expect(dialog).to_contain_text("has a line break, which no command can hold")
    dialog.locator("button").last.click()
    menu(user, "red.png")
    chooses(user, "Find similar images")
    expect(user.page.locator(".jp-Dialog")).to_contain_text("No Python notebook is in front.")
    user.page.locator(".jp-Dialog .jp-mod-reject").click()
    user.page.locator(".jp-BreadCrumbs-item").filter(has_text=folder.name).click()
    menu(user, photos.name)
    chooses(user, "Load into collection…")
    expect(user.page.locator(".jp-Dialog")).to_contain_text("a new one is made for it")
    accepts(user)
    user.has_run(0)
    assert user.sources()[0] == "%load_ext mmrag_jupyter\n%mmrag load ./photos"
    expect(user.output(0)).to_contain_text("photos: 4 added")
    expect(user.page.locator(".lm-DockPanel-tabBar .lm-mod-current")).to_contain_text("Untitled")


def test_notebook_7_opens_a_new_notebook_with_the_cell(server, user, folder, photos):
    user.page.goto(f"{server.url}tree/{folder.name}?token={server.token}")
    menu(user, photos.name)
    chooses(user, "Load into collection…")
    with user.page.context.expect_page() as opened:
        accepts(user)
    opened.value.wait_for_selector(".jp-Notebook .jp-Cell")
    saved = json.loads((folder / "Untitled.ipynb").read_text())
    assert "".join(saved["cells"][0]["source"]) == ("%load_ext mmrag_jupyter\n%mmrag load ./photos")


def test_a_tutorial_is_copied_from_the_launcher(lab, folder):
    user = lab()
    card = user.page.locator(".jp-LauncherCard").filter(has_text="Multimodal search")
    card.click()
    accepts(user)
    expect(user.page.locator(".lm-DockPanel-tabBar .lm-mod-current")).to_contain_text("01_")
    user.waits_for_kernel()
    [copied] = folder.glob("01_*.ipynb")
    cells = json.loads(copied.read_text())["cells"]
    assert any("%mmrag" in "".join(cell["source"]) for cell in cells)
    assert not any(cell.get("outputs") for cell in cells)
