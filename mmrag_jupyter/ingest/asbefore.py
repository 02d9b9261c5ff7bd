"""A joined table that is as it was at its last load: known by one hash, without a look at its rows.

Row by row it takes as long to find that nothing has changed as to read everything.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mmrag_jupyter.ingest.joinkeys import Match
    from mmrag_jupyter.sources.joined import JoinedTable
    from mmrag_jupyter.store import Store, Writer

_SETTING = "as before: {}"


class AsBefore:
    """What is remembered of a joined table as a whole: of what is in it, and where it went.

    The counter of changes to what is joined is part of it: whatever else has touched a row or
    its items since then, a load looks at each row again. A table with pictures, recordings or
    documents is never known so, for these may have changed in their files.
    """

    def __init__(self, table: JoinedTable, match: Match, store: Store, writer: Writer) -> None:
        self._setting = _SETTING.format(table.key)
        self._store = store
        self._writer = writer
        content = table.digest()
        where = hashlib.blake2b(repr(match.groups).encode(), digest_size=16)
        where.update(np.asarray(match.of_row, np.int64).tobytes())
        self._mark = f"{content}-{where.hexdigest()}" if content else ""

    @property
    def holds(self) -> bool:
        """Whether a load would find every row as it is."""
        return bool(self._mark) and self._store.setting(self._setting) == self._now()

    def forget(self) -> None:
        """Forget it before anything is changed: a load that is interrupted leaves no mark."""
        if self._store.setting(self._setting):
            self._writer.set_setting(self._setting, "")

    def remember(self) -> None:
        """Remember it, now that everything is loaded."""
        if self._mark:
            self._writer.set_setting(self._setting, self._now())

    def _now(self) -> str:
        return f"{self._mark}-{self._store.joins.changes()}"
