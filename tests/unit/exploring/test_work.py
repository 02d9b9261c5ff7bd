"""Progress of long work is told, that of short work is not, and an interrupt ends in a line."""

from __future__ import annotations

import pytest

from mmrag_jupyter.errors import StoppedError
from mmrag_jupyter.exploring import near
from mmrag_jupyter.exploring.work import working


class Heard:
    def __init__(self):
        self.said = []

    def start(self, label, total):
        self.said.append(("start", label, total))

    def advance(self, done):
        self.said.append(("advance", done))

    def finish(self, message):
        self.said.append(("finish", message))


def test_work_on_few_items_says_nothing():
    heard = Heard()
    with working(heard, "looking") as work:
        work.start("comparing", 10)
        work.advance(10)
    assert heard.said == []


def test_work_on_many_items_is_told_stage_by_stage():
    heard = Heard()
    with working(heard, "looking") as work:
        work.start("reading", 10_000)
        work.advance(5_000)
        work.start("comparing", 10_000)
    assert heard.said == [
        ("start", "reading", 10_000),
        ("advance", 5_000),
        ("start", "comparing", 10_000),
        ("finish", "done: looking"),
    ]


def test_an_interrupt_ends_in_a_line_and_takes_no_data_away(load, monkeypatch):
    collection = load(["0", "0", "1"])

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(near, "projected", interrupted)
    with pytest.raises(StoppedError, match="Stopped looking for duplicates in points; nothing was"):
        collection.duplicates()
    monkeypatch.undo()
    assert len(collection.duplicates()) == 1


def test_a_line_that_was_begun_is_ended_when_something_fails():
    heard = Heard()

    def failing():
        with working(heard, "looking") as work:
            work.start("reading", 10_000)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert heard.said[-1] == ("finish", "stopped: looking")
