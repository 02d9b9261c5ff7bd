"""What is said of joined tables in JupyterLab: in the results, and in the panel."""

from __future__ import annotations

import re

from playwright.sync_api import expect

JOIN = """\
%load_ext mmrag_jupyter
from mmrag_jupyter import samples
products, reviews = samples.shop(), samples.reviews()
%mmrag load products --as shop --image photo --text title --id sku --model builtin
%mmrag load reviews --into shop --on sku --text text --id review_id"""


def test_a_hit_says_through_how_many_rows_it_was_found(server, user):
    asked = '%mmrag query nothing pinches at a trade fair --where "stars >= 4" -k 6'
    cells = [JOIN, asked, asked + " --view table", "%mmrag show SH-101", "%mmrag panel"]
    server.notebook("joined.ipynb", cells)
    user.opens_lab("joined.ipynb")
    user.waits_for_kernel()
    user.runs_all(5)
    area = user.output(1).locator(".mmrag-hits")
    first = area.locator(".mmrag-hit").first
    expect(first).to_contain_text(re.compile(r"\d of \d reviews"))
    expect(first).to_contain_text(re.compile(r"reviews R-\d+ · stars [45]"))
    # Nothing of it is cut off by the tile's own height.
    assert first.evaluate("tile => tile.scrollHeight <= tile.clientHeight + 1")
    first.click()
    dialog = user.page.get_by_role("dialog")
    expect(dialog).to_contain_text(re.compile(r"\d of \d reviews"))
    user.page.keyboard.press("Escape")
    table = user.output(2).locator(".mmrag-hits")
    expect(table).to_contain_text(re.compile(r"\d of \d reviews"))
    area.scroll_into_view_if_needed()
    user.page.screenshot(path="build/ui/joined.png")
    rows = user.output(3).locator(".mmrag-said li")
    expect(rows).to_have_count(4)
    expect(rows.nth(1)).to_have_text(re.compile(r"^reviews R-\d+: stars \d, date \S+ .{20}"))
    rows.nth(1).scroll_into_view_if_needed()
    user.page.screenshot(path="build/ui/joined-whole.png")
