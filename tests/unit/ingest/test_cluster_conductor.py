"""What the conductor of a pipeline keeps, hands out again, and gives up on; without a cluster."""

from __future__ import annotations

import pytest

from mmrag_jupyter.ingest.cluster import conductor as conducting
from mmrag_jupyter.ingest.cluster.conductor import Conductor
from mmrag_jupyter.ingest.cluster.plan import Workers


@pytest.fixture
def nodes(monkeypatch):
    """The nodes that are up, looked at each time."""
    up = {"head", "other"}
    monkeypatch.setattr(conducting, "_alive", lambda: frozenset(up))
    monkeypatch.setattr(conducting, "_LOOK", 0.0)
    return up


@pytest.fixture
def conductor(nodes):  # noqa: ARG001
    return Conductor(Workers(2, 1, 0), b"")


def run(conductor, monkeypatch, outcomes):
    monkeypatch.setattr(conducting, "_outcomes", lambda *_: iter(outcomes))
    conductor.run(None)


def test_batches_are_handed_out_in_order(conductor):
    for number in range(3):
        conductor.offer(number, b"%d" % number)
    assert [conductor.next() for _ in range(3)] == [(0, b"0"), (1, b"1"), (2, b"2")]


def test_what_was_read_and_lost_is_handed_out_again_until_it_is_done(conductor, monkeypatch):
    for number in range(3):
        conductor.offer(number, b"%d" % number)
    conductor.next()
    conductor.next()
    run(conductor, monkeypatch, [(0, b"done")])
    conductor.again()
    assert [conductor.next() for _ in range(2)] == [(1, b"1"), (2, b"2")]


def test_what_a_lost_node_had_in_hand_goes_to_others(conductor, nodes):
    for number in range(2):
        conductor.offer(number, b"%d" % number)
    conductor.next()
    conductor.take(0)
    nodes.remove("other")
    conductor.take(0)
    assert [conductor.next() for _ in range(2)] == [(0, b"0"), (1, b"1")]
    # A node that comes is no reason to do anything twice.
    nodes.add("new")
    conductor.take(0)
    assert conductor._coming.empty()


def test_an_outcome_counts_once_however_often_it_comes(conductor, monkeypatch):
    conductor.offer(7, b"work")
    run(conductor, monkeypatch, [(7, b"first"), (7, b"second"), (8, b"never offered")])
    assert conductor.take(0).done == [(7, b"first")]
    assert conductor.take(0).done == []


def test_a_batch_that_kills_its_workers_is_given_up(conductor):
    for _ in range(3):
        conductor.began(5)
    assert conductor.take(0).fault == ""
    conductor.began(5)
    fault = conductor.take(0).fault
    assert "want of memory" in fault
    assert "the same load again" in fault


def test_a_model_that_kills_its_workers_is_given_up(conductor):
    conductor.loading()
    conductor.up()
    for _ in range(9):
        conductor.loading()
    assert conductor.take(0).fault == ""
    assert conductor.take(0).up == 1
    conductor.loading()
    assert "while they load the model" in conductor.take(0).fault


def test_a_pipeline_that_fails_is_told_in_one_line(conductor, monkeypatch):
    def broken(*_):
        raise RuntimeError("first line\nsecond line")

    monkeypatch.setattr(conducting, "_outcomes", broken)
    conductor.run(None)
    assert conductor.take(0).fault == "The pipeline on the cluster failed: RuntimeError: first line"
