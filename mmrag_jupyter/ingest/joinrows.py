"""The rows of a joined table in the course of a load: those that stay, and those that go."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.store import Known

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.ingest.documents import Files
    from mmrag_jupyter.ingest.joinkeys import Match
    from mmrag_jupyter.ingest.run import LoadOptions
    from mmrag_jupyter.sources.joined import JoinedTable
    from mmrag_jupyter.store import Store


class KeptRows:
    """The rows of a table as `Documents` asks after items: those that are where they belong."""

    def __init__(self, table: JoinedTable, match: Match, store: Store) -> None:
        self._table = table
        self._match = match
        self._joins = store.joins

    @cached_property
    def _places(self) -> dict[str, int]:
        return {row_id: at for at, row_id in enumerate(self._table.ids)}

    def place(self, row_id: str) -> int:
        """Return where a row stands in the table."""
        return self._places[row_id]

    def items_of(self, row_id: str) -> tuple[int, ...]:
        """Return the items that a row is to be part of."""
        return self._match.items_of(self._places[row_id])

    def known(self, ids: Sequence[str]) -> dict[str, Known]:
        """Return the hash of those rows that there are, beside each of their items."""
        # Of a row that moves the parts are wanted, whether they have changed or not.
        return {
            row_id: Known(one.digest, self._table.key)
            for row_id, one in self._joins.known(self._table.key, ids).items()
            if set(self.items_of(row_id)) <= set(one.items)
        }

    def item_files(self, ids: Sequence[str]) -> Files:
        """Return for each of these rows its files: their paths, sizes (bytes) and mtimes (ns)."""
        return self._joins.files(self._table.key, ids)


@dataclass(slots=True)
class Lost:
    """What the collection has of the table and is to lose: by item, the numbers of rows.

    Rows that have `moved` to another item leave the first one last: until then their vectors
    are there to be used again. `count` counts the rows that go altogether, `kept` those that
    the table has no more and that stay all the same.
    """

    gone: dict[int, set[int]]
    moved: dict[int, set[int]]
    count: int
    kept: int

    def of(self, items: Sequence[int]) -> dict[int, set[int]]:
        """Take out what is gone of these items."""
        return {item: self.gone.pop(item) for item in items if item in self.gone}

    def rest(self) -> dict[int, set[int]]:
        """Return what has not been taken out."""
        items = sorted(self.gone.keys() | self.moved.keys())
        return {item: self.gone.get(item, set()) | self.moved.get(item, set()) for item in items}


def lost_rows(table: JoinedTable, match: Match, store: Store, options: LoadOptions) -> Lost:
    """Return what items lose.

    Raises
    ------
    SourceError
        The rows that go are most of those that were joined, and the options do not allow it.
    """
    place = {row_id: at for at, row_id in enumerate(table.ids)}
    before = store.joins.ids(table.key)
    items = {
        row: match.items_of(place[row_id]) if row_id in place else None
        for row_id, row in before.items()
    }
    gone = sum(not named for named in items.values())
    if gone > len(before) / 2 and not (options.prune or options.keep_missing):
        raise SourceError(
            f"{table.label} has lost {gone:,} of the {len(before):,} rows joined from it before; "
            "add --prune to remove them here too, or --keep-missing to keep them (prune=True, "
            "keep_missing=True)."
        )
    lost, moved = defaultdict[int, set[int]](set), defaultdict[int, set[int]](set)
    dropped: set[int] = set()
    for item, row in store.joins.links(table.key):
        named = items.get(row)
        if named is None and options.keep_missing:
            continue
        if item not in (named or ()):
            (moved if named else lost)[item].add(row)
            dropped.add(row)
    kept = sum(named is None for named in items.values()) if options.keep_missing else 0
    return Lost(lost, moved, sum(not items.get(row) for row in dropped), kept)
