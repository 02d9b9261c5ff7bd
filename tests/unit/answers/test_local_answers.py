"""Answers of a model that runs here: a tiny one with random weights, so of noise."""

from __future__ import annotations

import threading
import time

import pytest

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import memory


def test_a_local_model_that_sees_writes_an_answer(shop, tiny_vlm):
    made = shop.ask("What is the sole made of?", llm=f"hf:{tiny_vlm}", stream=True)
    pieces = list(made)
    answer = made.answer
    assert answer.text
    assert "".join(pieces)
    assert answer.model == f"hf:{tiny_vlm}"
    assert "[picture of source 1]" in answer.prompt
    assert answer.timings["writing"] > 0


def test_a_local_model_of_texts_is_sent_no_pictures(shop, tiny_writer):
    answer = shop.ask("What is the sole made of?", llm=f"hf:{tiny_writer}")
    assert answer.text
    assert "[picture" not in answer.prompt


def test_stopping_ends_the_models_work(shop, tiny_writer):
    made = shop.ask("What is the sole made of?", llm=f"hf:{tiny_writer}", stream=True)
    for _ in made:
        made.stop()
        break
    assert made.answer.state == "stopped"
    # The thread that writes ends by itself, soon after.
    deadline = time.monotonic() + 60
    while any(one.name.startswith("mmrag") for one in threading.enumerate()):
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


def test_an_interrupt_while_the_model_is_loaded_leaves_quotes(shop, tiny_writer, monkeypatch):
    from mmrag_jupyter.models import language_folder, language_local

    def interrupted(*_):
        raise KeyboardInterrupt

    language_local.local.cache_clear()
    monkeypatch.setattr(language_folder, "load", interrupted)
    answer = shop.ask("What is the sole made of?", llm=f"hf:{tiny_writer}")
    assert "cork" in answer.text
    assert answer.citations
    assert f"hf:{tiny_writer} was stopped; these are quotes" in answer.notices[-1]


def test_a_model_too_large_for_memory_is_told_before_it_is_loaded(shop, tiny_vlm, monkeypatch):
    from mmrag_jupyter.models import language_local

    language_local.local.cache_clear()
    monkeypatch.setattr(memory, "available", lambda *_: 1_000_000)
    with pytest.raises(ModelError, match=r"needs about \d\.\d GB of memory and 0\.0 GB") as caught:
        shop.ask("What is the sole made of?", llm=f"hf:{tiny_vlm}")
    assert "\n" not in str(caught.value)
