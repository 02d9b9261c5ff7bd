"""Spaces with many vectors a part: what is on disk of them beside an ordinary space.

The vectors of all parts, one a token, lie one behind the other in a file of float16 that only
grows. The table `spans` says where those of each row begin and how many they are, by the
runs that one commit appended; `tokens` how many rows are committed in all. The row of such a
space in its ordinary vector file holds a few vectors of the same part, joined end to end:
those that stand for all of its tokens in the first stage of a search.
"""

from __future__ import annotations

import sqlite3
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mmrag_jupyter.store import vectors

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from mmrag_jupyter.store.nearest import View
    from mmrag_jupyter.store.values import Space

    Integers = npt.NDArray[np.int64]
    Tokens = npt.NDArray[np.float16]

# How many vectors stand for a part in the first stage. With 16, pages of many topics needed
# ten times as many candidates; with one, or with an encoding of fixed length (MUVERA), nearly
# all parts were candidates. See docs/late-interaction.md.
FEW = 32

DTYPE: Final = "float16"

# A damaged page of the records costs the tokens of so many parts, not of a whole commit.
_SPANS = 512

# Made with the first space that has tokens, so that other collections are as they were.
TABLES = """
CREATE TABLE IF NOT EXISTS tokens (
    space INTEGER PRIMARY KEY, dim INTEGER NOT NULL, rows INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS spans (
    space INTEGER NOT NULL, row INTEGER NOT NULL, start INTEGER NOT NULL, counts BLOB NOT NULL,
    PRIMARY KEY (space, row)
);
"""


@dataclass(frozen=True, slots=True, eq=False)
class TokenRows:
    """The tokens of some rows: row r has those from `starts[r]` on, `counts[r]` of them."""

    tokens: Tokens
    starts: Integers
    counts: Integers

    def of_row(self, row: int) -> npt.NDArray[np.float32]:
        """Return the tokens of a row, shape (n, dim) float32."""
        start = int(self.starts[row])
        return np.array(self.tokens[start : start + int(self.counts[row])], np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class TokenView(TokenRows):
    """The tokens of one space as of one commit."""

    view: View


def read_sizes(db: sqlite3.Connection) -> dict[int, tuple[int, int]]:
    """Return the length of a token's vector and the number of tokens, by spaces that have any."""
    try:
        rows = db.execute("SELECT space, dim, rows FROM tokens").fetchall()
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise
        return {}
    return {space: (dim, count) for space, dim, count in rows}


def file_name(number: int, generation: int) -> str:
    """Return the name of the file of a space's tokens."""
    return vectors.file_name(number, generation).replace(".vec", ".tok")


def path_of(folder: Path, space: Space) -> Path:
    """Return the path of the file of a space's tokens."""
    return folder / file_name(space.number, space.generation)


def add(db: sqlite3.Connection, folder: Path, number: int, dim: int) -> None:
    """Make a new space one that has tokens."""
    for statement in TABLES.split(";")[:-1]:
        db.execute(statement)
    vectors.create(folder / file_name(number, 0), dim, DTYPE)
    db.execute("INSERT INTO tokens (space, dim) VALUES (?, ?)", (number, dim))


def drop(db: sqlite3.Connection, space: Space) -> None:
    """Forget a space's tokens."""
    if space.token_dim:
        for table in ("tokens", "spans"):
            db.execute(f"DELETE FROM {table} WHERE space = ?", (space.number,))


def check(folder: Path, space: Space) -> None:
    """Compare the file of a space's tokens with the records.

    Raises
    ------
    VectorFileError
        They do not agree.
    FileNotFoundError
        There is no such file.
    """
    if space.token_dim:
        vectors.check_file(path_of(folder, space), space.token_dim, DTYPE, space.token_rows)


def mapped(folder: Path, space: Space) -> Tokens:
    """Return a space's tokens, shape (token_rows, token_dim), mapped and not read."""
    shape = space.token_rows, space.token_dim
    if not space.token_rows:
        return np.empty(shape, np.float16)
    # As a private copy, which nothing is ever written to: PyTorch warns of read-only arrays.
    return np.memmap(path_of(folder, space), "<f2", "c", vectors.HEADER_BYTES, shape)


def read_spans(db: sqlite3.Connection, space: Space) -> tuple[Integers, Integers]:
    """Return where the tokens of each row begin, and how many they are, shape (rows,) each.

    A row whose span is lost has none.
    """
    starts, counts = np.zeros(space.rows, np.int64), np.zeros(space.rows, np.int64)
    for row, start, blob in db.execute(
        "SELECT row, start, counts FROM spans WHERE space = ? AND row < ? ORDER BY row",
        (space.number, space.rows),
    ):
        own = np.frombuffer(blob, "<i4")[: space.rows - row].astype(np.int64)
        counts[row : row + len(own)] = own
        starts[row : row + len(own)] = start + np.cumsum(own) - own
    return starts, counts


def write_spans(db: sqlite3.Connection, space: int, row: int, start: int, counts: Integers) -> None:
    """Say where the tokens of the rows from `row` on are: one behind the other from `start` on."""
    before = start + np.cumsum(counts) - counts
    db.executemany(
        "INSERT INTO spans VALUES (?, ?, ?, ?)",
        [
            (space, row + at, int(before[at]), counts[at : at + _SPANS].astype("<i4").tobytes())
            for at in range(0, len(counts), _SPANS)
        ],
    )


def view_of(db: sqlite3.Connection, folder: Path, view: View) -> TokenView:
    """Return the tokens of a space as `db` sees it."""
    space = view.space
    starts, counts = read_spans(db, space)
    return TokenView(mapped(folder, space), starts, counts, view)


def widened(block: Tokens) -> npt.NDArray[np.float32]:
    """Return numbers of float16 as float32."""
    # Whoever embeds by a large model has loaded PyTorch, which is twenty times as fast here.
    torch: Any = sys.modules.get("torch")
    if torch is None:
        return block.astype(np.float32)
    wide: npt.NDArray[np.float32] = torch.from_numpy(np.asarray(block)).float().numpy()
    return wide
