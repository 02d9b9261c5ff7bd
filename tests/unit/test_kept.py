"""What is kept within a bound."""

from __future__ import annotations

import pytest

from mmrag_jupyter.kept import Kept


@pytest.mark.parametrize("room", [10, 25])
def test_what_is_kept_stays_within_its_room_and_what_was_used_last_stays(room):
    kept = Kept(len, room)
    for at in range(5):
        kept.put((b"%d" % at, 1), "x" * 10)
        kept.get((b"0", 1))
    held = [at for at in range(5) if kept.get((b"%d" % at, 1))]
    assert len(held) == room // 10
    assert room == 10 or 0 in held


def test_two_threads_that_make_the_same_get_the_same():
    kept = Kept(len)
    first = kept.put((b"a", 1), "first")
    assert kept.put((b"a", 1), "second") is first
