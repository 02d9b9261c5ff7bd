from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.error import UsageError

from mmrag_jupyter.notebook.commands import COMMANDS
from mmrag_jupyter.notebook.parser import parse
from mmrag_jupyter.notebook.words import quote


def given_by(line, body=None):
    return parse(line, body).arguments.given


def refused(line, body=None):
    with pytest.raises(UsageError) as caught:
        parse(line, body)
    # IPython prints a full traceback for subclasses.
    assert type(caught.value) is UsageError
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_options_and_text_in_any_order():
    parsed = parse('query red -k 3 shoes --not "brown leather" --not mud --view=table')
    assert parsed.command.name == "query"
    assert parsed.arguments.text("text") == "red shoes"
    assert parsed.arguments.count("k") == 3
    assert parsed.arguments.all("not") == ["brown leather", "mud"]
    assert parsed.arguments.text("view") == "table"


@pytest.mark.parametrize("line", ["query a -k 12", "query a -k12", "query a -k=12"])
def test_a_short_option_takes_its_value_in_three_ways(line):
    assert parse(line).arguments.count("k") == 12


def test_a_text_needs_no_quotes_for_its_apostrophe_or_numbers():
    assert parse("query men's -5 shoes").arguments.text("text") == "men's -5 shoes"


def test_quoted_dashes_are_text():
    assert parse('query "--where" "-k"').arguments.text("text") == "--where -k"


def test_lists_go_on_after_a_comma():
    arguments = parse("load t --text name, description --image a,b").arguments
    assert arguments.listed("text") == ["name", "description"]
    assert arguments.listed("image") == ["a", "b"]
    assert arguments.text("source") == "t"


def test_a_list_may_be_given_twice_and_end_in_a_comma():
    assert parse("load t --text name, --text brand,").arguments.listed("text") == ["name", "brand"]


def test_weights_are_pairs():
    weights = parse("query a --weights text=2,image=.5").arguments.weights("weights")
    assert weights == {"text": 2.0, "image": 0.5}


def test_backslashes_in_where_survive():
    line = r"""query a --where "path like 'C:\new\_x'" """
    assert parse(line).arguments.text("where") == r"path like 'C:\new\_x'"


@pytest.mark.parametrize(
    ("line", "text", "silent"),
    [
        ("query shoes;", "shoes", True),
        ("query shoes ;  ", "shoes", True),
        ('query "shoes";', "shoes", True),
        ('query "shoes;"', "shoes;", False),
        ("query red; shoes", "red; shoes", False),
    ],
)
def test_only_a_semicolon_after_everything_silences(line, text, silent):
    parsed = parse(line)
    assert (parsed.arguments.text("text"), parsed.silent) == (text, silent)


def test_a_cell_is_taken_raw():
    body = "\n  a {brace} and $dollar 'quote\n-k 5 \\n \"; \n"
    parsed = parse("query -k 5", body)
    assert parsed.arguments.text("text") == "  a {brace} and $dollar 'quote\n-k 5 \\n \"; "
    assert parsed.arguments.count("k") == 5
    assert not parsed.silent


def test_an_empty_cell_adds_nothing():
    assert parse("query shoes", " \n").arguments.text("text") == "shoes"


def test_a_cell_and_a_text_are_too_much():
    assert "both on its first line and below" in refused("query shoes", "boots")


def test_a_cell_goes_only_with_query():
    assert "%%mmrag list takes no cell" in refused("list", "text")
    assert "%%mmrag query" in refused("", "text")


def test_nothing_at_all_is_help():
    assert parse("").command.name == "help"


@pytest.mark.parametrize("line", ["load -h", "load x --help", "load --as x -h"])
def test_the_help_option_asks_for_the_commands_help(line):
    parsed = parse(line)
    assert (parsed.command.name, parsed.arguments.text("command")) == ("help", "load")


def test_help_as_text_is_text():
    assert parse('query "--help"').arguments.text("text") == "--help"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("lod products", "no command 'lod'. Did you mean 'load'?"),
        ("load x --txet name", "no option '--txet'. Did you mean '--text'?"),
        ("query a --wher b", "Did you mean '--where'?"),
        ("query red -leather", 'Put a text that starts with "-" in quotes'),
        ("query a --view galery", "not 'galery'. Did you mean 'gallery'?"),
        ("query a --modality imge", "not 'imge'. Did you mean 'image'?"),
        ("query a --weights txt=2", "not 'txt'. Did you mean 'text'?"),
        ("query a --weights text", "name=number pairs"),
        ("query a --weights text=-1", "name=number pairs"),
        ("query a --weights text=nan", "name=number pairs"),
        ("query a -k 0", "whole number from 1 up, not '0'"),
        ("query a -k -3", "whole number from 1 up, not '-3'"),
        ("query a -k ten", "not 'ten'"),
        ("query a -k 3 -k 4", "-k is given twice"),
        ("query a -k", "-k needs a value: -k N"),
        ("query a --where --in b", "--where needs a value: --where EXPR"),
        ("query a --out 2x", "--out is a variable's name, not '2x'"),
        ("query a --expand=yes", "--expand takes no value"),
        ('query a --where ""', "--where needs a value"),
        ("load", "%mmrag load needs SOURCE"),
        ("load a b", "does not know what to do with 'b'"),
        ("list all", "does not know what to do with 'all'"),
        ("load t --text ,", "--text needs a value"),
        ("load t --on-error stop", "one of report, raise, not 'stop'"),
        ('query "red shoes', "A quote is opened and never closed"),
        ("query 'til dawn", "A quote is opened and never closed"),
    ],
)
def test_a_bad_line_is_one_line_that_helps(line, expected):
    assert expected in refused(line)


def test_a_long_word_is_not_repeated_in_full():
    assert len(refused("query a -k " + "9" * 100_000)) < 200


@given(st.text())
def test_any_text_quoted_comes_back(text):
    assert parse(f"query {quote(text)}").arguments.text("text") == text


@given(st.text().filter(lambda text: text.strip()))
def test_any_condition_quoted_comes_back(text):
    arguments = parse(f"query shoes --where {quote(text)} -k 3").arguments
    assert (arguments.text("where"), arguments.count("k")) == (text, 3)


_WORDS = st.sampled_from(
    [*COMMANDS, "-k", "--where", "--text", "--not=", "--in", "--view", "--weights", "-", "--", "="]
)


@given(st.lists(st.one_of(_WORDS, st.text(max_size=8))).map(" ".join), st.none() | st.text())
def test_garbage_is_refused_in_one_line_or_understood(line, body):
    message = ""
    try:
        parsed = parse(line, body)
    except UsageError as error:
        message = str(error)
    else:
        # Whatever was accepted can also be read as what it is.
        for argument in parsed.command.arguments:
            if argument.meaning == "count":
                parsed.arguments.count(argument.name)
            if argument.meaning == "weights":
                parsed.arguments.weights(argument.name)
    assert "\n" not in message
