"""Conditions on many items, from a cache of their columns that is made in the background."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.store import coded, epochs
from mmrag_jupyter.store.background import Background
from mmrag_jupyter.store.coded import CodedError, CodedFile
from mmrag_jupyter.store.coded_where import CodedConditions, UncodedError
from mmrag_jupyter.store.lookup import counter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt

    from mmrag_jupyter.store.background import Told
    from mmrag_jupyter.store.pool import Pool
    from mmrag_jupyter.store.where import Compiled
    from mmrag_jupyter.store.where_tree import Tree

    Integers = npt.NDArray[np.int64]

# Items from which on SQLite takes too long to look at each of them.
INDEX_ABOVE = 50_000
# Items that were added since, and are looked at one by one, until the columns are coded anew; at
# least, and as a share of the others.
_MOST_BESIDE = 12_500
_SHARE_BESIDE = 1 / 32
# Items that are looked at one by one for what the columns do not tell.
_MOST_LOOKED_AT = 10_000


class CodedColumns:
    """The coded columns of the collection in `folder`, as long as they hold."""

    def __init__(self, folder: Path, readers: Pool, notices: list[str]) -> None:
        self._folder = folder
        self._readers = readers
        self._notices = notices
        self._background = Background()
        self._lock = threading.Lock()
        self._opened: tuple[object, CodedConditions | None] = (None, None)

    def close(self) -> None:
        """Let go of the files."""
        self._background.close()
        with self._lock:
            self._let_go()

    def wait(self) -> None:
        """Wait until the columns that are being coded are there."""
        self._background.wait()

    def items(self, condition: Compiled, look: Callable[[str], Integers]) -> Integers | None:
        """Return the items for which a condition holds, sorted; None where that cannot be told.

        Parameters
        ----------
        look
            Has SQLite look at items; returns those for which its condition holds, sorted.

        Raises
        ------
        sqlite3.Error
            The records cannot be read.
        """
        with self._lock:
            conditions = self._current()
            if conditions is None:
                with self._readers.snapshot() as db:
                    self._start(db)
                return None
            mark = conditions.file.mark
            found = self._found(conditions, condition.tree, look)
            if found is not None:
                others = look(f"item > {mark.covered} AND {condition.sql}")
                found = np.concatenate((found, others))
            # Asked last: what holds now has held when others were looked at.
            with self._readers.snapshot() as db:
                holds = epochs.holds(db, mark)
                if not holds or self._is_behind(db, mark):
                    self._start(db)
            return found if holds else None

    def refresh(self, db: sqlite3.Connection) -> None:
        """Begin to code the columns where items are many and the cache does not hold.

        For a writer, in a transaction.
        """
        if counter(db, "items") <= INDEX_ABOVE:
            return
        if epochs.current(db) is None:  # made before there were such caches
            epochs.touched(db, [0])
        with self._lock:
            conditions = self._current()
            mark = None if conditions is None else conditions.file.mark
        if mark is None or not epochs.holds(db, mark) or self._is_behind(db, mark):
            self._start(db)

    def _found(
        self, conditions: CodedConditions, tree: Tree, look: Callable[[str], Integers]
    ) -> Integers | None:
        try:
            found, rest = conditions.items(tree)
        except (UncodedError, sqlite3.Error):
            return None
        except CodedError as error:
            self._let_go()
            self._drop(error)
            return None
        if not rest or not len(found):
            return found
        if len(found) > _MOST_LOOKED_AT:
            return None
        tests = [f"item IN ({', '.join(map(str, found.tolist()))})", *(one.sql for one in rest)]
        return look(" AND ".join(tests))

    def _is_behind(self, db: sqlite3.Connection, mark: epochs.Mark) -> bool:
        beside = counter(db, "next_item") - mark.covered
        return beside > max(_MOST_BESIDE, _SHARE_BESIDE * mark.covered)

    def _current(self) -> CodedConditions | None:
        state: object = None
        with suppress(OSError):
            stat = (self._folder / coded.FILE).stat()
            state = stat.st_ino, stat.st_mtime_ns, stat.st_size
        if state != self._opened[0]:
            self._let_go()
            found = None
            if state is not None:
                try:
                    found = CodedConditions(CodedFile(self._folder))
                except CodedError as error:
                    self._drop(error)
            self._opened = state, found
        return self._opened[1]

    def _let_go(self) -> None:
        conditions = self._opened[1]
        self._opened = None, None
        if conditions is not None:
            conditions.close()

    def _drop(self, error: CodedError) -> None:
        with suppress(OSError):
            (self._folder / coded.FILE).unlink()
        self._say(f"the cache of columns {error}: it is made anew in the background")

    def _start(self, db: sqlite3.Connection) -> None:
        mark = epochs.current(db)
        if mark is not None and counter(db, "items") > INDEX_ABOVE:
            path = self._folder / coded.FILE
            self._background.start(path, mark, self._build, self._in_vain)

    def _build(self, told: Told) -> None:
        from mmrag_jupyter.store import coding

        with self._readers.snapshot() as db:
            mark = epochs.current(db)
            if mark is not None:
                coding.build(self._folder, db, mark, partial(told, 0, 1))

    def _in_vain(self, reason: str) -> None:
        self._say(
            f"the cache of columns could not be made ({reason}): conditions go on without it, but "
            "new ones more slowly"
        )

    def _say(self, line: str) -> None:
        if line not in self._notices:
            self._notices.append(line)
