"""What has changed among many files is told by the blocks in which they are listed."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmrag_jupyter.sources.listing import blocks
from mmrag_jupyter.sources.walk import Files

COUNT = 5000
OLD = 1_700_000_000_000_000_000


def listed(sizes=None, *, times=(), leave=(), add=()):
    """Return files that are named by their numbers; `sizes` and `times` are of some of them."""
    files = Files("/heap/")
    numbers = [f"{number:05}" for number in range(COUNT) if number not in leave]
    sizes, times = sizes or {}, dict(times)
    for name in sorted([*numbers, *add]):
        files.add(f"{name}.txt", sizes.get(name, 10), times.get(name, OLD))
    return files


def digests(files, opened=(), told=256):
    return {block.digest for block in blocks(files, set(opened), told)}


@pytest.fixture(scope="module")
def before():
    return digests(listed())


def test_blocks_cover_all_files_in_order():
    found = blocks(listed(), set(), 256)
    assert len(found) > COUNT / 1000
    assert found[0].first == 0
    assert found[-1].end == COUNT
    assert all(one.end == after.first for one, after in itertools.pairwise(found))


CHANGES = {
    "size": listed({"02500": 11}),
    "time": listed(times={"02500": OLD + 1}),
    "new": listed(add=["02500b"]),
    "gone": listed(leave=[2500]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_in_one_block_and_the_others_are_known_again(before, change):
    after = digests(CHANGES[change])
    assert 1 <= len(before - after) <= 2
    assert len(after - before) <= 2
    assert len(after & before) >= len(before) - 2


def test_nothing_differs_where_nothing_has_changed(before):
    assert digests(listed()) == before


def test_what_else_items_depend_on_differs_in_all_blocks(before):
    assert digests(listed(), told=128).isdisjoint(before)


def test_blocks_with_young_files_and_such_as_must_be_opened_tell_nothing(before):
    young = digests(listed(times={"02500": time.time_ns()}))
    assert young < before
    assert len(young) == len(before) - 1
    assert digests(listed(), opened=["02500.txt"]) == young


@settings(max_examples=20, deadline=None)
@given(st.sets(st.integers(0, COUNT - 1), max_size=20))
def test_whatever_goes_is_in_a_block_that_differs(gone):
    files = listed()
    left = {block.digest for block in blocks(listed(leave=gone), set(), 256)}
    for block in blocks(files, set(), 256):
        numbers = set(range(block.first, block.end))
        assert (block.digest in left) <= (not numbers & gone)
