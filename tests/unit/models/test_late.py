"""Late-interaction models: recognised, loaded, and let through only where they are sound."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from PIL import Image
from toys_late import ToyLate

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import SpaceSpec, catalogue, late, named, recall, resolve
from mmrag_jupyter.models.folder import read_folder
from mmrag_jupyter.models.late_model import LateModel

FOLDERS = ["tiny_colpali_folder", "tiny_colqwen2_folder", "tiny_colmodernvbert_folder"]


def picture(size=(120, 80), colour="orange"):
    return Image.new("RGB", size, colour)


@pytest.fixture(params=FOLDERS)
def model(request):
    return named.embedder(request.getfixturevalue(request.param))


def test_a_folder_of_a_late_interaction_model_is_recognised_by_its_config(model):
    assert isinstance(model, LateModel)
    assert late.is_late(model)
    assert model.modalities == {"text", "image", "page"}
    assert model.documents == {"image", "page"}
    assert model.dim == 16


def test_texts_and_pictures_become_rows_of_length_one_in_their_order(model):
    short, long = model.embed_text(["cat", "what is on the page about revenue"], query=True)
    assert short.shape[1] == long.shape[1] == 16
    assert len(short) < len(long)
    found = model.embed_image([picture(), picture((60, 300), "blue")])
    for rows in [short, long, *found]:
        assert rows.dtype == np.float32
        assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-3)


def test_a_picture_has_the_same_tokens_alone_and_in_company(model):
    alone = model.embed_image([picture()])[0]
    beside = model.embed_image([picture((60, 300), "blue"), picture(), picture((300, 60))])[1]
    assert alone.shape == beside.shape
    # Half precision rounds differently in batches of another shape.
    assert (alone * beside).sum(axis=1).min() > 0.995


def test_a_text_that_looks_like_a_path_is_a_text(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    picture().save("cat.png")
    there = model.embed_text(["cat.png"], query=True)[0]
    (tmp_path / "cat.png").unlink()
    assert np.array_equal(there, model.embed_text(["cat.png"], query=True)[0])


def test_the_same_folder_is_in_memory_once(tiny_colpali_folder):
    assert named.embedder(tiny_colpali_folder) is named.embedder(str(tiny_colpali_folder))


def test_an_object_of_the_library_is_an_embedder(tiny_colqwen2_folder):
    from sentence_transformers import MultiVectorEncoder

    loaded = MultiVectorEncoder(str(tiny_colqwen2_folder), device="cpu")
    found = named.embedder(loaded)
    assert late.is_late(found)
    assert getattr(found, "address", None) is None
    assert len(found.embed_text(["cat"], query=True)[0])


def test_a_text_model_saved_as_multi_vector_embeds_texts_to_be_found(tiny_text_folder, tmp_path):
    from sentence_transformers import MultiVectorEncoder

    folder = tmp_path / "colbert"
    MultiVectorEncoder(str(tiny_text_folder), device="cpu").save(str(folder))
    found = named.embedder(folder)
    assert late.is_late(found)
    assert late.embeds(found, "text")
    assert not late.embeds(found, "image")
    assert found.embed_text(["red shoes"], query=False)[0].shape[1] == found.dim
    with pytest.raises(ModelError, match="embeds text, not image"):
        found.embed_image([picture()])


def test_a_collection_is_reopened_without_loading_its_model(tiny_colpali_folder, monkeypatch):
    own = named.embedder(tiny_colpali_folder)
    spec = SpaceSpec(own.name, own.address, own.dim, own.modalities)
    monkeypatch.setattr("mmrag_jupyter.models.lazy._in_memory", {})
    monkeypatch.setattr(LateModel, "_read", lambda *_: pytest.fail("the model was loaded"))
    found = recall([spec]).embedders[0]
    assert (found.name, found.dim, found.modalities) == (own.name, 16, own.modalities)


def test_vectors_of_another_length_than_the_collection_has_are_refused(tiny_colpali_folder):
    folder = read_folder(tiny_colpali_folder)
    model = LateModel(folder, name="other", address="other", dim=128)
    with pytest.raises(ModelError, match="vectors of 16 numbers, but the collection holds"):
        model.embed_text(["cat"], query=True)


def test_texts_go_by_words_beside_a_model_that_reads_them_as_questions_only(tiny_colpali_folder):
    found = resolve(str(tiny_colpali_folder), modalities=frozenset({"text", "page", "image"}))
    assert set(found.by_modality) == {"page", "image"}
    with pytest.raises(ModelError, match="reads text as a question only"):
        resolve("builtin", text_model=tiny_colpali_folder, modalities=frozenset({"text"}))


def test_pages_may_have_another_model_than_pictures(tiny_colpali_folder, tiny_clip_folder):
    found = resolve(
        image_model=tiny_clip_folder,
        page_model=tiny_colpali_folder,
        modalities=frozenset({"image", "page"}),
    )
    assert late.is_late(found.by_modality["page"])
    assert not late.is_late(found.by_modality["image"])


def test_a_model_that_wants_code_of_its_own_is_refused(tiny_text_folder, tmp_path):
    folder = shutil.copytree(tiny_text_folder, tmp_path / "model")
    settings = json.loads((folder / "config_sentence_transformers.json").read_text())
    settings["model_type"] = "MultiVectorEncoder"
    (folder / "config_sentence_transformers.json").write_text(json.dumps(settings))
    modules = json.loads((folder / "modules.json").read_text())
    modules[1]["type"] = "own_code.Pooling"
    (folder / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(ModelError, match="wants code of its own"):
        named.embedder(folder)


def test_weights_that_are_missing_are_not_made_up(tiny_colpali_folder, tmp_path):
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(tiny_colpali_folder, tmp_path / "model")
    weights = load_file(folder / "model.safetensors")
    weights.pop(next(name for name in weights if "embedding_proj" in name))
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelError, match="lack embedding_proj"):
        named.embedder(folder).embed_text(["cat"], query=True)


def test_the_models_to_choose_from_name_late_interaction_models():
    table = catalogue().set_index("name")
    assert "late" in table.loc["ModernVBERT/colmodernvbert-merged", "good for"]
    assert table.loc["ModernVBERT/colmodernvbert-merged", "needs"].startswith("CPU")
    assert table.loc["vidore/colqwen2-v1.0-hf", "needs"].startswith("GPU")


class Wrong(ToyLate):
    """Returns what it is told."""

    def __init__(self, result):
        super().__init__()
        self._result = result

    def embed_image(self, images):  # noqa: ARG002
        return self._result


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ([], "returned 0 results for 1 inputs"),
        ([np.zeros((3, 16))], "a zero vector in row 0"),
        ([np.full((3, 16), np.nan)], "NaN in row 0"),
        ([np.ones((3, 5))], "vectors of 5 numbers; its dim says 16"),
        ([np.ones(16)], r"an array of shape \(16,\)"),
        ([np.empty((0, 16))], "returned no vectors"),
        (["words"], "did not return an array of numbers"),
    ],
)
def test_unsound_tokens_are_refused_in_one_line(result, message):
    with pytest.raises(ModelError, match=message) as error:
        late.tokens(Wrong(result), "image", [picture()])
    assert str(error.value).startswith("toy-late:1")
    assert "\n" not in str(error.value)


def test_a_failing_model_is_named():
    class Failing(ToyLate):
        def embed_image(self, images):
            raise RuntimeError(f"no {len(images)}\nand more")

    with pytest.raises(ModelError, match=r"toy-late:1 failed on 1 inputs: RuntimeError: no 1$"):
        late.tokens(Failing(), "image", [picture()])


def test_tokens_of_parts_are_pooled_and_those_of_questions_are_not():
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((10, 16))
    rows = np.repeat(centres, 3, axis=0) + 0.01 * rng.standard_normal((30, 16))
    found = late.tokens(Wrong([rows]), "image", [picture()])[0]
    assert found.shape == (10, 16)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-4)
    units = centres / np.linalg.norm(centres, axis=1, keepdims=True)
    assert (found @ units.T).max(axis=0).min() > 0.999
    assert len(late.tokens(Wrong([rows]), "image", [picture()], query=True)[0]) == 30


def test_an_object_without_questions_is_no_late_embedder():
    class Mute(ToyLate):
        def __init__(self):
            super().__init__()
            self.modalities = frozenset({"image"})

    with pytest.raises(ModelError, match="no question could be asked"):
        named.embedder(Mute())
