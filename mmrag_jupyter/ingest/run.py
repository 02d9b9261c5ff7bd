"""The course of a load, of items or of rows that join them: what is new is embedded, committed."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from mmrag_jupyter.errors import LoadStoppedError, SourceError
from mmrag_jupyter.ingest.ahead import threads
from mmrag_jupyter.ingest.aside import Aside
from mmrag_jupyter.ingest.chunk import Chunk
from mmrag_jupyter.ingest.cluster import embedding_on
from mmrag_jupyter.ingest.digests import CONTENT_BYTES, is_partial
from mmrag_jupyter.ingest.documents import Documents
from mmrag_jupyter.ingest.reading import Reading
from mmrag_jupyter.ingest.recordings import Recordings
from mmrag_jupyter.ingest.report import LoadReport
from mmrag_jupyter.items import NewItem, Problem
from mmrag_jupyter.sources import awaited

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mmrag_jupyter.ingest.digests import Fingerprinted
    from mmrag_jupyter.ingest.documents import Remembered
    from mmrag_jupyter.ingest.report import Reporter
    from mmrag_jupyter.items import Item, Modality, Source
    from mmrag_jupyter.models.spaces import AnyEmbedder
    from mmrag_jupyter.models.speech import Transcriber
    from mmrag_jupyter.store import Store, Writer
    from mmrag_jupyter.store.writer import NewVectors


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How a load treats what is gone and what is broken.

    `prune` lets a source that has lost most of its items remove them here, `keep_missing`
    removes nothing, `on_error="raise"` stops at the first problem. `transcriber` writes down
    what is said in recordings. `cluster` is the address of the one that embeds ("" is a Ray of
    this machine's own); None embeds here.
    """

    prune: bool = False
    keep_missing: bool = False
    on_error: Literal["report", "raise"] = "report"
    transcriber: Transcriber | None = None
    cluster: str | None = None


class Before(NamedTuple):
    """What the store has under an id: its digest, and whether it is where it belongs.

    `refusal` says why the id cannot be loaded, where it cannot.
    """

    digest: bytes
    here: bool
    refusal: str = ""


class Target(Protocol):
    """What a load brings up to date with a source: items, or the rows that a table has joined.

    `verb` and `unit` say what is done to what ("loading", "items"); `total` units come by in
    `stream`, but for those `settled`: as they were, which is known once it has begun.
    `remembered` knows their documents.
    """

    verb: str
    unit: str
    source: Source
    total: int
    settled: int
    stream: Iterable[Item | Problem]
    remembered: Remembered

    def begin(self) -> None:
        """Find what the source has lost; raise SourceError where that is suspiciously much."""

    def ends(self, number: int, /) -> bool:
        """Tell whether a commit may end behind this unit, counted from 0."""

    def before(self, found: Sequence[Fingerprinted]) -> Mapping[str, Before]:
        """Return what the store has under the ids of these."""

    def stored(self, ids: Sequence[str]) -> Iterable[str]:
        """Return those of the ids that the store has."""

    def put(self, units: Sequence[NewItem], vectors: NewVectors) -> None:
        """Store new or changed ones, with each space's vectors by the ordinal of their part."""

    def update(self, units: Sequence[NewItem]) -> None:
        """Store what has changed beside the parts, which stay."""

    def remove(self) -> tuple[int, int]:
        """Remove what is gone; return how many these are, and how many gone ones are kept."""

    def notices(self, added: int, /) -> list[str]:
        """Return what is to be said at the end, where so many are new."""


class Run:
    """One load: what is new or changed is embedded and committed bit by bit, what is gone removed.

    Parameters
    ----------
    embedders
        For each modality the number of its space, and the embedder of that space.
    """

    def __init__(
        self,
        target: Target,
        store: Store,
        writer: Writer,
        *,
        embedders: Mapping[Modality, tuple[int, AnyEmbedder]],
        options: LoadOptions,
        reporter: Reporter,
    ) -> None:
        self._target = target
        self._source = target.source
        self._store = store
        self._writer = writer
        self._options = options
        self._reporter = reporter
        self._aside = Aside(reporter, self._show)
        self._embedding = embedding_on(options.cluster, store, embedders, self._aside.tell)
        recordings = Recordings(store, writer, self._aside.tell, options.transcriber)
        self._documents = Documents(
            target.remembered, self._source.key, self._aside.tell, recordings
        )
        self._reading = Reading(target.stream, store, self._documents, self._note, target.ends)
        self._counts: Counter[str] = Counter()
        self._problems: list[Problem] = []
        self._retried: set[str] = set()
        self._done = 0

    def run(self) -> LoadReport:
        """Bring the target up to date.

        Raises
        ------
        SourceError
            The source has lost most of what it had and `prune` is not set, or has a problem and
            `on_error` is "raise".
        LoadStoppedError
            Interrupted; what was committed is kept.
        """
        began = time.monotonic()
        self._target.begin()
        self._done = self._counts["unchanged"] = self._target.settled
        self._show()
        message = "stopped"
        try:
            for problem in self._source.problems:
                self._note(problem)
            self._embed_all()
            self._counts["removed"], kept = self._target.remove()
            self._writer.set_problems(self._source.key, self._problems)
            self._writer.tidy()
            report = self._report(time.monotonic() - began, kept)
            message = str(report)
        except KeyboardInterrupt:
            message = self._stopped()
            raise LoadStoppedError(f"{message[:1].upper()}{message[1:]}.") from None
        except Exception as error:
            message = f"stopped: {error}"
            raise
        finally:
            self._reporter.finish(message)
        return report

    def _stopped(self) -> str:
        return (
            f"stopped after {self._done:,} of {self._target.total:,} {self._target.unit}"
            f"{awaited.told()}; "
            "what is loaded is kept, and the same command goes on from there"
        )

    def _embed_all(self) -> None:
        # Two pools: pictures are decoded while the next ones, from afar perhaps, are fetched.
        hashing, decoding = (
            ThreadPoolExecutor(threads(), thread_name_prefix=f"mmrag-{work}")
            for work in ("hash", "decode")
        )
        try:
            began = time.monotonic()
            for chunk in self._embedding.run(self._chunks(hashing), decoding):
                self._commit(chunk)
                self._reading.took(time.monotonic() - began)
                began = time.monotonic()
        finally:
            # An interrupt must not wait for pictures or sound that nobody needs any more.
            for pool in (hashing, decoding):
                pool.shutdown(wait=False, cancel_futures=True)

    def _chunks(self, pool: ThreadPoolExecutor) -> Iterator[Chunk]:
        for hashed in self._reading.chunks(pool):
            self._aside.end()
            yield Chunk(self._changed(hashed))

    def _changed(self, units: Sequence[Fingerprinted]) -> list[Fingerprinted]:
        """Return what is to be embedded; settle the rest at once."""
        known = self._target.before(units)
        fresh, moved = [], []
        for found in units:
            before = known.get(found.item.id)
            if before is None:
                self._counts["added"] += 1
                fresh.append(found)
            elif before.refusal:
                self._fail(found.item.id, before.refusal)
            elif before.here and before.digest == found.partial_digest:
                # As it was, with something that could not be read: perhaps now it can.
                self._counts["unchanged"] += 1
                self._retried.add(found.item.id)
                fresh.append(found)
            elif before.here and before.digest == found.digest:
                self._counts["unchanged"] += 1
                self._done += 1
            elif (
                before.digest[:CONTENT_BYTES] == found.content
                and not found.failures
                and not is_partial(before.digest)
            ):
                self._counts["updated"] += 1
                self._done += 1
                moved.append(found)
            else:
                self._counts["updated"] += 1
                fresh.append(found)
        if moved:
            self._target.update([_bare(found) for found in moved])
        return fresh

    def _commit(self, chunk: Chunk) -> None:
        for found, reason in chunk.failures():
            self._note(Problem(found.item.id, reason))
        lost = [found.item.id for at, found in enumerate(chunk.items) if chunk.is_lost(at)]
        stored = set(self._target.stored(lost))
        for one in lost:
            counted = "updated" if one in stored else "added"
            self._counts["unchanged" if one in self._retried else counted] -= 1
            self._counts["failed"] += 1
        for at, found in enumerate(chunk.items):
            if found.item.id in self._retried and chunk.is_whole(at):
                self._counts["unchanged"] -= 1
                self._counts["updated"] += 1
        units, vectors = chunk.ready()
        if units:
            self._target.put(units, vectors)
        self._done += len(chunk.items)
        self._aside.end()
        self._reporter.advance(self._done)

    def _show(self) -> None:
        self._reporter.start(f"{self._target.verb} {self._source.label}", self._target.total)
        self._reporter.advance(self._done)

    def _fail(self, unit_id: str, reason: str) -> None:
        self._counts["failed"] += 1
        self._done += 1
        self._note(Problem(unit_id, reason))

    def _note(self, problem: Problem) -> None:
        if self._options.on_error == "raise":
            raise SourceError(f"{problem.source}: {problem.reason}")
        self._problems.append(problem)

    def _report(self, seconds: float, kept: int) -> LoadReport:
        self._counts["failed"] += len(self._source.problems) + self._reading.unread
        return LoadReport(
            self._store.name,
            self._source.label,
            **{name: self._counts[name] for name in
               ("added", "updated", "unchanged", "removed", "failed")},
            kept=kept,
            seconds=seconds,
            problems=tuple(self._problems),
            notices=(*self._target.notices(self._counts["added"]), *self._documents.notices()),
        )  # fmt: skip


def _bare(found: Fingerprinted) -> NewItem:
    return NewItem(found.item.id, found.digest, found.parts, found.item.metadata, found.item.index)
