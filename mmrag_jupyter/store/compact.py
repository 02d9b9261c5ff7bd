"""Rewrite a space without its dead rows, aside, and swap it in."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.store import changes, index_file, tokens, tokens_upkeep, vectors, word_index
from mmrag_jupyter.store.digests import DIGEST_BYTES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path

    from mmrag_jupyter.store.nearest import View
    from mmrag_jupyter.store.values import Space

_BLOCK = 16_384
# Seconds: writing an index takes some at most.
_IN_THE_MAKING = 3600


def compact(folder: Path, db: sqlite3.Connection, view: View) -> list[Path]:
    """Write a space's alive rows to files of the next generation, and name those instead.

    Readers that still see the old records find the old files, which are the caller's to
    delete once this transaction is committed.

    Returns
    -------
    The paths of the old files.
    """
    space = view.space
    alive = np.arange(space.rows) if view.rows.alive is None else np.flatnonzero(view.rows.alive)
    # Nobody looks for the next generation before the commit that names it, and what a kill
    # leaves of it is written over: no other name is needed, whose change might be lost.
    path = folder / vectors.file_name(space.number, space.generation + 1)
    vectors.create(path, space.dim, space.dtype)
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
        vectors.append(path, start, view.vectors[rows], space.dtype)
        of = view.rows
        run = changes.Run(of.parts[rows], of.items[rows], of.flags[rows], digests[rows].tobytes())
        changes.insert_run(db, space.number, start, run)
    tokens_upkeep.compact(folder, db, view, alive)
    return [vectors.path_of(folder, space), tokens.path_of(folder, space)]


def remove_strays(folder: Path, spaces: Sequence[Space]) -> None:
    """Delete files of vectors and indexes that no space names: a kill left them behind."""
    known = {vectors.path_of(folder, space) for space in spaces}
    known |= {tokens.path_of(folder, space) for space in spaces if space.token_dim}
    indexes = {index_file.path_of(folder, space.number) for space in spaces}
    known |= indexes | {path.with_name(f"{path.name}.lock") for path in indexes}
    for kind in ("vec", "tok", "faiss"):
        for path in folder.glob(f"space-*.{kind}*"):
            if path not in known:
                with suppress(OSError):
                    _remove_stray(path)
    for path in folder.glob(f"{word_index.FOLDER}.*.new"):
        with suppress(OSError):
            _remove_stray(path)


def _remove_stray(path: Path) -> None:
    # Readers build indexes too, without a lock: one that is young may be in the making.
    is_cache = path.name.endswith(".new")
    if is_cache and time.time() - path.stat().st_mtime < _IN_THE_MAKING:
        return
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink()
