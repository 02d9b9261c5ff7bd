"""`%mmrag ask` and `%mmrag chat`: what they pass on, and how an answer is drawn as it comes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from IPython.core.error import UsageError

from mmrag_jupyter.answers.chat import Conversation, Turn
from mmrag_jupyter.notebook import answer_drawing
from mmrag_jupyter.notebook.namespace import Namespace
from mmrag_jupyter.notebook.parser import parse
from mmrag_jupyter.notebook.suggest import suggest


class Stream:
    def __init__(self, pieces=("Cork ", "[1]."), model="m"):
        self.pieces = pieces
        self.model = model
        self.question = "What is it?"
        self.text = ""
        self.stopped = False

    def __iter__(self):
        return iter(self.with_pauses())

    def with_pauses(self):
        for piece in self.pieces:
            if isinstance(piece, BaseException):
                raise piece
            self.text += piece
            yield piece

    @property
    def answer(self):
        for _ in self if not self.text else ():
            pass
        return SimpleNamespace(
            text=self.text, _repr_mimebundle_=lambda: {"text/plain": f"answer {self.text}"}
        )

    def stop(self):
        self.stopped = True


@pytest.fixture
def asked(session):
    """Return what was asked of the collection: the question and the options, one by one."""
    calls = []
    products = session.collections["products"]
    products.conversation = Conversation()
    products.ask = lambda text, **options: calls.append((text, options)) or Stream(model="")
    products.chat = lambda text, **options: calls.append((text, options)) or Stream(model="")
    return calls


@pytest.fixture
def run(session):
    def ran(line, body=None, **names):
        parsed = parse(line, body)
        return parsed.command.run(session, parsed.arguments, Namespace({}, names))

    return ran


def test_ask_passes_on_the_question_and_its_options(run, asked):
    llm = object()
    answer = run(
        "ask what is it --llm writer --where 'price < 5' -k 4 --strict --fresh --modality text"
        " --weights text=2 --base-url http://h/v1 --key-env NAME --like A-1 --not red"
        " --rerank tiny --audio ring",
        writer=llm,
        ring=b"RIFF",
    )
    assert answer.text == "Cork [1]."
    [(question, options)] = asked
    assert question == "what is it"
    assert options == {
        "stream": True, "llm": llm, "where": "price < 5", "k": 4, "strict": True, "fresh": True,
        "modality": ["text"], "weights": {"text": 2.0}, "base_url": "http://h/v1",
        "key_env": "NAME", "like": ["A-1"], "exclude": ["red"], "image": [],
        "audio": [b"RIFF"], "rerank": "tiny",
    }  # fmt: skip


def test_the_cell_is_the_question_just_as_it_is(run, asked):
    run("ask --llm openai:gpt-x", "How much is {x} in $?\nAnd why?\n")
    [(question, options)] = asked
    assert question == "How much is {x} in $?\nAnd why?"
    assert options["llm"] == "openai:gpt-x"


def test_without_options_nothing_is_narrowed(run, asked):
    run("ask what is it")
    [(_, options)] = asked
    assert "llm" not in options
    assert options["k"] is None
    assert options["where"] is None
    assert not options["strict"]
    assert not options["fresh"]


def test_expansion_is_opt_in(run, asked):
    run("ask what is {thing} --where 'price < {most}' --expand", thing="cork", most=3)
    run("ask what is {thing}", thing="cork")
    assert [question for question, _ in asked] == ["what is cork", "what is {thing}"]
    assert asked[0][1]["where"] == "price < 3"


@pytest.mark.parametrize("line", ["ask", "chat", "ask --llm none", 'ask "  "'])
def test_a_question_is_needed(run, asked, line):
    with pytest.raises(UsageError, match="needs a QUESTION"):
        run(line)
    assert asked == []


def test_chat_asks_within_the_conversation(run, asked):
    run("chat and the price? --new")
    [(question, options)] = asked
    assert question == "and the price?"
    assert options["new"]


def test_chat_starts_over(run, session, asked):
    session.collections["products"].conversation.turns.append(Turn("q", "q", "a"))
    said = run("chat --new")
    assert repr(said) == "A new conversation with collection 'products'."
    assert session.collections["products"].conversation.turns == []
    assert asked == []


def test_options_of_ask_are_suggested(session):
    names = Namespace({}, {})
    assert suggest("ask what is it --l", "", session, names).words == ("--llm", "--like")
    assert set(suggest("ask x --llm ", "", session, names).words) == {"hf:", "openai:", "none"}
    assert suggest("chat x --n", "", session, names).words == ("--new", "--not")


def test_variables_with_a_language_model_are_suggested(session):
    from llama_index.core.llms import MockLLM

    names = Namespace({}, {"writer": MockLLM(), "write": print, "Writer": MockLLM})
    assert suggest("ask x --llm w", "", session, names).words == ("writer",)


class Shell:
    """A shell that shows things, as far as drawing needs it."""

    def __init__(self, *, notebook=True):
        self.ended = []
        self.events = SimpleNamespace(
            register=lambda _, called: self.ended.append(called),
            unregister=lambda _, called: self.ended.remove(called),
        )
        if notebook:
            self.kernel = object()

    def end(self, result=None, code="%mmrag ask x"):
        for called in list(self.ended):
            called(SimpleNamespace(result=result, info=SimpleNamespace(raw_cell=code)))


@pytest.fixture
def shell(monkeypatch):
    shell = Shell()
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: shell)
    monkeypatch.setattr(answer_drawing, "SECONDS_BETWEEN_DRAWS", 0)
    return shell


@pytest.fixture
def shown(shell, monkeypatch):  # noqa: ARG001 - the shell is there
    shown = []
    handle = SimpleNamespace(update=lambda bundle, **_: shown.append(bundle))
    monkeypatch.setattr(
        "IPython.display.display", lambda bundle, **_: shown.append(bundle) or handle
    )
    return shown


def test_an_answer_is_drawn_while_it_is_written(shown):
    answer_drawing.watched(Stream())
    texts = [bundle["text/plain"] for bundle in shown]
    assert texts == ["m is reading", "Cork ", "Cork [1]."]
    assert "<progress>" in shown[-1]["text/html"]


def test_the_drawing_goes_where_the_cell_shows_the_answer(shell, shown):
    answer = answer_drawing.watched(Stream())
    shell.end(result=answer)
    assert shown[-1] == {"text/html": "", "text/plain": ""}
    assert shell.ended == []


def test_the_answer_stays_where_the_cell_shows_nothing(shell, shown):
    answer_drawing.watched(Stream())
    shell.end(result=None)
    assert shown[-1] == {"text/plain": "answer Cork [1]."}


def test_a_semicolon_leaves_nothing(shell, shown):
    answer_drawing.watched(Stream())
    shell.end(result=None, code="%mmrag ask x;")
    assert shown[-1] == {"text/html": "", "text/plain": ""}


def test_it_is_drawn_ten_times_a_second_at_most(shown, monkeypatch):
    monkeypatch.setattr(answer_drawing, "SECONDS_BETWEEN_DRAWS", 3600)
    answer_drawing.watched(Stream(["word "] * 500))
    assert len(shown) == 1


def test_a_pause_draws_what_came_before_and_nothing_twice(shown):
    answer_drawing.watched(Stream(["Cork ", "", "", "[1]."]))
    assert [bundle["text/plain"] for bundle in shown] == ["m is reading", "Cork ", "Cork [1]."]


def test_quotes_are_not_drawn_twice(shown):
    answer_drawing.watched(Stream(model=""))
    assert shown == []


@pytest.mark.usefixtures("shown")
def test_an_interrupt_stops_the_model_and_keeps_the_text():
    stream = Stream(["Cork ", KeyboardInterrupt()])
    assert answer_drawing.watched(stream).text == "Cork "
    assert stream.stopped


def test_an_error_leaves_no_drawing(shown):
    with pytest.raises(ValueError, match="boom"):
        answer_drawing.watched(Stream([ValueError("boom")]))
    assert shown[-1] == {"text/html": "", "text/plain": ""}


def test_in_a_terminal_a_line_counts_the_words(monkeypatch, capsys):
    shell = Shell(notebook=False)
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: shell)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setattr(answer_drawing, "SECONDS_BETWEEN_DRAWS", 0)
    answer_drawing.watched(Stream())
    shell.end()
    said = capsys.readouterr().out
    assert "m: reading" in said
    assert "m: 2 words" in said


def test_without_a_shell_the_answer_is_just_returned(monkeypatch):
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: None)
    assert answer_drawing.watched(Stream()).text == "Cork [1]."
