"""Work done ahead in threads, in order, and never more than a window of it."""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Executor, Future

In = TypeVar("In")
Out = TypeVar("Out")


_MOST_THREADS = 16


def threads() -> int:
    """Return how many threads to read and decode with: half the cores that there are, or two.

    A model on the CPU needs the other half, and one on a GPU more pictures than two threads
    decode.
    """
    mine = getattr(os, "sched_getaffinity", None)
    cores = len(mine(0)) if mine is not None else os.cpu_count() or 1
    return min(max(2, cores // 2), _MOST_THREADS)


def ahead(
    pool: Executor,
    work: Callable[[In], Out],
    inputs: Iterable[In],
    window: Callable[[], int],
    size: Callable[[In], int] = lambda _: 1,
) -> Iterator[Out]:
    """Yield `work(x)` for each input in order, with a window of them under way.

    Inputs are taken only while the sizes of those under way sum up to less than the window,
    so that memory stays bounded however long the stream is; the window is asked for at every
    input. Closing the iterator cancels what has not begun.
    """
    waiting: deque[tuple[int, Future[Out]]] = deque()
    taken = 0
    try:
        for value in inputs:
            waiting.append((size(value), pool.submit(work, value)))
            taken += waiting[-1][0]
            while waiting and taken >= window():
                first, future = waiting.popleft()
                taken -= first
                yield future.result()
        while waiting:
            yield waiting.popleft()[1].result()
    finally:
        for _, future in waiting:
            future.cancel()
