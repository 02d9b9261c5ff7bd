"""Read the spaces of a collection out of the records."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from mmrag_jupyter.store.tokens import read_sizes
from mmrag_jupyter.store.values import RECALL, RECALL_SETTING, Precision, Space

if TYPE_CHECKING:
    import sqlite3

_QUERY = "SELECT space, name, address, dim, modalities, rows, dtype, dead, generation FROM spaces"


def read_spaces(db: sqlite3.Connection) -> list[Space]:
    """Return all spaces, in the order in which they were added."""
    shared = read_sizes(db), _recall(db)
    return [_space(*shared, *row) for row in db.execute(f"{_QUERY} ORDER BY space")]


def space_of(db: sqlite3.Connection, number: int) -> Space:
    """Return the space with this number.

    Raises
    ------
    KeyError
        There is none.
    """
    row = db.execute(f"{_QUERY} WHERE space = ?", (number,)).fetchone()
    if row is None:
        raise KeyError(f"there is no space {number}")
    return _space(read_sizes(db), _recall(db), *row)


def _recall(db: sqlite3.Connection) -> float:
    row = db.execute("SELECT value FROM settings WHERE key = ?", (RECALL_SETTING,)).fetchone()
    return float(row[0]) if row is not None else RECALL


def _space(  # noqa: PLR0917
    sizes: dict[int, tuple[int, int]], recall: float,
    number: int, name: str, address: str | None, dim: int, modalities: str, rows: int,
    dtype: str, dead: int, generation: int,
) -> Space:  # fmt: skip
    precision: Precision = next((one for one in get_args(Precision) if one == dtype), "float32")
    known = frozenset(modalities.split())
    own = sizes.get(number, (0, 0))
    return Space(number, name, address, dim, known, rows, precision, dead, generation, *own, recall)
