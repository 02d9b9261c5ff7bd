from __future__ import annotations

import numpy as np
import pytest
from sounds import noise, quiet, tone, write

SPEECH = """
from mmrag_jupyter.models.speech import Said

class Speech:
    name = "listener:1"

    def transcribe(self, sounds):
        return [[Said(0.5, 1.5, "the parcel never came")] for _ in sounds]

speech = Speech()
"""


@pytest.fixture(scope="module")
def calls(kernel):
    """The kernel with a collection `calls` of three recordings that are written down."""
    folder = kernel.folder / "calls"
    write(folder / "deep.wav", tone(200, 3))
    write(folder / "two.flac", np.concatenate([tone(200, 3), quiet(4), tone(1200, 3)]))
    write(folder / "hiss.ogg", noise(2))
    kernel.ok(SPEECH)
    ran = kernel.ok("%mmrag load ./calls --model builtin --transcribe speech")
    assert "3 added" in ran.text
    return kernel


def test_words_find_what_is_said_and_from_which_second(calls):
    calls.ok("hits = %mmrag query parcel --in calls")
    assert calls.ok("len(hits), {part.modality for hit in hits for part in hit.parts}").text == (
        "(3, {'audio'})"
    )
    assert calls.ok("hits[0].parts[0].start, hits[0].parts[0].text").text == (
        "(0.5, 'the parcel never came')"
    )
    assert calls.ok("round(hits[0].parts[0].sound().seconds, 2)").text == "1.0"


@pytest.mark.parametrize("given", ["./high.wav", "high", "clips[0]"])
def test_a_recording_finds_what_sounds_like_it(calls, given):
    path = write(calls.folder / "high.wav", tone(1200, 2))
    calls.ok("import soundfile\nhigh = soundfile.read('high.wav')\nclips = [high]")
    calls.ok(f"hits = %mmrag query --audio {given} --in calls -k 1")
    assert calls.ok("hits[0].id, hits[0].why[0].signal").text == "('two.flac', 'audio')"
    assert path.exists()


def test_what_is_no_recording_is_one_line(calls):
    (calls.folder / "words.mp3").write_text("words\n" * 99)
    ran = calls.run("%mmrag query --audio ./words.mp3 --in calls")
    assert "words.mp3 is not sound but text." in ran.error["evalue"]
    ran = calls.run("%mmrag query --audio ./wrods.mp3 --in calls")
    assert "Did you mean" in ran.error["evalue"]
    ran = calls.run("%mmrag load ./calls --in calls --audio-model ./none --transcribe none")
    assert "there is no model folder './none'" in ran.error["evalue"]


def test_a_load_again_says_that_the_listener_is_wanted(calls):
    ran = calls.run("%mmrag load ./calls --in calls")
    assert "listener:1, which was given as an object" in ran.error["evalue"]
    assert "3 unchanged" in calls.ok("%mmrag load ./calls --in calls --transcribe speech").text
