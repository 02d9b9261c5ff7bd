import numpy as np
import pytest
from PIL import Image

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import checked, resolve
from mmrag_jupyter.models.builtin import BuiltinEmbedder

BOTH = frozenset({"text", "image"})
TEXT = frozenset({"text"})
IMAGE = frozenset({"image"})


class Toy:
    """The least that an embedder has to have."""

    def __init__(self, name="toy", dim=4, modalities=BOTH):
        self.name, self.dim, self.modalities = name, dim, modalities

    def embed_text(self, texts, *, query):
        shift = int(query)
        return np.eye(self.dim, dtype=np.float32)[[(len(one) + shift) % self.dim for one in texts]]

    def embed_image(self, images):
        return np.eye(self.dim, dtype=np.float32)[[image.width % self.dim for image in images]]


def test_an_object_with_the_contract_serves_all_it_can():
    toy = Toy()
    models = resolve(toy, modalities=BOTH | {"page"})
    assert models.by_modality == {"text": toy, "image": toy, "page": toy}
    assert models.embedders == (toy,)
    assert models.notice == ""


def test_modalities_may_have_models_of_their_own():
    words, pictures, rest = Toy("words"), Toy("pictures"), Toy("rest")
    models = resolve(rest, text_model=words, image_model=pictures, modalities=BOTH)
    assert models.by_modality == {"text": words, "image": pictures}
    assert set(models.embedders) == {words, pictures}
    assert resolve(rest, text_model=words, modalities=BOTH).by_modality["image"] is rest
    pages = resolve(rest, image_model=pictures, modalities=frozenset({"page"}))
    assert pages.by_modality == {"page": pictures}


def test_a_model_that_is_not_needed_is_left_alone():
    assert resolve(Toy(), text_model="./nowhere", modalities=IMAGE).by_modality.keys() == IMAGE


def test_builtin_serves_pictures_and_leaves_texts_to_their_words():
    models = resolve("builtin", modalities=BOTH)
    assert models.by_modality.keys() == IMAGE
    assert isinstance(models.by_modality["image"], BuiltinEmbedder)
    assert resolve(Toy(), text_model="builtin", modalities=BOTH).by_modality.keys() == IMAGE


PAGE = frozenset({"page"})


def test_pages_go_by_what_reads_pictures_and_else_by_their_words():
    both, eye = Toy(), Toy("eye", modalities=IMAGE)
    assert resolve(both, modalities=PAGE).by_modality == {"page": both}
    assert resolve(eye, modalities=PAGE | IMAGE).by_modality == {"image": eye}
    assert resolve(both, image_model=eye, modalities=PAGE).by_modality == {}
    assert resolve(eye, page_model=both, modalities=PAGE).by_modality == {"page": both}
    assert resolve("builtin", modalities=PAGE).by_modality == {}
    assert resolve(both, page_model="builtin", modalities=PAGE).by_modality == {}


def test_a_model_named_for_pages_must_embed_them():
    with pytest.raises(ModelError, match=r"embeds image, not page; .* --page-model"):
        resolve(page_model=Toy(modalities=IMAGE), modalities=PAGE)


def test_a_model_for_pictures_alone_leaves_texts_to_their_words():
    assert resolve(Toy(modalities=IMAGE), modalities=BOTH).by_modality.keys() == IMAGE


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"model": Toy(modalities=TEXT)}, "toy embeds text, not image; .* --image-model NAME"),
        ({"image_model": Toy(modalities=TEXT)}, "toy embeds text, not image"),
        ({"text_model": Toy(modalities=IMAGE), "model": Toy()}, "toy embeds image, not text"),
    ],
)
def test_a_model_that_cannot_embed_what_it_is_for_is_refused(options, said):
    with pytest.raises(ModelError, match=said):
        resolve(**options, modalities=BOTH)


class Nameless:
    dim = 3
    modalities = frozenset({"text"})


class Mute:
    name = "mute"
    dim = 3
    modalities = BOTH

    def embed_text(self, texts, *, query):
        """Never called."""


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (object(), "object is no embedder: it lacks name, dim, modalities"),
        (Nameless(), "Nameless is no embedder: it lacks name, embed_text"),
        (Mute(), "Mute is no embedder: it lacks embed_image"),
        (42, "int is no embedder"),
        (Toy, "got the class Toy; give an object of it"),
        (Toy(name=""), "Toy.name is ''"),
        (Toy(name=7), "Toy.name is 7"),
        (Toy(dim=0), "Toy.dim is 0"),
        (Toy(dim=None), "Toy.dim is None"),
        (Toy(modalities=frozenset()), "Toy.modalities has nothing"),
        (Toy(modalities=frozenset({"text", "video"})), "has 'text', 'video'; it may have"),
    ],
)
def test_an_object_without_the_contract_is_told_what_it_lacks(model, said):
    with pytest.raises(ModelError) as refused:
        resolve(model, modalities=TEXT)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("as_text", [True, False])
def test_a_folder_is_loaded(tiny_clip_folder, as_text):
    given = str(tiny_clip_folder) if as_text else tiny_clip_folder
    models = resolve(given, modalities=BOTH)
    (found,) = models.embedders
    assert found.name.startswith("clip#")
    assert found.address == str(tiny_clip_folder)
    assert checked(found, "image", [Image.new("RGB", (80, 60))]).shape == (1, found.dim)


def test_a_relative_folder_has_an_absolute_address(tiny_text_folder, monkeypatch):
    monkeypatch.chdir(tiny_text_folder.parent)
    (found,) = resolve("./tiny-text", modalities=TEXT).embedders
    assert found.address == str(tiny_text_folder)


def test_a_sentence_transformer_is_taken_as_it_is(tiny_clip_folder):
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(tiny_clip_folder), device="cpu")
    (found,) = resolve(model, modalities=BOTH).embedders
    assert not hasattr(found, "address")
    expected = model.encode(["a"], normalize_embeddings=True)
    np.testing.assert_allclose(checked(found, "text", ["a"]), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("./nowhere", "there is no model folder './nowhere'"),
        ("/no/such/folder", "there is no model folder '/no/such/folder'"),
        ("~/nowhere", "there is no model folder '~/nowhere'"),
        ("", "there is no model folder ''"),
        ("~no-such-user/x", "there is no model folder '~no-such-user/x'"),
        ("nul\x00/x/y", "there is no model folder 'nul"),
        ("n" * 3000, "there is no model 'nnn"),
        ("two words", "there is no model folder 'two words'"),
        ("nobody/nothing", "there is no model 'nobody/nothing' in the local cache"),
        ("bulitin", "Did you mean 'builtin'?"),
    ],
)
def test_a_name_that_is_nothing_is_an_error_of_one_line(name, said):
    with pytest.raises(ModelError) as refused:
        resolve(name, modalities=TEXT)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_is_not_taken_for_a_model(tiny_clip_folder):
    with pytest.raises(ModelError, match="is a file; name the folder"):
        resolve(tiny_clip_folder / "model.safetensors", modalities=TEXT)
