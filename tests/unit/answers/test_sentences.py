"""A text in pieces that can be quoted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mmrag_jupyter.answers.sentences import LONGEST, pieces


def cut(text):
    return [(text[one.start : one.end], one.row) for one in pieces(text)]


def texts(text):
    return [piece for piece, _ in cut(text)]


def test_sentences_are_pieces():
    text = "The sole is made of cork. Is it warm? It surely is! So they say… To the very end."
    assert texts(text) == [
        "The sole is made of cork.", "It surely is!", "So they say…", "To the very end.",
    ]  # fmt: skip


def test_what_is_too_short_to_say_anything_is_no_piece():
    assert texts("Page 3.\nIs it?") == []


def test_short_forms_and_small_letters_end_no_sentence():
    assert texts("Apple Inc. sells in the U.S. and in No. 5 Dr. Smith St. too.") == [
        "Apple Inc. sells in the U.S. and in No. 5 Dr. Smith St. too."
    ]
    assert texts("The Form 10-K. Then another sentence.") == [
        "The Form 10-K.",
        "Then another sentence.",
    ]


def test_lines_that_a_layout_has_broken_are_read_as_one():
    text = (
        "The Company may enter into forward contracts, option contracts or other\n"
        "instruments, and may designate them as hedges. Some of them are not.\n"
    )
    assert texts(text)[0] == (
        "The Company may enter into forward contracts, option contracts or other\n"
        "instruments, and may designate them as hedges."
    )


def test_rows_of_a_table_are_pieces_by_themselves():
    text = (
        "Net sales by category were as follows for the periods of this report:\n"
        "Products $ 60,584 $ 63,355\nServices 21,213 19,604\nTotal net sales 81,797 82,959\n"
        "See accompanying notes to these statements, which are a part of them."
    )
    rows = [piece for piece, row in cut(text) if row]
    assert rows == [
        "Products $ 60,584 $ 63,355", "Services 21,213 19,604", "Total net sales 81,797 82,959",
    ]  # fmt: skip


def test_a_heading_does_not_run_into_what_follows():
    text = (
        "Legal Proceedings\n"
        "The Company is subject to various legal proceedings that have not been resolved yet, and\n"
        "the outcome of litigation is uncertain."
    )
    assert texts(text)[0] == "Legal Proceedings"


def test_scripts_without_spaces_have_sentences_too():
    assert texts("売上高は前年同期比で増加しました。利益も増加しました。") == [
        "売上高は前年同期比で増加しました。", "利益も増加しました。",
    ]  # fmt: skip


def test_what_is_too_long_is_cut_at_a_comma_or_space():
    text = ", ".join(f"clause number {n} of a long sentence" for n in range(60))
    found = texts(text)
    assert all(len(piece) <= LONGEST for piece in found)
    assert all(piece.endswith((",", "sentence")) for piece in found)


@given(st.text(max_size=400))
def test_every_piece_stands_in_the_text_in_order(text):
    last = 0
    for one in pieces(text):
        assert last <= one.start < one.end <= len(text)
        assert text[one.start : one.end] == text[one.start : one.end].strip()
        last = one.end
