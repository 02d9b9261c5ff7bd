from __future__ import annotations

import io
import itertools
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core import display_functions

from mmrag_jupyter.notebook.progress import CellLine, Progress, Progresses, TerminalLine


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Recorder:
    def __init__(self):
        self.drawn = []
        self.ended = []
        self.cleared = 0

    def draw(self, label, state, share):
        self.drawn.append((label, state, share))

    def end(self, message):
        self.ended.append(message)

    def clear(self):
        self.cleared += 1


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def line():
    return Recorder()


@pytest.fixture
def progress(line, clock):
    return Progress(line, clock)


def test_rate_and_time_left(progress, line, clock):
    progress.start("loading products", 1200)
    clock.now += 2
    progress.advance(200)
    assert line.drawn == [
        ("loading products", "0 of 1,200 items", 0.0),
        ("loading products", "200 of 1,200 items, 100 a second, 10 s left", 200 / 1200),
    ]


@pytest.mark.parametrize(
    ("done", "seconds", "pace"),
    [
        (10, 60, "10 of 1,000 items, 6 s each, 1.6 h left"),
        (500, 200, "500 of 1,000 items, 2 a second, 3 min left"),
        (1000, 10, "1,000 of 1,000 items, 100 a second"),
        (0, 10, "0 of 1,000 items"),
    ],
)
def test_time_left_is_told_in_fitting_units(progress, line, done, seconds, pace):
    progress.start("loading", 1000)
    progress._clock.now += seconds
    progress.advance(done)
    assert line.drawn[-1][1] == pace


def test_the_time_left_follows_the_pace_of_late(progress, line, clock):
    progress.start("loading", 10_000)
    clock.now += 1
    progress.advance(5000)  # unchanged items, which fly by
    for done in range(5001, 5101):
        clock.now += 1
        progress.advance(done)
    assert "1 a second" in line.drawn[-1][1]


def test_what_is_done_where_the_work_begins_says_nothing_of_its_pace(progress, line, clock):
    progress.start("loading", 10_000)
    progress.advance(5000)
    clock.now += 1
    progress.advance(5100)
    assert line.drawn[-1][1] == "5,100 of 10,000 items, 100 a second, 49 s left"


def test_an_unknown_total_has_no_share(progress, line, clock):
    progress.start("loading", None)
    clock.now += 1
    progress.advance(30)
    assert line.drawn[-1] == ("loading", "30 so far, 30 a second", None)


@given(st.lists(st.floats(min_value=0, max_value=0.3)))
def test_at_most_ten_drawings_a_second(steps):
    line, clock = Recorder(), Clock()
    progress = Progress(line, clock)
    progress.start("loading", None)
    moments = [clock.now]
    for done, step in enumerate(steps):
        clock.now += step
        progress.advance(done)
        if len(line.drawn) > len(moments):
            moments.append(clock.now)
    assert all(late - early >= 0.1 for early, late in itertools.pairwise(moments))


def test_a_finished_line_shows_its_message_and_no_more(progress, line):
    progress.start("loading", 10)
    progress.finish("10 added")
    progress.abandon()
    assert line.ended == ["10 added"]


def test_a_line_that_ends_without_a_word_goes(progress, line):
    progress.start("evaluating", 10)
    progress.finish("")
    progress.abandon()
    assert (line.ended, line.cleared) == ([], 1)


def test_an_abandoned_line_says_where_it_stopped(progress, line):
    progress.start("loading products", 10)
    progress.advance(4)
    progress.abandon()
    assert line.ended == ["loading products: stopped at 4 of 10 items"]


def test_every_line_left_running_is_ended_once(line):
    progresses = Progresses(SimpleNamespace())
    left, done = progresses.new(), progresses.new()
    for progress in (left, done):
        progress._line = line
        progress.start("loading", 2)
    done.finish("done")
    progresses.end_all()
    progresses.end_all()
    assert line.ended == ["done", "loading: stopped at 0 of 2 items"]


def test_a_notebook_and_a_terminal_get_their_own_lines():
    assert isinstance(Progresses(SimpleNamespace()).new()._line, TerminalLine)
    assert isinstance(Progresses(SimpleNamespace(kernel=1)).new()._line, CellLine)


@pytest.fixture
def shown(monkeypatch):
    bundles = []

    class Handle:
        def update(self, bundle, *, raw):
            assert raw
            bundles.append(("update", bundle))

    def display(bundle, *, raw, display_id):
        assert raw
        assert display_id
        bundles.append(("display", bundle))
        return Handle()

    monkeypatch.setattr(display_functions, "display", display)
    monkeypatch.setattr("IPython.display.display", display)
    return bundles


def test_a_cell_has_one_display_and_ends_in_a_plain_line(shown):
    line = CellLine()
    line.draw("loading <b>", "3 of 4 & more", 0.75)
    line.draw("loading", "4 items", None)
    line.end("4 added <i>")
    assert [how for how, _ in shown] == ["display", "update", "update"]
    first, second, last = (bundle["text/html"] for _, bundle in shown)
    assert '<progress max="1" value="0.7500"></progress></label>' in first
    assert "loading &lt;b&gt;" in first
    assert "3 of 4 &amp; more" in first
    assert "<progress></progress>" in second
    assert last == "<div>4 added &lt;i&gt;</div>"
    assert shown[-1][1]["text/plain"] == "4 added <i>"


def test_a_terminal_rewrites_its_line(monkeypatch):
    out = io.StringIO()
    out.isatty = lambda: True
    monkeypatch.setattr(sys, "stdout", out)
    line = TerminalLine()
    line.draw("loading", "1,000 items", None)
    line.draw("loading", "2 items", None)
    line.end("done")
    assert out.getvalue() == "\rloading: 1,000 items\rloading: 2 items    \rdone            \n"


def test_a_terminal_blanks_a_line_that_goes(monkeypatch):
    out = io.StringIO()
    out.isatty = lambda: True
    monkeypatch.setattr(sys, "stdout", out)
    line = TerminalLine()
    line.draw("trying", "2 items", None)
    line.clear()
    line.clear()
    assert out.getvalue() == "\rtrying: 2 items\r               \r"


def test_what_is_no_terminal_gets_the_last_line_only(capsys):
    line = TerminalLine()
    line.draw("loading", "1 items", None)
    line.end("done")
    assert capsys.readouterr().out == "done\n"
