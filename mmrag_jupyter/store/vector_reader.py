"""Read the vectors of a collection's parts, as of the last commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.store import lookup
from mmrag_jupyter.store.digests import DigestIndex
from mmrag_jupyter.store.matrix import matrix_of
from mmrag_jupyter.store.nearest import (
    MovedError,
    Views,
    checked,
    damaged_vectors,
    overwritten,
)
from mmrag_jupyter.store.records import Records
from mmrag_jupyter.store.soundness import UnsoundError
from mmrag_jupyter.store.spaces import space_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import TypeVar

    import numpy.typing as npt

    from mmrag_jupyter.items import Modality
    from mmrag_jupyter.store.matrix import Matrix
    from mmrag_jupyter.store.nearest import View
    from mmrag_jupyter.store.selection import Selection
    from mmrag_jupyter.store.values import Space

    T = TypeVar("T")

# A reader can meet a compaction at most once in a while, never this often in a row.
_TRIES = 5


class VectorReader(Records):
    """The records of the collection in `folder`, and the vectors beside them.

    `notices` collects lines for the user, such as that an index was rebuilt; whoever shows
    them clears them.
    """

    def __init__(self, folder: Path, mode: str) -> None:
        super().__init__(folder, mode)
        self.notices: list[str] = []
        self._views = Views(folder, self.notices)
        self._digests: dict[int, DigestIndex] = {}

    def vectors_of(
        self, space: int, digests: Sequence[bytes]
    ) -> dict[bytes, npt.NDArray[np.float32]]:
        """Return the vectors, shape (dim,) float32, of parts with these content hashes."""

        def read(db: sqlite3.Connection, view: View) -> dict[bytes, npt.NDArray[np.float32]]:
            index = self._digests.setdefault(space, DigestIndex())
            rows = index.rows(db, view, digests)
            vectors = view.read(np.fromiter(rows.values(), np.int64, len(rows)))
            return dict(zip(rows, vectors, strict=True))

        return self._in_space(space, read) if digests else {}

    def parts_without_vector(self, space: int, modality: Modality) -> list[int]:
        """Return the parts of a modality that have no vector in a space, and could have one."""

        def read(db: sqlite3.Connection, view: View) -> list[int]:
            parts = np.array(lookup.embeddable(db, modality), np.int64)
            return [int(part) for part in parts[view.rows.of_parts(parts) < 0]]

        return self._in_space(space, read)

    def vectors(self, space: int, parts: Sequence[int]) -> npt.NDArray[np.float32]:
        """Return the vectors of parts, shape (n, dim) float32.

        Raises
        ------
        KeyError
            A part has none in this space.
        """

        def read(_: sqlite3.Connection, view: View) -> npt.NDArray[np.float32]:
            rows = view.rows.of_parts(parts)
            for part, row in zip(parts, rows, strict=True):
                if row < 0:
                    raise KeyError(f"part {part} has no vector in space {space}")
            return view.read(rows)

        return self._in_space(space, read)

    def matrix(self, space: int, within: Selection | None = None) -> Matrix:
        """Return all vectors of a space, or those in a selection, to be read block by block."""
        return self._in_space(space, lambda _, view: matrix_of(self.folder, view, within))

    def spaces_of(self, part: int) -> list[int]:
        """Return the numbers of the spaces in which a part has a vector."""
        return [
            space.number
            for space in self.spaces()
            if self._in_space(space.number, lambda _, view: view.rows.of_parts([part])[0] >= 0)
        ]

    def _in_space(self, number: int, read: Callable[[sqlite3.Connection, View], T]) -> T:
        """Call `read` with a space as of the last commit."""
        for _ in range(_TRIES):
            with self._reading() as db:
                space = space_of(db, number)
                try:
                    return read(db, self._views.of(db, space))
                except MovedError:
                    continue
                except UnsoundError:
                    raise overwritten(self.folder, space) from None
        raise damaged_vectors(self.folder, space, "there is no such file", 0)

    def _check_vectors(self) -> None:
        for _ in range(_TRIES):
            missing = [space for space in self.spaces() if not self._has_vectors(space)]
            if not missing:
                return
        raise damaged_vectors(self.folder, missing[0], "there is no such file", 0)

    def _has_vectors(self, space: Space) -> bool:
        try:
            checked(self.folder, space)
        except MovedError:
            return False
        return True
