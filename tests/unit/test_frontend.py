"""What the sources of the front end promise, and what the build makes of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sentences import FRONTEND, sentences, sources

import mmrag_jupyter
from mmrag_jupyter.display.why import signal_name
from mmrag_jupyter.search.feedback import LIKED_WORDS
from mmrag_jupyter.search.query import SIGNALS
from mmrag_jupyter.search.rerank import SIGNAL

PACKAGE = Path(mmrag_jupyter.__file__).parent
BUILT = PACKAGE / "labextension" / "static"

LITERAL = re.compile(r"'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"|`(?:\\.|[^`\\])*`")
COMMENT = re.compile(r"/\*.*?\*/|(?<![:'\"])//[^\n]*", re.DOTALL)
SENTENCE = re.compile(r"(?:%1 )?[A-Z][a-z]+[.…:]?(?: .*)?", re.DOTALL)
TRANSLATED = re.compile(r"\.(?:__|_[np])\(\s*(?:'[^']*',\s*)?$")
# What the user of a page never reads: Lab lists plugins in English, errors are caught.
UNSEEN = re.compile(r"description:\s*$|new Error\(\s*$|new Token<\w+>\(\s*'[^']*',\s*$")
NAMES = {
    # keys, a factory and a layout's type of Lab's, an error of Python's
    *("Enter", "Escape", "Home", "End", "Backspace"),
    *("Notebook", "Multimodal search"),
    "Files",  # what a browser calls them that are dragged
}


def untranslated(code):
    """Return the sentences of a source that do not come through Lab's translator."""
    bare = COMMENT.sub("", code)
    for literal in LITERAL.finditer(bare):
        text, before = literal.group()[1:-1], bare[: literal.start()][-200:]
        seen = SENTENCE.fullmatch(text) and text not in NAMES
        if seen and not TRANSLATED.search(before) and not UNSEEN.search(before):
            yield text
    # Between two tags of JSX; in braces stands code.
    yield from re.findall(r"<\w[^<>]*>\s*(\w[^<>{}=;()&|]*?)\s*</", bare)


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("label: 'Copy id'", ["Copy id"]),
        ("<p>Copy id</p>", ["Copy id"]),
        ("say(`Found ${n} hits`)", ["Found ${n} hits"]),
        ("trans.__('Copy id')", []),
        ("trans._n('One hit', 'More hits', n)", []),
        ("throw new Error('It is gone.') // 'Copy id'", []),
        ("<p>{trans.__(\n  'Copy id'\n)}</p>", []),
    ],
)
def test_a_sentence_without_a_translation_is_noticed(code, found):
    assert list(untranslated(code)) == found


def test_every_sentence_comes_through_the_translator_of_lab():
    found = {
        path.relative_to(FRONTEND).as_posix(): bare
        for path in sources("labextension", "hits", "answers", "reports", "panel")
        if (bare := list(untranslated(path.read_text(encoding="utf-8"))))
    }
    assert found == {}


def test_every_sentence_can_be_in_a_catalogue():
    # One entry there is either a sentence or a pair, and a rule may choose either of a pair.
    plurals = [(one, more) for one, more in sentences().items() if more is not None]
    assert len(plurals) > 10
    assert len(sentences()) > 150
    for one, more in plurals:
        rest = set(re.findall(r"%\d", more)) - {"%1"}
        assert rest == set(re.findall(r"%\d", one)) - {"%1"}, (one, more)


def test_pages_and_outputs_call_a_signal_the_same():
    code = (FRONTEND / "hits" / "strings.ts").read_text(encoding="utf-8")
    _, _, listed = code.partition("signals: {")
    named = dict(re.findall(r"'?(\w[\w ]*?)'?: trans\.__\('([\w ]+)'\)", listed.partition("}")[0]))
    assert named["lexical"] == "words"
    assert named == {signal: signal_name(signal) for signal in named}
    assert {*SIGNALS, SIGNAL, LIKED_WORDS} == set(named)
    assert signal_name("not lexical") == "not words"
    assert signal_name("of another kind") == "of another kind"


def test_no_source_has_grown_past_350_lines():
    paths = [
        path
        for path in sources(".")
        if not {"node_modules", "lib"} & set(path.relative_to(FRONTEND).parts)
    ]
    sizes = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
    assert len(sizes) > 50
    assert {name: lines for name, lines in sizes.items() if lines > 350} == {}


def test_no_source_makes_elements_or_code_out_of_text():
    folders = ("labextension", "hits", "answers", "reports", "panel", "messages", "fetched")
    makers = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|document\.write"
        r"|dangerouslySetInnerHTML|\beval\(|new Function"
    )
    assert [path for path in sources(*folders) if makers.search(path.read_text("utf-8"))] == []


def built():
    return [*BUILT.glob("*.js"), PACKAGE / "widgets" / "static" / "panel.js"]


def test_what_is_built_runs_where_a_page_forbids_eval():
    scripts = built()
    assert len(scripts) > 3
    evaluating = re.compile(r"\beval\s*\(|\bFunction\s*\(|setTimeout\(\s*[\"'`]")
    # The packer's own way to the global object, for browsers that have no `globalThis`.
    old = 'return globalThis;try{return this||Function("return this")()}'
    texts = {path.name: path.read_text("utf-8").replace(old, "") for path in scripts}
    assert [name for name, text in texts.items() if evaluating.search(text)] == []


def test_the_tutorials_travel_with_the_extension():
    whole = "".join(path.read_text(encoding="utf-8") for path in BUILT.glob("*.js"))
    names = [path.name for path in (FRONTEND.parent / "notebooks").glob("*.ipynb")]
    assert len(names) > 1
    assert [name for name in names if name not in whole] == []
