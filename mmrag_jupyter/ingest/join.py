"""Load the rows of a table that joins items: each item is written once, whatever it gets."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mmrag_jupyter.ingest.asbefore import AsBefore
from mmrag_jupyter.ingest.joinrows import KeptRows, Lost, lost_rows
from mmrag_jupyter.ingest.run import Before, Run
from mmrag_jupyter.ingest.unchanged import all_unchanged

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mmrag_jupyter.ingest.digests import Fingerprinted
    from mmrag_jupyter.ingest.documents import Remembered
    from mmrag_jupyter.ingest.joinkeys import Match
    from mmrag_jupyter.ingest.report import LoadReport, Reporter
    from mmrag_jupyter.ingest.run import LoadOptions
    from mmrag_jupyter.items import Item, Modality, NewItem, Problem, Source
    from mmrag_jupyter.models.spaces import AnyEmbedder
    from mmrag_jupyter.sources.joined import JoinedTable
    from mmrag_jupyter.store import Store, Writer
    from mmrag_jupyter.store.writer import NewVectors

_AT_ONCE = 500  # items that only lose rows, a commit


def join(
    table: JoinedTable,
    match: Match,
    store: Store,
    writer: Writer,
    *,
    embedders: Mapping[Modality, tuple[int, AnyEmbedder]],
    options: LoadOptions,
    reporter: Reporter,
) -> LoadReport:
    """Bring the rows that a table has joined to a store's items up to date with the table.

    What is new or changed is embedded, what is gone is removed; an item's own parts stay.
    Committed as it goes, as a load of items is.

    Raises
    ------
    SourceError
        The table has lost most of its rows and `prune` is not set, or has a problem and
        `on_error` is "raise".
    LoadStoppedError
        Interrupted; what was committed is kept.
    """
    began = time.monotonic()
    target = _JoinedRows(table, match, store, writer, options)
    before = AsBefore(table, match, store, writer)
    if before.holds:
        return all_unchanged(target, store, reporter, began)
    before.forget()
    run = Run(target, store, writer, embedders=embedders, options=options, reporter=reporter)
    report = run.run()
    if not (report.problems or report.failed or report.kept):
        before.remember()
    return report


class _JoinedRows:
    """The rows that a table has joined to the items of a store."""

    verb, unit = "joining", "rows"
    settled = 0

    def __init__(
        self,
        table: JoinedTable,
        match: Match,
        store: Store,
        writer: Writer,
        options: LoadOptions,
    ) -> None:
        self.source: Source = table
        # The rows of an item side by side, so that it is written once.
        named = [at for at, group in enumerate(match.of_row) if group >= 0]
        self._order = sorted(named, key=lambda at: match.groups[match.of_row[at]][0])
        self.stream: Iterable[Item | Problem] = table.rows(self._order)
        self.total = len(self._order)
        self._rows = KeptRows(table, match, store)
        self.remembered: Remembered = self._rows
        self._table = table
        self._match = match
        self._store = store
        self._writer = writer
        self._options = options
        self._lost = Lost({}, {}, 0, 0)
        self._first: int | None = None

    def begin(self) -> None:
        """Find what items are to lose; refuse if it is suspiciously much."""
        self._lost = lost_rows(self._table, self._match, self._store, self._options)

    def ends(self, number: int) -> bool:
        """Tell whether a row is the last of its items."""
        of_row, order = self._match.of_row, self._order
        return number + 1 == len(order) or of_row[order[number]] != of_row[order[number + 1]]

    def before(self, found: Sequence[Fingerprinted]) -> Mapping[str, Before]:
        """Return what there is of these rows; one that moves to another item is not here."""
        known = self._store.joins.known(self.source.key, [one.item.id for one in found])
        return {
            row_id: Before(one.digest, here=True)
            if set(self._rows.items_of(row_id)) <= set(one.items)
            # Its parts are written anew, whatever they were.
            else Before(b"", here=False)
            for row_id, one in known.items()
        }

    def stored(self, ids: Sequence[str]) -> Iterable[str]:
        """Return those of the ids that name a row."""
        return self._store.joins.known(self.source.key, ids)

    def put(self, units: Sequence[NewItem], vectors: NewVectors) -> None:
        """Store rows, and take from their items those that are gone."""
        onto = [self._rows.items_of(row.id) for row in units]
        items = sorted({item for some in onto for item in some})
        if self._first is None:
            # New rows are numbered as they stand in the table, in whatever order they come.
            self._first = self._writer.take_rows(len(self.source.ids))
        self._writer.join(
            units,
            vectors,
            source=self.source.key,
            numbers=[self._first + self._rows.place(row.id) for row in units],
            onto=onto,
            dropped=self._lost.of(items),
        )

    def update(self, units: Sequence[NewItem]) -> None:
        """Store what rows have beside their parts."""
        self._writer.update_joined(units, source=self.source.key)

    def remove(self) -> tuple[int, int]:
        """Take rows from the items that lose some and got none."""
        rest = list(self._lost.rest().items())
        for at in range(0, len(rest), _AT_ONCE):
            dropped = dict(rest[at : at + _AT_ONCE])
            self._writer.join([], {}, source=self.source.key, numbers=[], onto=[], dropped=dropped)
        return self._lost.count, self._lost.kept

    def notices(self, _added: int) -> list[str]:
        """Return what was joined to how many items, and what the table says."""
        items = len({item for group in self._match.groups for item in group})
        theirs, told = self._table.theirs, self._match.ours or "id"
        by = theirs if theirs == told else f"{theirs}={told}"
        joined = f"joined to {items:,} of {len(self._store):,} items on {by}"
        return [joined, *self._match.notices, *filter(None, [self.source.notice])]
