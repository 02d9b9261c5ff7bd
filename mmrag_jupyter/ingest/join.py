"""Load the rows of a table that joins items: each item is written once, whatever it gets."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import LoadStoppedError, SourceError
from mmrag_jupyter.ingest.aside import Aside
from mmrag_jupyter.ingest.digests import CONTENT_BYTES, addresses, fingerprint, is_partial
from mmrag_jupyter.ingest.documents import Documents
from mmrag_jupyter.ingest.embed import Embedding
from mmrag_jupyter.ingest.joinrows import KeptRows, Lost, Rows, lost_rows
from mmrag_jupyter.ingest.load import INDEX_STOPPED
from mmrag_jupyter.ingest.reading import (
    FIRST_CHUNK,
    LARGEST_CHUNK,
    MOST_PICTURES,
    PICTURES_A_DOCUMENT,
    QUICK_SECONDS,
    SLOW_SECONDS,
)
from mmrag_jupyter.ingest.recordings import Recordings, weight
from mmrag_jupyter.ingest.report import LoadReport
from mmrag_jupyter.items import Item, NewItem, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mmrag_jupyter.ingest.digests import Fingerprinted
    from mmrag_jupyter.ingest.joinkeys import Match
    from mmrag_jupyter.ingest.load import LoadOptions
    from mmrag_jupyter.ingest.report import Reporter
    from mmrag_jupyter.items import Modality
    from mmrag_jupyter.models.spaces import AnyEmbedder
    from mmrag_jupyter.sources.joined import JoinedTable
    from mmrag_jupyter.store import Store, Writer

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
    run = _Join(table, match, store, writer, options=options, reporter=reporter)
    return run.run(embedders)


class _Join:
    def __init__(
        self,
        table: JoinedTable,
        match: Match,
        store: Store,
        writer: Writer,
        *,
        options: LoadOptions,
        reporter: Reporter,
    ) -> None:
        self._table = table
        self._match = match
        self._store = store
        self._writer = writer
        self._options = options
        self._reporter = reporter
        self._aside = Aside(reporter, self._show)
        recordings = Recordings(store, writer, self._aside.tell, options.transcriber)
        self._documents = Documents(
            KeptRows(table, match, store), table.key, self._aside.tell, recordings
        )
        self._counts: Counter[str] = Counter()
        self._problems: list[Problem] = []
        self._retried: set[str] = set()
        self._kept = 0
        self._size = FIRST_CHUNK
        self._done = 0
        # The rows of an item side by side, so that it is written once.
        groups = match.groups
        named = [at for at, group in enumerate(match.of_row) if group >= 0]
        self._order = sorted(named, key=lambda at: groups[match.of_row[at]][0])
        self._first: int | None = None

    def run(self, embedders: Mapping[Modality, tuple[int, AnyEmbedder]]) -> LoadReport:
        began = time.monotonic()
        lost = lost_rows(self._table, self._match, self._store, self._options)
        self._kept = lost.kept
        self._show()
        message = "stopped"
        loaded = False
        try:
            for problem in self._table.problems:
                self._note(problem)
            self._embed_all(Embedding(self._store, embedders, self._aside.tell), lost)
            self._drop(lost)
            self._counts["removed"] = lost.count
            self._writer.set_problems(self._table.key, self._problems)
            loaded = True
            self._writer.tidy(partial(self._aside.tell, "building the search index"))
            report = self._report(began)
            message = str(report)
        except KeyboardInterrupt:
            message = INDEX_STOPPED if loaded else self._stopped()
            raise LoadStoppedError(message.capitalize() + ".") from None
        except Exception as error:
            message = f"stopped: {error}"
            raise
        finally:
            self._reporter.finish(message)
        return report

    def _stopped(self) -> str:
        return (
            f"stopped after {self._done:,} of {len(self._order):,} rows; "
            "what is loaded is kept, and the same command goes on from there"
        )

    def _embed_all(self, embedding: Embedding, lost: Lost) -> None:
        hashing, decoding = (
            ThreadPoolExecutor(2, thread_name_prefix=f"mmrag-{work}") for work in ("hash", "decode")
        )
        try:
            began = time.monotonic()
            for chunk in embedding.run(self._chunks(hashing, lost), decoding):
                if isinstance(chunk, Rows):
                    self._commit(chunk)
                seconds = time.monotonic() - began
                if seconds < QUICK_SECONDS:
                    self._size = min(self._size * 2, LARGEST_CHUNK)
                elif seconds > SLOW_SECONDS:
                    self._size = max(self._size // 2, FIRST_CHUNK // 2)
                began = time.monotonic()
        finally:
            for pool in (hashing, decoding):
                pool.shutdown(wait=False, cancel_futures=True)

    def _chunks(self, pool: ThreadPoolExecutor, lost: Lost) -> Iterator[Rows]:
        for rows, places in self._grouped():
            stamps = self._store.file_digests(addresses(rows))
            own = partial(fingerprint, stamps=stamps)
            plain = [row for row in rows if not (row.documents or row.recordings)]
            has_media = any(piece.media for row in plain for piece in row.pieces)
            hashed = list(pool.map(own, plain) if has_media else map(own, plain))
            if len(plain) < len(rows):
                read = [row for row in rows if row.documents or row.recordings]
                hashed += self._documents.fingerprinted(read, stamps, pool)
            onto = {row_id: self._match.items_of(at) for row_id, at in places.items()}
            items = sorted({item for some in onto.values() for item in some})
            self._aside.end()
            yield Rows(self._changed(hashed, onto), places, onto, lost.of(items))

    def _grouped(self) -> Iterator[tuple[list[Item], dict[str, int]]]:
        """Yield rows and where they stand in the table: all rows of an item together."""
        of_row = self._match.of_row
        rows: list[Item] = []
        places: dict[str, int] = {}
        at, pictures = 0, 0
        for found in self._table.rows(self._order):
            if isinstance(found, Problem):
                self._note(found)
                continue
            place = self._order[at]
            ended = not at or of_row[place] != of_row[self._order[at - 1]]
            if ended and (len(rows) >= self._size or pictures >= MOST_PICTURES):
                yield rows, places
                rows, places, pictures = [], {}, 0
            rows.append(found)
            places[found.id] = place
            pictures += sum(piece.media is not None for piece in found.pieces)
            pictures += PICTURES_A_DOCUMENT * len(found.documents)
            pictures += sum(map(weight, found.recordings))
            at += 1
        if rows:
            yield rows, places

    def _changed(
        self, rows: Sequence[Fingerprinted], onto: Mapping[str, tuple[int, ...]]
    ) -> list[Fingerprinted]:
        """Return the rows to be embedded; settle the others at once."""
        known = self._store.joins.known(self._table.key, [found.item.id for found in rows])
        fresh, moved = [], []
        for found in rows:
            before = known.get(found.item.id)
            if before is None:
                self._counts["added"] += 1
                fresh.append(found)
                continue
            same_place = set(onto[found.item.id]) <= set(before.items)
            if same_place and before.digest == found.partial_digest:
                self._counts["unchanged"] += 1
                self._retried.add(found.item.id)
                fresh.append(found)
            elif same_place and before.digest == found.digest:
                self._counts["unchanged"] += 1
            elif (
                same_place
                and before.digest[:CONTENT_BYTES] == found.content
                and not found.failures
                and not is_partial(before.digest)
            ):
                self._counts["updated"] += 1
                moved.append(found)
            else:
                self._counts["updated"] += 1
                fresh.append(found)
        if moved:
            self._writer.update_joined([_bare(found) for found in moved], source=self._table.key)
        return fresh

    def _commit(self, chunk: Rows) -> None:
        for found, reason in chunk.failures():
            self._note(Problem(found.item.id, reason))
        lost = [found.item.id for at, found in enumerate(chunk.items) if chunk.is_lost(at)]
        known = self._store.joins.known(self._table.key, lost)
        for row_id in lost:
            counted = "updated" if row_id in known else "added"
            self._counts["unchanged" if row_id in self._retried else counted] -= 1
            self._counts["failed"] += 1
        for at, found in enumerate(chunk.items):
            if found.item.id in self._retried and chunk.is_whole(at):
                self._counts["unchanged"] -= 1
                self._counts["updated"] += 1
        rows, vectors = chunk.ready()
        if rows or chunk.dropped:
            if self._first is None:
                # New rows are numbered as they stand in the table, in whatever order they come.
                self._first = self._writer.take_rows(len(self._table.ids))
            self._writer.join(
                rows,
                vectors,
                source=self._table.key,
                numbers=[self._first + chunk.places[row.id] for row in rows],
                onto=[chunk.onto[row.id] for row in rows],
                dropped=chunk.dropped,
            )
        self._done += len(chunk.places)
        self._aside.end()
        self._reporter.advance(self._done)

    def _drop(self, lost: Lost) -> None:
        """Take rows from items that have no other rows in the table."""
        rest = list(lost.rest().items())
        for at in range(0, len(rest), _AT_ONCE):
            dropped = dict(rest[at : at + _AT_ONCE])
            self._writer.join([], {}, source=self._table.key, numbers=[], onto=[], dropped=dropped)

    def _show(self) -> None:
        self._reporter.start(f"joining {self._table.label}", len(self._order))
        self._reporter.advance(self._done)

    def _note(self, problem: Problem) -> None:
        if self._options.on_error == "raise":
            raise SourceError(f"{problem.source}: {problem.reason}")
        self._problems.append(problem)

    def _report(self, began: float) -> LoadReport:
        items = len({item for group in self._match.groups for item in group})
        told = self._match.ours or "id"
        by = self._table.theirs if self._table.theirs == told else f"{self._table.theirs}={told}"
        joined = f"joined to {items:,} of {len(self._store):,} items on {by}"
        notice = [self._table.notice] if self._table.notice else []
        self._counts["failed"] += len(self._table.problems)
        return LoadReport(
            self._store.name,
            self._table.label,
            **{name: self._counts[name] for name in
               ("added", "updated", "unchanged", "removed", "failed")},
            kept=self._kept,
            seconds=time.monotonic() - began,
            problems=tuple(self._problems),
            notices=(joined, *self._match.notices, *notice, *self._documents.notices()),
        )  # fmt: skip


def _bare(found: Fingerprinted) -> NewItem:
    return NewItem(found.item.id, found.digest, found.parts, found.item.metadata, found.item.index)
