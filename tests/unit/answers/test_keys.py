"""Citation keys in what a model writes, however it is cut into pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrag_jupyter.answers.keys import KeyChecker, checked

KNOWN = frozenset({1, 2, 3})


@pytest.mark.parametrize(
    ("written", "text", "cited", "unknown"),
    [
        ("Cork [1].", "Cork [1].", [1], []),
        ("Cork [9].", "Cork ~~[9]~~.", [], [9]),
        ("[1, 3] [2;9]", "[1][3] [2]~~[9]~~", [1, 3, 2], [9]),
        ("[1-3]", "[1][2][3]", [1, 2, 3], []),
        ("[^2] 【3】 【1†source】", "[2] [3] [1]", [2, 3, 1], []),
        ("[1 and 2] [1,]", "[1][2] [1]", [1, 2], []),
        ("[Source 1] [sources 2, 9] [Sour", "[1] [2]~~[9]~~ [Sour", [1, 2], [9]),
        ("in [2023] and [x] and [ ]", "in [2023] and [x] and [ ]", [], []),
        ("`a[9]` [9]", "`a[9]` ~~[9]~~", [], [9]),
        ("```\nx[9]\n```\n[9]", "```\nx[9]\n```\n~~[9]~~", [], [9]),
        ("a ` tick [9]\n\n[1]", "a ` tick ~~[9]~~\n\n[1]", [1], [9]),
        ("[1](javascript:x)", "[1](javascript:x)", [1], []),
        ("open [1", "open [1", [], []),
        ("[0] [007]", "~~[0]~~ ~~[7]~~", [], [0, 7]),
        ("", "", [], []),
    ],
)
def test_known_keys_stay_and_others_are_struck(written, text, cited, unknown):
    assert checked(written, KNOWN) == (text, cited, unknown)


PIECES = st.sampled_from(
    [
        "[",
        "]",
        "1",
        "9",
        "[1]",
        "[9",
        ", ",
        "-",
        "`",
        "```",
        "\n\n",
        "text ",
        "【",
        "】",
        "†",
        "^",
        "and",
        "Source ",
    ]
)


@given(st.lists(PIECES, max_size=25), st.data())
def test_how_the_text_is_cut_into_pieces_makes_no_difference(parts, data):
    text = "".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    checker = KeyChecker(KNOWN)
    out = ""
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        out += checker.feed(text[start:end])
    out += checker.finish()
    assert (out, checker.cited, checker.unknown) == checked(text, KNOWN)


def test_a_key_is_held_back_until_it_is_whole():
    checker = KeyChecker(KNOWN)
    assert checker.feed("Cork [") == "Cork "
    assert checker.feed("9") == ""
    assert checker.feed("] and") == "~~[9]~~ and"
    assert checker.unknown == [9]


def test_text_without_brackets_is_not_held_back():
    assert KeyChecker(KNOWN).feed("plain text. ") == "plain text. "
