"""Results with data that is hostile, huge, broken, or from elsewhere; and who can use them."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect
from saved_outputs import card, cell, many, payload, picture, result

from mmrag_jupyter.display.cards import HITS_MIME, Why

NODES = 1500  # elements that a view may put into the page, whatever it shows

ELSEWHERE = "http://elsewhere.example/x"
HOSTILE = [
    "<script>pwned(1)</script>",
    "<img src=x onerror=pwned(2)>",
    "\"><svg onload=pwned(3)><a href='javascript:pwned(4)'>x</a>",
    "javascript:pwned(5)",
    f"</style><style>@import '{ELSEWHERE}'; * {{ display: none }}</style>",
    f"<link rel=stylesheet href={ELSEWHERE}><iframe srcdoc='<script>parent.pwned(6)</script>'>",
    "</textarea></script></title><math><mtext><img src=x onerror=pwned(7)>",
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


def area_of(user, index=0):
    return user.output(index).locator(".mmrag-hits")


def shows(user, server, bundle, name="shown.ipynb"):
    server.notebook(name, [cell(bundle)])
    user.opens_lab(name)
    expect(area_of(user)).to_be_visible()
    return area_of(user)


def says(area, text):
    expect(area).to_contain_text(AS_SHOWN.get(text, text))


def raw_hits():
    """Return hits with hostile texts in every place, as nothing of ours has written them."""
    return [
        {
            "id": text,
            "rank": number + 1,
            "score": 0.5,
            "why": [{"signal": text, "rank": 1, "share": 0.5}],
            "metadata": {text: text, "title": text, "nested": {text: [text, {"x": text}]}},
            "text": text,
            "terms": [text, "script", "pwned"],
            "alt": text,
            "source": text,
            "thumbnail": {"image": number % 4, "width": 40, "height": 30},
        }
        for number, text in enumerate(HOSTILE)
    ]


@pytest.mark.parametrize("view", ["gallery", "table", "list"])
def test_hostile_texts_are_shown_as_texts_and_do_nothing(server, user, view):
    sources = (
        "javascript:pwned(11)",
        "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='pwned(12)'/>",
        "data:text/html,<script>pwned(13)</script>",
        "data:image/png;base64,AAAA",
    )
    html = "".join(f'<img src="{each}" onerror="pwned(9)" onload="pwned(10)">' for each in sources)
    told = payload(raw_hits(), title=HOSTILE[0], notices=HOSTILE, view=view, columns=HOSTILE)
    bundle = {HITS_MIME: told, "text/html": html, "text/plain": ""}
    area = shows(user, server, bundle, f"hostile-{view}.ipynb")
    area.locator(".mmrag-hit").first.focus()
    for number, text in enumerate(HOSTILE):
        says(area.locator(f'.mmrag-hit[data-index="{number}"]'), text)
        says(area.locator(".mmrag-notice").nth(number), text)
        user.page.keyboard.press("ArrowRight")
    user.page.keyboard.press("Home")
    user.photographs(f"hostile-{view}")
    area.locator(".mmrag-hit").first.click()
    dialog = user.page.get_by_role("dialog")
    for text in HOSTILE:
        says(dialog, text)
        user.page.keyboard.press("ArrowRight")
    assert (
        user.page.locator("a[href^='javascript'], .mmrag-hits :is(script, svg, iframe)").count()
        == 0
    )


def test_pictures_come_from_nowhere_but_the_output(server, user, guard):
    picture()().save(server.folder / "z.png")
    there = (server.folder / "z.png").read_bytes()
    # JupyterLab's own table of contents looks for headings in the HTML of every output, and
    # has the pictures in it fetched. Here they would be had, so that taking one shows.
    guard.context.route(
        "**/elsewhere.example/**", lambda route: route.fulfill(body=there, content_type="image/png")
    )
    svg = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/%3E"
    sources = (ELSEWHERE, "//elsewhere.example/y", "/files/z.png", svg)
    html = "".join(f'<img src="{source}">' for source in sources)
    hits = [
        {"id": str(number), "rank": 1, "thumbnail": {"image": number, "width": 9, "height": 9}}
        for number in range(5)
    ]
    bundle = {HITS_MIME: payload(hits), "text/html": html, "text/plain": ""}
    area = shows(user, server, bundle, "pictures.ipynb")
    expect(area.get_by_text("Picture is gone")).to_have_count(5)
    expect(area.locator("img")).to_have_count(0)


@pytest.mark.parametrize("opens", ["opens_lab", "opens_notebook"])
def test_hostile_texts_in_the_static_html_do_nothing_either(server, user, opens):
    cards = [
        card(
            number,
            id=text,
            alt=text,
            text=text,
            terms=(text,),
            source=text,
            metadata={text: text, "title": text},
            why=(Why(text, 1, 0.5),),
        )
        for number, text in enumerate(HOSTILE)
    ]
    bundle = result(cards, title=HOSTILE[1], notices=HOSTILE)
    del bundle[HITS_MIME]
    server.notebook("static.ipynb", [cell(bundle)])
    getattr(user, opens)("static.ipynb")
    for text in HOSTILE:
        says(user.output(0), text)


def test_ten_thousand_hits_put_few_elements_into_the_page(server, user):
    area = shows(user, server, many(10_000), "many.ipynb")
    expect(area.get_by_role("status")).to_have_text("10000 hits")
    for view in ("Gallery", "Table", "List"):
        area.get_by_role("button", name=view).click()
        first = area.locator('.mmrag-hit[data-index="0"]')
        first.focus()
        assert area.locator("*").count() < NODES
        user.page.keyboard.press("End")
        last = area.locator('.mmrag-hit[data-index="9999"]')
        expect(last).to_be_focused()
        expect(last).to_be_in_viewport()
        says(last, "Thing 9999")
        for _ in range(5):
            user.page.keyboard.press("PageUp")
        assert area.locator("*").count() < NODES
        user.page.keyboard.press("Home")
        expect(first).to_be_focused()
        # Scrolling by hand: wherever it stops, something is there.
        scrolled = area.locator(".mmrag-scroll")
        for part in (0.25, 0.75, 0.5):
            scrolled.evaluate("(node, part) => { node.scrollTop = node.scrollHeight * part }", part)
            middle = scrolled.locator(".mmrag-hit").nth(2)
            expect(middle).to_be_attached()
            assert area.locator("*").count() < NODES
    area.get_by_label("Filter words or values").fill("thing 4321")
    expect(area.locator(".mmrag-hit")).to_have_count(1)


def test_two_hundred_columns_and_very_long_cells_stay_within_the_view(server, user):
    columns = [f"column {number}" for number in range(200)]
    hits = [
        {
            "id": "i" * 500 + str(number),
            "rank": number + 1,
            "metadata": {name: "word " * 2000 if name == "column 7" else name for name in columns},
            "text": "x" * 10_000,
        }
        for number in range(50)
    ]
    bundle = {HITS_MIME: payload(hits, columns=columns, view="table"), "text/plain": ""}
    area = shows(user, server, bundle, "wide.ipynb")
    assert area.locator("*").count() < NODES
    scrolled = area.locator(".mmrag-scroll")
    scrolled.evaluate("node => { node.scrollLeft = node.scrollWidth }")
    expect(area.get_by_role("columnheader", name="column 199")).to_be_in_viewport()
    fits = "node => node.scrollWidth <= node.clientWidth + 1"
    for view in ("List", "Gallery"):
        area.get_by_role("button", name=view).click()
        assert area.evaluate(fits)
        assert scrolled.evaluate(fits)
    user.photographs("results-200-columns")
    area.locator(".mmrag-hit").first.click()
    inside = user.page.get_by_role("dialog").locator(".mmrag-inside")
    assert inside.evaluate(fits)
    expect(inside).to_contain_text("column 199")


def test_very_wide_and_very_tall_pictures_keep_their_form_and_their_place(server, user):
    cards = [
        card(0, picture=picture(0, (3000, 30))),
        card(1, picture=picture(1, (30, 3000))),
        card(2, picture=picture(2, (2, 2))),
    ]
    area = shows(user, server, result(cards), "forms.ipynb")
    expect(area.locator("img")).to_have_count(3)
    for image in area.locator("img").all():
        frame = image.locator("..").bounding_box()
        box = image.bounding_box()
        assert box["width"] <= frame["width"] + 1
        assert box["height"] <= frame["height"] + 1
        assert image.evaluate("node => getComputedStyle(node).objectFit") == "contain"
    # Four pixels are shown, not blown up to fill the frame.
    assert area.locator("img").nth(2).bounding_box()["width"] <= 4
    user.photographs("results-forms")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"version": 2, "pages": []}, "another version of mmrag_jupyter (format 2)"),
        ({"version": "9<b>", "hits": []}, "another version of mmrag_jupyter (format 9<b>)"),
        ({"version": 1, "hits": 7}, "cannot be read"),
        ([1, 2], "cannot be read"),
        ("garbage", "cannot be read"),
        (None, "cannot be read"),
    ],
    ids=json.dumps,
)
def test_what_cannot_be_read_is_said_and_the_plain_form_shown(server, user, told, said):
    bundle = {HITS_MIME: told, "text/html": "<p>the <b>plain</b> form</p>", "text/plain": "plain"}
    server.notebook("unreadable.ipynb", [cell(bundle)])
    user.opens_lab("unreadable.ipynb")
    expect(user.output(0)).to_contain_text(said)
    expect(user.output(0)).to_contain_text("the plain form")


def test_members_of_a_wrong_type_are_left_out_and_the_rest_is_shown(server, user):
    hits = [
        7,
        {"id": 5, "rank": "x", "score": "y", "why": 3, "metadata": [1], "thumbnail": "no"},
        {"id": "good", "rank": 2, "why": [{"signal": "s", "rank": -1, "share": 9}, None]},
    ]
    told = payload(hits, title=3, notices=[None, "one"], view="cube", columns=[1, "c"], total=-4)
    area = shows(user, server, {HITS_MIME: told, "text/plain": ""}, "odd.ipynb")
    expect(area.locator(".mmrag-hit")).to_have_count(2)
    says(area, "good")


def test_no_hits_say_what_may_find_some(server, user):
    area = shows(user, server, result([]), "none.ipynb")
    says(area, "No hits. Fewer or other words")
    expect(area.locator(".mmrag-hit")).to_have_count(0)


def test_an_id_that_begins_a_word_of_the_text_takes_nothing_of_it(server, user):
    cards = [
        card(0, id="b", text="blue hat", picture=None, metadata={}),
        card(1, id="red", text="red: a shoe", picture=None, metadata={}),
    ]
    area = shows(user, server, result(cards), "begins.ipynb")
    says(area, "blue hat")
    says(area, "a shoe")
    expect(area).not_to_contain_text("red: a shoe")


def test_in_a_narrow_window_nothing_is_cut_off(server, user):
    user.page.set_viewport_size({"width": 400, "height": 800})
    bundle = result([card(number) for number in range(6)])
    server.notebook("narrow.ipynb", [cell(bundle)])
    user.opens_notebook("narrow.ipynb")
    area = area_of(user)
    for view in ("Gallery", "List", "Table"):
        area.get_by_role("button", name=view).click()
        assert area.evaluate("node => node.scrollWidth <= node.clientWidth + 1")
        user.photographs(f"results-narrow-{view.lower()}")
    area.locator(".mmrag-hit").first.click()
    dialog = user.page.get_by_role("dialog")
    assert dialog.bounding_box()["width"] <= 400
    user.photographs("results-narrow-detail")


def test_axe_finds_nothing_to_object_to_in_light_and_dark(server, user, axe_violations):
    cards = [card(number, text="some words of a text", terms=("words",)) for number in range(9)]
    cards[3] = card(3, picture=lambda: (_ for _ in ()).throw(OSError("there is no such file")))
    area = shows(user, server, result(cards, notices=("A notice.",)), "axe.ipynb")
    for theme in (user.goes_light, user.goes_dark):
        theme()
        for view in ("Gallery", "Table", "List"):
            area.get_by_role("button", name=view).click()
            area.locator(".mmrag-hit").first.hover()
            assert axe_violations(user, ".mmrag-hits") == []
        area.locator(".mmrag-hit").first.click()
        assert axe_violations(user, ".mmrag-detail") == []
        user.page.keyboard.press("Escape")
