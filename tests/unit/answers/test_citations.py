"""What an answer cites is what its sources say."""

from __future__ import annotations

import pytest
from answer_toys import passage

from mmrag_jupyter.answers.citations import alike, citations, misquoted

SOURCES = [
    passage(1, "It is a shoe for running. The sole is made of cork.\nIt costs 60 euros."),
    passage(2, "“Warm”, they say—and light.", rank=2),
]


def test_a_citation_quotes_what_its_sentence_is_about():
    [first, second] = citations("Cork makes the sole [1]. It is warm [2].", [2, 1], SOURCES)
    assert (first.key, first.quote) == (1, "The sole is made of cork.")
    assert (second.key, second.quote) == (2, "“Warm”, they say—and light.")
    assert (first.item, first.part, first.page, first.modality) == ("item1", "p1", None, "text")


def test_a_citation_quotes_what_the_text_quotes():
    [one] = citations('They say "It costs 60 euros" there [1].', [1], SOURCES)
    assert one.quote == "It costs 60 euros."


def test_struck_citations_count_for_nothing():
    assert citations("Cork ~~[9]~~ [1].", [1], SOURCES)[0].quote == "The sole is made of cork."


@pytest.mark.parametrize(
    "text",
    [
        'The sole is "made of cork" [1].',
        "They say “The sole is made of CORK.” [1]",
        '"The sole … made of cork" [1]',
        '"the sole is  made\nof cork" [1]'.replace("\n", " "),
        '"Warm", they say-and light [2]',
        'a "shoe" and "the sole" are short',
        "no quotation at all",
    ],
)
def test_quotations_that_stand_in_a_source_are_right(text):
    assert misquoted(text, SOURCES) == []


def test_quotations_that_no_source_has_are_found():
    assert misquoted('It is "made of the finest leather" [1].', SOURCES) == [
        "made of the finest leather"
    ]


def test_texts_are_compared_without_what_may_differ():
    assert alike("The  “SOLE”\nis—made [12]") == alike('the "sole" is-made (12)')
