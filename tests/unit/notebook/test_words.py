from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrag_jupyter.notebook.words import quote, quote_if_needed, split


def texts(line):
    return [word.text for word in split(line)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("query men's shoes", ["query", "men's", "shoes"]),
        ("'men's shoes'", ["men's shoes"]),
        ('"red shoes" -k 3', ["red shoes", "-k", "3"]),
        (r'"a \"b\" \\ \n"', [r'a "b" \ \n']),
        (r"--where 'name like \"a\_%\"'", ["--where", r"name like \"a\_%\""]),
        (
            r"""--where "name like 'a\_%' escape '\'" """,
            ["--where", r"name like 'a\_%' escape '\'"],
        ),
        ('--where="price < 5" x', ["--where=price < 5", "x"]),
        ('''--where "brand == "Acme""''', ["--where", 'brand == "Acme"']),
        (r"my\ photos/a\b", [r"my photos/a\b"]),
        ("x frames['may 1'][\"a b\"].y z['", ["x", "frames['may 1'][\"a b\"].y", "z['"]),
        ("5' 6\" tall", ["5'", '6"', "tall"]),
        ("", []),
        ("  \t ", []),
        ('""', [""]),
    ],
)
def test_words_are_what_they_look_like(line, expected):
    assert texts(line) == expected


def test_only_an_unclosed_quote_is_not_closed():
    assert [word.closed for word in split('a "b c')] == [True, False]
    assert split('a "b c')[1].text == "b c"
    assert not split('--where="b c')[0].closed


# Texts made mostly of what the rules are about.
_TEXTS = st.text(st.sampled_from("\\\"' ;=-a[]\n") | st.characters())


@given(_TEXTS)
def test_a_quoted_text_comes_back_as_one_word(text):
    [word] = split(quote(text))
    assert (word.text, word.closed, word.end) == (text, True, len(quote(text)))


@given(st.lists(_TEXTS.filter(bool)))
def test_words_quoted_where_needed_come_back(words):
    line = " ".join(quote_if_needed(word) for word in words)
    assert texts(line) == words


@given(_TEXTS)
def test_words_stand_where_they_say(line):
    for word in split(line):
        assert 0 <= word.start < word.end <= len(line)
        assert not line[word.start].isspace()
