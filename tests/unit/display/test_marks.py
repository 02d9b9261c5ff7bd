import re

from hypothesis import given
from hypothesis import strategies as st

from mmrag_jupyter.display.escape import visible
from mmrag_jupyter.display.marks import snippet, whole


def marked(html):
    return re.findall(r"<mark[^>]*>(.*?)</mark>", html)


def bare(html):
    return re.sub(r"</?mark[^>]*>", "", html)


def test_words_are_marked_whole_whatever_their_case_and_diacritics():
    html = snippet("A CAFÉ, a cafeteria, the Cafe's cafe\u0301", ("cafe",), 200)
    assert marked(html) == ["CAFÉ", "Cafe", "café"]


def test_words_of_other_scripts_are_marked():
    assert marked(snippet("Жёлтый дом", ("желтый",), 80)) == ["Жёлтый"]
    assert marked(snippet("नमस्ते दुनिया", ("दुनिया",), 80)) == ["दुनिया"]


def test_several_words_of_one_term_are_marked_each():
    assert marked(snippet("wide shoes for wide feet", ("wide feet",), 80)) == [
        "wide",
        "wide",
        "feet",
    ]


def test_escaping_survives_marks():
    assert bare(snippet("<b>bold & brave</b>", ("b", "amp", "lt"), 80)) == (
        "&lt;b&gt;bold &amp; brave&lt;/b&gt;"
    )
    assert marked(snippet("a &amp; b", ("amp",), 80)) == ["amp"]


def test_the_piece_is_the_one_around_the_match():
    text = "word " * 200 + "needle here " + "word " * 200
    html = snippet(text, ("needle",), 80)
    assert marked(html) == ["needle"]
    assert html.startswith("…")
    assert html.endswith("…")
    assert len(bare(html)) <= 82


def test_the_piece_holds_the_most_different_words():
    text = "red " + "x " * 200 + "red running shoe " + "y " * 200
    assert marked(snippet(text, ("red", "running", "shoe"), 60)) == ["red", "running", "shoe"]


def test_without_a_match_the_piece_is_the_beginning():
    assert snippet("one two three four", ("none",), 9) == "one two…"
    assert snippet("short", (), 80) == "short"


def test_small_words_are_marked_only_when_there_are_no_others():
    text = "A light for the kitchen"
    assert marked(snippet(text, ("the light for a kitchen",), 80)) == ["light", "kitchen"]
    assert marked(snippet(text, ("the",), 80)) == ["the"]


def test_line_breaks_are_kept_in_the_whole_text_only():
    assert whole("one\r\ntwo", (), 80) == "one<br>two"
    assert snippet("one\r\ntwo", (), 80) == "one two"


@given(st.text(max_size=400), st.lists(st.text(max_size=12), max_size=4), st.integers(10, 200))
def test_a_snippet_is_a_piece_of_the_text_with_marks(text, terms, width):
    html = snippet(text, tuple(terms), width)
    # What is left without the marks is escaped: no bracket comes from the text.
    assert not set(bare(html)) & set("<>\"'")
    plain = " ".join(visible(text).split())
    assert len(plain) > width or "…" not in html or "…" in plain
