"""Load a source into a store: only what is new or changed is read and embedded."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from mmrag_jupyter.errors import LoadStoppedError, SourceError
from mmrag_jupyter.ingest.aside import Aside
from mmrag_jupyter.ingest.chunk import Chunk
from mmrag_jupyter.ingest.digests import CONTENT_BYTES, Fingerprinted, is_partial
from mmrag_jupyter.ingest.documents import Documents
from mmrag_jupyter.ingest.embed import Embedding
from mmrag_jupyter.ingest.joinkeys import joined_again
from mmrag_jupyter.ingest.reading import Reading
from mmrag_jupyter.ingest.recordings import Recordings
from mmrag_jupyter.ingest.report import LoadReport
from mmrag_jupyter.items import NewItem, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mmrag_jupyter.ingest.report import Reporter
    from mmrag_jupyter.items import Modality, Source
    from mmrag_jupyter.models.spaces import AnyEmbedder
    from mmrag_jupyter.models.speech import Transcriber
    from mmrag_jupyter.store import Store, Writer

INDEX_STOPPED = (
    "stopped while the search index was built; everything is loaded, and the next load or query "
    "builds it"
)


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How a load treats what is gone and what is broken.

    `prune` lets a source that has lost most of its items remove them here, `keep_missing`
    removes nothing, `on_error="raise"` stops at the first problem. `transcriber` writes down
    what is said in recordings.
    """

    prune: bool = False
    keep_missing: bool = False
    on_error: Literal["report", "raise"] = "report"
    transcriber: Transcriber | None = None


@contextmanager
def stoppable() -> Iterator[None]:
    """Tell of an interrupt in one line wherever a load is: listing files, say, or loading a model.

    Raises
    ------
    LoadStoppedError
        Interrupted; what was committed is kept.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise LoadStoppedError(
            "Stopped; what was loaded is kept, and the same command goes on from there."
        ) from None


def load(
    source: Source,
    store: Store,
    writer: Writer,
    *,
    embedders: Mapping[Modality, tuple[int, AnyEmbedder]],
    options: LoadOptions,
    reporter: Reporter,
) -> LoadReport:
    """Bring a store up to date with a source, committing as it goes.

    Parameters
    ----------
    embedders
        For each modality the number of its space, and the embedder of that space.

    Raises
    ------
    SourceError
        The source has lost most of its items and `prune` is not set, or has a problem and
        `on_error` is "raise".
    LoadStoppedError
        Interrupted; what was committed is kept.
    """
    run = _Load(source, store, writer, embedders=embedders, options=options, reporter=reporter)
    return run.run()


class _Load:
    def __init__(
        self,
        source: Source,
        store: Store,
        writer: Writer,
        *,
        embedders: Mapping[Modality, tuple[int, AnyEmbedder]],
        options: LoadOptions,
        reporter: Reporter,
    ) -> None:
        self._source = source
        self._store = store
        self._writer = writer
        self._options = options
        self._reporter = reporter
        self._aside = Aside(reporter, self._show)
        self._embedding = Embedding(store, embedders, self._aside.tell)
        recordings = Recordings(store, writer, self._aside.tell, options.transcriber)
        self._documents = Documents(store, source.key, self._aside.tell, recordings)
        self._reading = Reading(source, store, self._documents, self._note)
        self._counts: Counter[str] = Counter()
        self._problems: list[Problem] = []
        self._retried: set[str] = set()
        self._done = 0

    def run(self) -> LoadReport:
        began = time.monotonic()
        gone = self._gone()
        self._reporter.start(f"loading {self._source.label}", len(self._source.ids))
        message = "stopped"
        loaded = False
        try:
            for problem in self._source.problems:
                self._note(problem)
            self._embed_all()
            if gone and not self._options.keep_missing:
                self._counts["removed"] = self._writer.delete(gone)
            self._writer.set_problems(self._source.key, self._problems)
            loaded = True
            self._writer.tidy(partial(self._aside.tell, "building the search index"))
            report = self._report(began, kept=len(gone) if self._options.keep_missing else 0)
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
            f"stopped after {self._done:,} of {len(self._source.ids):,} items; "
            "what is loaded is kept, and the same command goes on from there"
        )

    def _gone(self) -> list[str]:
        """Return the ids that this source no longer has; refuse if they are suspiciously many."""
        here = set(self._source.ids)
        before = self._store.ids(self._source.key)
        unread = tuple(f"{problem.source}/" for problem in self._source.problems)
        # What lies in a folder that cannot be read just now is not gone.
        gone = [one for one in before if one not in here and not one.startswith(unread)]
        suspicious = len(gone) > len(before) / 2 or (before and not here)
        if suspicious and not (self._options.prune or self._options.keep_missing):
            raise SourceError(
                f"{self._source.label} has lost {len(gone):,} of the {len(before):,} items loaded "
                "from it before; add --prune to remove them here too, or --keep-missing to keep "
                "them (prune=True, keep_missing=True)."
            )
        return gone

    def _embed_all(self) -> None:
        # Two pools: pictures are decoded while the next ones, from afar perhaps, are fetched.
        hashing, decoding = (
            ThreadPoolExecutor(2, thread_name_prefix=f"mmrag-{work}") for work in ("hash", "decode")
        )
        try:
            chunk_began = time.monotonic()
            for chunk in self._embedding.run(self._chunks(hashing), decoding):
                self._commit(chunk)
                self._reading.took(time.monotonic() - chunk_began)
                chunk_began = time.monotonic()
        finally:
            # An interrupt must not wait for pictures or sound that nobody needs any more.
            for pool in (hashing, decoding):
                pool.shutdown(wait=False, cancel_futures=True)

    def _chunks(self, pool: ThreadPoolExecutor) -> Iterator[Chunk]:
        for hashed in self._reading.chunks(pool):
            self._aside.end()
            yield Chunk(self._changed(hashed))

    def _changed(self, items: Sequence[Fingerprinted]) -> list[Fingerprinted]:
        """Return the items to be embedded; settle the others at once."""
        known = self._store.known([found.item.id for found in items])
        fresh, moved = [], []
        for found in items:
            before = known.get(found.item.id)
            same_content = before is not None and before.digest[:CONTENT_BYTES] == found.content
            if before is None:
                self._counts["added"] += 1
                fresh.append(found)
            elif before.source != self._source.key and not same_content:
                self._fail(
                    found.item.id,
                    f"the id already names an item of {before.source!r}; load this source as "
                    "another collection, or give it an id column of its own",
                )
            elif before.source == self._source.key and before.digest == found.partial_digest:
                # As it was, with something that could not be read: perhaps now it can.
                self._counts["unchanged"] += 1
                self._retried.add(found.item.id)
                fresh.append(found)
            elif before.source == self._source.key and before.digest == found.digest:
                self._counts["unchanged"] += 1
                self._done += 1
            elif same_content and not found.failures and not is_partial(before.digest):
                self._counts["updated"] += 1
                self._done += 1
                moved.append(found)
            else:
                self._counts["updated"] += 1
                fresh.append(found)
        if moved:
            self._writer.update([_bare(found) for found in moved], source=self._source.key)
        return fresh

    def _commit(self, chunk: Chunk) -> None:
        for found, reason in chunk.failures():
            self._note(Problem(found.item.id, reason))
        lost = [found for at, found in enumerate(chunk.items) if chunk.is_lost(at)]
        known = self._store.known([found.item.id for found in lost])
        for found in lost:
            counted = "updated" if found.item.id in known else "added"
            self._counts["unchanged" if found.item.id in self._retried else counted] -= 1
            self._counts["failed"] += 1
        for at, found in enumerate(chunk.items):
            if found.item.id in self._retried and chunk.is_whole(at):
                self._counts["unchanged"] -= 1
                self._counts["updated"] += 1
        items, vectors = chunk.ready()
        if items:
            self._writer.put(items, vectors, source=self._source.key)
        self._done += len(chunk.items)
        self._aside.end()
        self._reporter.advance(self._done)

    def _show(self) -> None:
        self._reporter.start(f"loading {self._source.label}", len(self._source.ids))
        self._reporter.advance(self._done)

    def _fail(self, item_id: str, reason: str) -> None:
        self._counts["failed"] += 1
        self._done += 1
        self._note(Problem(item_id, reason))

    def _note(self, problem: Problem) -> None:
        if self._options.on_error == "raise":
            raise SourceError(f"{problem.source}: {problem.reason}")
        self._problems.append(problem)

    def _report(self, began: float, kept: int) -> LoadReport:
        notices = [self._source.notice] if self._source.notice else []
        notices += self._documents.notices()
        if self._counts["added"]:
            notices += joined_again(self._store, self._counts["added"])
        self._counts["failed"] += len(self._source.problems) + self._reading.unread
        return LoadReport(
            self._store.name,
            self._source.label,
            **{name: self._counts[name] for name in
               ("added", "updated", "unchanged", "removed", "failed")},
            kept=kept,
            seconds=time.monotonic() - began,
            problems=tuple(self._problems),
            notices=tuple(notices),
        )  # fmt: skip


def _bare(found: Fingerprinted) -> NewItem:
    return NewItem(found.item.id, found.digest, found.parts, found.item.metadata, found.item.index)
