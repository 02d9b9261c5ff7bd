"""How many threads FAISS may take."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_FEW = 5_000


@contextmanager
def few_threads(vectors: int) -> Iterator[None]:
    """Let FAISS use one thread alone on few vectors.

    It splits everything, and waiting for each other takes longer than the work, a hundred times
    as long where other processes keep the cores busy.
    """
    import faiss

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1 if vectors < _FEW else before)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
