"""What only a GPU does, tried with a stand-in for one."""

from __future__ import annotations

from types import SimpleNamespace

import torch

from mmrag_jupyter.models import running


class OnDevice:
    """A result that is still being computed on a device."""

    device = SimpleNamespace(type="cuda")

    def __init__(self, course):
        self.course = course

    def float(self):
        return self

    def to(self, where, *, non_blocking):
        assert (where, non_blocking) == ("cpu", True)
        self.course.append("copy queued")
        return torch.ones(2, 3)


def test_a_result_is_read_only_when_its_own_copy_has_arrived(monkeypatch):
    course = []
    event = SimpleNamespace(
        record=lambda: course.append("event queued"),
        synchronize=lambda: course.append("arrived"),
    )
    monkeypatch.setattr(torch.cuda, "Event", lambda: event)
    wait = running.to_host(OnDevice(course))
    assert course == ["copy queued", "event queued"]
    assert wait().shape == (2, 3)
    assert course[2:] == ["arrived"]


def test_on_a_cpu_there_is_nothing_to_wait_for():
    out = torch.ones(2, 3, dtype=torch.bfloat16)
    assert running.to_host(out)().dtype == torch.float32
