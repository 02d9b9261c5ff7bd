import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sounds import RATE, encoded, noise, quiet, tone, write

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.items import Media
from mmrag_jupyter.sources.spans import MOST_SECONDS, heard


def spans_of(*pieces, rate=RATE):
    samples = np.concatenate(pieces)
    return heard(Media(data=encoded(samples, rate, subtype="FLOAT")))


def test_a_long_pause_parts_two_spans():
    found = spans_of(tone(seconds=2), quiet(3), tone(seconds=4))
    first, second = found.spans
    assert first == (0.0, pytest.approx(2.1, abs=0.05))
    assert second == (pytest.approx(4.9, abs=0.05), pytest.approx(9))
    assert found.seconds == pytest.approx(9)
    assert not found.silent


def test_short_pauses_do_not():
    found = spans_of(tone(seconds=2), quiet(0.5), tone(seconds=2), quiet(0.7), tone(seconds=1))
    assert [(round(a), round(b)) for a, b in found.spans] == [(0, 6)]


def test_a_span_that_would_be_too_long_ends_at_a_pause():
    found = spans_of(tone(seconds=6), quiet(0.5), tone(seconds=6))
    assert [b - a <= MOST_SECONDS for a, b in found.spans] == [True, True]
    assert found.spans[0][1] == pytest.approx(6.1, abs=0.2)


def test_sound_without_a_pause_is_cut_where_it_is_quietest():
    loud, low = noise(7), noise(0.1, loud=0.05)
    found = spans_of(loud, low, loud, low, loud)
    assert max(b - a for a, b in found.spans) <= MOST_SECONDS
    assert found.spans[0][1] == pytest.approx(7.05, abs=0.1)
    assert found.spans[1][0] == found.spans[0][1]


def test_a_silent_recording_is_one_span_of_its_beginning():
    found = spans_of(quiet(25))
    assert found.silent
    assert list(found.spans) == [(0.0, MOST_SECONDS)]
    assert found.seconds == pytest.approx(25)


def test_hiss_below_any_microphone_is_silence():
    assert spans_of(noise(3, loud=1e-5)).silent


def test_a_quiet_recording_is_not_silent():
    found = spans_of(tone(seconds=2, loud=0.003), quiet(3), tone(seconds=2, loud=0.003))
    assert not found.silent
    assert len(found.spans) == 2


def test_one_sample_is_a_span():
    found = heard(Media(data=encoded(tone()[1:2], 44_100)))
    assert len(found.spans) == 1
    assert found.rate == 44_100


def test_its_channels_and_rate_are_told(tmp_path):
    path = write(tmp_path / "a.wav", np.stack([tone()] * 8, axis=1), RATE)
    found = heard(Media(path=path))
    assert (found.rate, found.channels) == (RATE, 8)


@settings(max_examples=40, deadline=None)
@given(
    pieces=st.lists(
        st.tuples(st.sampled_from(["tone", "noise", "quiet"]), st.floats(0.02, 6)), max_size=9
    ),
    rate=st.sampled_from([8_000, 11_025, 16_000]),
)
def test_spans_are_in_order_within_the_recording_and_hold_all_that_is_loud(pieces, rate):
    makers = {"tone": lambda s: tone(300, s, rate), "noise": lambda s: noise(s, rate)}
    makers["quiet"] = lambda s: quiet(s, rate)
    samples = np.concatenate([quiet(0.1, rate), *(makers[kind](s) for kind, s in pieces)])
    found = spans_of(samples, rate=rate)
    length = len(samples) / rate
    for start, end in found.spans:
        assert 0 <= start < end <= length + 1e-4
        assert end - start <= MOST_SECONDS + 0.03
    for before, after in itertools.pairwise(found.spans):
        assert before[1] <= after[0] + 0.011
    inside = np.zeros(len(samples), bool)
    for start, end in found.spans:
        inside[max(0, round(start * rate) - rate // 50) : round(end * rate) + rate // 50] = True
    loud = np.abs(samples) > 0.1
    assert not (loud & ~inside).any()


def test_three_hours_are_never_decoded_at_once(tmp_path, monkeypatch):
    import soundfile

    from mmrag_jupyter.sources.sound_files import PlainSound

    rate, path = 1_000, tmp_path / "long.wav"
    minute = np.concatenate([noise(50, rate), quiet(10, rate)])
    with soundfile.SoundFile(path, "w", rate, 1) as out:
        for _ in range(180):
            out.write(minute)
    decoded = []
    plainly = PlainSound._next
    monkeypatch.setattr(
        PlainSound, "_next", lambda self, count: decoded.append(count) or plainly(self, count)
    )
    found = heard(Media(path=path))
    assert found.seconds == pytest.approx(3 * 3600)
    assert len(found.spans) >= 180 * 5
    assert max(decoded) <= 10 * rate


def test_what_is_cut_short_is_heard_as_far_as_it_goes():
    data = encoded(noise(30), kind="MP3")
    found = heard(Media(data=data[: len(data) // 2]))
    assert found.spans
    assert "is cut short" in found.problem
    assert found.seconds == pytest.approx(15, abs=1)


def test_what_comes_before_damage_is_heard():
    data = bytearray(encoded(noise(30), kind="FLAC"))
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    found = heard(Media(data=bytes(data)))
    assert 10 < found.seconds < 20
    assert found.spans[-1][1] <= found.seconds
    assert "cannot be read as sound" in found.problem
    assert found.problem.endswith(f" beyond its first {found.seconds:.1f} seconds.")


def test_no_sound_at_all_is_an_error():
    with pytest.raises(SourceError, match="has no sound"):
        heard(Media(data=encoded(quiet(0))))


def test_progress_is_told_in_seconds(tmp_path):
    told = []
    heard(Media(path=write(tmp_path / "a.wav", noise(5))), lambda *seconds: told.append(seconds))
    assert told[-1] == (5, 5)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
