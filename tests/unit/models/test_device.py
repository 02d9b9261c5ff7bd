import types

import pytest
import torch

from mmrag_jupyter.models import device


@pytest.mark.parametrize(
    ("line", "has"),
    [
        ("flags\t\t: fpu avx512f avx512_bf16 sse", True),
        ("flags\t\t: fpu amx_bf16", True),
        ("Features\t: fp asimd bf16", True),
        ("flags\t\t: fpu avx512f avx2", False),
        ("flags\t\t: xavx512_bf16x", False),
    ],
)
def test_bfloat16_is_used_where_the_cpu_multiplies_it(tmp_path, line, has):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\n{line}\n")
    assert device.cpu_has_bfloat16(cpuinfo) is has


def test_an_unknown_system_is_taken_to_have_no_bfloat16(tmp_path):
    assert device.cpu_has_bfloat16(tmp_path / "none") is False


@pytest.fixture
def machine(monkeypatch):
    def has(*, cuda=None, mps=False, bfloat16=False):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda is not None)
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (cuda, 0))
        mps_backend = types.SimpleNamespace(is_available=lambda: mps)
        monkeypatch.setattr(torch.backends, "mps", mps_backend)
        monkeypatch.setattr(device, "cpu_has_bfloat16", lambda: bfloat16)

    return has


@pytest.mark.parametrize(
    ("parts", "stored", "name", "dtype"),
    [
        ({"cuda": 9}, "float32", "cuda", "bfloat16"),
        ({"cuda": 7}, "float32", "cuda", "float16"),
        ({"cuda": 7}, "bfloat16", "cuda", "float32"),
        ({"mps": True}, "float32", "mps", "float16"),
        ({"mps": True}, "bfloat16", "mps", "float32"),
        ({"bfloat16": True}, "float32", "cpu", "bfloat16"),
        ({}, "float32", "cpu", "float32"),
        ({}, "float16", "cpu", "float32"),
    ],
)
def test_the_best_device_and_its_half_precision_are_chosen(machine, parts, stored, name, dtype):
    machine(**parts)
    chosen = device.choose(stored)
    assert (chosen.name, chosen.dtype) == (name, dtype)
