"""New parts with many vectors each, on their way to the files of their spaces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.store import appending, changes, tokens, vectors
from mmrag_jupyter.store.appending import Block

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path
    from typing import TypeAlias

    import numpy.typing as npt

    from mmrag_jupyter.store.changes import Run
    from mmrag_jupyter.store.tokens import Integers, Tokens
    from mmrag_jupyter.store.values import Space

    Matrix = npt.NDArray[np.float32]
    # One vector a part, or one matrix a part with a vector a token.
    PartVectors: TypeAlias = Matrix | Sequence[Matrix]

# Steps of k-means after a first choice of vectors far apart: more change nothing of note.
_STEPS = 3


@dataclass(frozen=True, slots=True, eq=False)
class TokenBlock(Block):
    """A block of a space with tokens: `tokens` are those of all its parts, in their order."""

    tokens: Tokens
    counts: Integers


def block(space: Space, ordinals: npt.NDArray[np.int64], found: PartVectors, parts: int) -> Block:
    """Check the vectors of parts and bring them in order.

    Parameters
    ----------
    ordinals
        Shape (m,): which of the batch's `parts` parts each of `found` is of.
    found
        Shape (m, dim), or in a space with tokens m matrices of shape (tokens, dim).

    Raises
    ------
    ValueError
        Shapes do not fit, an ordinal is not that of a part or occurs twice, or a vector of a
        space with tokens is not finite.
    """
    if not space.token_dim:
        return appending.block(space, ordinals, np.asarray(found, np.float32), parts)
    order = np.argsort(ordinals, kind="stable").tolist()
    own = [np.asarray(found[at], np.float32) for at in order]
    for one in own:
        if one.ndim != 2 or one.shape[1] != space.token_dim or not len(one):  # noqa: PLR2004
            raise ValueError(
                f"tokens of shape {one.shape} for space {space.name!r}, not (n, {space.token_dim})"
            )
        if not np.isfinite(one).all():
            raise ValueError(f"a vector of space {space.name!r} is not finite")
    few = np.stack([few_of(one).reshape(-1) for one in own]) if own else _none(space)
    ordered = np.asarray(ordinals, np.int64)[order]
    made = appending.block(space, ordered, few, parts)
    counts = np.array([len(one) for one in own], np.int64)
    rows = np.concatenate(own) if own else np.empty((0, space.token_dim))
    return TokenBlock(space, made.ordinals, made.vectors, rows.astype(np.float16), counts)


def few_of(vectors: Matrix) -> Matrix:
    """Return `FEW` vectors that stand for all of a part's, shape (FEW, dim), as long together as 1.

    They are the centres of k-means over the cosines, begun with vectors as far apart as can
    be; a part of fewer has some of them several times.
    """
    chosen = [0]
    nearest = vectors @ vectors[0]
    for _ in range(min(tokens.FEW, len(vectors)) - 1):
        chosen.append(int(nearest.argmin()))
        nearest = np.maximum(nearest, vectors @ vectors[chosen[-1]])
    centres = vectors[chosen].copy()
    for _ in range(_STEPS):
        own = (vectors @ centres.T).argmax(axis=1)
        member = np.zeros((len(centres), len(vectors)), np.float32)
        member[own, np.arange(len(vectors))] = 1
        sums = member @ vectors
        lengths = np.linalg.norm(sums, axis=1)
        filled = lengths > 0
        centres[filled] = sums[filled] / lengths[filled, None]
    repeated = centres[np.arange(tokens.FEW) % len(centres)]
    return np.asarray(repeated / np.sqrt(np.float32(tokens.FEW)), np.float32)


def append(folder: Path, block: Block) -> None:
    """Write a block behind the committed rows of its space, and sync it.

    Raises
    ------
    ValueError
        A vector is not finite.
    OSError
        It cannot be written.
    """
    if isinstance(block, TokenBlock):
        path = tokens.path_of(folder, block.space)
        vectors.append(path, block.space.token_rows, block.tokens)
    appending.append(folder, block)


def append_run(db: sqlite3.Connection, block: Block, run: Run) -> None:
    """Name the rows that were appended to a block's space."""
    if isinstance(block, TokenBlock) and len(run.parts):
        space = block.space
        tokens.write_spans(db, space.number, space.rows, space.token_rows, block.counts)
        db.execute(
            "UPDATE tokens SET rows = rows + ? WHERE space = ?", (len(block.tokens), space.number)
        )
    changes.append_run(db, block.space, run)


def _none(space: Space) -> Matrix:
    return np.empty((0, space.dim), np.float32)
