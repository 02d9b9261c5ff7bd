"""The panel while something else goes on: answers that are late, and what they come upon."""

from __future__ import annotations

import pytest
from panel_host import hit, hosts
from playwright.sync_api import expect

# Hits are called by what was asked for and by their place; liking some turns the order round.
FOUND = """() => {
  tells.search = ({ asked, offset }) => {
    const name = asked.terms.map(term => term.text).join(' ') || 'anything';
    const many = name === 'rare' ? 3 : 200;
    const places = Array.from({ length: Math.min(48, many - offset) }, (_, at) => offset + at + 1);
    const all = places.map(at => ({ id: `${name}-${at}`, key: `${name}-${at}`, rank: at,
      part: null, score: 1, metadata: { title: `${name} ${at}` }, text: '', thumbnail: null }));
    return { hits: asked.liked.length > 0 ? all.reverse() : all, more: offset + 48 < many,
             columns: ['title'], total: many };
  };
}"""


class Hosted:
    """A panel whose answers the test gives."""

    def __init__(self, page):
        self.page = page
        self.field = page.get_by_role("searchbox", name="Search")
        self.hits = page.locator(".mmrag-hit")
        self.scroll = page.locator(".mmrag-scroll")
        self.dialog = page.get_by_role("dialog")

    def shows(self, name):
        expect(self.hits.first).to_contain_text(name)

    def asked(self, verb):
        return self.page.evaluate(f"asked.filter(one => one.type === '{verb}')")

    def waits_for(self, condition):
        self.page.wait_for_function(condition)

    def gives(self):
        """Give one answer after the other, each as if it had come alone, and no more of them."""
        self.page.evaluate(
            """async () => {
                 const drawn = () => new Promise(done => setTimeout(done, 50));
                 for (const give of held.splice(0)) { give(); await drawn(); }
               }"""
        )


@pytest.fixture
def hosted(guard):
    """A panel of three pictures; `FOUND` gives it others."""
    page = guard.context.new_page()
    page.set_content('<!doctype html><body><div id="output"></div>')
    hosts(page, [hit(number, pictured=True, added="2026-01-02") for number in (1, 2, 3)])
    made = Hosted(page)
    made.shows("Teapot 1")
    return made


@pytest.fixture
def many(hosted):
    """A panel of two hundred items."""
    hosted.page.evaluate(FOUND)
    hosted.field.fill("thing")
    hosted.shows("thing 1")
    return hosted


def test_further_hits_are_those_of_the_query_that_they_follow(many):
    many.waits_for("asked.filter(one => one.type === 'facets').length > 1")
    many.page.evaluate("held = []; asked.length = 0")
    many.field.fill("rare")
    many.waits_for("asked.some(one => one.type === 'search')")
    # Meanwhile the old hits are scrolled to their end.
    many.scroll.evaluate("node => node.scrollTo(0, node.scrollHeight)")
    many.waits_for("asked.some(one => one.offset === 48)")
    assert [one["text"] for one in many.asked("search")[1]["asked"]["terms"]] == ["thing"]
    many.gives()
    many.shows("rare 1")
    expect(many.hits).to_have_count(3)


def test_the_hit_that_is_looked_at_stays_whatever_is_found_beneath(many):
    many.hits.nth(1).dblclick()
    name = many.dialog.locator("header .mmrag-name")
    expect(name).to_contain_text("thing 2")
    many.dialog.get_by_role("button", name="More like this").first.click()
    many.waits_for("asked.some(one => one.asked?.liked?.length === 1)")
    many.shows("thing 48")
    expect(name).to_contain_text("thing 2")
    expect(many.dialog.locator(".mmrag-thumb").first).to_have_attribute("aria-pressed", "true")
    # From there one goes on among the hits that are there now.
    many.page.keyboard.press("ArrowRight")
    expect(name).to_contain_text("thing 1")
    many.page.keyboard.press("Escape")
    expect(many.dialog).to_have_count(0)
    expect(many.page.locator('[data-id="thing-1"]')).to_be_focused()

    # One that is not found any more stays too, and no dialog opens by itself later.
    many.page.keyboard.press("Enter")
    expect(name).to_contain_text("thing 1")
    many.field.evaluate(
        """field => { field.value = 'rare';
                      field.dispatchEvent(new InputEvent('input', { bubbles: true })) }"""
    )
    many.shows("rare")
    expect(name).to_contain_text("thing 1")
    expect(many.dialog.get_by_role("button", name="Next")).to_be_disabled()
    many.page.keyboard.press("Escape")
    many.field.fill("")
    many.shows("anything")
    expect(many.dialog).to_have_count(0)


def test_enter_that_is_held_down_opens_a_hit_and_presses_nothing(many):
    many.hits.first.click()
    many.page.keyboard.down("Enter")
    expect(many.dialog).to_be_visible()
    many.page.keyboard.down("Enter")
    many.page.keyboard.up("Enter")
    expect(many.dialog.get_by_role("group", name="Larger picture")).to_be_focused()
    assert many.asked("feedback") == []


def test_what_is_done_with_a_hit_in_its_dialog_is_seen(many):
    many.hits.nth(1).dblclick()
    many.dialog.get_by_role("button", name="Copy id").click()
    expect(many.dialog.get_by_role("status")).not_to_be_empty()
    expect(many.dialog).to_be_visible()
    many.dialog.locator("[data-action=like]").click()
    expect(many.dialog).to_have_count(0)
    many.waits_for("asked.some(one => one.asked?.like?.[0] === 'thing-2')")


def test_the_keyboard_comes_to_other_hits_at_their_beginning(many):
    many.hits.first.click()
    many.page.keyboard.press("End")
    expect(many.page.locator("[data-index='47']")).to_be_focused()
    many.field.fill("other")
    many.shows("other 1")
    expect(many.page.locator(".mmrag-hit[tabindex='0']")).to_have_attribute("data-index", "0")


def test_what_is_typed_into_a_filter_stays_while_the_panel_is_drawn_anew(hosted):
    where = hosted.page.get_by_role("textbox", name="Condition")
    where.click()
    hosted.page.keyboard.type("price < 3")
    hosted.hits.first.dispatch_event("click")  # a click that leaves the focus where it is
    expect(hosted.page.locator(".mmrag-chosen")).to_contain_text("1 hit selected")
    expect(where).to_have_value("price < 3")
    hosted.page.keyboard.type("0")
    hosted.page.keyboard.press("Enter")
    hosted.waits_for("asked.some(one => one.asked?.where === 'price < 30')")
    hosted.page.get_by_role("button", name="Clear all").click()
    expect(where).to_have_value("")


def test_a_filter_that_is_taken_away_leaves_its_values_in_sight(hosted):
    hosted.page.evaluate(
        """() => { tells.facets = () => ({ items: 3, facets: ['a', 'b', 'c', 'd', 'e'].map(column =>
                   ({ kind: 'values', column, others: 0,
                      values: [{ value: 'x', label: `${column}x`, count: 1, hits: null }] }
                 )) }) }"""
    )
    hosted.field.fill("x")
    hosted.page.locator("summary", has_text="e").last.click()
    value = hosted.page.get_by_role("checkbox", name="ex")
    value.check()
    hosted.waits_for("asked.some(one => one.asked?.filters?.length === 1)")
    value.uncheck()
    hosted.waits_for("asked.at(-1).type === 'facets' && asked.at(-1).asked.filters.length === 0")
    expect(value).to_be_visible()
    expect(value).to_be_focused()


def test_what_was_said_of_one_hit_gives_way_to_how_many_there_are(hosted):
    status = hosted.page.locator(".mmrag-bar [role=status]")
    hosted.hits.first.click()
    hosted.page.get_by_role("button", name="Copy id").last.click()
    expect(status).to_contain_text("copying")
    hosted.field.fill("teapot")
    expect(status).to_have_text("3 hits")


def test_pictures_that_nobody_gives_are_not_called_gone(hosted):
    hosted.waits_for("asked.some(one => one.type === 'facets')")
    hosted.page.evaluate(
        """() => { held = []; asked.length = 0;
                   tells.search = () => ({ hits: [{ id: 'B', key: 'B', rank: 1, part: 0, score: 1,
                     metadata: { title: 'Bowl' }, text: '',
                     thumbnail: { image: 0, width: 240, height: 180 } }] }) }"""
    )
    hosted.field.fill("bowl")
    hosted.waits_for("asked.some(one => one.type === 'search')")
    hosted.gives()
    hosted.shows("Bowl")
    hosted.waits_for("asked.some(one => one.type === 'thumbnails')")
    hosted.page.evaluate("channelChanges()")
    expect(hosted.page.locator(".mmrag-panel-said")).to_contain_text("No kernel answers")
    hosted.shows("The kernel does not answer.")
    expect(hosted.hits.first).not_to_contain_text("Picture is gone")


def test_emojis_are_not_cut_in_half(hosted):
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    hosted.page.evaluate(
        """family => { tells.search = () => ({ hits: [0, 1, 2, 3].map(at => ({
             id: `${at}`, key: `${at}`, rank: at + 1, part: null, score: 1,
             metadata: { title: 'x'.repeat(at) + family.repeat(100) },
             text: 'y'.repeat(at) + family.repeat(200), thumbnail: null })),
             columns: ['title'] }) }""",
        family,
    )
    hosted.field.fill("emoji")
    hosted.shows("\U0001f468")
    for view in ("Table", "List", "Gallery"):
        hosted.page.get_by_role("button", name=view).click()
        hosted.shows("\U0001f468")
        assert hosted.page.evaluate("document.body.innerText.isWellFormed()")


def test_dates_to_filter_by_have_room_for_their_years(hosted):
    hosted.page.evaluate(
        """() => { tells.facets = () => ({ items: 3, facets: [
                   { kind: 'range', column: 'added', type: 'date', low: '2020-01-01',
                     high: '2026-11-23', missing: 0, bins: [] }] }) }"""
    )
    hosted.field.fill("x")
    dates = hosted.page.locator("input[type=date]")
    expect(dates).to_have_count(2)
    for date in dates.all():
        # In 212 pixels there is room for one of them.
        assert date.bounding_box()["width"] > 150
