"""New vectors, checked and put in order, on their way to the files of their spaces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.store import vectors
from mmrag_jupyter.store.soundness import are_sound

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from mmrag_jupyter.store.values import Space
    from mmrag_jupyter.store.vectors import Vectors


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Vectors to be appended to a space, and the ordinals of their parts, growing."""

    space: Space
    ordinals: npt.NDArray[np.int64]
    vectors: Vectors


def block(
    space: Space, ordinals: npt.NDArray[np.int64], found: npt.NDArray[np.float32], parts: int
) -> Block:
    """Check vectors and bring them in order.

    Parameters
    ----------
    ordinals, found
        Shapes (m,) and (m, dim): which of the batch's `parts` parts each vector is of.

    Raises
    ------
    ValueError
        Shapes do not fit, or an ordinal is not that of a part or occurs twice.
    """
    at = np.asarray(ordinals, np.int64)
    # Those of one byte a number get it on their way into the file.
    rows: Vectors = np.asarray(found, np.float32 if space.dtype == "int8" else space.dtype)
    if rows.shape != (len(at), space.dim):
        raise ValueError(
            f"vectors of shape {rows.shape} for space {space.name!r}, not {(len(at), space.dim)}"
        )
    if len(at) and not (np.diff(at) > 0).all():
        order = np.argsort(at, kind="stable")
        at, rows = at[order], rows[order]
        if not (np.diff(at) > 0).all():
            raise ValueError(f"a part has two vectors in space {space.name!r}")
    if len(at) and (at[0] < 0 or at[-1] >= parts):
        raise ValueError(f"a vector of space {space.name!r} is of none of the {parts} parts")
    return Block(space, at, rows)


def append(folder: Path, block: Block) -> None:
    """Write a block behind the committed rows of its space, and sync it.

    Raises
    ------
    ValueError
        A vector is not finite, or not of length 1.
    OSError
        It cannot be written.
    """
    if not are_sound(block.vectors).all():
        raise ValueError(f"a vector of space {block.space.name!r} is not of length 1")
    vectors.append(
        vectors.path_of(folder, block.space), block.space.rows, block.vectors, block.space.dtype
    )
