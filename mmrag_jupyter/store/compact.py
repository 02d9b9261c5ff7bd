"""Rewrite a space without its dead rows, aside, and swap it in."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.store import changes, vectors
from mmrag_jupyter.store.digests import DIGEST_BYTES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path

    from mmrag_jupyter.store.nearest import View
    from mmrag_jupyter.store.values import Space

_BLOCK = 16_384


def compact(folder: Path, db: sqlite3.Connection, view: View) -> Path:
    """Write a space's alive rows to a file of the next generation, and name that one instead.

    Readers that still see the old records find the old file, which is the caller's to delete
    once this transaction is committed.

    Returns
    -------
    The path of the old file.
    """
    space = view.space
    alive = np.arange(space.rows) if view.rows.alive is None else np.flatnonzero(view.rows.alive)
    path = folder / vectors.file_name(space.number, space.generation + 1)
    draft = path.with_name(path.name + ".new")
    vectors.create(draft, space.dim, space.dtype)
    blobs = db.execute(
        "SELECT digests FROM runs WHERE space = ? ORDER BY row", (space.number,)
    ).fetchall()
    digests = np.frombuffer(b"".join(blob for (blob,) in blobs), f"V{DIGEST_BYTES}")
    db.execute("DELETE FROM runs WHERE space = ?", (space.number,))
    db.execute("DELETE FROM dead WHERE space = ?", (space.number,))
    db.execute(
        "UPDATE spaces SET rows = ?, dead = 0, generation = generation + 1 WHERE space = ?",
        (len(alive), space.number),
    )
    for start in range(0, len(alive), _BLOCK):
        rows = alive[start : start + _BLOCK]
        vectors.append(draft, start, view.vectors[rows])
        of = view.rows
        run = changes.Run(of.parts[rows], of.items[rows], of.flags[rows], digests[rows].tobytes())
        changes.insert_run(db, space.number, start, run)
    draft.replace(path)
    return vectors.path_of(folder, space)


def remove_strays(folder: Path, spaces: Sequence[Space]) -> None:
    """Delete vector files that no space names: a compaction that was killed left them."""
    known = {vectors.path_of(folder, space) for space in spaces}
    for path in folder.glob("space-*.vec*"):
        if path not in known:
            with suppress(OSError):
                path.unlink()
