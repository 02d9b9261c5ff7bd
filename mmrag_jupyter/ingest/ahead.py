"""Work done ahead in threads, in order, and never more than a window of it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Executor, Future

In = TypeVar("In")
Out = TypeVar("Out")


def ahead(
    pool: Executor, work: Callable[[In], Out], inputs: Iterable[In], window: int
) -> Iterator[Out]:
    """Yield `work(x)` for each input in order, with up to `window` of them under way.

    Inputs are taken only as the window has room, so that memory stays bounded however long
    the stream is. Closing the iterator cancels what has not begun.
    """
    waiting: deque[Future[Out]] = deque()
    try:
        for value in inputs:
            waiting.append(pool.submit(work, value))
            if len(waiting) >= window:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
