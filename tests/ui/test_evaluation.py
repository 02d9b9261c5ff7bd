"""An evaluation in JupyterLab: measured in a cell, and still there in the saved notebook."""

from __future__ import annotations

from playwright.sync_api import expect

LOAD = """\
%load_ext mmrag_jupyter
from mmrag_jupyter import samples
products = samples.shop()
%mmrag load products --as shop --image photo --text title,description --id sku --model builtin"""

EVALUATE = """\
qrels = products.reset_index()[["sku", "category", "colour"]]
qrels["query"] = qrels["colour"] + " " + qrels["category"]
%mmrag eval qrels --compare lexical=0 --compare chance"""

LOADED = "images => images.every(one => one.complete && one.naturalWidth > 0)"


def shown(user):
    """Expect the table with its bars and, opened, the worst queries with their pictures."""
    area = user.output(1)
    expect(area.locator("th", has_text="nDCG@10")).to_be_visible()
    expect(area.locator("tr", has_text="chance").first).to_be_visible()
    bars = area.locator("td > img[alt*=' to ']")
    assert bars.count() >= 10
    assert bars.evaluate_all(LOADED)
    area.get_by_text("The queries that went worst").click()
    picture = area.locator("figure img").first
    picture.scroll_into_view_if_needed()
    expect(picture).to_be_visible()


def test_an_evaluation_is_shown_and_outlives_its_kernel(server, user):
    server.notebook("evaluate.ipynb", [LOAD, EVALUATE])
    user.opens_lab("evaluate.ipynb")
    user.waits_for_kernel()
    user.runs_all(2)
    shown(user)
    user.saves()
    user.restarts_kernel()
    user.opens_lab("evaluate.ipynb")
    shown(user)
