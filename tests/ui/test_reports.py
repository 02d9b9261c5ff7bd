"""Reports of loads in the outputs of JupyterLab and Notebook 7."""

from __future__ import annotations

import json
from itertools import pairwise

import nbformat
import pytest
from playwright.sync_api import expect
from saved_outputs import cell

from mmrag_jupyter.display import REPORT_MIME
from mmrag_jupyter.ingest import LoadReport
from mmrag_jupyter.items import Problem

NODES = 400  # elements that a report may put into the page, whatever it tells
FITS = "node => node.scrollWidth <= node.clientWidth + 1"
ELSEWHERE = "http://elsewhere.example/x"
HOSTILE = [
    "<script>pwned(1)</script>",
    "<img src=x onerror=pwned(2)>",
    "\"><svg onload=pwned(3)><a href='javascript:pwned(4)'>x</a>",
    "javascript:pwned(5)",
    f"</style><style>@import '{ELSEWHERE}'; * {{ display: none }}</style>",
    f"<link rel=stylesheet href={ELSEWHERE}><iframe srcdoc='<script>parent.pwned(6)</script>'>",
    "{{constructor.constructor('pwned(8)')()}}",
    "__proto__",
    "\u202egnp.exe",
    "a\x00b\x1b[31mred\u2066x",
]
# What stands in a page for a text that would turn or hide what follows it.
AS_SHOWN = {
    "\u202egnp.exe": "[U+202E]gnp.exe",
    "a\x00b\x1b[31mred\u2066x": "a␀b␛[31mred[U+2066]x",
}
LONG = "scans/" + "a_very_long_name_without_any_place_to_break_" * 5 + "1.jpg"


def problems(count):
    reasons = ("no picture: its file is empty", "is gone", "larger than 179 million pixels")
    return tuple(
        Problem(f"photos/{number:05}.jpg", reasons[number % len(reasons)])
        for number in range(count)
    )


def report(**other):
    told = {
        "collection": "shop",
        "source": "folder photos",
        "added": 1234,
        "failed": 12,
        "seconds": 20.0,
        "problems": problems(12),
        "notices": ("Pictures are searched by what they show, and texts by their words.",),
    }
    return LoadReport(**{**told, **other})._repr_mimebundle_()


def payload(count, **other):
    """Return a payload as no budget would allow it."""
    told = [{"source": each.source, "reason": each.reason} for each in problems(count)]
    return {**report()[REPORT_MIME], "total": count, "problems": told, **other}


def area_of(user, index=0):
    return user.output(index).locator(".mmrag-report")


def shows(user, server, bundle, name="report.ipynb"):
    server.notebook(name, [cell(bundle, "%mmrag load photos --as shop")])
    user.opens_lab(name)
    expect(area_of(user)).to_be_visible()
    return area_of(user)


def rows(area):
    return area.locator(".mmrag-line")


def says(area, text):
    expect(area).to_contain_text(AS_SHOWN.get(text, text))


def load_of_photos(server, name):
    """Write a notebook that loads two files, of which one is broken."""
    folder = server.folder / "pictures"
    folder.mkdir(exist_ok=True)
    (folder / "broken.png").write_bytes(b"no picture")
    (folder / "note.txt").write_text("A note on lamps.")
    line = f"%mmrag load pictures --as {name} --model builtin"
    server.notebook(f"{name}.ipynb", [f"%load_ext mmrag_jupyter\n{line}"])


@pytest.mark.parametrize("opens", ["opens_lab", "opens_notebook"])
def test_a_load_tells_what_it_did_and_leads_on_in_cells_below(server, user, opens):
    name = opens.replace("_", "-")
    load_of_photos(server, name)
    getattr(user, opens)(f"{name}.ipynb")
    user.waits_for_kernel()
    user.runs(0)
    area = area_of(user)
    expect(area).to_contain_text(f"{name}: 1 added, 0 updated, 0 unchanged, 0 removed, 1 failed")
    expect(rows(area)).to_contain_text("broken.png")
    # The bar of the load is gone: the report says all.
    expect(user.output(0).locator("progress")).to_have_count(0)
    user.photographs(f"report-{name}")
    area.get_by_role("button", name="Search in it").click()
    area.get_by_role("button", name="About the collection").click()
    area.get_by_role("button", name="Show the problems").click()
    lines = [f"%mmrag problems {name}", f"%mmrag info {name}", f"%mmrag panel --in {name}"]
    assert user.sources()[1:] == lines
    user.runs(1)
    expect(user.output(1).locator("tbody tr")).to_contain_text("broken.png")


def test_a_saved_report_works_untrusted_and_without_a_kernel(server, user):
    path = server.notebook("reopened.ipynb", [cell(report(), "%mmrag load photos --as 'my shop'")])
    saved = nbformat.read(path, 4)
    saved.metadata.kernelspec = {"name": "gone", "display_name": "Gone", "language": "python"}
    nbformat.write(saved, path)
    user.opens_lab("reopened.ipynb")
    user.goes_without_kernel()
    area = area_of(user)
    expect(area).to_contain_text("shop: 1,234 added, 0 updated, 0 unchanged")
    expect(area).to_contain_text("folder photos in 20.0 s, 62 items a second")
    expect(area).to_contain_text("Pictures are searched by what they show")
    expect(area.get_by_role("status")).to_have_text("12 problems")

    # From "is gone" to "no picture", and back to the order in which they came.
    head = area.get_by_role("columnheader", name="Reason")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    expect(rows(area).first).to_contain_text("is gone")
    head.get_by_role("button").click()
    expect(rows(area).first).to_contain_text("no picture")
    expect(rows(area).first).to_contain_text("00000.jpg")
    head.get_by_role("button").click()
    expect(rows(area).nth(1)).to_contain_text("00001.jpg")
    area.get_by_label("Filter the problems").fill("GONE 00004")
    expect(rows(area)).to_have_count(1)
    expect(area.get_by_role("status")).to_have_text("1 of 12 problems match the filter.")
    area.get_by_label("Filter the problems").fill("nowhere")
    expect(area).to_contain_text("None of the problems matches the filter.")


def test_a_name_is_copied_as_it_is_and_keys_are_no_shortcuts(server, user):
    odd = "a\x07b/\u202ecopy.png"
    area = shows(
        user, server, report(problems=(Problem(odd, "is gone"), *problems(3))), "copy.ipynb"
    )
    user.waits_for_kernel()
    first = rows(area).first
    first.focus()
    for key in ("d", "d", "x", "a", "m", "0", "0"):
        user.page.keyboard.press(key)
    expect(first).to_be_focused()
    first.get_by_role("button", name="Copy name").click()
    expect(area.get_by_role("status")).to_have_text("Copied a␇b/[U+202E]copy.png")
    assert user.page.evaluate("navigator.clipboard.readText()") == odd
    for key in ("ArrowDown", "ArrowDown"):
        user.page.keyboard.press(key)
    expect(rows(area).nth(2)).to_be_focused()
    user.page.keyboard.press("Enter")
    assert user.page.evaluate("navigator.clipboard.readText()") == "photos/00001.jpg"
    user.page.keyboard.press("End")
    user.page.keyboard.press("Control+c")
    expect(area.get_by_role("status")).to_have_text("Copied photos/00002.jpg")
    expect(area.locator('.mmrag-line[tabindex="0"]')).to_have_count(1)
    area.get_by_label("Filter the problems").press_sequentially("ddx")
    assert user.sources() == ["%mmrag load photos --as shop"]


def test_hostile_texts_are_shown_as_texts_and_do_nothing(server, user):
    told = payload(
        0,
        collection=HOSTILE[0],
        source=HOSTILE[1],
        notices=HOSTILE,
        total=len(HOSTILE),
        problems=[{"source": text, "reason": text} for text in HOSTILE],
    )
    area = shows(user, server, {REPORT_MIME: told, "text/plain": ""}, "hostile.ipynb")
    says(area, HOSTILE[0])
    says(area, HOSTILE[1])
    rows(area).first.focus()
    for number, text in enumerate(HOSTILE):
        says(area.locator(".mmrag-notice").nth(number), text)
        for part in range(2):
            says(area.locator(f'.mmrag-line[data-index="{number}"] bdi').nth(part), text)
        user.page.keyboard.press("ArrowDown")
    assert area.locator("script, svg:not(button > svg), iframe, img, a, style, link").count() == 0
    user.photographs("report-hostile")
    area.get_by_role("button", name="Show the problems").click()
    assert user.sources()[1] == f"%mmrag problems {HOSTILE[0]}"


@pytest.mark.parametrize("opens", ["opens_lab", "opens_notebook"])
def test_hostile_texts_in_the_static_html_do_nothing_and_long_ones_wrap(server, user, opens):
    told = tuple(Problem(text, text) for text in (*HOSTILE, LONG))
    bundle = report(collection=HOSTILE[0], source=HOSTILE[1], notices=HOSTILE, problems=told)
    del bundle[REPORT_MIME]
    server.notebook("static.ipynb", [cell(bundle)])
    getattr(user, opens)("static.ipynb")
    for text in (*HOSTILE, LONG):
        says(user.output(0), text)
    table = user.output(0).locator("table").last
    user.photographs(f"report-static-{opens}")
    assert table.locator("..").evaluate(FITS)
    user.page.set_viewport_size({"width": 800, "height": 900})
    assert table.locator("..").evaluate(FITS)
    user.photographs(f"report-static-narrow-{opens}")


def test_ten_thousand_problems_put_few_elements_into_the_page(server, user):
    bundle = {REPORT_MIME: payload(10_000), "text/plain": ""}
    area = shows(user, server, bundle, "many.ipynb")
    expect(area.get_by_role("status")).to_have_text("10,000 problems")
    first = area.locator('.mmrag-line[data-index="0"]')
    first.focus()
    assert area.locator("*").count() < NODES
    user.page.keyboard.press("End")
    last = area.locator('.mmrag-line[data-index="9999"]')
    expect(last).to_be_focused()
    expect(last).to_be_in_viewport()
    says(last, "photos/09999.jpg")
    user.page.keyboard.press("PageUp")
    expect(last).not_to_be_focused()
    scrolled = area.locator(".mmrag-scroll")
    for part in (0.25, 0.75, 0.5):
        scrolled.evaluate("(node, part) => { node.scrollTop = node.scrollHeight * part }", part)
        expect(rows(area).nth(3)).to_be_attached()
        assert area.locator("*").count() < NODES
    area.get_by_label("Filter the problems").fill("empty 04321")
    expect(rows(area)).to_have_count(0)
    area.get_by_label("Filter the problems").fill("gone 04321")
    expect(rows(area)).to_have_count(1)


def test_what_the_budget_left_out_is_said(server, user):
    area = shows(user, server, report(problems=problems(10_000)), "budget.ipynb")
    expect(area.get_by_role("status")).to_contain_text("of 10,000 problems, to keep the notebook")


def test_a_load_without_problems_has_no_table_and_no_button_for_them(server, user):
    bundle = report(problems=(), failed=0, kept=3, notices=())
    area = shows(user, server, bundle, "fine.ipynb")
    says(area, "0 failed, 3 no longer in the source but kept")
    expect(area.get_by_role("grid")).to_have_count(0)
    expect(area.get_by_role("button")).to_have_count(2)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"version": 2}, "another version of mmrag_jupyter (format 2)"),
        ({"version": 1, "counts": {}, "problems": 7}, "cannot be read"),
        ({"version": 1, "counts": 7, "problems": []}, "cannot be read"),
        ("garbage", "cannot be read"),
        (None, "cannot be read"),
    ],
    ids=json.dumps,
)
def test_what_cannot_be_read_is_said_and_the_plain_form_shown(server, user, told, said):
    bundle = {REPORT_MIME: told, "text/html": "<p>the <b>plain</b> form</p>", "text/plain": "plain"}
    server.notebook("unreadable.ipynb", [cell(bundle)])
    user.opens_lab("unreadable.ipynb")
    expect(user.output(0)).to_contain_text(said)
    expect(user.output(0)).to_contain_text("the plain form")


def test_members_of_a_wrong_type_are_left_out_and_the_rest_is_shown(server, user):
    told = payload(
        0,
        collection=["x"],
        counts={"added": "7", "failed": -3, "updated": 2},
        seconds="long",
        notices=[None, "one"],
        total=-4,
        problems=[7, {"source": 5, "reason": {}}, {"source": "good", "reason": "is gone"}],
    )
    area = shows(user, server, {REPORT_MIME: told, "text/plain": ""}, "odd.ipynb")
    says(area, "0 added, 2 updated")
    says(area, "in 0.0 s")
    expect(rows(area)).to_have_count(2)
    says(rows(area).last, "good")


def test_in_a_narrow_window_long_names_wrap_and_nothing_is_cut_off(server, user):
    user.page.set_viewport_size({"width": 400, "height": 800})
    bundle = report(problems=(Problem(LONG, LONG), *problems(5)), collection="c" * 150)
    server.notebook("narrow.ipynb", [cell(bundle)])
    user.opens_notebook("narrow.ipynb")
    area = area_of(user)
    assert area.evaluate(FITS)
    assert area.locator(".mmrag-scroll").evaluate(FITS)
    for at in range(2):
        box = rows(area).first.locator("bdi").nth(at).bounding_box()
        assert box["height"] > 40
        assert box["x"] + box["width"] <= 400
    tops = [row.bounding_box() for row in rows(area).all()]
    for above, below in pairwise(tops):
        assert above["y"] + above["height"] <= below["y"] + 1
    user.photographs("report-narrow")


def test_axe_finds_nothing_to_object_to_and_the_theme_is_followed(server, user, axe_violations):
    area = shows(user, server, report(problems=(Problem(LONG, LONG), *problems(11))), "axe.ipynb")
    lightness = """node => getComputedStyle(node).backgroundColor.match(/[0-9.]+/g).slice(0, 3)
                       .reduce((sum, each) => sum + Number(each), 0)"""
    seen = []
    for theme in (user.goes_light, user.goes_dark):
        theme()
        rows(area).first.hover()
        assert axe_violations(user, ".mmrag-report") == []
        area.locator(".mmrag-counts").hover()
        user.photographs(f"report-{theme.__name__}")
        seen.append(area.evaluate(lightness))
    assert seen[0] != seen[1]
