from __future__ import annotations

import pytest

from mmrag_jupyter.notebook.commands import COMMANDS
from mmrag_jupyter.notebook.help import Help, overview, page
from mmrag_jupyter.notebook.parser import parse


def lines_of(example):
    line, _, body = example.line.partition("\n")
    return line[line.index("mmrag") + len("mmrag") :], body or None


def test_the_overview_names_every_command_and_how_to_start():
    text = overview(COMMANDS)
    assert all(f"  {command.name}" in text for command in COMMANDS.values())
    assert all(command.summary in text for command in COMMANDS.values())
    assert "%load_ext mmrag_jupyter" in text
    assert "so do ask and chat" in text


def test_an_option_tells_its_default_and_the_setting_that_changes_it():
    text = " ".join(page(COMMANDS["query"]).split())
    assert "how many hits [default: 8; %config Mmrag.k sets it]" in text
    assert "[default: auto; %config Mmrag.view sets it]" in text
    assert "None" not in "".join(page(command) for command in COMMANDS.values())


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_page_tells_every_argument_and_has_examples(command):
    text = page(command)
    assert f"Usage: %mmrag {command.name}" in text
    for argument in command.arguments:
        assert all(flag in text for flag in argument.flags)
        assert all(choice in text for choice in argument.choices)
    assert all(example.line.split("\n")[0] in text for example in command.examples)
    assert max(len(line) for line in text.split("\n")) <= 100


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_the_examples_are_lines_that_parse(command):
    for example in command.examples:
        assert parse(*lines_of(example)).command is command


def test_the_main_commands_have_enough_examples_to_learn_from():
    assert all(2 <= len(COMMANDS[name].examples) <= 4 for name in ("load", "query"))


def test_help_shows_itself_as_text_and_as_escaped_html():
    shown = Help("a < b")
    assert repr(shown) == "a < b"
    assert shown._repr_mimebundle_(include=None, exclude=None) == {
        "text/plain": "a < b",
        "text/html": "<pre>a &lt; b</pre>",
    }


def test_no_two_options_of_a_command_share_a_flag_or_name():
    for command in COMMANDS.values():
        names = [argument.name for argument in command.arguments]
        flags = [flag for argument in command.arguments for flag in argument.flags]
        assert len(set(names)) == len(names)
        assert len(set(flags)) == len(flags)
