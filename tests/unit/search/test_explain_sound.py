"""Why a recording is a hit: which of its spans, by their sound and by what is said in them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sounds import ToyTranscriber, noise, quiet, tone, write

import mmrag_jupyter as mm
from mmrag_jupyter.display import HITS_MIME
from mmrag_jupyter.ingest import SilentReporter


@pytest.fixture
def folder(tmp_path):
    hums = [quiet(2), tone(200), quiet(5), tone(500), quiet(5), tone(1000, 2), quiet(4)]
    write(tmp_path / "calls" / "call.wav", np.concatenate(hums))
    write(tmp_path / "calls" / "rain.flac", np.stack([noise(4)] * 8, axis=1))
    write(tmp_path / "mine.wav", tone(1000))
    return tmp_path / "calls"


@pytest.fixture
def session(tmp_path):
    made = mm.Session(mm.Config(root=str(tmp_path / "collections")))
    made.reporter = SilentReporter
    return made


@pytest.fixture
def calls(session, folder):
    return session.load(folder, "calls", model="builtin")


@pytest.fixture
def told(session, folder):
    """Load the calls with what is said in them."""
    return session.load(folder, "told", model="builtin", transcribe=ToyTranscriber())


def test_each_span_says_how_much_it_sounds_like_what_was_asked(calls, tmp_path):
    hit = calls.query(audio=tmp_path / "mine.wav", k=1)[0]
    why = hit.explain()
    spans = why.heard.spans
    assert [(round(one.start), round(one.end)) for one in spans] == [(2, 3), (8, 9), (14, 16)]
    assert [one.share for one in spans] == [0.0, pytest.approx(0.22, abs=0.1), 1.0]
    assert spans[2].scores["audio"] > 0.95
    assert why.notices == ()
    assert why.heard.seconds == 20
    lines = why._repr_mimebundle_()["text/plain"].splitlines()
    assert lines[1].split() == ["0:13-0:16", "sound", "1"]


def test_words_are_marked_in_what_is_said_and_where_it_is_said_is_warm(told):
    hit = told.query("a middle voice", k=1)[0]
    assert hit.id == "call.wav"
    why = hit.explain()
    best = max(why.heard.spans, key=lambda one: one.share)
    assert round(best.start) == 8
    assert set(best.text.split()) == {"a", "middle", "voice"}
    assert best.scores.keys() == {"lexical"}
    html = why._repr_mimebundle_()["text/html"]
    assert "<mark" in html
    assert html.count("<audio ") >= 1
    pixels = why.image.convert("RGB")
    assert pixels.getpixel((round(8.5 / 20 * pixels.width), pixels.height // 2)) == (214, 0, 96)


def test_a_hit_is_heard_from_where_its_words_are_said(told):
    bundle = told.query("middle", k=1)._repr_mimebundle_()
    (hit,) = bundle[HITS_MIME]["hits"]
    assert set(hit["text"].split()) == {"a", "middle", "voice"}
    assert (round(hit["sound"]["start"]), hit["sound"]["audio"]) == (8, 0)
    assert "<mark" in bundle["text/html"]


def test_a_recording_that_does_not_answer_says_so(told):
    told.query("middle", k=1)
    why = told.explain("rain.flac")
    assert why.notices == ("Nothing that is heard, said or written of it answers the query.",)


def test_what_is_written_of_a_recording_is_told_where_that_is_what_matched(session, folder):
    table = pd.DataFrame(
        {"call": [str(folder / "call.wav"), str(folder / "rain.flac")],
         "transcript": ["the parcel never came", "it rains"]},
        index=["c", "r"],
    )  # fmt: skip
    written = session.load(table, "written", audio="call", text="transcript", model="builtin")
    why = written.query("parcel", k=1)[0].explain()
    assert (why.id, why.text, why.notices) == ("c", "the parcel never came", ())
    bundle = why._repr_mimebundle_()
    assert ">parcel</mark>" in bundle["text/html"]
    assert "the parcel never came" in bundle["text/plain"]
    other = written.explain("r")
    assert other.text == ""
    assert other.notices == ("Nothing that is heard, said or written of it answers the query.",)
    written.query("rains", audio=folder / "rain.flac")
    both = written.explain("r")._repr_mimebundle_()["text/plain"]
    assert "sound 1" in " ".join(both.split())
    assert "it rains" in both


def test_a_recording_deleted_since_is_told_and_what_was_said_is_kept(told, folder):
    hits = told.query("middle", k=1)
    (folder / "call.wav").unlink()
    why = hits[0].explain()
    assert why.heard is None
    assert "call.wav is gone" in why.notices[0]
    assert "a middle voice" in why.text
    (hit,) = hits._repr_mimebundle_()[HITS_MIME]["hits"]
    assert "call.wav is gone" in hit["sound"]["problem"]
    assert "a middle voice" in hit["text"]


def test_a_recording_is_shown_whole_with_all_that_is_said(told):
    (hit,) = told.show("call.wav")._repr_mimebundle_()[HITS_MIME]["hits"]
    assert (hit["sound"]["start"], hit["sound"]["end"]) == (0.0, 20.0)
    assert "until" not in hit["sound"]
    assert [one["text"].split()[1] for one in hit["said"]] == ["deep", "middle", "high"]


def test_a_recording_that_is_no_longer_sound_is_told_in_its_place(calls, folder):
    (folder / "rain.flac").write_bytes(b"<!doctype html><p>404</p>")
    bundle = calls.show("rain.flac")._repr_mimebundle_()
    (hit,) = bundle[HITS_MIME]["hits"]
    assert "not sound but a web page" in hit["sound"]["problem"]
    assert "not sound but a web page" in bundle["text/html"]


def test_hits_of_a_closed_collection_are_still_drawn(calls, tmp_path):
    hits = calls.query(audio=tmp_path / "mine.wav", k=2)
    calls.close()
    bundle = hits._repr_mimebundle_()
    assert len(bundle[HITS_MIME]["hits"]) == 2
