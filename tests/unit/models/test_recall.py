import shutil

import numpy as np
import pytest

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import SpaceSpec, recall, resolve
from mmrag_jupyter.models.builtin import BuiltinEmbedder

BOTH = frozenset({"text", "image"})


class Toy:
    def __init__(self, name="toy", dim=4, modalities=BOTH):
        self.name, self.dim, self.modalities = name, dim, modalities

    def embed_text(self, texts, *, query):
        """Never called."""

    def embed_image(self, images):
        """Never called."""


def spec(embedder):
    return SpaceSpec(
        embedder.name, getattr(embedder, "address", None), embedder.dim, embedder.modalities
    )


@pytest.fixture
def folder(tmp_path, tiny_clip_folder):
    return shutil.copytree(tiny_clip_folder, tmp_path / "clip")


@pytest.fixture
def space(folder):
    return spec(resolve(folder, modalities=BOTH).embedders[0])


@pytest.fixture(autouse=True)
def nothing_in_memory(monkeypatch):
    import weakref

    from mmrag_jupyter.models import lazy

    monkeypatch.setattr(lazy, "_in_memory", weakref.WeakValueDictionary())


@pytest.mark.parametrize("given", [None, "auto"])
def test_a_collections_own_model_comes_back_without_being_loaded(space, given):
    models = recall([space], given)
    (found,) = models.embedders
    assert models.by_modality == {"text": found, "image": found}
    assert (found.name, found.dim, found.modalities) == (space.name, space.dim, BOTH)
    assert found._loaded is None
    assert found.embed_text(["a"], query=True).shape == (1, space.dim)


def test_the_builtin_model_comes_back():
    models = recall([spec(BuiltinEmbedder())])
    assert isinstance(models.by_modality["image"], BuiltinEmbedder)
    assert isinstance(recall([spec(BuiltinEmbedder())], "builtin").embedders[0], BuiltinEmbedder)


def test_another_version_of_the_builtin_model_is_refused():
    old = SpaceSpec("builtin:0", "builtin", 488, frozenset({"image"}))
    with pytest.raises(
        ModelError, match=r"made with builtin:0, but builtin is now builtin:1.*--re"
    ):
        recall([old])


def test_a_collection_without_vectors_recalls_nothing_and_refuses_nothing():
    assert recall([]).embedders == ()
    assert recall([], "builtin").by_modality == {}


def test_the_same_object_is_taken_back():
    toy = Toy()
    assert recall([spec(toy)], toy).embedders == (toy,)


def test_an_object_must_be_given_again():
    with pytest.raises(
        ModelError, match=r"model toy was given as an object.*mm.open\(name, model="
    ):
        recall([spec(Toy())])


@pytest.mark.parametrize("own", [Toy("toy-1"), BuiltinEmbedder()])
def test_another_model_is_refused_and_both_are_named(own):
    with pytest.raises(ModelError) as refused:
        recall([spec(own)], Toy("toy-2"))
    said = str(refused.value)
    assert f"made with the model {own.name}, not toy-2" in said
    assert "%mmrag load … --model MODEL --reembed" in said
    assert "\n" not in said


def test_another_folder_is_refused_and_both_are_named(space, tiny_siglip_folder):
    with pytest.raises(ModelError) as refused:
        recall([space], str(tiny_siglip_folder))
    said = str(refused.value)
    assert f"made with the model {space.name}, not siglip#" in said
    assert f"--model {tiny_siglip_folder} --reembed" in said


def test_the_builtin_model_is_refused_where_another_made_the_vectors(space):
    with pytest.raises(ModelError, match=f"made with the model {space.name}, not builtin:1"):
        recall([space], "builtin")


def test_an_object_of_the_same_name_with_other_vectors_is_refused():
    with pytest.raises(ModelError, match=r"holds vectors of 4 numbers by toy; .* makes 8"):
        recall([spec(Toy(dim=4))], Toy(dim=8))


def test_a_folder_that_has_moved_is_taken_from_its_new_place(space, folder, tmp_path):
    moved = folder.rename(tmp_path / "elsewhere")
    with pytest.raises(ModelError, match=f"there is no model folder '{folder}'"):
        recall([space])
    assert recall([space], str(moved)).embedders[0].address == str(moved)


def test_a_folder_with_another_model_in_it_is_refused(space, folder, tiny_siglip_folder):
    shutil.rmtree(folder)
    shutil.copytree(tiny_siglip_folder, folder)
    with pytest.raises(ModelError, match=f"made with {space.name}, but {folder} is now siglip#"):
        recall([space])


def test_each_space_gets_its_own_model():
    words, pictures = Toy("words", modalities=frozenset({"text"})), Toy("pictures")
    spaces = [spec(words), spec(pictures)]
    models = recall(spaces, image_model=pictures, text_model=words)
    assert models.by_modality == {"text": words, "image": pictures}


def test_no_space_is_left_without_its_model():
    one, other = Toy("one"), Toy("other")
    models = recall([spec(one), spec(other)], text_model=one, image_model=other)
    assert {found.name for found in models.embedders} == {"one", "other"}


def test_an_object_may_be_given_beside_a_model_that_is_found_again():
    toy = Toy("words", modalities=frozenset({"text"}))
    models = recall([spec(toy), spec(BuiltinEmbedder())], toy)
    assert models.by_modality["text"] is toy
    assert isinstance(models.by_modality["image"], BuiltinEmbedder)


def test_a_hub_model_comes_back_at_its_own_commit(tmp_path, monkeypatch, tiny_clip_folder):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    model = tmp_path / "models--maker--clip"
    old, new = "a" * 40, "b" * 40
    for commit in (old, new):
        shutil.copytree(tiny_clip_folder, model / "snapshots" / commit)
    (model / "refs").mkdir()
    (model / "refs" / "main").write_text(old)
    (found,) = resolve("maker/clip", modalities=BOTH).embedders
    assert (found.name, found.address) == (f"maker/clip@{old}", "maker/clip")
    (model / "refs" / "main").write_text(new)
    assert recall([spec(found)]).embedders[0].name == f"maker/clip@{old}"
    with pytest.raises(ModelError, match=f"made with the model maker/clip@{old}, not .*@{new}"):
        recall([spec(found)], "maker/clip")
    shutil.rmtree(model / "snapshots" / old)
    with pytest.raises(ModelError, match=f"has another revision of 'maker/clip' than {old}"):
        recall([spec(found)])


def test_vectors_are_the_same_after_a_restart(space, folder):
    before = resolve(folder, modalities=BOTH).embedders[0].embed_text(["a b"], query=True)
    after = recall([space]).embedders[0].embed_text(["a b"], query=True)
    np.testing.assert_array_equal(before, after)
