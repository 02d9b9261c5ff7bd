"""Answers that were written before."""

from __future__ import annotations

import os

import pytest
from answer_toys import passage

from mmrag_jupyter.answers import kept
from mmrag_jupyter.answers.kept import Kept, name_of
from mmrag_jupyter.answers.prompt import Message

ASKED = [Message("user", ("question",))]


@pytest.fixture
def answers(tmp_path):
    return Kept(tmp_path / "answers")


def test_an_answer_is_kept_and_found_again(answers):
    assert answers.get("a") is None
    answers.put("a", "q", "Cork [1]: “naïve” \ud800.")
    assert answers.get("a") == "Cork [1]: “naïve” \ud800."
    assert [file.name for file in answers.folder.iterdir()] == ["a.json"]


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"text": 3}', b"\xff\xfe"])
def test_a_damaged_file_is_as_none(answers, damage):
    answers.put("a", "q", "Cork.")
    (answers.folder / "a.json").write_bytes(damage)
    assert answers.get("a") is None


def test_a_folder_that_cannot_be_written_costs_nothing(tmp_path):
    (tmp_path / "answers").write_text("a file in the way")
    Kept(tmp_path / "answers").put("a", "q", "Cork.")
    assert Kept(tmp_path / "answers").get("a") is None


def test_the_oldest_answers_go_first(answers, monkeypatch):
    monkeypatch.setattr(kept, "_MOST", 2)
    for at, name in enumerate("abc"):
        answers.put(name, "q", name)
        os.utime(answers.folder / f"{name}.json", (at, at))
    answers.put("d", "q", "d")
    assert {file.stem for file in answers.folder.iterdir()} == {"c", "d"}


def test_the_name_tells_question_sources_model_and_order_apart():
    one, two = passage(1, "Cork."), passage(2, "Leather.", rank=2)
    changed = passage(1, "Felt.")
    names = {
        name_of("m", ASKED, [one, two]),
        name_of("other", ASKED, [one, two]),
        name_of("m", [Message("user", ("another",))], [one, two]),
        name_of("m", ASKED, [one]),
        name_of("m", ASKED, [two, one]),
        name_of("m", ASKED, [changed, two]),
        name_of("m", ASKED, [passage(1, "Cork.", image="red"), two]),
    }
    assert len(names) == 7
    assert name_of("m", ASKED, [one, two]) in names
