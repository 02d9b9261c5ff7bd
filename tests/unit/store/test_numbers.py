"""Which of many numbers are among many others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrag_jupyter.store import numbers

small_ints = st.integers(0, 60)
small = st.lists(st.integers(0, 60), max_size=60)
ranges = st.builds(lambda first, count: list(range(first, first + count)), small_ints, small_ints)
numbered = small | ranges | st.lists(st.integers(-5, 2**40), max_size=20)


@pytest.mark.parametrize("sparse", [1, 16])
@given(own=numbered, wanted=numbered, in_order=st.booleans())
def test_it_tells_of_each_number(sparse, own, wanted, in_order):
    array = np.array(sorted(own) if in_order else own, np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numbers, "_SPARSE", sparse)
        found = numbers.among(array, np.unique(np.array(wanted, np.int64)))
    assert found.dtype == np.bool_
    assert found.tolist() == [one in wanted for one in array.tolist()]
