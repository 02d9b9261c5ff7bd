"""Texts and recordings that belong together find each other by what models hear, or not at all."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sounds import encoded, quiet, tone

from mmrag_jupyter.errors import NotFoundError, QueryError
from mmrag_jupyter.evaluation.pairs import SOUND_TO_TEXT, TO_SOUND

PITCHES = {"low": 150, "middle": 600, "high": 2400}


class Hearing:
    """Hears how high a sound is, and reads it in a text."""

    name, dim, modalities, audio_rate = "hearing:1", 3, frozenset({"text", "audio"}), 8_000

    def embed_text(self, texts, *, query):  # noqa: ARG002
        rows = [[float(name in text) for name in PITCHES] for text in texts]
        return self._unit(np.array(rows, np.float32) + 0.01)

    def embed_audio(self, sounds, rate):
        return self._unit(np.stack([self._near(one, rate) for one in sounds]))

    @staticmethod
    def _near(samples, rate):
        loudest = np.argmax(np.abs(np.fft.rfft(samples))) * rate / len(samples)
        return np.array([-abs(np.log2((loudest + 1) / own)) for own in PITCHES.values()])

    @staticmethod
    def _unit(rows):
        rows = np.exp(rows)
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def calls():
    # The first has two spans of sound, and is one recording all the same.
    long = np.concatenate([tone(150, 2), quiet(3), tone(150, 2)])
    clips = [encoded(long), encoded(tone(600, 1)), encoded(tone(2400, 1))]
    return pd.DataFrame({"title": [f"a {one} tone" for one in PITCHES], "clip": clips})


def means(evaluation):
    frame = evaluation.to_pandas()
    frame = frame[frame["measure"] == "MRR"]
    return dict(zip(frame["slice"], frame["mean"], strict=True))


def test_a_model_that_hears_and_reads_finds_each_by_the_other(session, calls):
    library = session.load(calls, "calls", text="title", audio="clip", model=Hearing())
    evaluation = library.evaluate(pairs=True)
    assert means(evaluation) == {TO_SOUND: 1.0, SOUND_TO_TEXT: 1.0}
    assert len(evaluation.questions) == 6
    assert evaluation.notices[0].startswith("Asked with a text, only sound may answer")


def test_pictures_and_sounds_are_measured_apart(session, calls, things):
    both = calls.assign(photo=list(things["photo"])[:3])
    library = session.load(
        both, "calls", text="title", audio="clip", image="photo", model="builtin"
    )
    evaluation = library.evaluate(pairs=True)
    assert len(evaluation.questions) == 12
    assert {one.slice: len(one.sounds) + len(one.images) for one in evaluation.questions} == {
        "text → picture": 0, "picture → text": 1, "text → sound": 0, "sound → text": 1,
    }  # fmt: skip
    assert any("knows both texts and pictures or sound" in one for one in evaluation.notices)


def test_recordings_without_a_text_of_their_own_have_no_pairs(session, calls):
    library = session.load(calls[["clip"]], "calls", audio="clip", model="builtin")
    with pytest.raises(QueryError, match="has both a text and a picture or sound"):
        library.evaluate(pairs=True)


@pytest.mark.parametrize("named", [{}, {"audio": "clip"}], ids=["found", "named"])
def test_pairs_of_a_users_own_rows_are_found_by_their_recordings(session, calls, tmp_path, named):
    file = tmp_path / "high.wav"
    file.write_bytes(calls["clip"][2])
    held = [calls["clip"][0], calls["clip"][1], str(file)]
    library = session.load(
        calls.assign(clip=held), "calls", text="title", audio="clip", model=Hearing()
    )
    rows = pd.DataFrame({
        "caption": ["something low", "all high", "not here", "", "middle"],
        "clip": [calls["clip"][0], calls["clip"][2], encoded(tone(99, 1)), calls["clip"][1], None],
    })  # fmt: skip
    evaluation = library.evaluate(rows, pairs=True, **named)
    assert means(evaluation) == {TO_SOUND: 1.0, SOUND_TO_TEXT: 1.0}
    assert [one.relevant for one in evaluation.questions] == [["0"], ["2"]] * 2
    told = " ".join(evaluation.notices)
    assert "Columns: query = 'caption', audio = 'clip'." in told
    assert "1 recording of the dataframe not in the collection" in told


def test_rows_whose_recordings_are_not_here_are_told(session, calls):
    library = session.load(calls, "calls", text="title", audio="clip", model="builtin")
    rows = pd.DataFrame({"caption": ["a"], "clip": [encoded(tone(99, 1))]})
    with pytest.raises(NotFoundError, match="None of the 1 recordings of the dataframe is in"):
        library.evaluate(rows, pairs=True, audio="clip")
    gone = rows.assign(clip="gone.wav")
    with pytest.raises(
        QueryError, match=r"both a text and a recording\. 1 recording not to be found"
    ):
        library.evaluate(gone, pairs=True, audio="clip")
    with pytest.raises(QueryError, match=r"captions .* pictures .* or recordings \(--audio COL\)"):
        library.evaluate(rows[["caption"]], pairs=True)
