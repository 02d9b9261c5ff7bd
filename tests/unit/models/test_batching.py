import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import batching
from mmrag_jupyter.models.batching import Batches


def model_with_room_for(limit, error=None):
    sizes = []

    def model(batch):
        sizes.append(len(batch))
        if len(batch) > limit:
            raise error or RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")
        return list(batch)

    model.sizes = sizes
    return model


@given(count=st.integers(0, 60), size=st.integers(1, 70), limit=st.integers(1, 70))
def test_every_input_is_seen_once_and_in_order_whatever_fits(count, size, limit):
    out = Batches("m", size).run(model_with_room_for(limit), list(range(count)))
    assert [one for batch in out for one in batch] == list(range(count))


def test_a_batch_that_does_not_fit_is_halved_and_the_size_is_remembered():
    model = model_with_room_for(5)
    batches = Batches("m", 16)
    batches.run(model, list(range(16)))
    assert model.sizes == [16, 8, 4, 4, 4, 4]
    assert batches.size == 4
    model.sizes.clear()
    batches.run(model, list(range(8)))
    assert model.sizes == [4, 4]


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate"
                     " memory: you tried to allocate 9 bytes."),
        RuntimeError("MPS backend out of memory"),
    ],
)  # fmt: skip
def test_all_ways_of_running_out_of_memory_are_known(error):
    out = Batches("m", 4).run(model_with_room_for(2, error), [1, 2, 3, 4])
    assert out == [[1, 2], [3, 4]]


def test_torchs_own_error_is_known():
    torch = pytest.importorskip("torch")
    out = Batches("m", 4).run(model_with_room_for(1, torch.OutOfMemoryError("full")), [1, 2])
    assert out == [[1], [2]]


def test_an_input_that_alone_does_not_fit_is_an_error_of_one_line():
    with pytest.raises(ModelError, match="big-model ran out of memory on a single input") as full:
        Batches("big-model", 8).run(model_with_room_for(0), [1, 2, 3])
    assert "\n" not in str(full.value)


def test_other_errors_come_through():
    with pytest.raises(RuntimeError, match="shapes do not match"):
        Batches("m", 8).run(model_with_room_for(0, RuntimeError("shapes do not match")), [1])


class Device:
    """Takes so many seconds a batch, and is done with it when it is waited for."""

    def __init__(self, monkeypatch, seconds, full=10**9):
        self.now, self.sizes, self.waited = 0.0, [], 0
        self.seconds, self.full = seconds, full
        monkeypatch.setattr(batching.time, "perf_counter", lambda: self.now)

    def __call__(self, batch):
        if len(batch) > self.full:
            raise MemoryError
        self.sizes.append(len(batch))
        return list(batch)

    def wait(self, out):
        self.waited += 1
        self.now += self.seconds(len(out))

    def run(self, batches, count=400):
        out = batches.run(self, list(range(count)), self.wait, settle=True)
        assert [one for batch in out for one in batch] == list(range(count))


def test_batches_grow_for_as_long_as_that_is_worth_it(monkeypatch):
    # Sixty-four at once take as long as one; from there on twice as many take twice as long.
    device = Device(monkeypatch, lambda count: 0.01 * max(count / 64, 1))
    batches = Batches("m", 16, 512)
    device.run(batches, 2000)
    assert device.sizes[:8] == [16, 16, 32, 32, 64, 64, 128, 128]
    assert set(device.sizes[8:-1]) == {64}
    assert (batches.size, device.waited) == (64, 8)


def test_batches_that_gain_nothing_stay_small(monkeypatch):
    device = Device(monkeypatch, lambda count: 0.02 * count)
    batches = Batches("m", 8, 512)
    device.run(batches)
    assert device.sizes[:5] == [8, 8, 16, 16, 8]
    assert batches.size == 8


def test_what_a_first_batch_takes_longer_is_not_held_against_its_size(monkeypatch):
    took = iter([3.0])
    device = Device(monkeypatch, lambda count: next(took, 0.02 * count) / 10)
    batches = Batches("m", 8, 512)
    device.run(batches)
    assert batches.size == 8


def test_trying_has_an_end_in_seconds(monkeypatch):
    device = Device(monkeypatch, lambda _: 1.5)
    batches = Batches("m", 8, 512)
    device.run(batches)
    assert set(device.sizes) == {8}
    assert device.waited == 2


def test_batches_grow_no_further_than_allowed(monkeypatch):
    device = Device(monkeypatch, lambda _: 0.001)
    batches = Batches("m", 8, 32)
    device.run(batches)
    assert max(device.sizes) == batches.size == 32


def test_memory_that_runs_out_while_trying_ends_it(monkeypatch):
    device = Device(monkeypatch, lambda _: 0.001, full=50)
    batches = Batches("m", 16, 512)
    device.run(batches)
    assert max(device.sizes) == batches.size == 32
    # It is not tried again.
    device.run(batches)
    assert max(device.sizes) == 32


def test_inputs_that_tell_nothing_are_not_timed(monkeypatch):
    device = Device(monkeypatch, lambda _: 0.001)
    batches = Batches("m", 8, 512)
    batches.run(device, list(range(100)), device.wait)
    assert device.waited == 0
    assert max(device.sizes) == 8
