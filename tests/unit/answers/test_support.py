"""Whether what was found can support an answer."""

from __future__ import annotations

from answer_toys import passage

from mmrag_jupyter.answers.support import FLOOR, support


def test_support_is_the_share_of_the_telling_words_that_one_source_has():
    sources = [passage(1, "The sole is made of cork."), passage(2, "Leather boots.", rank=2)]
    assert support("Is the sole cork?", sources) == 1.0
    assert support("Is the leather sole of cork warm?", sources) == 0.5
    assert support("Who painted the Mona Lisa?", sources) == 0.0


def test_titles_ids_and_columns_count_as_well():
    row = passage(1, "", fields=(("colour", "crimson"),), title="Running shoe")
    assert support("crimson running shoe", [row]) == 1.0


def test_other_scripts_are_looked_for_in_their_own_way():
    assert support("売上高", [passage(1, "今期の売上高は増加しました。")]) == 1.0
    assert support("Größe", [passage(1, "Die GRÖSSE zählt.")]) >= FLOOR


def test_nothing_found_supports_nothing():
    assert support("cork", []) == 0.0
    assert support("?!", [passage(1, "cork")]) == 0.0
