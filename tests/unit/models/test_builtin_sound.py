import numpy as np
import pytest
from sounds import RATE, noise, quiet, tone

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.items import Sound
from mmrag_jupyter.models.base import checked
from mmrag_jupyter.models.builtin_sound import BuiltinSound


@pytest.fixture
def model():
    return BuiltinSound()


def test_vectors_are_sound_for_any_sound(model):
    given = [tone(), noise(), quiet(3), tone()[:1], tone()[:700], noise(12), 0 * tone() + 1]
    vectors = checked(model, "audio", [Sound(one, RATE) for one in given])
    assert vectors.shape == (7, model.dim)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1)


def test_what_sounds_alike_lies_near(model):
    given = [tone(300, 2), tone(320, 2), tone(1500, 2), noise(2), noise(2, seed=1)]
    vectors = model.embed_audio(given, RATE)
    near = vectors @ vectors.T
    assert near[0, 1] > max(near[0, 2], near[0, 3])
    assert near[3, 4] > max(near[3, 0], near[3, 2])
    assert near[3, 4] > 0.9


def test_loudness_and_pauses_change_little(model):
    made = np.concatenate([tone(300), noise(1)])
    vectors = model.embed_audio(
        [made, 0.2 * made, np.concatenate([quiet(1), made, quiet(2)]), noise(2)], RATE
    )
    assert vectors[0] @ vectors[1] > 0.99
    assert vectors[0] @ vectors[2] > 0.95
    assert vectors[0] @ vectors[3] < vectors[0] @ vectors[2]


def test_silence_is_like_silence_and_like_nothing_else(model):
    vectors = model.embed_audio([quiet(1), quiet(5), tone(), noise()], RATE)
    assert vectors[0] @ vectors[1] == pytest.approx(1, abs=1e-3)
    assert (vectors[0] @ vectors[2:].T < 0.5).all()


def test_the_same_sound_at_another_rate_is_nearly_the_same(model):
    at_once = model.embed_audio([tone(440, 2)], RATE)
    other = model.embed_audio([tone(440, 2, rate=22_050)], 22_050)
    assert (at_once @ other.T).item() > 0.98


def test_vectors_do_not_depend_on_company_or_chance(model):
    given = [tone(300), noise(2), quiet(1)]
    whole = model.embed_audio(given, RATE)
    alone = np.concatenate([BuiltinSound().embed_audio([one], RATE) for one in given])
    assert (whole == alone).all()
    assert model.embed_audio([], RATE).shape == (0, model.dim)


def test_it_embeds_nothing_else(model):
    with pytest.raises(ModelError, match="embeds no texts"):
        model.embed_text(["a tone"], query=True)
    with pytest.raises(ModelError, match="embeds no pictures"):
        model.embed_image([])
