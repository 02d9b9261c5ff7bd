"""Words made comparable."""

from __future__ import annotations

import pytest

from mmrag_jupyter.answers.terms import pairs, question_terms, said_for, stem, terms


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("operating", "operations"),
        ("changed", "changes"),
        ("countries", "country"),
        ("Résumé", "resume"),
        ("sales", "sale"),
    ],
)
def test_forms_of_a_word_are_alike(one, other):
    assert stem(one) == stem(other)


def test_different_words_stay_apart():
    assert len({stem(word) for word in ("rate", "ring", "red", "was", "bed", "sole")}) == 6


def test_a_question_tells_how_its_answer_may_be_put():
    [moves, reasons] = said_for("How did prices change, and why?")
    assert stem("rose") in moves
    assert stem("lower") in moves
    assert stem("because") in reasons
    assert said_for("What is the price?") == []


def test_a_question_is_its_telling_words():
    assert question_terms("How has Apple's net sales changed, and why?") == [
        "appl", "net", "sal", "chang",
    ]  # fmt: skip


def test_a_question_of_function_words_keeps_them():
    assert question_terms("who was it") != []


def test_scripts_without_spaces_are_pairs_of_characters():
    assert question_terms("売上高は") == ["売上", "上高", "高は"]
    assert terms("iPhone売上") == ["iphon", "売上"]


def test_pairs_are_terms_side_by_side():
    assert pairs(["net", "sal", "chang"]) == ["net sal", "sal chang"]
    assert pairs([]) == []
