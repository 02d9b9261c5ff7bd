"""Running loads are followed from outside."""

from __future__ import annotations

import pandas as pd
import pytest
from toys import ToyEmbedder

from mmrag_jupyter.errors import MmragError
from mmrag_jupyter.widgets.loads import Loads


class Told:
    def __init__(self):
        self.lines = []

    def start(self, label, total):
        self.lines.append(("start", label, total))

    def advance(self, done):
        self.lines.append(("advance", done))

    def finish(self, message):
        self.lines.append(("finish", message))


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_progress_is_handed_on_and_told_with_rate_and_time_left():
    clock, told = Clock(), Told()
    loads = Loads(clock)
    reporter = loads.watched("shop", told)
    reporter.start("loading shop", 100)
    clock.now = 2.0
    reporter.advance(20)
    assert loads.rows() == [
        {
            "id": 1, "collection": "shop", "label": "loading shop", "done": 20, "total": 100,
            "rate": 10.0, "left": 8.0, "state": "running", "message": "",
        }
    ]  # fmt: skip
    reporter.finish("shop: 100 added")
    row = loads.rows()[0]
    assert (row["state"], row["message"], row["rate"]) == ("finished", "shop: 100 added", None)
    assert told.lines == [
        ("start", "loading shop", 100), ("advance", 20), ("finish", "shop: 100 added"),
    ]  # fmt: skip


def test_listeners_hear_of_beginning_and_end_and_seldom_in_between():
    clock, heard = Clock(), []
    loads = Loads(clock)
    stop = loads.listen(lambda: heard.append(loads.rows()[0]["done"]))
    reporter = loads.watched("shop", Told())
    reporter.start("loading", None)
    for done in range(1, 100):
        clock.now += 0.01
        reporter.advance(done)
    reporter.finish("done")
    assert 5 <= len(heard) <= 8
    stop()
    loads.watched("shop", Told()).start("again", None)
    assert len(heard) <= 8


def test_only_the_last_loads_that_ended_are_told():
    loads = Loads(Clock())
    for number in range(9):
        reporter = loads.watched(f"c{number}", Told())
        reporter.start("x", 1)
        reporter.finish("done")
    assert [row["collection"] for row in loads.rows()] == ["c8", "c7", "c6", "c5", "c4"]


def test_a_session_s_loads_are_told_whether_they_end_well_or_not(session):
    states = []
    session.loads.listen(lambda: states.append(session.loads.rows()[0]["state"]))
    session.load(pd.DataFrame({"t": ["a", "b"]}), "ok", text="t", model=ToyEmbedder())
    assert (states[0], states[-1]) == ("running", "finished")
    assert session.loads.rows()[0]["collection"] == "ok"

    class Broken(ToyEmbedder):
        def embed_text(self, texts, *, query):  # noqa: ARG002
            raise RuntimeError("no")

    with pytest.raises(MmragError):
        session.load(
            pd.DataFrame({"t": ["a"]}), "bad", text="t", model=Broken("b:1"), on_error="raise"
        )
    row = next(row for row in session.loads.rows() if row["collection"] == "bad")
    assert row["state"] == "stopped"
