"""Batches side by side on a CPU: as many as there are cores, and nobody else's threads changed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import lanes, sentence
from mmrag_jupyter.models.resolve import resolve

torch = pytest.importorskip("torch")

PATIENCE = 60  # seconds, of a test that would otherwise hang
FORKS = f"""
import os, signal
import torch
from mmrag_jupyter.models import lanes

torch.set_num_threads(2)

def compute():
    print(lanes.of_device("cpu").start(lambda: 42).result(), flush=True)

compute()
child = os.fork()
if not child:
    signal.alarm({PATIENCE})
    compute()
    os._exit(0)
raise SystemExit(os.waitpid(child, 0)[1])
"""


@pytest.fixture(autouse=True)
def four_threads():
    """Let torch use four threads, on however many cores, and make lanes anew."""
    before, kept = torch.get_num_threads(), lanes._lanes
    torch.set_num_threads(4)
    lanes._lanes = None
    yield
    torch.set_num_threads(before)
    lanes._lanes = kept


@pytest.fixture
def clip(tiny_clip_folder):
    return resolve(str(tiny_clip_folder), modalities=frozenset({"text"})).by_modality["text"]


def in_a_new_thread(work):
    found = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]


def test_there_is_a_lane_for_each_thread_and_each_computes_alone():
    found = lanes.of_device("cpu")
    assert found.count == 4
    together = threading.Barrier(4)

    def threads_here():
        together.wait(PATIENCE)  # broken unless four works are under way at a time
        return torch.get_num_threads()

    assert [one.result() for one in [found.start(threads_here) for _ in range(4)]] == [1] * 4


def test_many_cores_are_shared_out_among_few_lanes(monkeypatch):
    monkeypatch.setattr(lanes, "_MOST", 2)
    found = lanes.of_device("cpu")
    assert found.count == 2
    assert found.start(torch.get_num_threads).result() == 2


def test_the_users_own_threads_keep_their_number():
    assert in_a_new_thread(torch.get_num_threads) == 4
    lanes.of_device("cpu")
    assert torch.get_num_threads() == 4
    assert in_a_new_thread(torch.get_num_threads) == 4


def test_lanes_are_made_once_and_anew_when_the_user_sets_another_number_of_threads():
    first = lanes.of_device("cpu")
    assert lanes.of_device("cpu") is first
    torch.set_num_threads(3)
    assert lanes.of_device("cpu").count == 3


def test_one_batch_at_a_time_fills_a_gpu_and_a_single_core():
    assert lanes.of_device("cuda") is None
    assert lanes.of_device("mps") is None
    torch.set_num_threads(1)
    assert lanes.of_device("cpu") is None


def test_texts_in_several_lanes_get_the_vectors_that_they_get_alone(clip):
    texts = [f"{'cup ' * (1 + at % 5)}{at}" for at in range(50)]
    together = clip.embed_text(texts, query=False)
    alone = np.concatenate([clip.embed_text([text], query=False) for text in texts])
    # In bfloat16, where the CPU has it, a text's vector depends a little on its company.
    np.testing.assert_allclose(together, alone, atol=5e-3)


def test_batches_are_begun_in_lanes_and_one_more_than_there_are(clip, monkeypatch):
    together = threading.Barrier(2)

    def waiting(_, batch):
        together.wait(PATIENCE)
        return torch.tensor([[1.0, float(len(batch))]])

    monkeypatch.setattr(sentence.running, "pictures", waiting)
    assert clip.in_flight == 5
    begun = [clip.start_prepared([object()]), clip.start_prepared([object()])]
    np.testing.assert_allclose([one()[0] for one in begun], [[0.5**0.5] * 2] * 2, atol=1e-6)


def test_where_one_batch_fails_those_to_come_are_dropped(clip, monkeypatch):
    torch.set_num_threads(2)
    batches = clip._model() and clip._batches
    seen = []
    failed = threading.Event()

    def failing(_, batch, **__):
        seen.append(len(batch))
        if len(seen) > 1:
            failed.wait(PATIENCE)
        raise RuntimeError("no such kernel")

    monkeypatch.setattr(sentence.running, "texts", failing)
    with pytest.raises(RuntimeError, match="no such kernel"):
        clip.embed_text(["cup"] * (20 * batches.size), query=False)
    failed.set()
    assert len(seen) <= 3


def test_a_batch_that_does_not_fit_is_halved_in_its_lane(clip, monkeypatch):
    real = sentence.running.texts

    def narrow(loaded, batch, *, query):
        if len(batch) > 4:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return real(loaded, batch, query=query)

    texts = [f"cup {at}" for at in range(50)]
    expected = clip.embed_text(texts, query=False)
    monkeypatch.setattr(sentence.running, "texts", narrow)
    np.testing.assert_allclose(clip.embed_text(texts, query=False), expected, atol=5e-3)
    assert clip.batch_size == 4


def test_a_single_input_that_does_not_fit_is_an_error_in_one_line(clip, monkeypatch):
    def full(*_, **__):
        raise MemoryError

    monkeypatch.setattr(sentence.running, "texts", full)
    with pytest.raises(ModelError, match="ran out of memory on a single input"):
        clip.embed_text(["cup"] * 40, query=False)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked on this system")
def test_a_forked_process_computes_in_lanes_of_its_own(tmp_path):
    script = tmp_path / "forks.py"
    script.write_text(FORKS, encoding="utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["42", "42"], done.stderr
    assert done.returncode == 0
