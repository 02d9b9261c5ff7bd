"""A model that does not fit is refused before it is loaded, with what it needs and what is free."""

from __future__ import annotations

import json
import os

import pytest

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import memory, named
from mmrag_jupyter.models.device import Device
from mmrag_jupyter.models.folder import read_folder

CPU = Device("cpu", "float32", batch=1)


def pretend(folder, parameters, dtype="BF16"):
    """Write a safetensors file that says it holds so many numbers; on disk it takes nothing."""
    folder.mkdir()
    width = {"BF16": 2, "F32": 4}[dtype]
    tensor = {"dtype": dtype, "shape": [parameters], "data_offsets": [0, parameters * width]}
    head = json.dumps({"weight": tensor}).encode()
    path = folder / "model.safetensors"
    path.write_bytes(len(head).to_bytes(8, "little") + head)
    os.truncate(path, 8 + len(head) + parameters * width)
    (folder / "config.json").write_text('{"model_type": "qwen2_vl"}')
    return folder


def test_an_estimate_is_of_the_numbers_in_the_type_they_are_loaded_in(tmp_path):
    folder = pretend(tmp_path / "model", 7_000_000_000)
    assert memory.estimate(folder, "bfloat16") == pytest.approx(14e9 * 1.2, rel=0.05)
    assert memory.estimate(folder, "float32") == pytest.approx(28e9 * 1.2, rel=0.05)
    assert memory.estimate(folder) == memory.estimate(folder, "bfloat16")
    assert memory.estimate(read_folder(folder)) == memory.estimate(str(folder))


def test_a_model_that_fits_is_let_through(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "available", lambda _: 10**10)
    memory.check_fits(pretend(tmp_path / "model", 1_000_000), CPU)


def test_a_model_too_large_is_refused_with_what_it_needs_and_what_is_free(tmp_path, monkeypatch):
    folder = pretend(tmp_path / "model", 7_000_000_000)
    monkeypatch.setattr(memory, "available", lambda _: 8 * 10**9)
    with pytest.raises(ModelError, match=r"needs about 33\.9 GB of memory and 8\.0 GB") as error:
        memory.check_fits(folder, CPU)
    assert "\n" not in str(error.value)
    assert str(folder) in str(error.value)


def test_where_nobody_tells_what_is_free_nothing_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "available", lambda _: None)
    memory.check_fits(pretend(tmp_path / "model", 10**11), CPU)


def test_an_embedder_too_large_is_refused_before_it_is_loaded(tiny_clip_folder, monkeypatch):
    monkeypatch.setattr(memory, "available", lambda _: 10**6)
    monkeypatch.setattr("mmrag_jupyter.models.lazy._in_memory", {})
    with pytest.raises(ModelError, match=r"of memory and 0\.0 GB of this computer are free"):
        named.embedder(tiny_clip_folder).embed_text(["cat"], query=True)


def test_a_folder_without_weights_cannot_be_measured(tmp_path):
    with pytest.raises(ModelError, match="with weights"):
        memory.estimate(tmp_path)
    with pytest.raises(ModelError, match="no model 'nobody/nothing'"):
        memory.estimate("nobody/nothing")


def test_this_computer_tells_what_is_free():
    free = memory.available()
    assert free is None or free > 10**7


@pytest.mark.parametrize(
    ("most", "room"), [("max", None), ("1000", 1000 - 600 + 150), ("500", 50), ("x", None)]
)
def test_the_limit_of_a_container_counts_without_what_it_would_give_back(tmp_path, most, room):
    (tmp_path / "memory.max").write_text(f"{most}\n")
    (tmp_path / "memory.current").write_text("600\n")
    (tmp_path / "memory.stat").write_text("anon 450\ninactive_file 150\n")
    found = memory._room(tmp_path, "memory.max", "memory.current", "memory.stat", "inactive_file")
    assert found == room


def test_without_control_groups_there_is_no_limit(tmp_path):
    assert memory._room(tmp_path, "memory.max", "memory.current", "memory.stat", "x") is None
