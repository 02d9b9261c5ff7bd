"""Sounds are encoded small, and together they keep to their room."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from sounds import RATE, noise, quiet, tone

from mmrag_jupyter.display.clips import Clip, Heard, clips, heard
from mmrag_jupyter.display.opus import opus
from mmrag_jupyter.display.stretches import LONGEST, Stretch
from mmrag_jupyter.display.thumbnails import Gone
from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.items import Sound


def stretch(seconds, start=0.0, samples=None):
    whole = noise(start + seconds + 4) if samples is None else samples

    def read(begin, end):
        return Sound(whole[round(begin * RATE) : round(end * RATE)], RATE)

    return Stretch(start, start + seconds, read)


def decoded(uri):
    data = base64.b64decode(uri.removeprefix("data:audio/ogg;base64,"), validate=True)
    return soundfile.read(io.BytesIO(data), dtype="float32")


def test_a_second_of_speech_takes_less_than_a_kilobyte():
    spoken = tone(220, 10) + noise(10, loud=0.02)
    assert len(opus(Sound(spoken, RATE), 6_000)) < 10 * 1_000


@pytest.mark.parametrize("rate", [100, 8_000, 11_025, 44_100, 192_000])
def test_sound_of_any_rate_keeps_its_length_and_its_pitch(rate):
    hertz = min(440, rate / 5)
    samples = tone(hertz, 2, rate)
    found, own = soundfile.read(io.BytesIO(opus(Sound(samples, rate), 24_000)))
    assert len(found) / own == pytest.approx(2, abs=0.02)
    loudest = np.abs(np.fft.rfft(found)).argmax() / 2
    assert loudest == pytest.approx(hertz, abs=2)


@pytest.mark.parametrize("count", [1, 2, 100])
def test_a_sample_or_two_are_a_sound(count):
    made = opus(Sound(np.full(count, 0.1, np.float32), RATE), 6_000)
    assert soundfile.info(io.BytesIO(made)).frames >= 1


def test_the_room_for_remarks_that_the_encoder_keeps_is_left_out():
    made = opus(Sound(tone(440, 1), RATE), 6_000)
    assert len(made) < 1_300
    assert bytes(100) not in made


def test_a_libsndfile_without_opus_is_told_in_a_line(monkeypatch):
    def refuse(*_arguments, **_options):
        raise ValueError("Unknown subtype")

    monkeypatch.setattr(soundfile, "write", refuse)
    with pytest.raises(SourceError, match=r"writes no Opus.*%pip install"):
        opus(Sound(tone(), RATE), 6_000)


def test_a_stretch_is_what_it_says_and_its_picture_shows_what_lies_beside_it():
    samples = np.concatenate([quiet(5), tone(440, 2), quiet(5)])
    one = stretch(2, start=5, samples=samples)
    assert np.array_equal(one.sound().samples, samples[5 * RATE : 7 * RATE])
    assert one.sound(most=0.5).seconds == pytest.approx(0.5)
    image = one.picture().convert("RGB")
    marks = [x for x in range(image.width) if image.getpixel((x, 0)) == (30, 27, 75)]
    assert marks[0] / image.width == pytest.approx(1 / 6, abs=0.01)
    assert marks[-1] / image.width == pytest.approx(5 / 6, abs=0.01)


def test_of_a_stretch_of_hours_only_a_minute_is_decoded_for_its_picture():
    asked = []

    def read(begin, end):
        asked.append(end - begin)
        return Sound(quiet(end - begin, 1_000), 1_000)

    Stretch(100, 10_000, read).picture()
    assert asked == [pytest.approx(LONGEST + 6)]


def test_whole_where_there_is_room_and_lower_where_there_is_less():
    sounds = [Heard(stretch(5), 60) for _ in range(4)]
    wide, narrow = clips(sounds, 200_000), clips(sounds, 30_000)
    assert all(not one.is_cut and one.until == 5 for one in [*wide, *narrow])
    assert sum(len(one.uri) for one in narrow) <= 30_000 < sum(len(one.uri) for one in wide)


def test_then_the_long_ones_are_cut_and_at_last_the_last_ones_left_out():
    sounds = [Heard(stretch(seconds), 60) for seconds in (3, 12, 12, 12)]
    cut = clips(sounds, 24_000)
    assert [one.is_cut for one in cut] == [False, True, True, True]
    assert all(2 <= len(decoded(one.uri)[0]) / decoded(one.uri)[1] < 12 for one in cut)
    few = clips(sounds, 6_000)
    assert [one.uri != "" for one in few] == [True, True, False, False]
    assert [one.uri for one in clips(sounds, 500)] == [""] * 4


def test_what_cannot_be_read_or_encoded_says_why_and_the_rest_is_heard(monkeypatch):
    def gone(_begin, _end):
        raise SourceError("calls/a.wav is gone: there is no such file.")

    lost = heard(Stretch(0, 3, gone), 50_000)
    assert lost == Gone("calls/a.wav is gone: there is no such file.")
    assert heard(None, 50_000) is None
    found = clips([None, lost, heard(stretch(3), 50_000)], 50_000)
    assert found[:2] == [None, lost]
    assert isinstance(found[2], Clip)
    assert found[2].uri
    monkeypatch.setattr(soundfile, "write", lambda *_a, **_o: 1 / 0)
    assert clips([heard(stretch(3), 50_000)], 50_000) == [Gone("division by zero")]


def test_no_more_is_decoded_than_the_room_could_ever_hold():
    asked = []

    def read(begin, end):
        asked.append(end - begin)
        return Sound(quiet(end - begin, 1_000), 1_000)

    heard(Stretch(0, 10_000, read), 65_536)
    assert max(asked) < 70


@settings(max_examples=25, deadline=None)
@given(
    lengths=st.lists(st.floats(0.01, 20), max_size=9),
    room=st.integers(-100, 60_000),
)
def test_sounds_never_take_more_than_their_room(lengths, room):
    samples = noise(24)
    sounds = [Heard(stretch(length, samples=samples), 60) for length in lengths]
    made = clips(sounds, room)
    assert len(made) == len(sounds)
    assert sum(len(one.uri) for one in made) <= max(room, 0)
    kept = [one.uri != "" for one in made]
    assert kept == sorted(kept, reverse=True)  # those of the best hits stay


def test_an_encoder_that_takes_more_than_was_thought_finds_no_more_room(monkeypatch):
    monkeypatch.setattr(
        "mmrag_jupyter.display.clips.opus",
        lambda sound, bits: bytes(int(sound.seconds * bits / 8 * 1.6) + 600),
    )
    made = clips([Heard(stretch(8), 60) for _ in range(4)], 20_000)
    assert sum(len(one.uri) for one in made) <= 20_000
    assert all(one.uri for one in made)
