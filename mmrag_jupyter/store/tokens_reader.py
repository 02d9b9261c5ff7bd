"""Read and search the spaces of a collection that have many vectors a part."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

from mmrag_jupyter.store import tokens, tokens_search
from mmrag_jupyter.store.digests import DigestIndex
from mmrag_jupyter.store.nearest import overwritten
from mmrag_jupyter.store.soundness import UnsoundError
from mmrag_jupyter.store.tokens_few import few_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import Protocol, TypeVar

    import numpy as np
    import numpy.typing as npt

    from mmrag_jupyter.store.flat import Found
    from mmrag_jupyter.store.nearest import View
    from mmrag_jupyter.store.selection import Selection
    from mmrag_jupyter.store.tokens import TokenView
    from mmrag_jupyter.store.tokens_search import Question

    T = TypeVar("T")
    Matrix = npt.NDArray[np.float32]
    Mask = npt.NDArray[np.bool_]
    Ranked = tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]

    Among = Callable[[View, Matrix, int, Mask | None], Found]

    class InSpace(Protocol):
        """Calls a function with a space as of the last commit."""

        def __call__(self, number: int, read: Callable[[sqlite3.Connection, View], T]) -> T:
            """Return what `read` returns for the space `number`."""
            ...


class TokenReader:
    """The parts of the collection at `folder` by their many vectors; threads may share it.

    `among` finds the nearest of single vectors, as `Views.among` does.
    """

    def __init__(self, folder: Path, in_space: InSpace, among: Among) -> None:
        self._folder = folder
        self._in_space = in_space
        self._among = among
        self._lock = threading.Lock()
        self._views: dict[int, TokenView] = {}
        self._digests: dict[int, DigestIndex] = {}

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            self._views.clear()

    def nearest(
        self,
        space: int,
        question: Question,
        k: int,
        within: Selection | None = None,
        *,
        exact: bool = False,
    ) -> Ranked:
        """Find the k parts that score best by MaxSim, among those that may be found.

        Where `exact`, all of them are scored, however many they are.

        Returns
        -------
        Parts, shape (m,) int64 with m <= k, best first; and scores, shape (m,) float32.

        Raises
        ------
        StoreDamagedError
            What was read was no vector.
        """

        def search(db: sqlite3.Connection, view: View) -> Ranked:
            own = self._of(db, view)
            try:
                near = partial(self._among, few_of(view))
                scores, rows = tokens_search.nearest(
                    own, near, question, k, view.rows.allowed(within), exact=exact
                )
            except UnsoundError:
                raise overwritten(self._folder, view.space) from None
            return view.rows.parts[rows], scores

        return self._in_space(space, search)

    def of_digests(self, space: int, digests: Sequence[bytes]) -> dict[bytes, Matrix]:
        """Return the tokens, shape (n, dim) float32, of parts with these content hashes."""

        def read(db: sqlite3.Connection, view: View) -> dict[bytes, Matrix]:
            own = self._of(db, view)
            index = self._digests.setdefault(space, DigestIndex())
            rows = index.rows(db, view, digests)
            return {digest: own.of_row(row) for digest, row in rows.items() if own.counts[row]}

        return self._in_space(space, read) if digests else {}

    def of_parts(self, space: int, parts: Sequence[int]) -> list[Matrix]:
        """Return the tokens, shape (n, dim) float32, of those parts that have some in a space."""

        def read(db: sqlite3.Connection, view: View) -> list[Matrix]:
            own = self._of(db, view)
            rows = view.rows.of_parts(parts)
            return [own.of_row(row) for row in rows.tolist() if row >= 0]

        return self._in_space(space, read)

    def _of(self, db: sqlite3.Connection, view: View) -> TokenView:
        with self._lock:
            before = self._views.get(view.space.number)
            if before is None or before.view is not view:
                before = tokens.view_of(db, self._folder, view)
                self._views[view.space.number] = before
            return before
