"""Vectors of one byte a number come back nearly as they were, and then as they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_rows import DIM, image, item, units

from mmrag_jupyter.errors import StoreDamagedError
from mmrag_jupyter.store import Store
from mmrag_jupyter.store.quantized import Quantized, quantized, row_type


@settings(deadline=None, max_examples=50)
@given(dim=st.integers(1, 600), count=st.integers(0, 20), seed=st.integers(0, 1000))
def test_numbers_are_off_by_half_a_step_at_most_and_then_stay(dim, count, seed):
    vectors = units(count, dim, seed)
    read = Quantized(quantized(vectors))
    assert (len(read), read.shape) == (count, (count, dim))
    steps = np.abs(vectors).max(axis=1, initial=0.0) / 127
    assert (np.abs(read[:] - vectors) <= 0.5001 * steps[:, None]).all()
    assert np.array_equal(quantized(read[:]), quantized(vectors))
    chosen = np.arange(count)[::2]
    assert np.array_equal(read[chosen], read[:][chosen])


def test_a_zero_vector_stays_one():
    assert (Quantized(quantized(np.zeros((2, 3), np.float32)))[:] == 0).all()


def test_a_space_of_bytes_is_searched_and_its_damage_is_told(store):
    vectors = units(200)
    with store.writer() as writer:
        writer.add_source("rows", "rows", [])
        space = writer.add_space("model", None, DIM, frozenset({"image"}), "int8")
        items = [item(f"i{n}", image(f"p{n}")) for n in range(200)]
        writer.put(items[:120], {space: (np.arange(120), vectors[:120])}, source="rows")
        writer.put(items[120:], {space: (np.arange(80), vectors[120:])}, source="rows")
    width = row_type(DIM).itemsize
    path = store.folder / "space-1.vec"
    assert path.stat().st_size == 64 + 200 * width
    parts, scores = store.nearest(space, vectors[150:152], 3)
    assert parts[:, 0].tolist() == [151, 152]
    assert np.allclose(scores[:, 0], 1, atol=0.01)
    data = bytearray(path.read_bytes())
    data[64 + 150 * width : 64 + 151 * width] = b"\xff" * width
    path.write_bytes(bytes(data))
    with Store.open(store.folder) as again, pytest.raises(StoreDamagedError):
        again.nearest(space, vectors[:1], 3)
