"""Batches as large as they should be: tried on real work, and smaller when memory runs out."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, TypeVar

from mmrag_jupyter.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

In = TypeVar("In")
Out = TypeVar("Out")

# What CUDA, MPS and torch's CPU allocator say; they raise plain RuntimeErrors too.
_SIGNS = ("out of memory", "can't allocate memory", "cannot allocate memory")

# A size is worth twice the memory if it is so many times as fast.
_GAIN = 1.1
# Batches of one size that are timed: the first of each may also prepare the device for it.
_RUNS = 2
# What trying may take; it is work that would have to be done anyway.
_PATIENCE = 2.0  # seconds


class Batches:
    """Runs a model over inputs in batches; a batch that does not fit is halved and retried.

    Several threads may run at a time.

    Where a larger batch may be quicker, the first batches of real work are timed: the size is
    doubled for as long as that is worth it.

    Parameters
    ----------
    name
        The model, as error messages call it.
    size
        How many inputs to try at once. It stays at what was found to fit.
    largest
        Up to how many may be tried at once.
    """

    def __init__(self, name: str, size: int, largest: int = 0) -> None:
        self.name = name
        self.size = size
        self._trial = _Trial(size, largest) if largest > size else None
        self._learning = threading.Lock()

    def run(
        self,
        model: Callable[[list[In]], Out],
        inputs: Sequence[In],
        wait: Callable[[Out], object] = lambda _: None,
        *,
        settle: bool = False,
    ) -> list[Out]:
        """Return what `model` makes of each batch, in order.

        Parameters
        ----------
        wait
            Waits until a batch is done, where the model returns before that.
        settle
            Whether these inputs are of one size, so that they tell how large a batch should be.

        Raises
        ------
        ModelError
            When a single input does not fit into memory.
        """
        done: list[Out] = []
        start = 0
        while start < len(inputs):
            batch = list(inputs[start : start + self.size])
            timed = self._trial if settle and len(batch) == self.size else None
            began = time.perf_counter()
            try:
                out = model(batch)
                if timed is not None:
                    wait(out)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                if len(batch) == 1:
                    raise ModelError(
                        f"{self.name} ran out of memory on a single input; close what else uses "
                        "the memory, or choose a smaller model (%mmrag models)"
                    ) from error
                self.size, self._trial = len(batch) // 2, None
            else:
                done.append(out)
                start += len(batch)
                if timed is not None:
                    self._learn(timed, len(batch), time.perf_counter() - began)
                continue
            # Only here has the failed call's traceback let go of its tensors.
            _release()
        return done

    def _learn(self, trial: _Trial, size: int, seconds: float) -> None:
        with self._learning:
            if trial is not self._trial or size != self.size:
                # Begun beside the one that has settled this.
                return
            self.size = trial.next(seconds)
            if trial.is_over:
                self._trial = None


class _Trial:
    """Looks for the smallest batch that is nearly as quick for each input as larger ones."""

    def __init__(self, size: int, largest: int) -> None:
        self._size = self._best = size
        self._largest = largest
        self._rate = 0.0
        self._took: list[float] = []
        self._spent = 0.0
        self.is_over = False

    def next(self, seconds: float) -> int:
        """Return the size to run next, after one of the last size took so long."""
        self._took.append(seconds)
        self._spent += seconds
        if len(self._took) < _RUNS and self._spent < _PATIENCE:
            return self._size
        rate = self._size / max(min(self._took), 1e-9)
        if rate < _GAIN * self._rate:
            self.is_over = True
            return self._best
        self._best, self._rate = self._size, rate
        self._size, self._took = 2 * self._size, []
        if self._size > self._largest or self._spent >= _PATIENCE:
            self.is_over = True
            return self._best
        return self._size


def is_out_of_memory(error: Exception) -> bool:
    """Tell whether an error means that the computer's or the device's memory is full."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    said = str(error).lower()
    return any(sign in said for sign in _SIGNS)


def _release() -> None:
    torch = sys.modules.get("torch")
    if torch is None:
        return
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    elif torch.backends.mps.is_available():
        torch.mps.empty_cache()
