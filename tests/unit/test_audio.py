"""Recordings from the file to the hit: loaded, found by words and by sound, and loaded again."""

from __future__ import annotations

import base64
import io
import re
import shutil
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import av
import numpy as np
import pandas as pd
import pytest
from sounds import RATE, ToyTranscriber, encoded, noise, quiet, tone, write, write_packed
from toys import ToyEmbedder

import mmrag_jupyter as mm
from mmrag_jupyter.display import HITS_MIME
from mmrag_jupyter.display.answer_parts import ANSWER_MIME
from mmrag_jupyter.errors import LoadStoppedError, ModelError, QueryError, SourceError
from mmrag_jupyter.ingest import dictation, recordings
from mmrag_jupyter.models.builtin_sound import BuiltinSound


class ToyEars:
    """Hears the pitch, and counts what it is given."""

    name, dim, modalities, audio_rate = "toy-ears:1", 8, frozenset({"audio"}), 8_000

    def __init__(self):
        self.heard = 0

    def embed_audio(self, sounds, rate):
        assert rate == 8_000
        self.heard += len(sounds)
        return np.stack([self._vector(one) for one in sounds])

    def _vector(self, samples):
        powers = np.abs(np.fft.rfft(samples, 8_000)) ** 2
        shares = np.array([part.sum() for part in np.array_split(powers, self.dim)]) + 1e-6
        return (shares / np.linalg.norm(shares)).astype(np.float32)


@pytest.fixture
def session(tmp_path):
    return mm.Session(mm.Config(root=str(tmp_path / "collections"), model="builtin"))


@pytest.fixture
def folder(tmp_path):
    """Three calls: a deep one, a high one after a silence, and hiss."""
    calls = tmp_path / "calls"
    write(calls / "deep.wav", tone(200, 4))
    write(calls / "two.flac", np.concatenate([tone(200, 3), quiet(5), tone(1000, 4)]))
    write(calls / "hiss.ogg", noise(3))
    return calls


def spans(hit):
    return [(round(part.start, 1), round(part.end, 1)) for part in hit.parts]


def test_a_folder_of_sound_is_loaded_with_its_facts(session, folder):
    c = session.load(folder)
    assert c.last_load.added == 3
    frame = c.items().set_index("path")
    assert frame.loc["two.flac", "duration"] == pytest.approx(12)
    assert frame.loc["deep.wav", ["rate", "channels"]].tolist() == [RATE, 1]
    assert c.items(where="duration > 10")["path"].tolist() == ["two.flac"]
    rows = c.store.parts_of(c.store.numbers())
    assert {row.modality for row in rows} == {"audio"}
    assert len(rows) == 4


def test_a_recording_finds_what_sounds_like_it_and_where(session, folder, tmp_path):
    c = session.load(folder)
    high = write(tmp_path / "high.wav", tone(1000, 2))
    hits = c.query(audio=high, k=3)
    assert hits[0].id == "two.flac"
    assert hits[0].parts[0].modality == "audio"
    assert spans(hits[0]) == [(7.9, 12.0)]
    assert hits[0].parts[0].source == folder / "two.flac"
    assert [why.signal for why in hits[0].why] == ["audio"]
    assert "recording" in hits.title


@pytest.mark.parametrize("form", ["path", "text", "bytes", "pair", "mapping", "cell", "several"])
def test_a_recording_to_be_like_may_be_given_in_any_form(session, folder, tmp_path, form):
    c = session.load(folder)
    samples = tone(1000, 2)
    path = write(tmp_path / "high.wav", samples)
    given = {
        "path": path,
        "text": str(path),
        "bytes": path.read_bytes(),
        "pair": (samples, RATE),
        "mapping": {"array": samples, "sampling_rate": RATE},
        "cell": {"bytes": path.read_bytes(), "path": None},
        "several": [path, (samples, RATE)],
    }[form]
    assert c.query(audio=given, k=1)[0].id == "two.flac"


@pytest.mark.parametrize(
    ("given", "error", "told"),
    [
        (7, QueryError, "An int is not a recording; give a path"),
        ((tone(), 0), QueryError, "the rate of the samples is 0"),
        ({"array": [[[1.0]]], "sampling_rate": RATE}, QueryError, "are no sound"),
        ("gone.wav", SourceError, "gone.wav is gone"),
        (b"no sound", SourceError, "is not sound but text"),
    ],
)
def test_what_is_no_recording_is_told_in_one_line(session, folder, given, error, told):
    c = session.load(folder)
    with pytest.raises(error, match=told) as failed:
        c.query(audio=given)
    assert "\n" not in str(failed.value)


def test_an_item_to_be_like_is_heard(session, folder):
    c = session.load(folder)
    assert c.query(like="deep.wav", k=1)[0].id == "two.flac"


def test_the_part_that_matched_can_be_heard(session, folder):
    c = session.load(folder)
    hit = c.query(audio=(tone(1000, 2), RATE), k=1)[0]
    sound = hit.recording.sound(rate=8_000)
    assert sound.rate == 8_000
    assert sound.seconds == pytest.approx(4.1, abs=0.1)
    assert np.abs(sound.samples).max() > 0.1
    assert hit.recording.recording.path == folder / "two.flac"
    assert hit.image is None
    (folder / "two.flac").unlink()
    with pytest.raises(SourceError, match=r"two\.flac is gone"):
        hit.recording.sound()


def test_what_is_said_is_found_by_words_and_plays_from_there(session, folder):
    c = session.load(folder, transcribe=ToyTranscriber())
    hits = c.query("who has a high voice", k=3)
    assert hits[0].id == "two.flac"
    part = hits[0].parts[0]
    assert part.modality == "audio"
    assert "a high voice" in part.text
    assert part.start == pytest.approx(8, abs=0.2)
    assert part.sound().samples.size
    assert hits[0].text == part.text


def test_an_answer_plays_the_stretch_that_it_quotes(session, folder):
    c = session.load(folder, transcribe=ToyTranscriber())
    answer = c.ask("Who has a high voice?")
    made = answer._repr_mimebundle_()
    told = made[ANSWER_MIME]["sources"][0]
    assert told["item"] == "two.flac"
    assert told["start"] == pytest.approx(8, abs=0.2)
    assert told["audio"] == 0
    players = re.findall('src="data:audio/ogg;base64,([^"]+)"', made["text/html"])
    with av.open(io.BytesIO(base64.b64decode(players[0]))) as sound:
        assert sound.duration / av.time_base == pytest.approx(4, abs=0.3)


def test_what_is_said_late_in_a_long_recording_plays_from_there(session, tmp_path):
    samples = np.concatenate([tone(200, 3), quiet(60), tone(1000, 3)])
    c = session.load(write(tmp_path / "long.flac", samples), transcribe=ToyTranscriber())
    part = c.query("a high voice", k=1)[0].parts[0]
    assert part.start == pytest.approx(63, abs=0.2)
    assert part.end == pytest.approx(66, abs=0.2)


def test_only_recordings_may_be_asked_for(session, folder):
    (folder / "notes.txt").write_text("a high voice was heard on the telephone")
    c = session.load(folder, transcribe=ToyTranscriber())
    assert "notes.txt" in c.query("a high voice").ids
    only = c.query("a high voice", modality="audio")
    assert only.ids[0] == "two.flac"
    assert "notes.txt" not in only.ids


def test_like_a_recording_by_its_sound_alone_passes_over_what_was_noted_of_it(session, tmp_path):
    pitches = {"a": 200, "b": 205, "c": 2000}
    calls = pd.DataFrame(
        {
            "note": ["red shoes", "nothing of the kind", "red shoes again"],
            "call": [str(write(tmp_path / f"{n}.wav", tone(hz, 3))) for n, hz in pitches.items()],
        },
        index=list(pitches),
    )
    c = session.load(calls, "calls", text="note", audio="call", audio_model=ToyEars())
    assert c.query(like="a", k=2).ids == ["c", "b"]
    alone = c.query(like="a", modality="audio", k=2)
    assert alone.ids == ["b", "c"]
    assert {why.signal for hit in alone for why in hit.why} == {"audio"}
    asked = c.query("red", like="a", modality="audio")
    assert "lexical" in {why.signal for hit in asked for why in hit.why}


def test_a_sound_that_matched_tells_what_is_said_in_it(session, folder):
    c = session.load(folder, transcribe=ToyTranscriber())
    hit = c.query(audio=(tone(1000, 2), RATE), k=1, weights={"audio": 2})[0]
    assert hit.id == "two.flac"
    assert "a high voice" in hit.recording.text
    assert "deep" not in hit.recording.text


def test_texts_models_read_what_is_said(session, folder):
    texts = ToyEmbedder(modalities=("text",))
    c = session.load(folder, text_model=texts, audio_model=BuiltinSound(),
                     transcribe=ToyTranscriber())  # fmt: skip
    hit = c.query("a high voice", k=1)[0]
    assert {why.signal for why in hit.why} == {"lexical", "text"}
    assert texts.texts


def test_unchanged_recordings_are_neither_heard_nor_written_down_again(session, folder):
    ears, speech = ToyEars(), ToyTranscriber()
    c = session.load(folder, audio_model=ears, transcribe=speech)
    heard, said = ears.heard, speech.heard
    assert heard == 4
    assert said
    c.load(folder, audio_model=ears, transcribe=speech)
    assert c.last_load.unchanged == 3
    (folder / "two.flac").rename(folder / "renamed.flac")
    c.load(folder, audio_model=ears, transcribe=speech)
    assert (c.last_load.added, c.last_load.removed) == (1, 1)
    assert (ears.heard, speech.heard) == (heard, said)
    assert c.query("a high voice", k=1)[0].id == "renamed.flac"
    write(folder / "deep.wav", tone(1000, 4))
    c.load(folder, audio_model=ears, transcribe=speech)
    assert c.last_load.updated == 1
    assert ears.heard == heard + 1


def test_a_recording_is_not_decoded_again_where_its_file_is_as_it_was(session, folder, monkeypatch):
    c = session.load(folder)
    monkeypatch.setattr(recordings, "heard", lambda *_: pytest.fail("decoded"))
    c.load(folder)
    assert c.last_load.unchanged == 3


def test_a_speech_model_is_remembered_and_can_be_left(session, folder, tiny_whisper_folder):
    c = session.load(folder, transcribe=str(tiny_whisper_folder))
    before = c.store.part_counts()
    assert before["text"] >= 3
    assert "whisper#" in repr(c.info())
    c.load(folder)
    assert c.last_load.unchanged == 3
    assert c.store.part_counts() == before
    c.load(folder, transcribe="none")
    assert c.last_load.updated == 3
    assert c.store.part_counts() == {"audio": 4}
    c.load(folder)
    assert c.last_load.unchanged == 3


def test_a_transcriber_given_as_an_object_must_be_given_again(session, folder):
    c = session.load(folder, transcribe=ToyTranscriber())
    with pytest.raises(ModelError, match="toy-speech:1, which was given as an object"):
        c.load(folder)
    c.load(folder, transcribe=ToyTranscriber("toy-speech:2"))
    assert c.last_load.updated == 3


def test_one_recording_that_cannot_be_written_down_is_a_problem_and_is_tried_again(session, folder):
    failing = ToyTranscriber(fails=[4])
    c = session.load(folder, transcribe=failing)
    assert c.last_load.added == 3
    (problem,) = c.last_load.problems
    assert problem.source == "deep.wav"
    assert "toy-speech:1 failed" in problem.reason
    texts = {hit.id: hit.text for hit in c.query("a high voice")}
    assert "a high voice" in texts["two.flac"]
    assert texts["deep.wav"] == ""
    failing.fails.clear()
    c.load(folder, transcribe=failing)
    assert not c.last_load.problems
    assert c.query("a deep voice", k=2).ids


def test_recordings_are_written_down_several_at_once(session, tmp_path):
    for at in range(20):
        write(tmp_path / "many" / f"{at:02}.wav", tone(100 + 60 * at, 1 + at / 10))
    speech = ToyTranscriber()
    c = session.load(tmp_path / "many", transcribe=speech)
    assert speech.batches == [8, 8, 4]
    said = {item: c.show(item)[0].text for item in c.items()["path"]}
    words = {item: text.split()[1] for item, text in said.items()}
    assert list(words.values()) == [
        next(word for most, word in ToyTranscriber.WORDS if 100 + 60 * at < most)
        for at in range(20)
    ]


def test_an_interrupted_load_keeps_what_was_written_down(session, folder, monkeypatch):
    monkeypatch.setattr(dictation, "AT_ONCE", 1)

    class Interrupted(ToyTranscriber):
        def transcribe(self, sounds):
            if self.heard:
                raise KeyboardInterrupt
            return super().transcribe(sounds)

    speech = Interrupted()
    with pytest.raises(LoadStoppedError, match="the same command goes on from there"):
        session.load(folder, "calls", transcribe=speech)
    c = session.open("calls")
    whole = ToyTranscriber()
    c.load(folder, transcribe=whole)
    assert len(c) == 3
    # One stretch of three was kept.
    assert whole.heard == 2


def test_a_table_with_recordings_and_transcripts_is_found_by_both(session):
    frame = pd.DataFrame(
        {
            "clip": [encoded(tone(200, 2)), encoded(tone(1000, 2)), None],
            "transcript": ["the parcel never came", "thank you very much", "no recording here"],
        },
        index=["a", "b", "c"],
    )
    c = session.load(frame, "calls")
    assert c.last_load.added == 3
    hit = c.query("parcel", k=1)[0]
    assert hit.id == "a"
    assert hit.recording.sound().seconds == pytest.approx(2)
    assert c.query(audio=(tone(1000, 1), RATE), k=1)[0].id == "b"
    pd.testing.assert_frame_equal(c.items(), frame)


def test_a_recording_of_a_table_is_shown_with_its_own_file(session, folder):
    written = pd.DataFrame({"call": [str(folder / "deep.wav")], "said": ["a deep hum"]})
    made = session.load(written, "t", audio="call", text="said", key="table:t")
    (told,) = made.show("0")._repr_mimebundle_()[HITS_MIME]["hits"]
    assert told["source"].endswith("deep.wav")
    assert "table:" not in made.show("0")._repr_mimebundle_()["text/html"]


def test_words_reach_recordings_without_text_by_those_that_have_some(session):
    frame = pd.DataFrame(
        {
            "clip": [encoded(tone(200, 2)), encoded(tone(205, 2)), encoded(noise(2))],
            "transcript": ["a humming fridge", None, None],
        },
        index=["a", "b", "c"],
    )
    hits = session.load(frame, "hums").query("fridge")
    assert hits.ids[:2] == ["a", "b"]


def test_all_of_a_long_recording_in_memory_can_be_heard(session):
    samples = np.concatenate([tone(200, 3), quiet(4), tone(1000, 3), quiet(4), noise(3)])
    c = session.load(pd.DataFrame({"clip": [encoded(samples)]}), "one",
                     transcribe=ToyTranscriber())  # fmt: skip
    rows = c.store.parts_of(c.store.numbers())
    assert [row.modality for row in rows].count("audio") == 3
    assert [row.has_blob for row in rows].count(True) == 1
    for part in c.show("0")[0].parts:
        heard = part.sound()
        at = round(part.start * RATE)
        assert heard.samples == pytest.approx(samples[at : at + len(heard.samples)], abs=1e-3)


def test_stored_sound_is_embedded_again_with_another_model(session, folder):
    frame = pd.DataFrame({"clip": [encoded(tone(300, 2)), encoded(tone(1000, 2))]})
    c = session.load(folder, "mixed")
    c.load(frame)
    ears = ToyEars()
    c.load(folder, audio_model=ears, reembed=True)
    assert ears.heard == 6
    assert not c.last_load.problems
    assert c.info()
    assert c.query(audio=(tone(1000, 2), RATE), k=2).ids


def test_clap_takes_words_to_sounds(session, folder, tiny_clap_folder):
    c = session.load(folder, audio_model=tiny_clap_folder)
    hits = c.query("a dog barks", k=3)
    assert len(hits) == 3
    assert all(why.signal == "audio" for hit in hits for why in hit.why)
    both = c.query("a dog barks", audio=folder / "hiss.ogg", k=1)
    assert both.ids
    assert session.open("calls").query("a dog barks", k=3).ids == hits.ids


def test_without_texts_a_query_in_words_says_what_would_help(session, folder):
    c = session.load(folder)
    hits = c.query("a dog barks")
    assert not hits
    assert any("--transcribe" in notice for notice in hits.notices)


def test_a_collection_without_sound_says_so(session):
    c = session.load(pd.DataFrame({"text": ["some words"]}), "texts")
    hits = c.query(audio=(tone(), RATE))
    assert not hits
    assert any("no recording in this collection" in notice for notice in hits.notices)


def test_a_silent_recording_is_loaded_and_said(session, folder):
    write(folder / "silent.wav", quiet(20))
    c = session.load(folder, transcribe=ToyTranscriber())
    assert len(c) == 4
    assert not c.last_load.problems
    assert any("1 recording is silent" in notice for notice in c.last_load.notices)
    hit = c.show("silent.wav")[0]
    assert spans(hit) == [(0.0, 10.0)]
    assert c.query(audio=(quiet(3), RATE), k=1)[0].id == "silent.wav"


def test_odd_recordings_are_loaded(session, tmp_path):
    odd = tmp_path / "odd"
    write(odd / "one_sample.wav", tone()[1:2], 44_100)
    write(odd / "eight.wav", np.stack([tone(200 * k + 200, 1) for k in range(8)], axis=1))
    write_packed(odd / "film.mp4", tone(500, 2), picture=True)
    (odd / "mp3_really.wav").write_bytes(encoded(tone(seconds=2), kind="MP3"))
    (odd / "cut.mp3").write_bytes(encoded(noise(10), kind="MP3")[:20_000])
    c = session.load(odd)
    assert c.last_load.added == 5
    assert [one.source for one in c.last_load.problems] == ["cut.mp3"]
    assert "is cut short" in c.last_load.problems[0].reason
    assert c.items().set_index("path").loc["eight.wav", "channels"] == 8
    assert len(c.query(audio=(tone(), RATE), k=9)) == 5


def test_what_is_no_sound_is_a_problem_and_nothing_else_suffers(session, folder):
    (folder / "empty.wav").write_bytes(b"")
    (folder / "words.mp3").write_text("not a sound, but a note\n" * 20)
    (folder / "chance.flac").write_bytes(np.random.default_rng(0).bytes(9_000))
    header = bytearray(encoded(tone()))
    header[24:28] = (0).to_bytes(4, "little")
    (folder / "zero_hertz.wav").write_bytes(bytes(header))
    shutil.copy(folder / "deep.wav", folder / "good.wav")
    c = session.load(folder)
    assert c.last_load.added == 4
    assert c.last_load.failed == 4
    reasons = {one.source: one.reason for one in c.last_load.problems}
    assert reasons.keys() == {"empty.wav", "words.mp3", "chance.flac", "zero_hertz.wav"}
    assert "is empty (0 bytes)" in reasons["empty.wav"]
    assert "is not sound but text" in reasons["words.mp3"]
    assert not any("\n" in reason for reason in reasons.values())
    (folder / "words.mp3").write_bytes(encoded(tone(), kind="MP3"))
    c.load(folder)
    assert (c.last_load.added, c.last_load.failed) == (1, 3)


def test_two_columns_of_recordings_keep_their_own(session):
    frame = pd.DataFrame(
        {
            "agent": [encoded(np.concatenate([tone(200, 1), quiet(3), tone(300, 1)]))],
            "caller": [encoded(np.concatenate([noise(2), quiet(3), noise(2, seed=3)]))],
            "note": ["a call"],
        }
    )
    c = session.load(frame, "calls")
    pd.testing.assert_frame_equal(c.items(), frame)
    heard = [part.sound() for part in c.show("0")[0].parts if part.modality == "audio"]
    assert [round(one.seconds) for one in heard] == [1, 1, 2, 2]
    powers = [np.abs(np.fft.rfft(one.samples, RATE)).argmax() for one in heard[:2]]
    assert powers == [200, 300]


def test_the_weight_of_sound_may_be_set(session, folder):
    c = session.load(folder, transcribe=ToyTranscriber())
    query = {"text": "a deep voice", "audio": (tone(1000, 2), RATE), "k": 3}
    assert c.query(**query, weights={"audio": 9})[0].id == "two.flac"
    assert c.query(**query, weights={"audio": 0})[0].why[0].signal == "lexical"
    assert c.signals() == ["lexical", "audio"]


def test_real_recordings_are_found_by_what_is_said_of_them(session, shared_data):
    frame = pd.read_csv(shared_data / "audio" / "audio.csv", index_col="clip_id")
    c = session.load(frame, "clips", audio="path", text=["transcript", "label"], root=shared_data)
    assert c.last_load.added == 17
    assert not c.last_load.problems
    assert c.query("wood blocks of the Chinese", k=1).ids == ["LJ001-0003"]
    assert c.query("humpback whale", k=1).ids == ["glacier_bay_humpback"]
    assert c.query("Brahms", k=1)[0].recording.sound().seconds <= 10.01


def test_real_recordings_are_found_by_sound_better_than_by_chance(session, shared_data):
    frame = pd.read_csv(shared_data / "audio" / "audio.csv", index_col="clip_id")
    c = session.load(frame, "clips", audio="path", text="", root=shared_data)
    kinds = frame["kind"]
    same = [kinds[c.query(like=clip, k=1).ids[0]] == kinds[clip] for clip in frame.index]
    chance = np.mean([(kinds.drop(clip) == kinds[clip]).mean() for clip in frame.index])
    assert np.mean(same) > chance + 0.1
    readings = [clip for clip in frame.index if clip.startswith("LJ")]
    assert all(c.query(like=clip, k=1).ids[0] in readings for clip in readings)


@pytest.fixture
def address():
    """Serve one recording on this machine; the second value counts how often it is fetched."""
    fetched = []
    data = encoded(np.concatenate([tone(200, 2), quiet(3), tone(1000, 2)]), kind="FLAC")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            fetched.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/call.flac", fetched
    server.shutdown()
    server.server_close()


def test_a_recording_from_an_address_is_fetched_once_and_kept(session, address):
    url, fetched = address
    frame = pd.DataFrame({"clip": [url], "note": ["a call"]})
    c = session.load(frame, "afar", audio="clip")
    assert len(fetched) == 1
    c.load(frame, audio="clip", key="table:afar")
    assert c.last_load.unchanged == 1
    assert len(fetched) == 1
    hit = c.query(audio=(tone(1000, 1), RATE), k=1)[0]
    assert spans(hit) == [(4.9, 7.0)]
    assert hit.recording.sound().seconds == pytest.approx(2.1, abs=0.1)
    assert len(fetched) == 1
    assert c.query(audio=url, k=1).ids == ["0"]
    assert len(fetched) > 1
