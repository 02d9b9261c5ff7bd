import json
import shutil

import pytest
from safetensors.numpy import load_file

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models.folder import read_folder


@pytest.fixture
def copy(tmp_path, tiny_clip_folder):
    return shutil.copytree(tiny_clip_folder, tmp_path / "copy")


def test_a_sound_folder_says_what_it_is(tiny_clip_folder, tiny_text_folder):
    clip, text = read_folder(tiny_clip_folder), read_folder(tiny_text_folder)
    assert (clip.kind, clip.dtype, clip.is_sentence_transformer) == ("clip", "float32", False)
    assert (text.kind, text.is_sentence_transformer) == ("bert", True)
    assert clip.modalities == {"text", "image"}
    assert text.modalities == {"text"}
    numbers = sum(tensor.size for tensor in load_file(clip.path / "model.safetensors").values())
    assert clip.parameters == numbers
    assert clip.size == (clip.path / "model.safetensors").stat().st_size


def test_the_fingerprint_is_of_the_content_and_not_of_the_place(tiny_clip_folder, copy):
    name = read_folder(tiny_clip_folder).fingerprint()
    assert name.startswith("clip#")
    assert read_folder(copy).fingerprint() == name
    (copy / "README.md").write_text("license: mit")
    assert read_folder(copy).fingerprint() == name


def test_other_weights_of_the_same_size_are_another_model(tiny_clip_folder, copy):
    file = copy / "model.safetensors"
    data = bytearray(file.read_bytes())
    start = 8 + int.from_bytes(data[:8], "little")
    data[start:] = bytes(byte ^ 1 for byte in data[start:])
    file.write_bytes(data)
    assert read_folder(copy).fingerprint() != read_folder(tiny_clip_folder).fingerprint()


def test_another_tokenizer_is_another_model(tiny_clip_folder, copy):
    (copy / "tokenizer.json").write_text("{}")
    assert read_folder(copy).fingerprint() != read_folder(tiny_clip_folder).fingerprint()


def test_the_licence_is_read_off_the_model_card(copy):
    assert read_folder(copy).licence == ""
    (copy / "README.md").write_text("---\ntags: [a]\nlicense: apache-2.0\n---\n# A model\n")
    assert read_folder(copy).licence == "apache-2.0"


def no_config(folder):
    (folder / "config.json").unlink()


def not_json(folder):
    (folder / "config.json").write_text("{not json")


def no_type(folder):
    (folder / "config.json").write_text("{}")


def truncated(folder):
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


def cut_in_the_header(folder):
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:50])


def empty_weights(folder):
    (folder / "model.safetensors").write_bytes(b"")


def not_weights(folder):
    (folder / "model.safetensors").write_bytes(b"\xff" * 4000)


def no_weights(folder):
    (folder / "model.safetensors").unlink()


def pickles_only(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def shard_missing(folder):
    index = {"weight_map": {"a": "model.safetensors", "b": "model-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def own_code(folder):
    modules = [{"idx": 0, "name": "0", "path": "", "type": "custom_code.Embedder"}]
    (folder / "modules.json").write_text(json.dumps(modules))


def odd_modules(folder):
    (folder / "modules.json").write_text('{"0": "Transformer"}')


def reranker(folder):
    modules = [{"idx": 0, "path": "", "type": "sentence_transformers.base.modules.Transformer"}]
    (folder / "modules.json").write_text(json.dumps(modules))
    settings = {"model_type": "CrossEncoder"}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(settings))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (no_config, "it has no config.json"),
        (not_json, "config.json cannot be read"),
        (no_type, "names no model_type"),
        (truncated, "are damaged: .* bytes where the header says"),
        (cut_in_the_header, "its 50 bytes end within the header"),
        (empty_weights, "its 0 bytes end within the header"),
        (not_weights, "cannot be read"),
        (no_weights, r"has no weights \(\*\.safetensors\)"),
        (pickles_only, "only as pytorch_model.bin, a format that can run code"),
        (shard_missing, "model-00002.safetensors is missing"),
        (own_code, r"wants code of its own to be run \(custom_code.Embedder\)"),
        (odd_modules, "is not a list of modules"),
        (reranker, "is a CrossEncoder"),
    ],
)
def test_an_unfit_folder_is_refused_in_one_line_that_names_it(copy, damage, said):
    damage(copy)
    with pytest.raises(ModelError, match=said) as refused:
        read_folder(copy)
    assert str(copy) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_projection_kept_as_a_pickle_is_refused(tmp_path, tiny_text_folder):
    folder = shutil.copytree(tiny_text_folder, tmp_path / "text")
    (folder / "1_Pooling" / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(ModelError, match=r"only as pytorch_model.bin"):
        read_folder(folder)


def test_pickles_beside_safetensors_are_not_minded(copy):
    (copy / "pytorch_model.bin").write_bytes(b"pickle")
    (copy / "training_args.bin").write_bytes(b"pickle")
    assert read_folder(copy).kind == "clip"


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"there is no model folder '.*nowhere'"):
        read_folder(tmp_path / "nowhere")
