"""A query that nothing in the collection can answer says so, in place of a bare "no hits"."""

from __future__ import annotations

import pandas as pd
import pytest
from toys import picture, write_pictures

import mmrag_jupyter as mm


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return mm.Session(mm.Config())


@pytest.fixture
def notes(session):
    frame = pd.DataFrame({"text": ["a red shoe", "a blue hat"]})
    return session.load(frame, "notes", model="builtin")


def test_words_are_not_heard_where_there_are_pictures_alone(session, tmp_path):
    write_pictures(tmp_path / "photos", ["red", "green"])
    photos = session.load(tmp_path / "photos", model="builtin")
    [told] = photos.query("red shoe").notices
    assert told.startswith("Nothing here reads words")
    assert photos.query(image=picture("red")).notices == ()


def test_a_picture_has_nothing_to_be_like_among_texts(notes):
    assert notes.query(image=picture("red")).notices == (
        "There is no picture in this collection that another could be like.",
    )


def test_weights_of_nothing_are_told(notes):
    assert notes.query("red", weights={"lexical": 0}).notices == ("Every signal has the weight 0.",)
    assert notes.query("red", weights={"image": 0}).ids == ["0"]


def test_what_is_not_there_is_just_not_found(notes):
    assert notes.query("elephant").notices == ()
