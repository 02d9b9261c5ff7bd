"""Several batches of one model at a time on a CPU, each on its own share of the cores.

One batch on all cores makes these wait for each other after every layer, and whoever decodes
pictures meanwhile makes all of them wait. Batches side by side do not: a CLIP ViT-B/32 in
bfloat16 embeds 1.15 to 1.2 times as many pictures a second so on two cores.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

Out = TypeVar("Out")

# Each batch has its own memory beside the weights.
_MOST = 8
_PATIENCE = 60.0  # seconds


class Lanes:
    """Threads that run batches side by side; `threads` are what torch may use in all of them."""

    def __init__(self, threads: int) -> None:
        import torch

        self.threads = threads
        self.count = min(threads, _MOST)
        # Should an interrupt end the waiting below, the threads end as well.
        begun = threading.Barrier(self.count + 1, timeout=_PATIENCE)

        def begin() -> None:
            # Asked for first: else the thread takes its number anew when it first computes.
            torch.get_num_threads()
            torch.set_num_threads(threads // self.count)
            begun.wait()

        self._pool = ThreadPoolExecutor(self.count, "mmrag-lane", initializer=begin)
        for _ in range(self.count):
            self._pool.submit(lambda: None)
        begun.wait()
        # The number is each thread's own, but the last one set is that of threads to come.
        torch.set_num_threads(threads)

    def start(self, work: Callable[[], Out]) -> Future[Out]:
        """Begin some work as soon as a lane is free."""
        return self._pool.submit(work)


_lanes: Lanes | None = None
_making = threading.Lock()


def of_device(kind: str) -> Lanes | None:
    """Return the lanes of a device by torch's name of its kind; None where one batch fills it."""
    import torch

    threads = torch.get_num_threads()
    if kind != "cpu" or threads == 1:
        return None
    global _lanes  # noqa: PLW0603 - one set of threads for all models
    with _making:
        if _lanes is None or _lanes.threads != threads:
            _lanes = Lanes(threads)
        return _lanes


def _forget() -> None:
    """Have lanes made anew: threads stay behind in the process that was forked."""
    global _lanes, _making
    _lanes, _making = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
