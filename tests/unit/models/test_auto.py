import shutil
import subprocess
import sys

import pytest

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import auto, named, resolve
from mmrag_jupyter.models.builtin import BuiltinEmbedder

BOTH = frozenset({"text", "image"})
TEXT = frozenset({"text"})
IMAGE = frozenset({"image"})


@pytest.fixture
def cached(tmp_path, monkeypatch, tiny_siglip_folder, tiny_text_folder):
    """Return a function that lays stand-ins for the chosen models into an empty cache."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(auto, "_failed", {})
    folders = {auto.PICTURES: tiny_siglip_folder, auto.TEXTS: tiny_text_folder}

    def put(*names):
        for name in names:
            model = tmp_path / f"models--{name.replace('/', '--')}"
            shutil.copytree(folders[name], model / "snapshots" / ("a" * 40))

    return put


def names(models):
    return {kind: one.name.partition("@")[0] for kind, one in models.by_modality.items()}


@pytest.mark.parametrize(
    ("modalities", "long_text", "chosen"),
    [
        (IMAGE, False, {"image": auto.PICTURES}),
        (BOTH, False, {"image": auto.PICTURES, "text": auto.PICTURES}),
        (BOTH, True, {"image": auto.PICTURES, "text": auto.TEXTS}),
        (TEXT, False, {"text": auto.TEXTS}),
        (TEXT, True, {"text": auto.TEXTS}),
        (frozenset({"page"}), True, {}),
        (frozenset({"page", "text"}), True, {"text": auto.TEXTS}),
        (frozenset({"page", "image"}), True, {"page": auto.PICTURES, "image": auto.PICTURES}),
    ],
)
def test_what_is_cached_is_chosen_by_what_is_to_be_embedded(cached, modalities, long_text, chosen):
    cached(auto.PICTURES, auto.TEXTS)
    models = resolve("auto", modalities=modalities, long_text=long_text)
    assert names(models) == chosen
    assert models.notice == ""


def test_captions_take_the_text_model_where_there_is_no_other(cached):
    cached(auto.TEXTS)
    models = resolve(modalities=BOTH)
    assert names(models) == {"image": "builtin:1", "text": auto.TEXTS}
    assert "pictures are compared by colour and layout, since google/siglip2" in models.notice


@pytest.mark.parametrize(
    ("modalities", "how"),
    [
        (IMAGE, "pictures are compared by colour and layout, since"),
        (TEXT, "texts are found by their words, since"),
        (BOTH, "pictures are compared by colour and layout, texts found by their words, since"),
    ],
)
def test_where_nothing_is_cached_the_builtin_model_serves_and_says_so(cached, modalities, how):
    cached()
    models = resolve("auto", modalities=modalities)
    assert all(isinstance(one, BuiltinEmbedder) for one in models.embedders)
    assert models.by_modality.keys() == modalities & IMAGE
    assert how in models.notice
    assert "HF_HUB_OFFLINE" in models.notice
    assert "%mmrag load … --model NAME_OR_FOLDER" in models.notice
    assert "\n" not in models.notice


def test_a_damaged_model_in_the_cache_is_replaced_and_the_reason_said(cached, tmp_path):
    cached(auto.PICTURES)
    (weights,) = tmp_path.rglob("model.safetensors")
    weights.write_bytes(weights.read_bytes()[:-9])
    models = resolve("auto", modalities=IMAGE)
    assert names(models) == {"image": "builtin:1"}
    assert "are damaged" in models.notice


def test_a_hub_that_cannot_be_reached_is_asked_once(cached, monkeypatch):
    cached()
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.delenv("TRANSFORMERS_OFFLINE")
    asked = []

    def unreachable(name):
        asked.append(name)
        raise ModelError(f"{name!r} could not be had from the hub: ConnectTimeout")

    real = named.embedder
    monkeypatch.setattr(
        auto.named,
        "embedder",
        lambda name: real(name) if name == "builtin" else unreachable(name),
    )
    for _ in range(2):
        models = resolve("auto", modalities=IMAGE)
        assert names(models) == {"image": "builtin:1"}
        assert "could not be had from the hub: ConnectTimeout" in models.notice
    assert asked == [auto.PICTURES]


def test_a_named_model_for_one_modality_leaves_the_other_to_auto(cached):
    cached(auto.TEXTS)
    models = resolve("auto", image_model="builtin", modalities=BOTH, long_text=True)
    assert names(models) == {"image": "builtin:1", "text": auto.TEXTS}
    assert models.notice == ""


def test_finding_that_nothing_is_cached_imports_nothing_heavy(tmp_path):
    program = """
import sys
from mmrag_jupyter.models import recall, resolve, SpaceSpec
heavy = {"torch", "transformers", "sentence_transformers", "llama_index", "faiss", "pandas"}
assert not heavy & sys.modules.keys() and "numpy" not in sys.modules
models = resolve("auto", modalities=frozenset({"text", "image"}), long_text=True)
(builtin,) = models.embedders
recall([SpaceSpec(builtin.name, builtin.address, builtin.dim, builtin.modalities)])
heavy |= {"huggingface_hub"}
assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()
print("light")
"""
    import os

    environment = {**os.environ, "HF_HUB_CACHE": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert (done.stdout.strip(), done.stderr) == ("light", "")
