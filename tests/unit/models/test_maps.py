"""Maps: their largest value is where the picture holds what is asked for, whatever its shape.

The models here are made so that a patch says what it shows and nothing else; the question is
a picture of one colour, and that colour is in one place of a grey picture.
"""

from __future__ import annotations

import fixtures_late
import fixtures_models
import numpy as np
import pytest
from PIL import Image

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import named
from mmrag_jupyter.models.late_maps import words_of

SIZES = [(640, 480), (200, 600), (300, 300), (64, 64)]
PLACES = [(0.4, 0.5), (0.62, 0.62), (0.55, 0.4)]
LATE = [
    fixtures_late.build_colpali,
    fixtures_late.build_colqwen2,
    fixtures_late.build_colmodernvbert,
]
TWO_TOWERS = [
    fixtures_models.build_clip,
    fixtures_models.build_siglip,
    fixtures_models.build_naflex,
]


def spotted(size, place):
    """Return a grey picture with a red spot around a place, given as fractions."""
    image = Image.new("RGB", size, "grey")
    width, height = size
    spot = Image.new("RGB", (width // 4, height // 4), "red")
    image.paste(spot, (round(place[0] * width - width / 8), round(place[1] * height - height / 8)))
    return image


def assert_peak_at(maps, place):
    row, column = np.unravel_index(maps.whole.argmax(), maps.whole.shape)
    rows, columns = maps.whole.shape
    left, top, right, bottom = maps.area
    x = left + (column + 0.5) / columns * (right - left)
    y = top + (row + 0.5) / rows * (bottom - top)
    assert abs(x - place[0]) <= 1 / 8 + (right - left) / columns / 2
    assert abs(y - place[1]) <= 1 / 8 + (bottom - top) / rows / 2


@pytest.fixture(scope="module", params=LATE, ids=lambda build: build.__name__)
def seeing(request, tmp_path_factory):
    folder = request.param(tmp_path_factory.mktemp("maps") / "model", plain=True)
    return named.embedder(folder)


@pytest.fixture(scope="module", params=TWO_TOWERS, ids=lambda build: build.__name__)
def gathering(request, tmp_path_factory):
    folder = request.param(tmp_path_factory.mktemp("maps") / "model")
    make_gathering(folder)
    return named.embedder(folder)


def make_gathering(folder):
    """Have a two-tower model's vector be the mean of what its patches say, each for itself."""
    import torch
    from transformers import AutoModel

    model = AutoModel.from_pretrained(folder)
    vision = model.vision_model
    head = getattr(vision, "head", None)
    with torch.no_grad():
        for name, weight in vision.named_parameters():
            if "position_embedding" in name or name.endswith("class_embedding"):
                weight.zero_()
        for layer in vision.encoder.layers:
            layer.mlp.fc2.weight.zero_()
            layer.mlp.fc2.bias.zero_()
            gathers = head is None and layer is vision.encoder.layers[-1]
            attention = layer.self_attn
            for part in [attention.q_proj] if gathers else [attention.out_proj]:
                part.weight.zero_()
                part.bias.zero_()
        if head is not None:
            width = head.attention.embed_dim
            head.attention.in_proj_weight[:width].zero_()
            head.attention.in_proj_bias[:width].zero_()
    model.save_pretrained(folder)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("place", PLACES)
def test_a_late_interaction_model_sees_a_spot_where_it_is(seeing, size, place):
    maps = seeing.maps(spotted(size, place), like=Image.new("RGB", size, "red"))
    assert_peak_at(maps, place)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("place", PLACES)
def test_a_two_tower_model_sees_a_spot_where_it_is(gathering, size, place):
    maps = gathering.maps(spotted(size, place), like=Image.new("RGB", (64, 64), "red"))
    assert_peak_at(maps, place)


def test_squares_of_a_cut_picture_are_put_together_again(tiny_colmodernvbert_folder):
    model = named.embedder(tiny_colmodernvbert_folder)
    wide = model.maps(Image.new("RGB", (640, 320), "grey"), "red shoes")
    assert wide.whole.shape == (4, 8)
    tall = model.maps(Image.new("RGB", (320, 640), "grey"), "red shoes")
    assert tall.whole.shape == (8, 4)


@pytest.mark.parametrize("text", ["what is on the page?", "red running-shoes, 2024!", "a cat"])
def test_each_word_of_a_question_has_a_map(seeing, text):
    maps = seeing.maps(spotted((64, 64), (0.5, 0.5)), text)
    words = text.replace("-", " ").replace(",", "").strip("?!").split()
    assert list(maps.words) == words
    assert maps.by_word.shape == (len(words), *maps.whole.shape)
    assert np.abs(maps.by_word).max() <= 1.01


def test_the_words_of_a_question_have_maps_of_two_tower_models_too(gathering):
    maps = gathering.maps(spotted((64, 64), (0.5, 0.5)), "a photo of a cat")
    assert maps.words == ("a", "photo", "of", "cat")
    assert maps.by_word.shape == (4, *maps.whole.shape)


def test_the_map_of_a_cropping_model_covers_the_middle_alone(tiny_clip_folder):
    model = named.embedder(tiny_clip_folder)
    maps = model.maps(Image.new("RGB", (400, 100), "grey"), "cat")
    assert maps.area == pytest.approx((0.375, 0.0, 0.625, 1.0))


def test_the_map_says_what_the_score_says(seeing):
    image = spotted((64, 64), (0.5, 0.5))
    maps = seeing.maps(image, like=Image.new("RGB", (64, 64), "red"))
    tokens = seeing.embed_image([image])[0]
    red = seeing.embed_image([Image.new("RGB", (64, 64), "red")])[0]
    assert maps.whole.max() <= (red @ tokens.T).max() + 1e-2


def test_a_model_of_texts_tells_no_places(tiny_text_folder):
    model = named.embedder(tiny_text_folder)
    with pytest.raises(ModelError, match=r"embeds text, not image|does not tell where"):
        model.maps(Image.new("RGB", (64, 64)), "cat")


def test_tokens_are_put_together_to_words(tiny_colpali_folder):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_colpali_folder)
    ids = tokenizer("Größe und Maße: naïve 東京 x", add_special_tokens=False)["input_ids"]
    found = words_of(tokenizer, ids)
    assert [word for word, _ in found] == ["Größe", "und", "Maße", "naïve", "東京", "x"]
    places = [place for _, at in found for place in at]
    assert places == sorted(set(places))
