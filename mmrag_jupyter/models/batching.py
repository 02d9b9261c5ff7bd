"""Batches that become smaller when memory runs out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeVar

from mmrag_jupyter.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

In = TypeVar("In")
Out = TypeVar("Out")

# What CUDA, MPS and torch's CPU allocator say; they raise plain RuntimeErrors too.
_SIGNS = ("out of memory", "can't allocate memory", "cannot allocate memory")


class Batches:
    """Runs a model over inputs in batches; a batch that does not fit is halved and retried.

    Parameters
    ----------
    name
        The model, as error messages call it.
    size
        How many inputs to try at once. It stays at what was found to fit.
    """

    def __init__(self, name: str, size: int) -> None:
        self.name = name
        self.size = size

    def run(self, model: Callable[[list[In]], Out], inputs: Sequence[In]) -> list[Out]:
        """Return what `model` makes of each batch, in order.

        Raises
        ------
        ModelError
            When a single input does not fit into memory.
        """
        done: list[Out] = []
        start = 0
        while start < len(inputs):
            batch = list(inputs[start : start + self.size])
            try:
                done.append(model(batch))
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                if len(batch) == 1:
                    raise ModelError(
                        f"{self.name} ran out of memory on a single input; close what else uses "
                        "the memory, or choose a smaller model (%mmrag models)"
                    ) from error
                self.size = len(batch) // 2
            else:
                start += len(batch)
                continue
            # Only here has the failed call's traceback let go of its tensors.
            _release()
        return done


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
