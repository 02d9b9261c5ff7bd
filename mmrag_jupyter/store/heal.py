"""Make records and vectors agree again: what cannot be read is no longer named."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.store import changes, joined, joining, tokens_upkeep, vectors
from mmrag_jupyter.store.digests import DIGEST_BYTES
from mmrag_jupyter.store.rows import MODALITIES
from mmrag_jupyter.store.runs import unpacked
from mmrag_jupyter.store.soundness import are_sound
from mmrag_jupyter.store.spaces import read_spaces

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    import numpy.typing as npt

    from mmrag_jupyter.store.values import Space

    Mask = npt.NDArray[np.bool_]
    Runs = npt.NDArray[np.void]

_BLOCK = 16_384
# A row of a run that is lost stands for no part.
_NO_PART = -1
_RUN = np.dtype([("part", "<i8"), ("item", "<i8"), ("flag", "u1"), ("digest", f"V{DIGEST_BYTES}")])


def heal(folder: Path, db: sqlite3.Connection) -> list[str]:
    """Bring a collection's records and vector files in agreement; return a line a finding.

    Parts without an item go, and rows without a part. Items that lost parts or vectors
    forget their hash, so that the next load takes them for changed. `db` is in a transaction.
    """
    _drop_orphans(db)
    joining.heal(db)
    lines: list[str] = []
    for space in read_spaces(db):
        lines += _heal_space(folder, db, space)
    _restore_counters(db)
    return lines


def _drop_orphans(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM parts WHERE item NOT IN (SELECT item FROM items)")
    db.execute("DELETE FROM nodes WHERE item NOT IN (SELECT item FROM items)")
    db.execute("DELETE FROM runs WHERE space NOT IN (SELECT space FROM spaces)")
    db.execute(
        "UPDATE items SET digest = x'' WHERE parts <>"
        " (SELECT count(*) FROM parts p WHERE p.part BETWEEN items.part"
        " AND items.part + items.parts - 1)"
    )


def _heal_space(folder: Path, db: sqlite3.Connection, space: Space) -> list[str]:
    path = vectors.path_of(folder, space)
    reason, readable = vectors.mended(path, space.dim, space.dtype, space.rows)
    runs = _runs(db, space)[:readable]
    whole = replace(space, rows=len(runs))
    stored = np.fromiter((part for (part,) in db.execute("SELECT part FROM parts")), np.int64)
    named = np.isin(runs["part"], stored) & _is_last(runs["part"])
    whole_tokens, broken = tokens_upkeep.heal(folder, db, whole)
    reason = reason or broken
    alive = named & are_sound(vectors.mapped(folder, whole)) & whole_tokens
    _write(db, whole, runs, alive)
    lost = space.rows - space.dead - int(np.count_nonzero(alive))
    if not reason and lost <= 0:
        return []
    _forget(db, space, runs["part"][alive])
    reason = reason or "some of its vectors were damaged or are no longer named"
    kept = np.count_nonzero(alive)
    again = f"{max(lost, 0):,} are embedded again by the next load"
    return [f"{path.name}: {reason}; kept {kept:,} vectors, {again}"]


def _runs(db: sqlite3.Connection, space: Space) -> Runs:
    """Return what each row stands for, shape (rows,); rows of lost runs stand for no part."""
    rows = np.zeros(space.rows, _RUN)
    rows["part"] = _NO_PART
    for start, *blobs in db.execute(
        "SELECT row, parts, items, flags, digests FROM runs WHERE space = ? ORDER BY row",
        (space.number,),
    ):
        for name, blob in zip(_RUN.names or (), blobs, strict=True):
            is_number = name in {"part", "item"}
            values = unpacked(blob, len(blobs[2])) if is_number else np.frombuffer(blob, _RUN[name])
            end = min(start + len(values), space.rows)
            rows[name][start:end] = values[: end - start]
    rows["part"][rows["flag"] % 128 >= len(MODALITIES)] = _NO_PART
    return rows


def _is_last(parts: npt.NDArray[np.int64]) -> Mask:
    """Tell of each row whether no later one is of the same part."""
    _, first = np.unique(parts[::-1], return_index=True)
    last = np.zeros(len(parts), np.bool_)
    last[len(parts) - 1 - first] = True
    return last


def _write(db: sqlite3.Connection, space: Space, runs: Runs, alive: Mask) -> None:
    """Name a space's rows anew."""
    for table in ("runs", "dead"):
        db.execute(f"DELETE FROM {table} WHERE space = ?", (space.number,))
    db.execute("UPDATE spaces SET rows = ?, dead = 0 WHERE space = ?", (len(runs), space.number))
    for start in range(0, len(runs), _BLOCK):
        some = runs[start : start + _BLOCK]
        run = changes.Run(some["part"], some["item"], some["flag"], some["digest"].tobytes())
        changes.insert_run(db, space.number, start, run)
    changes.bury(db, space, np.flatnonzero(~alive))


def _forget(db: sqlite3.Connection, space: Space, kept: npt.NDArray[np.int64]) -> None:
    """Forget the hashes of items with a part that should have a vector, and has none."""
    marks = ", ".join("?" * len(space.modalities))
    rows = db.execute(
        f"SELECT part, item FROM parts WHERE modality IN ({marks})", sorted(space.modalities)
    )
    found = np.fromiter(rows, np.dtype([("part", np.int64), ("item", np.int64)]))
    bare = np.unique(found["item"][~np.isin(found["part"], kept)])
    db.executemany(
        "UPDATE items SET digest = x'' WHERE item = ?", ((one,) for one in bare.tolist())
    )


def _restore_counters(db: sqlite3.Connection) -> None:
    """Count anew; numbers that were used once are not used again."""
    exact = {"items": db.execute("SELECT count(*) FROM items").fetchone()[0]}
    counted = dict(db.execute("SELECT modality, count(*) FROM parts GROUP BY modality"))
    exact |= {name: counted.get(name, 0) for name in MODALITIES}
    db.executemany("INSERT OR REPLACE INTO counters VALUES (?, ?)", exact.items())
    for name, query in (
        ("next_item", "SELECT max(item) FROM items"),
        ("next_part", "SELECT max(part) FROM parts"),
        ("next_space", "SELECT max(space) FROM spaces"),
        *([("next_row", "SELECT max(row) FROM joined_rows")] if joined.exist(db) else []),
    ):
        largest = db.execute(query).fetchone()[0] or 0
        db.execute(
            "INSERT INTO counters VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
            (name, largest),
        )
