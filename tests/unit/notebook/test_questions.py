"""A question mark at the end of a `%mmrag` line is part of the question."""

from __future__ import annotations

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from mmrag_jupyter.notebook.questions import Question


@pytest.fixture
def transformed():
    manager = TransformerManager()
    manager.token_transformers.append(Question)
    return lambda cell: manager.transform_cell(cell).rstrip("\n")


def call(line, magic="mmrag"):
    return f"get_ipython().run_line_magic({magic!r}, {line!r})"


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("%mmrag ask what changed?", call("ask what changed?")),
        ("%mmrag ask what changed??", call("ask what changed??")),
        ("%mmrag ask what's the boss's price?", call("ask what's the boss's price?")),
        ("%mmrag chat and why?  ", call("chat and why?")),
        ("%mmrag query shoes?", call("query shoes?")),
        ("answer = %mmrag ask what changed?", f"answer = {call('ask what changed?')}"),
        ("a.b = %mmrag ask why?", f"a.b = {call('ask why?')}"),
        ("%time %mmrag ask why?", call("%mmrag ask why?", "time")),
        ("if True:\n    %mmrag ask why?", f"if True:\n    {call('ask why?')}"),
        ("%mmrag ask what \\\n  changed?", call("ask what    changed?")),
        ("x = 1\n%mmrag ask why?\ny = 2", f"x = 1\n{call('ask why?')}\ny = 2"),
        ('%mmrag ask "what changed?"', call('ask "what changed?"')),
        ("%mmrag ask what changed", call("ask what changed")),
    ],
)
def test_the_question_reaches_the_magic(transformed, cell, python):
    assert transformed(cell) == python


@pytest.mark.parametrize(
    "cell",
    ["%mmrag?", "%mmrag??", "?%mmrag", "%mmrag ask?", "products?", "%time?", "x = products?"],
)
def test_other_questions_are_for_help_as_before(transformed, cell):
    assert transformed(cell) == TransformerManager().transform_cell(cell).rstrip("\n")


@pytest.mark.parametrize(
    "cell",
    [
        "text = '''\n%mmrag ask what changed?\n'''",
        "# %mmrag ask what changed?",
        "print('%mmrag ask what changed?')",
        "%%mmrag ask --strict\nwhat changed?",
        "",
    ],
)
def test_strings_comments_and_cells_are_left_alone(transformed, cell):
    assert transformed(cell) == TransformerManager().transform_cell(cell).rstrip("\n")
