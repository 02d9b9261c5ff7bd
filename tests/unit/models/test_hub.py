import shutil

import pytest

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import cache, hub

OLD, NEW = "a" * 40, "b" * 40


def put(root, name, commit, folder, *, main=True):
    """Lay a model down in the cache as huggingface_hub does."""
    model = root / f"models--{name.replace('/', '--')}"
    target = model / "snapshots" / commit
    shutil.copytree(folder, target)
    if main:
        (model / "refs").mkdir(exist_ok=True)
        (model / "refs" / "main").write_text(commit)
    return target


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.delenv("SENTENCE_TRANSFORMERS_HOME", raising=False)
    return tmp_path


@pytest.fixture
def online(monkeypatch):
    """Switch the hub on, with a stand-in for the download."""
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.delenv("TRANSFORMERS_OFFLINE")
    asked = []

    def stand_in(folder):
        def download(name, commit=None):
            asked.append((name, commit))
            return folder() if callable(folder) else folder

        monkeypatch.setattr(hub, "download", download)
        return asked

    return stand_in


def test_the_cache_is_where_the_libraries_have_it(monkeypatch, tmp_path):
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "SENTENCE_TRANSFORMERS_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.roots() == [tmp_path / "huggingface" / "hub"]
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    assert cache.roots() == [tmp_path / "home" / "hub"]
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("SENTENCE_TRANSFORMERS_HOME", str(tmp_path / "st"))
    assert cache.roots() == [tmp_path / "hub", tmp_path / "st"]


@pytest.mark.parametrize(("value", "off"), [("1", True), ("ON", True), ("0", False), ("", False)])
def test_the_hub_is_off_when_the_user_says_so(monkeypatch, value, off):
    monkeypatch.delenv("TRANSFORMERS_OFFLINE")
    monkeypatch.setenv("HF_HUB_OFFLINE", value)
    assert cache.is_offline() is off


def test_a_cached_model_is_found_at_its_newest_and_at_any_commit(root, tiny_clip_folder):
    old = put(root, "maker/clip", OLD, tiny_clip_folder)
    new = put(root, "maker/clip", NEW, tiny_clip_folder)
    assert cache.snapshot("maker/clip") == new
    assert cache.snapshot("maker/clip", OLD) == old
    assert cache.snapshot("maker/clip", "c" * 40) is None
    assert cache.snapshot("maker/other") is None
    assert hub.obtain("maker/clip").path == new
    assert hub.obtain("maker/clip", OLD).path == old


def test_a_model_without_a_main_branch_is_found(root, tiny_clip_folder):
    target = put(root, "maker/clip", OLD, tiny_clip_folder, main=False)
    assert cache.snapshot("maker/clip") == target


def test_only_models_that_embed_are_listed(root, tiny_clip_folder, tiny_text_folder):
    put(root, "maker/clip", OLD, tiny_clip_folder)
    put(root, "sentence-transformers/tiny", OLD, tiny_text_folder)
    put(root, "maker/bert", OLD, tiny_text_folder.with_name("tiny-text-bare"))
    broken = put(root, "maker/broken", OLD, tiny_clip_folder)
    (broken / "model.safetensors").unlink()
    (root / "models--maker--empty").mkdir()
    assert sorted(cache.cached()) == ["maker/clip", "sentence-transformers/tiny"]


def test_a_name_without_its_maker_is_found(root, tiny_text_folder):
    target = put(root, "sentence-transformers/tiny", OLD, tiny_text_folder)
    assert hub.obtain("tiny").path == target


def test_an_unknown_name_offline_says_what_there_is_and_what_is_near(root, tiny_clip_folder):
    put(root, "maker/clip-base", OLD, tiny_clip_folder)
    with pytest.raises(ModelError) as refused:
        hub.obtain("maker/clip-bsae")
    said = str(refused.value)
    assert "Did you mean 'maker/clip-base'?" in said
    assert f"In {root}: maker/clip-base; 'builtin' needs no download" in said
    assert "HF_HUB_OFFLINE" in said
    assert "\n" not in said


def test_a_damaged_cache_offline_says_what_is_wrong(root, tiny_clip_folder):
    target = put(root, "maker/clip", OLD, tiny_clip_folder)
    (target / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="has no weights"):
        hub.obtain("maker/clip")


def test_what_is_cached_is_not_downloaded(root, tiny_clip_folder, online):
    put(root, "maker/clip", OLD, tiny_clip_folder)
    asked = online(tiny_clip_folder)
    hub.obtain("maker/clip")
    assert asked == []


def test_what_is_not_cached_is_downloaded(root, tiny_clip_folder, online):
    del root
    asked = online(tiny_clip_folder)
    assert hub.obtain("maker/clip").path == tiny_clip_folder
    assert asked == [("maker/clip", None)]


def test_a_broken_download_is_completed(root, tiny_clip_folder, online):
    target = put(root, "maker/clip", OLD, tiny_clip_folder)
    (target / "model.safetensors").unlink()

    def complete():
        shutil.copy(tiny_clip_folder / "model.safetensors", target)
        return target

    asked = online(complete)
    assert hub.obtain("maker/clip").path == target
    assert len(asked) == 1


def test_a_hub_that_does_not_answer_is_an_error_of_one_line(monkeypatch):
    import huggingface_hub

    def unreachable(name, *, revision, timeout):
        del name, revision
        assert timeout <= 10
        raise ConnectionError("no route\nto host")

    monkeypatch.setattr(huggingface_hub, "model_info", unreachable)
    with pytest.raises(ModelError, match="'maker/clip' could not be had from the hub") as refused:
        hub.download("maker/clip")
    assert "\n" not in str(refused.value)


def test_a_download_takes_one_commit_and_neither_pickles_nor_code(monkeypatch, tmp_path):
    import types
    from fnmatch import fnmatch

    import huggingface_hub

    asked = {}

    def snapshot_download(name, **options):
        asked.update(options, name=name)
        return str(tmp_path)

    info = types.SimpleNamespace(sha=NEW)
    monkeypatch.setattr(huggingface_hub, "model_info", lambda *_, **__: info)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    assert hub.download("maker/clip") == tmp_path
    assert (asked["name"], asked["revision"]) == ("maker/clip", NEW)

    def taken(file):
        wanted = any(fnmatch(file, pattern) for pattern in asked["allow_patterns"])
        return wanted and not any(fnmatch(file, one) for one in asked["ignore_patterns"])

    files = [
        "config.json",
        "model.safetensors",
        "1_Pooling/config.json",
        "2_Dense/model.safetensors",
    ]
    assert all(taken(file) for file in files)
    others = ["pytorch_model.bin", "modeling.py", "onnx/config.json", "model.pkl", "tf_model.h5"]
    assert not any(taken(file) for file in others)
