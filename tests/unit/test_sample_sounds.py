import hashlib
import io
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from mmrag_jupyter import samples
from mmrag_jupyter.samples.synths import RATE, SYNTHS

_DIGEST = """
import hashlib, mmrag_jupyter.samples as samples
from mmrag_jupyter.samples.synths import SYNTHS
made = b"".join(synth(take).tobytes() for synth in SYNTHS.values() for take in range(3))
words = samples.sounds().drop(columns="sound").to_csv()
print(hashlib.sha256(made).hexdigest(), hashlib.sha256(words.encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def library():
    return samples.sounds()


def heard(sound):
    """Return the samples and the rate of a path or of the bytes of a file."""
    return soundfile.read(io.BytesIO(sound) if isinstance(sound, bytes) else sound)


def test_three_takes_of_each_kind_and_one_walk(library):
    counts = library["kind"].value_counts()
    assert dict(counts) == {**dict.fromkeys(SYNTHS, 3), "walk": 1}
    for column in ("recording", "title", "notes"):
        assert library[column].is_unique


def test_every_sound_opens_and_no_two_are_the_same(library):
    for _, row in library.iterrows():
        found, rate = heard(row["sound"])
        assert rate == RATE
        assert np.isfinite(found).all()
        assert len(found) / rate == pytest.approx(row["seconds"], abs=0.05)
        assert 0.5 < np.abs(found).max() < 0.9
        assert len(row["sound"]) < 500_000
    assert len({hashlib.sha256(one).digest() for one in library["sound"]}) == len(library)


def test_the_walk_has_pauses_between_its_places(library):
    found, rate = heard(library.set_index("recording").loc["walk-1", "sound"])
    loud = np.abs(found.reshape(-1, rate // 10)).max(axis=1) > 1e-4
    pauses = np.diff(np.flatnonzero(loud)) > 10  # tenths of a second
    assert pauses.sum() == 4


def test_a_bell_rings_at_its_notes_and_a_drum_is_lower():
    def centre(kind, take):
        power = np.abs(np.fft.rfft(SYNTHS[kind](take))) ** 2
        return float((power * np.fft.rfftfreq(3 * RATE, 1 / RATE)).sum() / power.sum())

    assert centre("drum", 0) < 120 < centre("bell", 0) < centre("bell", 2)
    assert centre("engine", 0) < 1000 < centre("bird", 0) < centre("rain", 0)


def test_files_lie_below_the_folder_and_stay_what_they_are(tmp_path):
    made = samples.sounds(tmp_path / "sounds")
    assert {path.suffix for path in (tmp_path / "sounds").iterdir()} == {".wav", ".flac", ".ogg"}
    for _, row in made.iterrows():
        assert row["sound"].startswith((tmp_path / "sounds").as_posix())
        assert len(heard(row["sound"])[0]) > RATE
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "sounds").iterdir()}
    samples.sounds(tmp_path / "sounds")
    assert {path: path.stat().st_mtime_ns for path in times} == times


def test_another_process_makes_the_same_sounds():
    def digest():
        run = subprocess.run(
            [sys.executable, "-c", _DIGEST], capture_output=True, text=True, check=True
        )
        return run.stdout

    assert digest() == digest()


def test_the_notes_do_not_name_the_kind_of_most_sounds(library):
    # What is found by sound should not be found by a label in the text.
    clips = library[library["kind"] != "walk"]
    named = [
        kind in f"{title} {notes}".casefold()
        for kind, title, notes in zip(clips["kind"], clips["title"], clips["notes"], strict=True)
    ]
    assert sum(named) < len(clips) / 2
