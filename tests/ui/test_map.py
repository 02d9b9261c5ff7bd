"""A map in JupyterLab: hovered over, selected in, saved, and looked at again without a kernel."""

from __future__ import annotations

import math
import re

import nbformat
import pytest
from browser import User
from playwright.sync_api import expect

pytest.importorskip("jscatter", reason="the extra 'map' (jupyter-scatter) is not installed")

LOAD = """\
%load_ext mmrag_jupyter
import pandas as pd
from PIL import Image
colours = {"red": (220, 30, 30), "blue": (30, 30, 220), "<img src=x onerror=pwned(1)>": (0, 200, 0)}
hats = pd.DataFrame(
    {
        "photo": [Image.new("RGB", (32, 32), one) for one in [*colours.values()] * 4],
        "<b onclick=pwned(2)>": [*colours] * 4,
    },
    index=pd.Index([f"<i>{at}</i>" for at in range(12)], name="id"),
)
%mmrag load hats --image photo --model builtin"""
MAP = 'm = %mmrag map --color "<b onclick=pwned(2)>" --layout pca\nm'
FIRST = """\
frame = m.to_pandas()
reach = max(frame[axis].max() - frame[axis].min() for axis in "xy")
for axis in "xy":
    middle = (frame[axis].min() + frame[axis].max()) / 2
    print((frame[axis].iloc[0] - middle) / reach * 2)"""
SELECTED = """\
print("selected", len(m.selection))
print(sorted(m.selection.ids)[:3])"""


@pytest.fixture
def seen(server, user):
    """Return a user before the map."""
    server.notebook("map.ipynb", [LOAD, MAP, SELECTED, FIRST])
    user.opens_lab("map.ipynb")
    user.waits_for_kernel()
    user.runs(0)
    user.runs(1)
    canvas = user.output(1).locator("canvas").last
    expect(canvas).to_be_visible(timeout=60_000)
    canvas.evaluate("node => node.scrollIntoView({ block: 'center' })")
    return user


def box_of(user):
    return user.output(1).locator("canvas").last.bounding_box()


def lassos(user):
    """Draw a lasso around everything."""
    user.output(1).get_by_role("button", name="Activate lasso selection").or_(
        user.output(1).get_by_title("Activate lasso selection")
    ).first.click()
    box = box_of(user)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    reach = box["height"] / 2 - 4
    mouse = user.page.mouse
    mouse.move(x + reach, y)
    mouse.down()
    for step in range(1, 80):
        turn = step / 79 * 2 * math.pi
        # A rounded square: it goes around the corners of what is shown too.
        grow = reach / max(abs(math.cos(turn)), abs(math.sin(turn)))
        mouse.move(x + grow * math.cos(turn), y + grow * math.sin(turn))
    mouse.up()


def test_the_widget_hides_the_picture_and_its_selection_is_hits(seen):
    still = seen.output(1).locator(".mmrag-map-still")
    expect(still).to_be_attached()
    expect(still).to_be_hidden()
    expect(seen.output(1)).to_contain_text("<img src=x onerror=pwned(1)>")
    lassos(seen)
    expect(seen.output(1).locator("canvas").last).to_be_visible()
    seen.runs(2)
    expect(seen.output(2)).to_contain_text("selected 12")
    expect(seen.output(2)).to_contain_text("<i>0</i>")


def test_the_pointer_shows_the_picture_of_an_item(seen):
    """The page asks for it: a map of 100,000 pictures would carry none of them."""
    seen.runs(3)
    across, down = map(float, seen.output(3).inner_text().split())
    box = box_of(seen)
    unit = box["height"] / 2 / 1.06  # the points lie from -1 to 1, with a margin around
    x, y = box["x"] + box["width"] / 2 + across * unit, box["y"] + box["height"] / 2 - down * unit
    seen.page.mouse.move(x - 40, y - 40)
    seen.page.mouse.move(x, y, steps=8)
    seen.page.wait_for_function(
        """() => [...document.querySelectorAll('.jp-OutputArea div')].some(
             each => /data:image\\/(webp|jpeg)/.test(each.style.backgroundImage))"""
    )
    expect(seen.output(1)).to_contain_text(re.compile(r"<i>\d+</i>"))


def shows_the_picture_alone(user):
    """Say that a notebook's map is its picture, and that nothing is told of a lost widget."""
    still = user.output(1).locator(".mmrag-map-still img")
    expect(still).to_be_visible()
    assert still.evaluate("node => node.naturalWidth") > 500
    assert "points, coloured by <b" in still.get_attribute("alt")
    expect(user.output(1)).to_contain_text("12 items")
    # What is not shown has no inner text.
    user.page.wait_for_function(
        "node => !/Error|Loading|VBox/.test(node.innerText)",
        arg=user.output(1).element_handle(),
    )


@pytest.fixture
def saved(seen, server):
    """Return a saved notebook with a map, of which no browser and no kernel knows anything."""
    seen.saves()
    saved = nbformat.read(server.folder / "map.ipynb", 4)
    outputs = [one["data"] for one in saved.cells[1].outputs]
    assert "data:image/png" in outputs[0]["text/html"]
    assert not any("widget-view" in mime for mime in outputs[0])
    assert {"text/html": "", "text/plain": ""}.items() <= outputs[1].items()
    # The same cells under another name: the signatures of trusted notebooks are of what they hold.
    path = server.folder / "copy.ipynb"
    nbformat.write(saved, path)
    return path


@pytest.mark.parametrize("opens", [User.opens_lab, User.opens_notebook])
def test_a_saved_notebook_shows_the_picture_alone_without_a_kernel(saved, people, opens):
    """A line "Error displaying widget: model not found" stood below it once."""
    other = people()
    # Its kernel knows nothing of the widget, as after a restart.
    opens(other, saved.name)
    other.waits_for_kernel()
    other.page.wait_for_selector(".jp-OutputArea-output.jupyter-widgets", state="attached")
    shows_the_picture_alone(other)


def test_a_notebook_that_is_not_trusted_shows_the_picture_alone(saved, people):
    book = nbformat.read(saved, 4)
    # Nobody who signs notebooks here has seen this one.
    book.cells[1].outputs[0]["data"]["text/html"] += "<p>from somewhere else</p>"
    nbformat.write(book, saved)
    other = people()
    other.opens_lab(saved.name)
    other.waits_for_kernel()
    expect(other.output(1)).to_contain_text("from somewhere else")
    assert other.output(1).locator("style").count() == 0
    shows_the_picture_alone(other)
