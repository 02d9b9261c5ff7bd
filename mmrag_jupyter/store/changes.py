"""The steps of a commit: functions over a connection that is in a transaction."""

from __future__ import annotations

from collections import Counter
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mmrag_jupyter.store import epochs, lexical, lookup
from mmrag_jupyter.store.digests import DIGEST_BYTES
from mmrag_jupyter.store.itemrows import in_chunks
from mmrag_jupyter.store.rows import ITEM_HAS_TEXT, MODALITY_CODES
from mmrag_jupyter.store.runs import packed
from mmrag_jupyter.store.text import to_key

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt

    from mmrag_jupyter.store.batch import Cells, Parts
    from mmrag_jupyter.store.lookup import Place
    from mmrag_jupyter.store.nearest import View
    from mmrag_jupyter.store.values import Space

# A damaged page of the records costs the names of so many vectors, not of a whole commit.
_RUN_ROWS = 512
_ROWS_AT_ONCE = 16
# Fewer than any build of SQLite takes in one statement.
_MOST_VALUES = 32_000


def count(db: sqlite3.Connection, changes: Mapping[str, int]) -> None:
    """Add to counters."""
    db.executemany(
        "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + ?",
        [(name, change, change) for name, change in changes.items() if change],
    )


def take_numbers(db: sqlite3.Connection, name: str, wanted: int) -> int:
    """Return the first of so many numbers that have never been used."""
    first = lookup.counter(db, name) + 1
    count(db, {name: wanted})
    return first


def remove_parts(
    db: sqlite3.Connection, views: Iterable[View], places: Iterable[Place]
) -> list[bytes]:
    """Remove all parts of items; return the hashes of those with a picture in the store.

    Parameters
    ----------
    views
        All spaces, as they are before this transaction.
    """
    numbers = [place.part + at for place in places for at in range(place.parts)]
    blobs: list[bytes] = []
    counts: Counter[str] = Counter()
    for marks, some in in_chunks(numbers):
        rows = db.execute(
            f"SELECT part, modality, text, digest, has_blob FROM parts WHERE part IN ({marks})",
            some,
        ).fetchall()
        lexical.remove(db, [(row[0], row[2]) for row in rows if row[2] is not None])
        db.execute(f"DELETE FROM parts WHERE part IN ({marks})", some)
        counts.update(row[1] for row in rows)
        blobs += [row[3] for row in rows if row[4]]
    count(db, {name: -number for name, number in counts.items()})
    for view in views:
        bury(db, view.space, view.rows.of_parts(numbers))
    return blobs


def bury(db: sqlite3.Connection, space: Space, rows: npt.NDArray[np.int64]) -> None:
    """Mark rows of a space dead; -1 stands for none."""
    rows = rows[rows >= 0]
    if not len(rows):
        return
    db.executemany("INSERT INTO dead VALUES (?, ?)", [(space.number, row) for row in rows.tolist()])
    db.execute("UPDATE spaces SET dead = dead + ? WHERE space = ?", (len(rows), space.number))


def drop_orphans(db: sqlite3.Connection, digests: Iterable[bytes]) -> None:
    """Remove the pictures with these hashes that no part shows any more."""
    db.executemany(
        "DELETE FROM blobs WHERE digest = ? AND NOT EXISTS"
        " (SELECT 1 FROM parts WHERE parts.digest = blobs.digest AND has_blob)",
        [(digest,) for digest in set(digests)],
    )


def insert_parts(db: sqlite3.Connection, parts: Parts) -> None:
    """Store parts, their texts in the index of words, and their pictures."""
    insert(db, "parts", {f'"{name}"': values for name, values in parts.columns.items()})
    lexical.add(db, parts.texts)
    db.executemany("INSERT OR IGNORE INTO blobs VALUES (?, ?)", parts.blobs)
    count(db, Counter(map(str, parts.columns["modality"])))


def insert_items(
    db: sqlite3.Connection,
    columns: Sequence[Sequence[object]],
    cells: Cells,
    existing: Iterable[int],
) -> None:
    """Store items: new ones, and in place of those whose numbers are `existing`.

    Parameters
    ----------
    columns
        The numbers, ids, sources, hashes, first parts and numbers of parts.
    """
    names = ["item", "id", "source", "digest", "part", "parts", *cells.names]
    replaced = set(existing)
    update = ", ".join(f"{name} = excluded.{name}" for name in names[2:])
    ending = f" ON CONFLICT (item) DO UPDATE SET {update}" if replaced else ""
    insert(db, "items", dict(zip(names, [*columns, *cells.values], strict=True)), ending)
    epochs.touched(db, columns[0])  # type: ignore[arg-type]
    count(db, {"items": len(columns[0]) - len(replaced)})


def insert(
    db: sqlite3.Connection, table: str, columns: Mapping[str, Sequence[object]], ending: str = ""
) -> None:
    """Insert rows given by column, several a statement: a third of the time less."""
    at_once = max(1, min(_ROWS_AT_ONCE, _MOST_VALUES // len(columns)))
    count = len(next(iter(columns.values())))
    even = count - count % at_once
    row = f"({', '.join('?' * len(columns))})"
    insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES "
    values = chain.from_iterable(zip(*columns.values(), strict=True))
    groups = zip(*[islice(values, even * len(columns))] * (at_once * len(columns)), strict=True)
    db.executemany(insert + ", ".join([row] * at_once) + ending, groups)
    db.executemany(insert + row + ending, zip(*[values] * len(columns), strict=True))


def update_items(
    db: sqlite3.Connection,
    rows: Sequence[Sequence[object]],
    cells: Cells,
    numbers: Sequence[int],
) -> None:
    """Change items: `rows` are their sources and hashes."""
    names = ["source", "digest", *cells.names]
    changed = zip(rows, numbers, *cells.values, strict=True)
    db.executemany(
        f"UPDATE items SET {', '.join(f'{name} = ?' for name in names)} WHERE item = ?",
        ((*row, *values, number) for row, number, *values in changed),
    )
    epochs.touched(db, numbers)


class Run(NamedTuple):
    """What appended rows stand for, in their order: shapes (n,), and n hashes in a row."""

    parts: npt.NDArray[np.int64]
    items: npt.NDArray[np.int64]
    flags: npt.NDArray[np.uint8]
    digests: bytes


def append_run(db: sqlite3.Connection, space: Space, run: Run) -> None:
    """Name the rows that were appended to a space."""
    if len(run.parts):
        insert_run(db, space.number, space.rows, run)
        db.execute(
            "UPDATE spaces SET rows = rows + ? WHERE space = ?", (len(run.parts), space.number)
        )


def insert_run(db: sqlite3.Connection, space: int, row: int, run: Run) -> None:
    """Say what the rows of a space from `row` on stand for."""
    width = DIGEST_BYTES
    db.executemany(
        "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                space, row + at, packed(run.parts[at:end]), packed(run.items[at:end]),
                run.flags[at:end].tobytes(), run.digests[at * width : end * width],
            )
            for at in range(0, len(run.parts), _RUN_ROWS)
            for end in [at + _RUN_ROWS]
        ],
    )  # fmt: skip


def stored_run(db: sqlite3.Connection, parts: npt.NDArray[np.int64]) -> Run:
    """Return the run of vectors of parts that are stored already.

    Raises
    ------
    KeyError
        A part is gone.
    """
    found = {}
    for marks, some in in_chunks(parts.tolist()):
        query = (
            "SELECT p.part, p.item, p.modality, p.digest, EXISTS (SELECT 1 FROM parts q"
            " WHERE q.part BETWEEN i.part AND i.part + i.parts - 1 AND q.text IS NOT NULL)"
            f" FROM parts p JOIN items i ON i.item = p.item WHERE p.part IN ({marks})"
        )
        for part, item, modality, digest, has_text in db.execute(query, some):
            flag = MODALITY_CODES[modality] | (ITEM_HAS_TEXT if has_text else 0)
            found[part] = (item, flag, digest)
    rows = [found[part] for part in parts.tolist()]
    items = np.array([row[0] for row in rows], np.int64)
    flags = np.array([row[1] for row in rows], np.uint8)
    return Run(parts, items, flags, b"".join(row[2] for row in rows))


def remove_items(db: sqlite3.Connection, items: Sequence[int]) -> None:
    """Remove items; their parts are gone already."""
    remove_nodes(db, items)
    for marks, some in in_chunks(items):
        db.execute(f"DELETE FROM items WHERE item IN ({marks})", some)
    epochs.touched(db, items)
    count(db, {"items": -len(items)})


def remove_nodes(db: sqlite3.Connection, items: Sequence[int]) -> None:
    """Forget what is kept of items as LlamaIndex nodes."""
    for marks, some in in_chunks(items):
        db.execute(f"DELETE FROM nodes WHERE item IN ({marks})", some)


def restamp(db: sqlite3.Connection, stamps: Iterable[tuple[object, ...]]) -> None:
    """Note where files are now: path, size and mtime, then part number and content hash."""
    db.executemany(
        "UPDATE parts SET path = ?, size = ?, mtime_ns = ? WHERE part = ? AND digest = ?", stamps
    )


def replace_problems(
    db: sqlite3.Connection, source: str, problems: Iterable[tuple[str, str]]
) -> None:
    """Keep the problems of a source's last load, name and reason each."""
    db.execute("DELETE FROM problems WHERE source = ?", (to_key(source),))
    db.executemany(
        "INSERT INTO problems VALUES (?, ?, ?)",
        [(to_key(source), to_key(name), to_key(reason)) for name, reason in problems],
    )
