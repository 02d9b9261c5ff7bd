import pytest
from sounds import RATE, ToyTranscriber, noise, tone

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.items import Sound
from mmrag_jupyter.models import speech
from mmrag_jupyter.models.speech import Said, transcriber


def test_a_speech_model_writes_with_times_within_each_sound(tiny_whisper_folder):
    model = transcriber(tiny_whisper_folder)
    given = [Sound(tone(300, 3), RATE), Sound(noise(1), RATE), Sound(noise(9), RATE)]
    found = model.transcribe(given)
    assert len(found) == 3
    assert all(found)
    for said, sound in zip(found, given, strict=True):
        for one in said:
            assert isinstance(one, Said)
            assert 0 <= one.start <= one.end <= sound.seconds
            assert one.start < sound.seconds
            assert one.text.strip()
    # Random weights, and yet the same twice.
    assert model.transcribe(given) == found


def test_its_name_is_that_of_its_content(tiny_whisper_folder, tmp_path):
    import shutil

    model = transcriber(str(tiny_whisper_folder))
    assert model.name.startswith("whisper#")
    assert model.address == str(tiny_whisper_folder)
    shutil.copytree(tiny_whisper_folder, tmp_path / "copy")
    assert transcriber(tmp_path / "copy").name == model.name


def test_nothing_is_loaded_before_it_is_needed(tiny_whisper_folder, monkeypatch):
    monkeypatch.setattr(speech, "_load", lambda _: pytest.fail("loaded"))
    assert transcriber(tiny_whisper_folder).name


@pytest.mark.parametrize(
    ("chunks", "said"),
    [
        ([{"text": " So  it is.", "timestamp": (0.5, 1.0)}], [Said(0.5, 1.0, "So it is.")]),
        ([{"text": " cut", "timestamp": (0.5, None)}], [Said(0.5, 2.0, "cut")]),
        ([{"text": "over", "timestamp": (1.5, 2.9)}], [Said(1.5, 2.0, "over")]),
        ([{"text": "late", "timestamp": (28.0, 29.9)}], []),
        ([{"text": "back", "timestamp": (1.5, 1.0)}], [Said(1.5, 1.5, "back")]),
        ([{"text": "  ", "timestamp": (0.0, 1.0)}], []),
        ([], []),
    ],
)
def test_times_are_put_right(chunks, said):
    sound = Sound(tone(seconds=2), RATE)
    assert speech._said({"text": "whatever", "chunks": chunks}, sound) == said


def test_what_has_no_times_is_said_all_along():
    sound = Sound(tone(seconds=2), RATE)
    assert speech._said({"text": "all of it"}, sound) == [Said(0.0, 2.0, "all of it")]


def test_a_model_of_another_kind_writes_no_speech(tiny_clap_folder):
    with pytest.raises(ModelError, match=r"\(clap\) writes down no speech; a speech model is"):
        transcriber(tiny_clap_folder)


def test_a_model_that_is_not_there_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match=r"'openai/whisper-tiny' .* holds a speech model"):
        transcriber("openai/whisper-tiny")
    with pytest.raises(ModelError, match="there is no model folder 'whisper'"):
        transcriber("whisper")


def test_an_object_serves_as_well_as_a_name():
    toy = ToyTranscriber()
    assert transcriber(toy) is toy
    with pytest.raises(ModelError, match="object is no transcriber: it lacks name and transcribe"):
        transcriber(object())


def test_a_model_that_fails_says_which(tiny_whisper_folder, monkeypatch):
    def broken(*_args, **_options):
        raise RuntimeError("no such luck")

    broken.type = "ctc"
    model = transcriber(tiny_whisper_folder)
    monkeypatch.setattr(speech, "_load", lambda _: broken)
    with pytest.raises(ModelError, match="failed on 1 sounds: RuntimeError: no such luck"):
        model.transcribe([Sound(tone(), RATE)])
