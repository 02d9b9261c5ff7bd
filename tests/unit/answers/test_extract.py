"""Sentences that say most of what is asked for, and an answer made of them."""

from __future__ import annotations

from answer_toys import passage

from mmrag_jupyter.answers.extract import quotes
from mmrag_jupyter.answers.extracted import extracted


def test_the_sentence_with_the_words_of_the_question_is_quoted():
    found = quotes(
        "What is the sole made of?",
        [passage(1, "It is a shoe for running. The sole is made of cork. It costs little.")],
        3,
    )
    assert [one.text for one in found] == ["The sole is made of cork."]


def test_the_first_quote_is_of_the_best_hit():
    passages = [
        passage(1, "The tax rate was the effective tax rate of the year.", rank=2),
        passage(2, "Effective tax was lower than before.", rank=1),
    ]
    assert quotes("effective tax rate", passages, 2)[0].passage.hit.rank == 1


def test_a_reason_is_told_where_one_asks_why():
    text = (
        "Sales of shoes include sales of boots. Sales of shoes are told in another chapter. "
        "Sales of shoes rose by 3% due to the rain."
    )
    [told] = quotes("Why did the sales of shoes change?", [passage(1, text)], 1)
    assert told.text == "Sales of shoes rose by 3% due to the rain."
    [named] = quotes("Which sales do the sales of shoes include?", [passage(1, text)], 1)
    assert named.text == "Sales of shoes include sales of boots."


def test_the_rest_of_a_long_sentence_is_not_quoted_before_a_whole_one():
    long = "The list has " + ", ".join(f"the cork sole number {n} of many" for n in range(30)) + "."
    found = quotes("cork sole", [passage(1, f"{long} A cork sole lasts for years.")], 2)
    assert found[0].text in {long[: len(found[0].text)], "A cork sole lasts for years."}
    assert not found[0].tail


def test_one_thing_is_not_said_twice():
    passages = [
        passage(1, "The sole of this shoe is made of light cork."),
        passage(2, "The sole of this shoe is made of light cork.", rank=2),
        passage(3, "Cork soles of a shoe keep the feet dry in winter.", rank=3),
    ]
    found = [one.passage.key for one in quotes("shoe sole cork", passages, 2)]
    assert found == [1, 3]


def test_what_follows_a_short_sentence_is_told_with_it():
    text = (
        "Services are a business by now. They brought in 96 thousand, since we charge for them. "
        "Freight became cheaper.\n\nServices will stay."
    )
    found = quotes("How did revenue of services change?", [passage(1, text)], 1)
    assert [one.text for one in found] == [
        "Services are a business by now. They brought in 96 thousand, since we charge for them."
    ]


def test_the_head_of_a_table_says_little():
    text = "Revenue regions 2024 2025\nRevenue of all regions 1,208 1,353"
    found = quotes("revenue regions", [passage(1, text)], 1)
    assert [one.text for one in found] == ["Revenue of all regions 1,208 1,353"]


def test_lines_that_every_page_has_are_not_quoted():
    passages = [
        passage(n, f"Annual report of the cork company, page {n}.\nNothing of note here at all.")
        for n in range(1, 5)
    ]
    assert quotes("cork company report", passages, 3) == []


def test_without_a_shared_word_nothing_is_quoted():
    assert quotes("quantum physics", [passage(1, "The sole is made of cork.")], 3) == []


def test_meaning_finds_what_words_do_not():
    passages = [
        passage(
            1,
            "Die Sohle dieses Schuhs aus Spanien besteht aus sehr leichtem Kork. Sie kostet wenig.",
        )
    ]

    def similar(question, texts):
        assert question == "What is the sole made of?"
        return [0.9 if "Kork" in text else 0.1 for text in texts]

    found = quotes("What is the sole made of?", passages, 2, similar)
    assert [one.text for one in found] == [
        "Die Sohle dieses Schuhs aus Spanien besteht aus sehr leichtem Kork."
    ]


def test_the_answer_numbers_its_sources_in_the_order_of_its_text():
    passages = [
        passage(1, "Nothing about it here, nothing at all.", rank=3),
        passage(2, "Soles of cork are light and warm.", rank=2),
        passage(3, "The sole of the shoe is made of cork.", rank=1),
    ]
    found = extracted("What is the sole of cork?", passages)
    assert found.text.startswith("- “The sole of the shoe is made of cork.” [1]")
    assert [(one.key, one.part) for one in found.citations] == [(1, "p3"), (2, "p2")]


def test_quotes_of_one_passage_share_a_line_in_their_order():
    text = "A sole so light.\n\nMade in Spain last year.\n\nThe heel is of rubber and cork."
    found = extracted("light sole, rubber heel, cork", [passage(1, text)])
    assert found.text == ("- “A sole so light.” “The heel is of rubber and cork.” [1]")
    assert found.citations[0].quote == "The heel is of rubber and cork."


def test_a_row_is_told_with_the_columns_that_are_asked_for():
    fields = (("brand", "Acme"), ("price", "59.9"), ("colour", "red"))
    row = passage(1, "A running shoe of cork.", fields=fields, title="Red shoe")
    assert extracted("What is the price of the running shoe?", [row]).text == (
        "- Red shoe (price: 59.9): “A running shoe of cork.” [1]"
    )


def test_rows_without_a_matching_text_are_told_by_their_columns():
    row = passage(1, "", fields=(("colour", "red"), ("price", "3")), title="Shoe")
    found = extracted("something red", [row])
    assert found.text == "- Shoe (colour: red) [1]"
    assert found.citations[0].quote == "colour: red; price: 3"


def test_a_text_that_is_no_sentence_is_quoted_as_a_whole():
    found = extracted("what is red?", [passage(1, "red  shoe")])
    assert found.text == "- “red shoe” [1]"
    assert found.citations[0].quote == "red shoe"


def test_quotes_are_one_line_each_and_nothing_of_them_is_markdown():
    found = extracted("cork sole", [passage(1, "The *sole* is\nmade [12] of `cork`.")])
    assert found.text == "- “The *sole* is made [12] of `cork`.” [1]"
    [items] = found.prose
    assert items.inside[0].inside[0] == "“The *sole* is made [12] of `cork`.” "
