"""Models that hear, through sentence-transformers: CLAP."""

import numpy as np
import pytest
from sounds import RATE, noise, quiet, tone

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.items import Sound
from mmrag_jupyter.models import auto, named, recall, resolve
from mmrag_jupyter.models.base import audio_rate, checked
from mmrag_jupyter.models.spaces import SpaceSpec

AUDIO = frozenset({"audio"})


@pytest.fixture
def clap(tiny_clap_folder):
    return named.embedder(tiny_clap_folder)


def test_clap_embeds_sound_and_texts_in_one_space(clap):
    assert clap.modalities == {"text", "audio"}
    assert audio_rate(clap) == 16_000
    heard = checked(clap, "audio", [Sound(tone(), RATE), Sound(noise(), RATE)])
    read = checked(clap, "text", ["the sound of a dog"], query=True)
    assert heard.shape == (2, clap.dim)
    assert read.shape == (1, clap.dim)


def test_its_vectors_are_those_of_transformers(clap, tiny_clap_folder):
    import torch
    from transformers import AutoProcessor, ClapModel

    sound = noise(1.5)
    model = ClapModel.from_pretrained(tiny_clap_folder).eval()
    processor = AutoProcessor.from_pretrained(tiny_clap_folder)
    inputs = processor(audio=[sound], sampling_rate=RATE, return_tensors="pt")
    with torch.inference_mode():
        own = model.get_audio_features(**inputs).pooler_output.numpy()
    own /= np.linalg.norm(own)
    assert clap.embed_audio([sound], RATE) == pytest.approx(own, abs=1e-5)


def test_sound_of_any_length_gives_the_same_vectors_every_time(clap):
    given = [Sound(one, RATE) for one in (tone()[:1], tone(), noise(2), noise(30), quiet(1))]
    first = checked(clap, "audio", given)
    # CLAP's own processor takes a stretch at random of what is too long.
    assert (checked(clap, "audio", given) == first).all()
    alone = np.concatenate([checked(clap, "audio", [one]) for one in given])
    assert alone == pytest.approx(first, abs=1e-5)


def test_sound_at_another_rate_is_resampled(clap):
    own = clap.embed_audio([tone(440, 1)], RATE)
    other = clap.embed_audio([tone(440, 1, rate=48_000)], 48_000)
    assert (own @ other.T).item() > 0.99


def test_a_model_of_texts_does_not_hear(tiny_text_folder):
    model = named.embedder(tiny_text_folder)
    with pytest.raises(ModelError, match="embeds text, not audio"):
        model.embed_audio([tone()], RATE)
    with pytest.raises(ModelError, match="name a model for audio with --audio-model"):
        resolve(audio_model=tiny_text_folder, modalities=AUDIO)


def test_a_model_that_is_named_for_all_leaves_sound_to_the_choice(tiny_clip_folder, monkeypatch):
    monkeypatch.setattr(auto, "_failed", {})
    found = resolve(tiny_clip_folder, modalities=frozenset({"image", "audio"}))
    assert found.by_modality["audio"].name == "builtin-sound:1"
    assert "sound is compared by its timbre, since laion/clap" in found.notice


def test_the_model_of_sound_may_be_named(tiny_clap_folder):
    found = resolve("builtin", audio_model=tiny_clap_folder, modalities=AUDIO)
    assert found.by_modality["audio"].name.startswith("clap#")


def test_the_builtin_model_hears_too():
    found = resolve("builtin", modalities=frozenset({"audio", "image", "text"}))
    names = {modality: one.name for modality, one in found.by_modality.items()}
    assert names == {"audio": "builtin-sound:1", "image": "builtin:1"}
    assert found.notice == ""


def test_both_builtin_models_are_found_again():
    specs = [
        SpaceSpec("builtin:1", "builtin", 1, frozenset({"image"})),
        SpaceSpec("builtin-sound:1", "builtin", 1, AUDIO),
    ]
    assert [one.name for one in recall(specs).embedders] == ["builtin:1", "builtin-sound:1"]


@pytest.mark.parametrize("fault", ["nothing", "zero", "few"])
def test_bad_vectors_of_sound_are_refused(fault):
    class Odd:
        name, dim, modalities = "odd:1", 4, AUDIO

        def embed_audio(self, sounds, rate):
            assert rate == RATE
            made = {"nothing": None, "zero": np.zeros((len(sounds), 4)), "few": np.ones((1, 4))}
            return made[fault]

    with pytest.raises(ModelError, match="odd:1"):
        checked(Odd(), "audio", [Sound(tone(), RATE)] * 2)
