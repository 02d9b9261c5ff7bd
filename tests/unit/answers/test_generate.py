"""The words of a language model as they come, and whatever goes wrong with them."""

from __future__ import annotations

import threading

import pytest

from mmrag_jupyter.answers.generate import Writing, repetition
from mmrag_jupyter.answers.prompt import Message
from mmrag_jupyter.models.language import language_model

ASKED = [Message("system", ("rules",)), Message("user", ("question",))]


def writing(llm, **changes):
    from dataclasses import replace

    return Writing(replace(language_model(llm), **changes), ASKED)


def words(made):
    return [word for word in made if word]


def test_words_come_piece_by_piece(says):
    made = writing(says("Cork ", "is ", "light."))
    assert words(made) == ["Cork ", "is ", "light."]
    assert (made.text, made.ended, made.problem) == ("Cork is light.", "complete", "")


def test_a_model_that_only_completes_gets_one_prompt(says):
    llm = says("Cork.", chats=False)
    assert words(writing(llm)) == ["Cork."]
    assert "system: rules" in llm.prompt
    assert llm.prompt.rstrip().endswith("assistant:")


def test_closing_the_iteration_stops_the_model_at_once(says):
    never = threading.Event()
    made = writing(says("Cork ", never, "is never said"))
    coming = (word for word in made if word)
    assert next(coming) == "Cork "
    coming.close()
    assert (made.text, made.ended) == ("Cork ", "stopped")
    never.set()


def test_an_interrupt_keeps_the_text_and_ends_the_writing(says, monkeypatch):
    from mmrag_jupyter.answers import generate

    never = threading.Event()
    made = writing(says("Cork ", never))
    fetch = generate._Words.next

    def interrupted(self, seconds):
        if made.text:
            raise KeyboardInterrupt
        return fetch(self, seconds)

    monkeypatch.setattr(generate._Words, "next", interrupted)
    assert words(made) == ["Cork "]
    assert (made.text, made.ended, made.problem) == ("Cork ", "stopped", "")
    never.set()


def test_an_error_half_way_keeps_the_text(says):
    made = writing(says("Cork ", ValueError("the wire\nbroke")))
    assert words(made) == ["Cork "]
    assert made.ended == "broken"
    assert made.problem == "the model failed: ValueError: the wire"


def test_a_model_that_writes_nothing_for_too_long_is_given_up(says, monkeypatch):
    from mmrag_jupyter.answers import generate

    monkeypatch.setattr(generate, "_TICK", 0.01)
    never = threading.Event()
    made = writing(says(never), patience=0.0)
    assert "".join(made) == ""
    assert made.ended == "late"
    assert made.problem == "the model wrote nothing for 0 seconds"
    never.set()


def test_a_model_that_repeats_itself_is_stopped_and_cut(says):
    loop = ["The sole is made of cork and nothing else. "] * 50
    made = writing(says("It is so. ", *loop))
    words(made)
    assert made.ended == "repeats"
    assert made.text == "It is so. The sole is made of cork and nothing else. "
    assert made.problem == "the model began to repeat itself and was stopped"


@pytest.mark.parametrize(
    "text",
    [
        "Cork is light. " * 3,
        "| a | b |\n" * 4,
        "1, 2, 3, 4, 5, 6, 7, 8, 9, 10",
        "no repetition at all, but a long sentence about many things " * 1,
    ],
)
def test_what_is_said_a_few_times_is_no_repetition(text):
    assert repetition(text) is None


def test_numbered_repetitions_are_found_too():
    text = "List:\n" + "".join(f"{n}. The same line once more, please.\n" for n in range(1, 9))
    end = repetition(text)
    assert text[:end] == "List:\n1. The same line once more, please.\n"


@pytest.mark.parametrize("unit", ["ha", "x", "word ", "A longer sentence that comes again. "])
def test_a_repetition_is_found_whatever_its_length(unit):
    text = "Begin: " + unit * (400 // len(unit) + 5)
    assert text[: repetition(text)] in {f"Begin: {unit}", "Begin: " + unit * 2}
