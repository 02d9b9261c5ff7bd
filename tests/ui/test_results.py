"""Results in the outputs of JupyterLab and Notebook 7: a user's stories."""

from __future__ import annotations

import re

import nbformat
import pytest
from playwright.sync_api import expect
from saved_outputs import card, cell, picture, result

from mmrag_jupyter.display.cards import Sheet

LOAD = """\
%load_ext mmrag_jupyter
from mmrag_jupyter import samples
products = samples.shop()
%mmrag load products --as shop --image photo --text title,description --id sku --model builtin"""


def hits_of(user, index):
    return user.output(index).locator(".mmrag-hits")


def names(area):
    return area.locator(".mmrag-hit .mmrag-name b").all_inner_texts()


def test_from_a_query_to_a_dataframe_and_through_a_restart(server, user):
    server.notebook("story.ipynb", [LOAD, "%mmrag query --like KI-110 -k 12"])
    user.opens_lab("story.ipynb")
    user.waits_for_kernel()
    user.runs_all(2)
    area = hits_of(user, 1)
    expect(area.locator(".mmrag-hit")).to_have_count(12)
    assert {picture.get_attribute("src")[:16] for picture in area.locator("img").all()} == {
        "data:image/webp;"
    }

    # A picture is larger on a click, and on Enter; Escape leads back to it.
    area.locator(".mmrag-hit").nth(1).click()
    dialog = user.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Why it was found")
    expect(dialog).to_contain_text(re.compile(r"\d+% \w.*, rank \d"))
    expect(dialog).to_contain_text(re.compile("256 . 256 pixels"))
    for column in ("sku", "category", "colour", "price", "stock", "rating", "description"):
        expect(dialog.locator("dt", has_text=re.compile(f"^{column}$"))).to_have_count(1)
    second = dialog.locator(".mmrag-name b").inner_text()
    user.page.keyboard.press("ArrowRight")
    expect(dialog.locator(".mmrag-name b")).not_to_have_text(second)
    user.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(area.locator(".mmrag-hit").nth(2)).to_be_focused()
    user.page.keyboard.press("Enter")
    expect(dialog).to_have_count(1)
    dialog.get_by_role("button", name="Close").click()

    user.goes_dark()
    assert luminance(area) < 0.2
    user.goes_light()
    assert luminance(area) > 0.8

    # By a column: the price, from high to low, of those that are not expensive.
    area.get_by_label("Filter by").select_option("price")
    area.get_by_label("Filter words or values").fill("<30")
    area.get_by_label("Sort by").select_option("price")
    area.get_by_role("button", name="Ascending").click()
    area.get_by_role("button", name="Table").click()
    expect(area.get_by_role("status")).to_contain_text("of 12 hits match the filter")
    user.photographs("results-table")
    shown = names(area)
    assert 1 < len(shown) < 12

    # What the view has left, as a dataframe, in the view's order.
    area.get_by_role("button", name="To dataframe").click()
    assert user.sources()[2].splitlines()[-1].startswith("Out[2].to_pandas().iloc[[")
    user.runs(2)
    titles = user.output(2).locator("tbody tr td:nth-child(3)").all_inner_texts()
    assert titles == shown

    user.saves()
    user.restarts_kernel()
    assert hits_of(user, 1).count() == 1


def test_a_saved_notebook_shows_its_results_untrusted_and_without_a_kernel(server, user):
    pages = card(0, page=3, sheets=(Sheet(7, picture(1)),))
    cards = [pages, *(card(number) for number in range(1, 8))]
    path = server.notebook("reopened.ipynb", [cell(result(cards))])
    saved = nbformat.read(path, 4)
    saved.metadata.kernelspec = {"name": "gone", "display_name": "Gone", "language": "python"}
    nbformat.write(saved, path)
    user.opens_lab("reopened.ipynb")
    user.goes_without_kernel()
    area = hits_of(user, 0)
    expect(area.locator(".mmrag-hit")).to_have_count(8)
    expect(user.page.get_by_title(re.compile("not trusted"))).to_be_visible()
    area.locator(".mmrag-hit").first.click()
    dialog = user.page.get_by_role("dialog")
    expect(dialog.locator("img")).to_have_count(2)
    expect(dialog.get_by_role("img", name="page 7")).to_be_visible()
    user.photographs("results-untrusted")


def luminance(area):
    """Return how light the background of an element is, from 0 to 1."""
    channels = area.evaluate(
        """node => { const canvas = document.createElement('canvas').getContext('2d');
             canvas.fillStyle = getComputedStyle(node).backgroundColor;
             canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; }"""
    )
    return sum(channels[:3]) / 3 / 255


def test_an_id_is_copied_and_asked_with_in_a_cell_below(server, user):
    odd = 'it\'s "quoted" \\ and {braces} ü?'
    frame = f"frame = pandas.DataFrame({{'key': [{odd!r}, 'plain'], 'note': ['odd one', 'one']}})"
    load = "%mmrag load frame --as 'my shop' --text note --id key --model builtin"
    cells = [f"%load_ext mmrag_jupyter\nimport pandas\n{frame}\n{load}", "%mmrag query odd -k 1"]
    server.notebook("like.ipynb", cells)
    user.opens_lab("like.ipynb")
    user.waits_for_kernel()
    user.runs_all(2)
    hits_of(user, 1).locator(".mmrag-hit").click()
    dialog = user.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Copy id").click()
    expect(dialog.get_by_role("status")).to_contain_text("Copied it's")
    assert user.page.evaluate("navigator.clipboard.readText()") == odd
    dialog.get_by_role("button", name="Use as query").click()
    user.page.keyboard.press("Escape")
    line = '%mmrag query --like "it\'s \\"quoted\\" \\\\ and {braces} ü?" --in "my shop"'
    assert user.sources()[2:] == [line]
    user.runs(2)
    expect(hits_of(user, 2).locator(".mmrag-hit")).to_contain_text("plain")


@pytest.mark.parametrize(
    ("source", "kind", "expected"),
    [
        ("%mmrag query red -k 3", "execute_result", "Out[3].to_pandas()"),
        ("hits = %mmrag query red\nshow(hits)", "display_data", "hits.to_pandas()"),
        ("%mmrag query red -k 3", "display_data", "hits = %mmrag query red -k 3\nhits.to_pandas()"),
        ("%%mmrag query --out found -k 3\nred", "display_data", "found.to_pandas()"),
        ("draw()", "display_data", "hits.to_pandas()"),
    ],
)
def test_to_dataframe_names_the_hits_as_the_cell_above_does(server, user, source, kind, expected):
    made = cell(result([card(0), card(1)]), source)
    if kind == "display_data":
        made.outputs = [nbformat.v4.new_output(kind, made.outputs[0].data)]
    server.notebook("frame.ipynb", [made])
    user.opens_lab("frame.ipynb")
    hits_of(user, 0).get_by_role("button", name="To dataframe").click()
    comment, code = user.sources()[1].split("\n", 1)
    assert comment.startswith("# ")
    assert code == expected


def test_in_notebook_7_a_result_opens_sorts_and_becomes_a_dataframe(server, user):
    server.notebook("classic.ipynb", [LOAD, "%mmrag query --like KI-110 -k 6"])
    user.opens_notebook("classic.ipynb")
    user.waits_for_kernel()
    user.runs_all(2)
    area = hits_of(user, 1)
    expect(area.locator(".mmrag-hit")).to_have_count(6)
    area.get_by_role("button", name="Table").click()
    area.get_by_role("columnheader", name="title").get_by_role("button").click()
    shown = names(area)
    assert shown == sorted(shown)
    area.locator(".mmrag-hit").first.click()
    expect(user.page.get_by_role("dialog")).to_contain_text(shown[0])
    user.photographs("results-notebook7")
    user.page.keyboard.press("Escape")
    area.get_by_role("button", name="To dataframe").click()
    user.runs(2)
    expect(user.output(2).locator("tbody tr")).to_have_count(6)


def test_pictures_whose_files_are_gone_say_so_and_the_rest_is_shown(server, user):
    for number in range(4):
        path = server.folder / "photos" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        picture(number, (1200, 900))().save(path)
    server.notebook(
        "gone.ipynb",
        [
            "%load_ext mmrag_jupyter\n%mmrag load photos --model builtin",
            "from pathlib import Path\nPath('photos/1.png').unlink()",
            "%mmrag query --like 0.png -k 4",
            "Path('photos/3.png').unlink()",
        ],
    )
    user.opens_lab("gone.ipynb")
    user.waits_for_kernel()
    for index in range(3):
        user.runs(index)
    area = hits_of(user, 2)
    expect(area.locator("img")).to_have_count(2)
    expect(area).to_contain_text("Picture is gone")
    user.photographs("results-gone")

    # The kernel has the whole picture; once its file is gone, the small one stays.
    area.locator(".mmrag-hit", has_text="2.png").click()
    dialog = user.page.get_by_role("dialog")
    expect(dialog.locator("img[src^='blob:']")).to_be_visible()
    assert dialog.locator("img").evaluate("image => image.naturalWidth") == 1200
    user.page.keyboard.press("Escape")
    user.runs(3)
    area.locator(".mmrag-hit", has_text="3.png").click()
    expect(dialog.locator("figure").get_by_role("status")).to_contain_text("3.png")
    expect(dialog.locator("img[src^='data:']")).to_be_visible()


def test_typing_in_a_result_is_no_shortcut_of_the_notebook(server, user):
    bundle = result([card(number) for number in range(6)])
    server.notebook("keys.ipynb", [cell(bundle), "after = 1"])
    user.opens_lab("keys.ipynb")
    # Once it is there, Lab writes its name into the notebook, which is not saved then.
    user.waits_for_kernel()
    area = hits_of(user, 0)
    first = area.locator(".mmrag-hit").first
    first.focus()
    for key in ("d", "d", "x", "a", "m", "0", "0", "ArrowRight", "ArrowRight", "Home"):
        user.page.keyboard.press(key)
    expect(first).to_be_focused()
    user.page.keyboard.press("End")
    expect(area.locator(".mmrag-hit").last).to_be_focused()
    assert user.sources() == ["%mmrag query things", "after = 1"]
    area.get_by_label("Filter words or values").press_sequentially("ddx thing 3")
    assert user.sources() == ["%mmrag query things", "after = 1"]
    expect(area).to_contain_text("None of the hits matches the filter.")
    area.get_by_label("Filter words or values").fill("VIOLET thing")
    expect(area.locator(".mmrag-hit")).to_have_count(1)
    # What is no letter stays the notebook's: saving.
    area.get_by_role("button", name="To dataframe").click()
    expect(user.page.locator(".jp-Notebook .jp-Cell")).to_have_count(3)
    area.locator(".mmrag-hit").focus()
    user.saves()
    assert len(nbformat.read(server.folder / "keys.ipynb", 4).cells) == 3
