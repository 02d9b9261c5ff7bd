"""Keep the tokens of spaces in order: without those of removed parts, and after damage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.store import tokens, vectors
from mmrag_jupyter.store.soundness import are_sound

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    import numpy.typing as npt

    from mmrag_jupyter.store.nearest import View
    from mmrag_jupyter.store.tokens import Integers
    from mmrag_jupyter.store.values import Space

    Mask = npt.NDArray[np.bool_]

# Rows of a space whose tokens are in memory at once.
_ROWS = 64
# How far from 1 the length of a token may be.
_SLACK = 0.5


def compact(folder: Path, db: sqlite3.Connection, view: View, alive: Integers) -> None:
    """Write the tokens of a space's alive rows to a file of the next generation.

    The records name that file from this transaction's commit on. A space without tokens has
    nothing to be done.
    """
    space = view.space
    if not space.token_dim:
        return
    own = tokens.view_of(db, folder, view)
    path = folder / tokens.file_name(space.number, space.generation + 1)
    draft = path.with_name(path.name + ".new")
    vectors.create(draft, space.token_dim, tokens.DTYPE)
    db.execute("DELETE FROM spans WHERE space = ?", (space.number,))
    end = 0
    for at in range(0, len(alive), _ROWS):
        rows = alive[at : at + _ROWS]
        starts, counts = own.starts[rows], own.counts[rows]
        spans = zip(starts.tolist(), counts.tolist(), strict=True)
        kept = np.concatenate([own.tokens[start : start + count] for start, count in spans])
        vectors.append(draft, end, kept)
        tokens.write_spans(db, space.number, at, end, counts)
        end += len(kept)
    db.execute("UPDATE tokens SET rows = ? WHERE space = ?", (end, space.number))
    draft.replace(path)


def heal(folder: Path, db: sqlite3.Connection, space: Space) -> tuple[Mask, str]:
    """Bring a space's tokens and their records in agreement; `db` is in a transaction.

    Parameters
    ----------
    space
        As it is to be: its `rows` are those that are kept.

    Returns
    -------
    Of which rows the tokens can be read, shape (rows,), and what was wrong with their file,
    or "".
    """
    if not space.token_dim:
        return np.ones(space.rows, np.bool_), ""
    path = tokens.path_of(folder, space)
    fault, readable = vectors.mended(path, space.token_dim, tokens.DTYPE, space.token_rows)
    reason = f"the file of its tokens: {fault}" if fault else ""
    starts, counts = tokens.read_spans(db, space)
    sound = np.zeros(space.token_rows + 1, np.int64)
    stored = np.memmap(
        path, "<f2", "r", vectors.HEADER_BYTES, (readable, space.token_dim)
    ) if readable else np.empty((0, space.token_dim), np.float16)  # fmt: skip
    np.cumsum(are_sound(stored, _SLACK), out=sound[1 : readable + 1])
    sound[readable + 1 :] = sound[readable]
    ends = np.minimum(starts + counts, space.token_rows)
    whole = (counts > 0) & (sound[ends] - sound[starts] == counts)
    db.execute("DELETE FROM spans WHERE space = ?", (space.number,))
    for row in range(space.rows):
        tokens.write_spans(db, space.number, row, int(starts[row]), counts[row : row + 1])
    # What was cut off is written over by the next.
    db.execute("UPDATE tokens SET rows = ? WHERE space = ?", (readable, space.number))
    return whole, reason
