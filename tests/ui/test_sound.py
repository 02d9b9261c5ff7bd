"""Sounds in results, in the panel and in saved notebooks: a user's stories."""

from __future__ import annotations

import re

import nbformat
import pytest
from playwright.sync_api import expect
from saved_outputs import card, cell, result
from sidebar_user import Sidebar
from sounds import encoded, noise, quiet, tone, write

from mmrag_jupyter.display import Said
from mmrag_jupyter.display.answer import answer_bundle
from mmrag_jupyter.display.answer_parts import Reference, Reply
from mmrag_jupyter.display.prose import Cite, Element
from mmrag_jupyter.display.stretches import Stretch
from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.items import Sound

LOAD = "%load_ext mmrag_jupyter\n%mmrag load calls --model builtin"

# A second of each element that has begun to play, and whether it is still at it.
PLAYING = """root => [...root.querySelectorAll('audio')].filter(one => one.played.length > 0)
  .map(one => ({ paused: one.paused, second: one.currentTime, length: one.duration }))"""


def beeps(*seconds, of=30.0, rate=16_000):
    """Return quiet sound with a beep of a second at each of these."""
    made = quiet(of, rate)
    for second in seconds:
        made[int(second * rate) : int((second + 1) * rate)] = tone(880, 1.0, rate)
    return made


def calls(folder):
    """Write a few recordings, one of which beeps late."""
    write(folder / "calls" / "late.wav", beeps(20, of=24))
    write(folder / "calls" / "two.wav", beeps(2, 8, of=12))
    write(folder / "calls" / "rain.wav", noise(4))
    return folder / "calls"


def hits_of(user, index):
    return user.output(index).locator(".mmrag-hits")


def plays(area, page):
    """Wait until one sound is heard; return where it is, and how long it is."""
    handle = area.element_handle()
    page.wait_for_function(f"root => ({PLAYING})(root).some(one => one.second > 0.1)", arg=handle)
    (heard,) = [one for one in area.evaluate(PLAYING) if not one["paused"]]
    return heard


def heard_card(number, start=5.0, end=9.0, read=None, **other):
    def made(begin, last):
        return Sound(beeps(6, of=last + 1)[int(begin * 16_000) : int(last * 16_000)], 16_000)

    stretch = Stretch(start, end, read or made)
    return card(
        number, picture=stretch.picture, sound=stretch, start=start, end=end,
        alt=f"waveform of Thing {number}", text="a parcel that came late", terms=("parcel",),
        **other,
    )  # fmt: skip


def test_a_query_plays_from_the_second_that_matched(server, user):
    folder = calls(server.folder)
    write(server.folder / "mine.wav", beeps(0, of=1))
    server.notebook("calls.ipynb", [LOAD, "%mmrag query --audio mine.wav -k 3", "after = 1"])
    user.opens_lab("calls.ipynb")
    user.waits_for_kernel()
    user.runs_all(2)
    area = hits_of(user, 1)
    late = area.locator(".mmrag-hit", has_text="late.wav")
    expect(late).to_contain_text("0:19-0:21")
    button = late.get_by_role("button", name="Play 0:19-0:21")
    button.click()
    heard = plays(area, user.page)
    assert 1 < heard["length"] < 2
    expect(late.get_by_role("button", name="Pause 0:19-0:21")).to_be_visible()

    # One at a time.
    other = area.locator(".mmrag-hit", has_text="rain.wav")
    other.get_by_role("button", name=re.compile("^Play")).click()
    expect(other.get_by_role("button", name=re.compile("^Pause"))).to_be_visible()
    expect(late.get_by_role("button", name="Play 0:19-0:21")).to_be_visible()
    user.photographs("sound-results")

    # Large, with all controls.
    late.locator(".mmrag-name").click()
    dialog = user.page.get_by_role("dialog")
    audio = dialog.locator("audio[controls]")
    expect(audio).to_be_visible()
    expect(audio).to_have_attribute("aria-label", "Play 0:19-0:21")
    audio.evaluate("node => node.play()")
    assert plays(dialog, user.page)["second"] > 0
    user.photographs("sound-large")
    user.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert all(one["paused"] for one in area.evaluate(PLAYING))

    # What was deleted since says so where it is played from.
    (folder / "late.wav").unlink()
    user.runs(1)
    expect(area).to_contain_text("late.wav is gone")


def test_a_saved_notebook_plays_untrusted_and_without_a_kernel(server, user):
    def gone(_begin, _end):
        raise SourceError("calls/<img src=x onerror=pwned()>.wav is gone: there is no such file.")

    cards = [heard_card(0), heard_card(1), heard_card(2, read=gone)]
    path = server.notebook("saved.ipynb", [cell(result(cards))])
    saved = nbformat.read(path, 4)
    saved.metadata.kernelspec = {"name": "gone", "display_name": "Gone", "language": "python"}
    nbformat.write(saved, path)
    user.opens_lab("saved.ipynb")
    user.goes_without_kernel()
    area = hits_of(user, 0)
    expect(user.page.get_by_title(re.compile("not trusted"))).to_be_visible()
    first = area.locator(".mmrag-hit").first
    expect(first).to_contain_text("a parcel that came late")
    expect(first.locator("mark")).to_have_text("parcel")
    expect(first.get_by_role("img", name="waveform of Thing 0")).to_be_visible()
    first.get_by_role("button", name="Play 0:05-0:09").click()
    heard = plays(area, user.page)
    assert heard["length"] == pytest.approx(4, abs=0.05)
    expect(area.locator(".mmrag-hit").nth(2)).to_contain_text(
        "calls/<img src=x onerror=pwned()>.wav"
    )

    # One that plays stops when the page no longer shows it.
    user.page.keyboard.press("Escape")
    area.evaluate("node => { node.style.display = 'none'; }")
    user.page.wait_for_function(
        f"root => ({PLAYING})(root).every(one => one.paused)", arg=area.element_handle()
    )


def test_an_answer_plays_the_stretch_that_it_cites(server, user, axe_violations):
    def gone(_begin, _end):
        raise SourceError("calls/b.wav is gone.")

    def source(key, read):
        stretch = Stretch(5.0, 9.0, read)
        return Reference(key, f"{key}.wav", f"{key}.wav#1", f"{key}.wav", "it came late",
                         start=5.0, end=9.0, place="0:05-0:09", sound=stretch)  # fmt: skip

    def made(begin, last):
        return Sound(beeps(6, of=last + 1)[int(begin * 16_000) : int(last * 16_000)], 16_000)

    text = ("Late ", Cite(1), Cite(2), Cite(3))
    sources = (source(1, made), source(2, gone), source(3, made))
    reply = Reply("What of the parcel?", "Late [1][2][3]", (Element("p", text),), sources)
    server.notebook("said.ipynb", [cell(answer_bundle(reply))])
    user.opens_lab("said.ipynb")
    area = user.output(0).locator(".mmrag-answer")
    first, second, third = (area.locator(f"[data-key='{key}']") for key in (1, 2, 3))
    expect(second).to_contain_text("This recording cannot be played. calls/b.wav is gone.")
    players = area.locator("audio[controls][aria-label='Play 0:05-0:09']")
    expect(players).to_have_count(2)
    for one in (first, third):
        one.locator("audio").evaluate("node => node.play()")
        assert plays(one, user.page)["length"] == pytest.approx(4, abs=0.05)
    # One at a time.
    user.page.wait_for_function("node => node.paused", arg=players.first.element_handle())
    assert axe_violations(user, ".mmrag-answer") == []
    user.photographs("sound-answer")


def test_the_plain_page_of_an_untrusted_notebook_keeps_its_players(server, user):
    bundle = result([heard_card(0)])
    plain = {kind: bundle[kind] for kind in ("text/html", "text/plain")}
    server.notebook("plain.ipynb", [cell(plain)])
    user.opens_lab("plain.ipynb")
    output = user.output(0)
    expect(user.page.get_by_title(re.compile("not trusted"))).to_be_visible()
    expect(output.get_by_role("img", name="waveform of Thing 0")).to_be_visible()
    audio = output.locator("audio[controls]")
    expect(audio).to_be_visible()
    assert audio.evaluate(
        """node => new Promise((done, fail) => { node.oncanplaythrough = () => done(node.duration);
             node.onerror = () => fail(node.error.message); node.load(); })"""
    ) == pytest.approx(4, abs=0.05)
    user.photographs("sound-plain")


def test_the_panel_plays_what_the_kernel_sends(server, user):
    calls(server.folder)
    server.notebook("panel.ipynb", [LOAD, "panel = %mmrag panel\npanel"])
    user.opens_lab("panel.ipynb")
    user.waits_for_kernel()
    user.runs_all(2)
    panel = user.page.locator(".mmrag-panel").locator("visible=true")
    late = panel.locator(".mmrag-hit", has_text="late.wav")
    expect(late.locator("img[src^='blob:']")).to_be_visible()
    play = late.get_by_role("button", name="Play 0:19-0:21")
    play.focus()
    user.page.keyboard.press("Enter")
    heard = plays(panel, user.page)
    assert heard["length"] == pytest.approx(1.2, abs=0.1)
    assert late.locator("audio").evaluate("node => node.src").startswith("blob:")
    user.photographs("sound-panel")
    # Once more: the sound is there already.
    user.page.wait_for_function(
        f"root => ({PLAYING})(root).every(one => one.paused)", arg=panel.element_handle()
    )
    play.click()
    plays(panel, user.page)


def test_the_panel_takes_a_recording_as_query(server, user):
    calls(server.folder)
    server.notebook("asks.ipynb", [LOAD, "panel = %mmrag panel\npanel", "panel.hits.ids"])
    user.opens_lab("asks.ipynb")
    user.waits_for_kernel()
    user.runs_all(2)
    panel = user.page.locator(".mmrag-panel").locator("visible=true")
    expect(panel.locator(".mmrag-hit")).to_have_count(3)
    chooser = panel.locator("input[type=file]")
    rain = {"name": "mine.wav", "mimeType": "audio/wav", "buffer": encoded(noise(2))}
    chooser.set_input_files(rain)
    expect(panel.locator(".mmrag-hit").first).to_contain_text("rain.wav")
    expect(panel.locator(".mmrag-panel-chip")).to_have_text(re.compile("mine.wav"))
    user.photographs("sound-asked")
    user.runs(2)
    expect(user.output(2)).to_contain_text("['rain.wav'")
    chooser.set_input_files({**rain, "name": "no.wav", "buffer": b"just words"})
    expect(panel.locator(".mmrag-panel-said")).to_contain_text("no.wav is not sound but text")
    panel.get_by_role("button", name="Remove no.wav").click()
    expect(panel.locator(".mmrag-panel-said")).to_have_text("")


def test_the_sidebar_plays_what_it_finds(server, user):
    calls(server.folder)
    load = """\
%load_ext mmrag_jupyter
import pandas as pd
said = pd.DataFrame({"file": ["calls/late.wav", "calls/rain.wav"], "notes": ["a horn", "rain"]})
%mmrag load said --audio file --text notes --model builtin"""
    server.notebook("beside.ipynb", [load])
    user.opens_lab("beside.ipynb")
    user.waits_for_kernel()
    user.runs_all(1)
    sidebar = Sidebar(user).opens()
    sidebar.searches("horn")
    late = sidebar.hits.filter(has_text="a horn")
    expect(late.locator("img[src^='blob:']")).to_be_visible()
    late.get_by_role("button", name=re.compile("Play 0:")).click()
    plays(sidebar.node, user.page)
    user.photographs("sound-sidebar")


@pytest.mark.parametrize("view", ["Gallery", "Table", "List"])
def test_each_view_is_accessible_and_fits_a_phone(server, user, axe_violations, view):
    server.notebook(f"views-{view}.ipynb", [cell(result([heard_card(n) for n in range(3)]))])
    user.opens_lab(f"views-{view}.ipynb")
    area = hits_of(user, 0)
    area.get_by_role("button", name=view).click()
    expect(area.get_by_role("button", name="Play 0:05-0:09").first).to_be_visible()
    assert axe_violations(user, ".mmrag-hits") == []
    user.photographs(f"sound-{view.lower()}")
    user.goes_dark()
    assert axe_violations(user, ".mmrag-hits") == []
    user.photographs(f"sound-{view.lower()}-dark")
    user.page.keyboard.press("Control+b")  # the bar at the side goes
    user.page.set_viewport_size({"width": 400, "height": 800})
    expect(area.get_by_role("button", name="Play 0:05-0:09").first).to_be_visible()
    user.photographs(f"sound-{view.lower()}-narrow")
    user.page.set_viewport_size({"width": 1280, "height": 900})
    user.goes_light()
    area.locator(".mmrag-hit .mmrag-name").first.click()
    dialog = user.page.get_by_role("dialog")
    expect(dialog.locator("audio[controls]")).to_be_visible()
    assert axe_violations(user, ".mmrag-detail") == []


def test_arrow_keys_in_a_player_do_not_turn_to_another_hit(server, user):
    server.notebook("arrows.ipynb", [cell(result([heard_card(number) for number in range(3)]))])
    user.opens_lab("arrows.ipynb")
    hits_of(user, 0).locator(".mmrag-hit").first.click()
    dialog = user.page.get_by_role("dialog")
    dialog.locator("audio[controls]").focus()
    user.page.keyboard.press("ArrowRight")
    expect(dialog.locator("header .mmrag-name")).to_contain_text("Thing 0")
    # Elsewhere in the dialog they do.
    dialog.get_by_role("button", name="Next").focus()
    user.page.keyboard.press("ArrowRight")
    expect(dialog.locator("header .mmrag-name")).to_contain_text("Thing 1")


def test_a_sound_for_which_there_was_no_room_comes_from_the_kernel(server, user):
    calls(server.folder)
    small = (
        "from dataclasses import replace\nimport mmrag_jupyter as mm\n"
        "hits = mm.open('calls').query(like='two.wav', k=2)\n"
        "replace(hits, options=replace(hits.options, budget=4500))"
    )
    server.notebook("large.ipynb", [LOAD, small])
    user.opens_lab("large.ipynb")
    user.waits_for_kernel()
    user.runs_all(2)
    area = hits_of(user, 1)
    first = area.locator(".mmrag-hit").first
    first.get_by_role("button", name=re.compile("^Play")).click()
    plays(area, user.page)
    assert first.locator("audio").evaluate("node => node.src").startswith("blob:")


def test_a_whole_recording_tells_what_is_said_in_it_and_when(server, user):
    said = (Said("hello", 0.0, 4.0), Said("my <b>parcel</b> is late", 65.0, 70.0))
    whole = heard_card(0, 0.0, 70.0, said=said)
    server.notebook("whole.ipynb", [cell(result([whole], title="calls: item a.wav"))])
    user.opens_lab("whole.ipynb")
    area = hits_of(user, 0)
    lines = area.locator(".mmrag-said li")
    expect(lines).to_have_text(["0:00-0:04 hello", "1:05-1:10 my <b>parcel</b> is late"])
    expect(lines.locator("mark")).to_have_text("parcel")
    area.locator(".mmrag-name").click()
    dialog = user.page.get_by_role("dialog")
    expect(dialog.locator(".mmrag-said li")).to_have_count(2)
    # Nobody has the rest of it here.
    expect(dialog).to_contain_text(re.compile(r"Of this sound, 0:00-0:\d\d is kept here\."))
    user.photographs("sound-whole")
