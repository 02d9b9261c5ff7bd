"""Words and phrases that texts share."""

from __future__ import annotations

from mmrag_jupyter.search.phrases import phrases, rarity, shared_phrase, telling


def test_words_that_say_nothing_are_left_out():
    assert telling("The boots are of a wide fit, and 12 of us said so.") == [
        "boots", "wide", "fit", "said",
    ]  # fmt: skip


def test_the_rarest_shared_phrase_is_told():
    texts = ["good boots, wide fit", "good sandals with a wide fit", "good hat", "good coat"]
    assert shared_phrase(texts[0], phrases(texts[1:2]), rarity(texts)) == "wide fit"


def test_a_phrase_has_no_word_that_says_nothing():
    texts = ["jacket for the rain", "boots for the rain", "hat"]
    assert shared_phrase(texts[0], phrases(texts[1:2]), rarity(texts)) == "rain"


def test_texts_with_nothing_in_common_share_no_phrase():
    assert shared_phrase("red hat", phrases(["blue coat"]), {}) == ""
