import shutil

import pytest

from mmrag_jupyter.models import SpaceSpec, catalogue


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    return tmp_path


def test_without_a_cache_the_builtin_and_the_recommended_are_listed(root):
    del root
    table = catalogue()
    assert list(table.columns) == [
        "name", "embeds", "size", "licence", "needs", "good for", "status",
    ]  # fmt: skip
    assert table["name"].is_unique
    by_name = table.set_index("name")
    assert by_name.loc["builtin", "status"] == "built in"
    assert by_name.loc["builtin", "needs"] == "nothing"
    assert by_name.loc["openai:NAME", "status"] == "on a server"
    assert by_name.loc["openai:NAME", "needs"] == "a server (--base-url)"
    rest = by_name.drop(["builtin", "openai:NAME"])
    assert set(rest["status"]) == {"recommended"}
    assert (rest != "").all(axis=None)


def test_cached_models_are_listed_with_what_their_files_say(root, tiny_clip_folder):
    folder = root / "models--maker--clip" / "snapshots" / ("a" * 40)
    shutil.copytree(tiny_clip_folder, folder)
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    row = catalogue().set_index("name").loc["maker/clip"]
    assert row["status"] == "cached"
    assert (row["embeds"], row["licence"], row["size"]) == ("image, text", "mit", "1M")
    assert row["needs"] == "CPU, 1 GB"


def test_a_recommended_model_that_is_cached_is_listed_once(root, tiny_siglip_folder):
    name = "google/siglip2-base-patch32-256"
    folder = root / f"models--{name.replace('/', '--')}" / "snapshots" / ("a" * 40)
    shutil.copytree(tiny_siglip_folder, folder)
    rows = catalogue().query("name == @name")
    assert rows["status"].tolist() == ["cached"]


def test_models_in_use_come_first_however_they_were_given(root, tiny_clip_folder):
    del root
    both = frozenset({"text", "image"})
    table = catalogue(
        [
            SpaceSpec("builtin:1", "builtin", 488, frozenset({"image"})),
            SpaceSpec("clip#1", str(tiny_clip_folder), 32, both),
            SpaceSpec("my-model", None, 8, both),
            SpaceSpec("clip#2", "/gone", 8, both),
        ]
    )
    assert table["name"].is_unique
    used = table[table["status"] == "in use"]
    assert used.index.tolist() == [0, 1, 2, 3]
    assert used["name"].tolist() == ["builtin", str(tiny_clip_folder), "my-model", "/gone"]
    assert used["size"].tolist() == ["", "1M", "", ""]
    both = "image, text"
    assert used["embeds"].tolist() == ["audio, image", both, both, both]


def test_a_model_on_a_server_tells_which_server(root):
    del root
    name = "openai:bge-m3@http://gpu:8000/v1"
    row = catalogue([SpaceSpec(name, name, 1024, frozenset({"text"}))]).set_index("name").loc[name]
    assert (row["status"], row["needs"]) == ("in use", "the server gpu:8000")
