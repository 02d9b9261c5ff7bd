"""Tell vectors from what was written over them: each is looked at when it is first read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from mmrag_jupyter.store.nearest import View
    from mmrag_jupyter.store.vectors import Vectors

    Mask = npt.NDArray[np.bool_]

# Vectors have length 1, those of float16 nearly. What is written over one hardly ever leaves
# it so: zeros over a fiftieth of its numbers do not, nor do random bytes over a dozen.
_SLACK = 0.01
_BLOCK = 16_384


class UnsoundError(Exception):
    """What was read is no vector: something else was written over it."""


def are_sound(vectors: Vectors, slack: float = _SLACK) -> Mask:
    """Tell of each vector, shape (n, dim), whether it can be one: finite, and of length 1.

    Parameters
    ----------
    slack
        How much longer or shorter it may be.
    """
    sound = np.zeros(len(vectors), np.bool_)
    for start in range(0, len(vectors), _BLOCK):
        block = np.asarray(vectors[start : start + _BLOCK], np.float32)
        with np.errstate(over="ignore", invalid="ignore"):
            length = np.sqrt(np.einsum("ij,ij->i", block, block))
            sound[start : start + _BLOCK] = np.abs(length - 1) <= slack
    return sound


def refuse_unsound(vectors: Vectors) -> None:
    """Raise UnsoundError if one of these vectors, shape (n, dim), can be none."""
    if not are_sound(vectors).all():
        raise UnsoundError


@dataclass(slots=True, eq=False)
class Looked:
    """Which rows of one vector file were looked at in this process; the others are when read."""

    uid: bytes
    _rows: Mask = field(default_factory=lambda: np.zeros(0, np.bool_))

    def look(self, view: View, rows: Mask | None = None, start: int = 0) -> None:
        """Look at a space's rows from `start` on that are new here: at all, or these.

        Parameters
        ----------
        rows
            Shape (rows from `start` on,): at which of them.

        Raises
        ------
        UnsoundError
            One of them is no vector; a dead one may be: a repair leaves what it gave up.
        """
        count = len(view.vectors)
        known = np.zeros(count, np.bool_)
        known[: len(self._rows)] = self._rows[:count]
        new = ~known[start:] if rows is None else rows & ~known[start:]
        if view.rows.alive is not None:
            new &= view.rows.alive[start:]
        at = np.flatnonzero(new) + start
        for first in range(0, len(at), _BLOCK):
            some = at[first : first + _BLOCK]
            whole = some[-1] - some[0] + 1 == len(some)
            # A slice is read where it lies, a list of rows is copied first.
            refuse_unsound(view.vectors[slice(some[0], some[-1] + 1) if whole else some])
        known[at] = True
        if count >= len(self._rows):
            self._rows = known
