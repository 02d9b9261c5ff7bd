import contextlib
import io

import numpy as np
import pytest
from sounds import RATE, encoded, noise, quiet, tone, write, write_packed

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.items import Media, Sound
from mmrag_jupyter.sources import sound as sounds
from mmrag_jupyter.sources.sound import (
    is_encoded_sound,
    read_sound,
    resampled,
    sound_seconds,
    sound_suffixes,
)


def at(path):
    return Media(path=path)


def pitch(sound):
    powers = np.abs(np.fft.rfft(sound.samples))
    return np.fft.rfftfreq(len(sound.samples), 1 / sound.rate)[powers.argmax()]


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "aiff"])
def test_a_recording_is_read_in_any_format_at_its_own_rate(tmp_path, suffix):
    made = tone(440, 2)
    found = read_sound(at(write(tmp_path / f"a.{suffix}", made)))
    assert found.rate == RATE
    assert found.samples.dtype == np.float32
    assert found.seconds == pytest.approx(2, abs=0.1)
    # Packed formats change samples, and keep the pitch.
    assert pitch(found) == pytest.approx(440, 1e-2)


def test_m4a_is_read_by_ffmpeg(tmp_path):
    made = np.concatenate([tone(300, 2), tone(900, 2)])
    path = write_packed(tmp_path / "a.m4a", made)
    assert sound_seconds(at(path)) == pytest.approx(4, abs=0.1)
    whole = read_sound(at(path))
    late = read_sound(at(path), start=2.5, end=3.5)
    assert late.seconds == pytest.approx(1, abs=0.01)
    assert pitch(late) == pytest.approx(900, 1e-2)
    begin = round(2.5 * RATE)
    assert np.abs(whole.samples[begin : begin + len(late.samples)] - late.samples).max() < 1e-3


def test_the_sound_track_of_a_film_is_read(tmp_path):
    path = write_packed(tmp_path / "a.mp4", tone(440, 1), picture=True)
    assert read_sound(at(path)).seconds == pytest.approx(1, abs=0.1)


def test_a_film_without_sound_says_so(tmp_path):
    path = write_packed(tmp_path / "a.mp4", None, picture=True)
    with pytest.raises(SourceError, match=r"a\.mp4 has no sound track"):
        read_sound(at(path))


def test_without_pyav_the_error_says_what_brings_it(tmp_path, monkeypatch):
    path = write_packed(tmp_path / "a.m4a", tone())
    monkeypatch.setattr(sounds, "has_av", lambda: False)
    with pytest.raises(SourceError, match=r"mmrag-jupyter\[audio\]"):
        read_sound(at(path))
    assert ".mp4" not in sound_suffixes()
    assert ".m4a" in sound_suffixes()


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_a_stretch_is_that_of_the_whole(tmp_path, suffix):
    made = np.concatenate([tone(300, 1), noise(1), tone(900, 1)])
    path = write(tmp_path / f"a.{suffix}", made)
    whole = read_sound(at(path)).samples
    part = read_sound(at(path), start=0.75, end=2.25)
    assert part.samples == pytest.approx(whole[12_000:36_000], abs=1e-6)


def test_a_stretch_ends_where_the_recording_does(tmp_path):
    path = write(tmp_path / "a.wav", tone(seconds=1))
    assert read_sound(at(path), start=0.5, end=9).seconds == pytest.approx(0.5)
    assert read_sound(at(path), start=0.5).seconds == pytest.approx(0.5)
    with pytest.raises(SourceError, match="has no sound at 2 seconds"):
        read_sound(at(path), start=2, end=3)


def test_only_the_stretch_is_decoded(tmp_path, monkeypatch):
    from mmrag_jupyter.sources.sound_files import PlainSound

    path = write(tmp_path / "a.flac", tone(seconds=30))
    decoded = []
    plainly = PlainSound._next
    monkeypatch.setattr(
        PlainSound, "_next", lambda self, count: decoded.append(count) or plainly(self, count)
    )
    read_sound(at(path), start=20, end=21)
    assert sum(decoded) == RATE


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
def test_it_is_resampled_to_any_rate(tmp_path, rate):
    path = write(tmp_path / "a.wav", tone(440, 1, rate=22_050), 22_050)
    found = read_sound(at(path), rate=rate)
    assert found.rate == rate
    assert len(found.samples) == pytest.approx(rate, abs=2)
    assert found.samples == pytest.approx(tone(440, 1, rate=rate)[: len(found.samples)], abs=0.03)


def test_channels_are_mixed_to_one(tmp_path):
    left, right = tone(300), tone(500)
    path = write(tmp_path / "a.wav", np.stack([left, right], axis=1), subtype="FLOAT")
    assert read_sound(at(path)).samples == pytest.approx((left + right) / 2, abs=1e-6)


def test_eight_channels_are_mixed_too(tmp_path):
    path = write(tmp_path / "a.wav", np.stack([tone()] * 8, axis=1), subtype="FLOAT")
    assert read_sound(at(path)).samples == pytest.approx(tone(), abs=1e-6)


def test_sixteen_channels_are_mixed_by_ffmpeg_too(tmp_path):
    # Planes of more than eight channels lie where PyAV does not look for them.
    import av

    path = tmp_path / "a.mka"
    with av.open(str(path), "w") as container:
        track = container.add_stream("pcm_s16le", rate=RATE, layout="hexadecagonal")
        samples = np.repeat((tone() * 32767).astype(np.int16), 16)[None, :]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="hexadecagonal")
        frame.sample_rate = RATE
        container.mux(track.encode(frame))
        container.mux(track.encode(None))
    found = read_sound(at(path))
    assert found.samples == pytest.approx(tone(), abs=1e-3)


def test_a_header_that_promises_hours_takes_no_memory_for_them(monkeypatch):
    from mmrag_jupyter.sources.sound_files import PlainSound

    data = bytearray(encoded(tone(seconds=2), kind="FLAC"))
    # The number of samples: 36 bits from the middle of the 21st byte on.
    data[21] |= 0x0F
    data[22:26] = b"\xff" * 4
    asked = []
    plainly = PlainSound._next
    monkeypatch.setattr(
        PlainSound, "_next", lambda self, count: asked.append(count) or plainly(self, count)
    )
    assert sound_seconds(Media(data=bytes(data))) > 10_000
    with contextlib.suppress(SourceError):
        read_sound(Media(data=bytes(data)))
    assert max(asked) <= 60 * RATE


def test_a_single_sample_is_a_sound(tmp_path):
    path = write(tmp_path / "a.wav", tone()[1:2], 44_100)
    assert len(read_sound(at(path)).samples) == 1
    assert len(read_sound(at(path), rate=8_000).samples) == 1


def test_samples_that_are_no_numbers_are_silence_and_none_is_too_loud(tmp_path):
    odd = np.array([np.nan, np.inf, -np.inf, 7, 0.5], np.float32)
    path = write(tmp_path / "a.wav", odd, subtype="FLOAT")
    assert read_sound(at(path)).samples.tolist() == [0, 1, -1, 1, 0.5]


@pytest.mark.parametrize(("name", "kind"), [("a.wav", "MP3"), ("a.mp3", "FLAC"), ("a.ogg", "WAV")])
def test_a_mislabelled_recording_is_read_by_its_content(tmp_path, name, kind):
    path = tmp_path / name
    path.write_bytes(encoded(tone(seconds=1), kind=kind))
    assert read_sound(at(path)).seconds == pytest.approx(1, abs=0.1)


def test_bytes_are_read_as_files_are():
    media = Media(data=encoded(tone(seconds=2), kind="FLAC"))
    assert sound_seconds(media) == pytest.approx(2)
    assert read_sound(media, start=1, end=1.5).seconds == pytest.approx(0.5)


def wav_with(place, value, size):
    data = bytearray(encoded(tone()))
    data[place : place + size] = value.to_bytes(size, "little")
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", r"is empty \(0 bytes\)"),
        (b"some words\n" * 50, "is not sound but text"),
        (b"<!DOCTYPE html><html></html>", "is not sound but a web page"),
        (b"%PDF-1.7 nothing else", "is not sound but a PDF"),
        (b"\x89PNG\r\n\x1a\n" + b"\0\xff" * 99, "is not sound but a picture"),
        (np.random.default_rng(0).bytes(5000), "is no sound that can be read"),
        (encoded(tone())[:40], "(is no sound|cannot be read|has no sound)"),
        (encoded(quiet(0)), "has no sound"),
        (wav_with(24, 0, 4), "(is no sound that can be read|no sound has)"),
        (wav_with(24, 2**31 - 1, 4), "2,147,483,647 samples a second, which no sound has"),
        (wav_with(22, 0, 2), "(is no sound|cannot be read as sound)"),
    ],
)
@pytest.mark.parametrize("in_file", [True, False])
def test_what_is_no_sound_is_told_in_one_line(tmp_path, data, told, in_file):
    media = Media(data=data)
    if in_file:
        (tmp_path / "a.mp3").write_bytes(data)
        media = at(tmp_path / "a.mp3")
    with pytest.raises(SourceError, match=told) as failed:
        read_sound(media)
    assert "\n" not in str(failed.value)


def test_a_file_that_is_gone_or_a_folder_says_so(tmp_path):
    with pytest.raises(SourceError, match="is gone: there is no such file"):
        read_sound(at(tmp_path / "a.wav"))
    with pytest.raises(SourceError, match="is a folder or a device"):
        sound_seconds(at(tmp_path))


@pytest.mark.parametrize("kind", ["FLAC", "MP3", "OGG", "WAV"])
@pytest.mark.parametrize("seed", range(4))
def test_damage_is_a_source_error_or_some_sound(kind, seed):
    data = bytearray(encoded(noise(2), kind=kind))
    chance = np.random.default_rng(seed)
    for place in chance.integers(0, len(data), 40):
        data[place] = chance.integers(256)
    try:
        found = read_sound(Media(data=bytes(data)), rate=8_000)
    except SourceError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either is right
    else:
        assert np.isfinite(found.samples).all()
        assert np.abs(found.samples).max() <= 1


def test_nothing_is_murmured_on_standard_error(tmp_path, capfd):
    data = bytearray(encoded(noise(20), kind="MP3"))
    (tmp_path / "whole.mp3").write_bytes(data)
    for start in (3, 9, 15):
        read_sound(at(tmp_path / "whole.mp3"), start=start, end=start + 2)
    data[5000:9000] = np.random.default_rng(0).bytes(4000)
    (tmp_path / "damaged.mp3").write_bytes(data)
    with pytest.raises(SourceError):
        read_sound(at(tmp_path / "damaged.mp3"))
    assert capfd.readouterr().err == ""
    import os

    os.write(2, b"heard again")
    assert capfd.readouterr().err == "heard again"


def test_sound_is_known_by_its_first_bytes():
    assert is_encoded_sound(encoded(tone(), kind="WAV"))
    assert is_encoded_sound(encoded(tone(), kind="FLAC"))
    assert is_encoded_sound(encoded(tone(), kind="OGG"))
    assert is_encoded_sound(encoded(tone(), kind="AIFF"))
    assert not is_encoded_sound(b"RIFF1234AVI LIST")
    assert not is_encoded_sound(b"words")
    assert not is_encoded_sound(b"")


def test_resampling_to_the_same_rate_changes_nothing():
    made = Sound(tone(), RATE)
    assert resampled(made, RATE) is made


def test_a_picture_is_not_sound():
    from PIL import Image

    with pytest.raises(SourceError, match="is not sound"):
        read_sound(Media(image=Image.new("RGB", (2, 2))))
    out = io.BytesIO()
    Image.new("RGB", (20, 20)).save(out, "PNG")
    with pytest.raises(SourceError, match="not sound but a picture"):
        read_sound(Media(data=out.getvalue()))


def test_a_reader_opens_each_recording_once_a_thread(tmp_path, monkeypatch):
    from concurrent.futures import ThreadPoolExecutor

    first, second = (at(write(tmp_path / f"{name}.mp3", noise(20))) for name in "ab")
    opened = []
    plainly = sounds._open
    monkeypatch.setattr(sounds, "_open", lambda media: opened.append(media) or plainly(media))
    reader = sounds.SoundReader()
    for media in (first, second):
        for start in (0, 5, 10, 3):
            found = reader.read(media, rate=8_000, start=start, end=start + 2)
            alone = read_sound(media, rate=8_000, start=start, end=start + 2)
            assert found.samples == pytest.approx(alone.samples, abs=1e-4)
    assert opened.count(first) == 5  # once by the reader, and each time without it
    with ThreadPoolExecutor(2) as pool:
        spans = [(at, at + 1) for at in range(15)]
        read = list(
            pool.map(lambda one: reader.read(first, rate=8_000, start=one[0], end=one[1]), spans)
        )
    assert [round(one.seconds, 2) for one in read] == [1.0] * 15
    assert opened.count(first) <= 7
    reader.close()
    with pytest.raises(SourceError, match="is gone"):
        reader.read(at(tmp_path / "gone.mp3"), rate=8_000)
    assert reader.read(first, rate=8_000, start=1, end=2).seconds == pytest.approx(1)
    reader.close()
