import pytest

from mmrag_jupyter.sources import awaited
from mmrag_jupyter.sources.awaited import awaiting, told


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(awaited.time, "monotonic", lambda: now[0])
    return now


def test_what_is_read_for_long_is_named_the_longest_first(clock):
    with awaiting("first.png"):
        clock[0] += 2
        with awaiting("second.png"):
            assert told() == ""
            clock[0] += 6
            assert told() == " at first.png, which was being read for 8 seconds"
        assert told() != ""
    assert told() == ""


def broken_off(clock, error):
    with awaiting("Slow.PNG"):
        clock[0] += 60
        raise error


def test_what_an_interrupt_broke_off_is_named_once(clock):
    with pytest.raises(KeyboardInterrupt):
        broken_off(clock, KeyboardInterrupt)
    assert told() == " at Slow.PNG, which was being read for 60 seconds"
    assert told() == ""


def test_what_failed_is_forgotten(clock):
    with pytest.raises(OSError, match="gone"):
        broken_off(clock, OSError("gone"))
    assert told() == ""
