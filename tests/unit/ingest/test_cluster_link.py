"""The process between a kernel and a cluster: what it tells, and that it never stays behind."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest

from mmrag_jupyter.errors import ClusterError
from mmrag_jupyter.ingest.cluster import RayEmbedding, link
from mmrag_jupyter.ingest.cluster.frames import receive, send
from mmrag_jupyter.ingest.cluster.link import Link, SlowStartError
from mmrag_jupyter.ingest.cluster.work import News, unpacked


@pytest.fixture
def child(monkeypatch, tmp_path):
    """Return what makes the process behave in a way, and the file that it may write."""
    monkeypatch.setattr(link, "_CHILD", "cluster_child_toy")
    written = tmp_path / "written"

    def behaves(how):
        monkeypatch.setenv("MMRAG_TOY", f"{how} {written}")
        return written

    return behaves


def opened():
    return Link("10.0.0.1:6379", b"models", lambda: None)


def heard(line):
    """Return the next news of a link that has some."""
    while not (news := line.news(10)).done:
        pass
    return news


def test_batches_go_out_and_outcomes_come_back(child):
    written = child("echoes")
    line = opened()
    try:
        assert line.workers == 2
        line.offer(3, b"x" * 2_000_000)
        assert heard(line).done == [(3, b"x" * 2_000_000)]
        assert line.news(0) == News()
    finally:
        line.close()
    # It was not killed: it had the time to end a Ray of its own.
    assert written.read_text() == "left"


def test_what_the_cluster_refuses_is_said(child):
    child("refused")
    with pytest.raises(ClusterError, match="versions differ"):
        opened()


def test_a_cluster_that_does_not_answer_is_given_up(child, monkeypatch):
    child("mute")
    monkeypatch.setattr(link, "_TO_CONNECT", 0.5)
    asked = []
    with pytest.raises(ClusterError, match=r"10\.0\.0\.1:6379 did not answer"):
        Link("10.0.0.1:6379", b"models", lambda: asked.append(1))
    assert asked


def test_a_cluster_that_is_lost_takes_a_process_with_it_and_not_the_kernel(child):
    child("dies")
    line = opened()
    try:
        line.offer(0, b"work")
        with pytest.raises(ClusterError, match="the head is gone") as caught:
            heard(line)
        assert "the same command goes on from there" in str(caught.value)
        # Whoever writes to it is told too.
        with pytest.raises(ClusterError):
            line.offer(1, b"work" * 1_000_000)
    finally:
        line.close()


def test_a_machine_that_is_too_busy_to_start_ray_is_asked_again(child):
    starts = child("slow")
    embedding = RayEmbedding(None, {}, lambda *_: None, address="")
    with pytest.raises(SlowStartError):
        embedding._linked(b"models")
    assert starts.read_text() == "xxx"


def test_the_real_process_ends_with_its_kernel():
    command = [sys.executable, "-m", "mmrag_jupyter.ingest.cluster.child"]
    quiet = {"stdin": subprocess.DEVNULL, "capture_output": True}
    done = subprocess.run(command, timeout=120, check=True, **quiet)
    assert done.stdout == b""


@pytest.mark.parametrize("data", [b"", b"a", b"x" * 100_000])
def test_a_message_arrives_whole_or_not_at_all(data):
    stream = io.BytesIO()
    send(stream, data)
    assert receive(io.BytesIO(stream.getvalue())) == data
    assert receive(io.BytesIO(stream.getvalue()[:-1])) is None
    assert receive(io.BytesIO(b"")) is None


def test_what_arrives_is_what_was_expected():
    with pytest.raises(TypeError, match="News was expected"):
        unpacked(b"\x80\x04K\x01.", News)
