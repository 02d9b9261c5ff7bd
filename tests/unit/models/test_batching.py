import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrag_jupyter.errors import ModelError
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
