"""Find vectors by the content of their part, so that nothing is embedded twice."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    import numpy.typing as npt

    from mmrag_jupyter.store.nearest import View

    Words = npt.NDArray[np.uint64]

DIGEST_BYTES = 16
_MOST_SEGMENTS = 8


class DigestIndex:
    """The content hashes of one space's rows, sorted by their first half.

    Read from the records on first use, and what is new since on every later one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._generation = -1
        self._clear()

    def rows(
        self, db: sqlite3.Connection, view: View, digests: Sequence[bytes]
    ) -> dict[bytes, int]:
        """Return an alive row for each of the 16-byte hashes that has one."""
        wanted = np.frombuffer(b"".join(digests), "<u8").reshape(-1, 2)
        found: dict[bytes, int] = {}
        with self._lock:
            self._refresh(db, view)
            for keys, rows in self._segments:
                first = np.searchsorted(keys, wanted[:, 0], "left")
                last = np.searchsorted(keys, wanted[:, 0], "right")
                for at in np.flatnonzero(first < last).tolist():
                    same = rows[first[at] : last[at]]
                    same = same[(self._words[same] == wanted[at]).all(axis=1)]
                    if view.rows.alive is not None:
                        same = same[view.rows.alive[same]]
                    if len(same):
                        found[digests[at]] = int(same[0])
        return found

    def _clear(self) -> None:
        self._words: Words = np.empty((0, 2), np.uint64)
        self._segments: list[tuple[Words, npt.NDArray[np.int64]]] = []

    def _refresh(self, db: sqlite3.Connection, view: View) -> None:
        if self._generation != view.space.generation or len(self._words) > view.space.rows:
            self._clear()
            self._generation = view.space.generation
        known = len(self._words)
        runs = db.execute(
            "SELECT digests FROM runs WHERE space = ? AND row >= ? ORDER BY row",
            (view.space.number, known),
        ).fetchall()
        if not runs:
            return
        added = np.frombuffer(b"".join(blob for (blob,) in runs), "<u8").reshape(-1, 2)
        self._words = np.concatenate([self._words, added])
        start = known
        if len(self._segments) >= _MOST_SEGMENTS:
            self._segments, start = [], 0
        order = np.argsort(self._words[start:, 0])
        self._segments.append((self._words[start:, 0][order], order + start))
