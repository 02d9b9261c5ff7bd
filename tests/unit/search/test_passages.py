"""The best parts of hits, whatever their item."""

from __future__ import annotations

from mmrag_jupyter.search.fusion import Signal
from mmrag_jupyter.search.passages import order

ITEMS = {1: "a", 2: "a", 3: "b", 4: "b", 5: "c"}


def test_parts_are_ranked_by_their_own_scores():
    # The words rank the parts of the best whole item first, here those of "a".
    words = Signal("lexical", [1, 2, 3], [0.5, 9.0, 8.0])
    assert order([words], ITEMS, ["b", "a"]) == [3, 2, 1]


def test_the_best_item_comes_first_where_its_part_is_not_far_behind():
    near = Signal("lexical", [5, 3, 1], [9.0, 8.9, 8.8])
    assert order([near], ITEMS, ["b", "c", "a"])[0] == 3
    parts = range(10, 50)
    far = Signal("lexical", [*parts, 1], [float(100 - part) for part in parts] + [0.0])
    of_c = dict.fromkeys(parts, "c")
    assert order([far], {**of_c, 1: "a"}, ["a", "c"])[0] == 10


def test_parts_of_other_items_and_of_things_to_avoid_are_left_out():
    words = Signal("lexical", [1, 3, 5], [3.0, 2.0, 1.0])
    avoided = Signal("image", [4], [1.0], avoid=True)
    assert order([words, avoided], ITEMS, ["b", "c"]) == [3, 5]


def test_no_signals_no_parts():
    assert order([], ITEMS, ["a"]) == []
