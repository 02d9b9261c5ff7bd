"""Load a source into a store: only what is new or changed is read and embedded."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import LoadStoppedError, SourceError
from mmrag_jupyter.ingest import unchanged
from mmrag_jupyter.ingest.digests import CONTENT_BYTES
from mmrag_jupyter.ingest.joinkeys import joined_again
from mmrag_jupyter.ingest.run import Before, Run
from mmrag_jupyter.sources import awaited

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mmrag_jupyter.ingest.digests import Fingerprinted
    from mmrag_jupyter.ingest.documents import Remembered
    from mmrag_jupyter.ingest.report import LoadReport, Reporter
    from mmrag_jupyter.ingest.run import LoadOptions
    from mmrag_jupyter.items import Item, Modality, NewItem, Problem, Source
    from mmrag_jupyter.models.spaces import AnyEmbedder
    from mmrag_jupyter.store import Store, Writer
    from mmrag_jupyter.store.writer import NewVectors


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
            f"Stopped{awaited.told()}; what was loaded is kept, and the same command goes on from "
            "there."
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
    began = time.monotonic()
    if unchanged.as_it_was(source, store, embedders):
        report = unchanged.report_of(source, store, time.monotonic() - began)
        reporter.start(f"loading {source.label}", len(source.ids))
        reporter.finish(str(report))
        return report
    target = _Items(source, store, writer, options)
    run = Run(target, store, writer, embedders=embedders, options=options, reporter=reporter)
    report = run.run()
    unchanged.remember(source, store, writer, embedders, report)
    return report


class _Items:
    """The items of a store that come from one source."""

    verb, unit = "loading", "items"

    def __init__(self, source: Source, store: Store, writer: Writer, options: LoadOptions) -> None:
        self.source = source
        self.stream: Iterable[Item | Problem] = source
        self.total = len(source.ids)
        self.remembered: Remembered = store
        self._store = store
        self._writer = writer
        self._options = options
        self._gone: Sequence[str] = ()

    def begin(self) -> None:
        """Find the ids that the source no longer has; refuse if they are suspiciously many."""
        here = set(self.source.ids)
        before = self._store.ids(self.source.key)
        unread = tuple(f"{problem.source}/" for problem in self.source.problems)
        # What lies in a folder that cannot be read just now is not gone.
        gone = [one for one in before if one not in here and not one.startswith(unread)]
        suspicious = len(gone) > len(before) / 2 or (before and not here)
        if suspicious and not (self._options.prune or self._options.keep_missing):
            raise SourceError(
                f"{self.source.label} has lost {len(gone):,} of the {len(before):,} items loaded "
                "from it before; add --prune to remove them here too, or --keep-missing to keep "
                "them (prune=True, keep_missing=True)."
            )
        self._gone = gone

    def ends(self, _number: int) -> bool:
        """Say yes: a commit may end behind every item."""
        return True

    def before(self, found: Sequence[Fingerprinted]) -> Mapping[str, Before]:
        """Return what there is under these ids; another source's is only taken over as it is."""
        known = self._store.known([one.item.id for one in found])
        settled = {}
        for one in found:
            was = known.get(one.item.id)
            if was is None:
                continue
            here = was.source == self.source.key
            refusal = ""
            if not here and was.digest[:CONTENT_BYTES] != one.content:
                refusal = (
                    f"the id already names an item of {was.source!r}; load this source as "
                    "another collection, or give it an id column of its own"
                )
            settled[one.item.id] = Before(was.digest, here, refusal)
        return settled

    def stored(self, ids: Sequence[str]) -> Iterable[str]:
        """Return those of the ids that name an item."""
        return self._store.known(ids)

    def put(self, units: Sequence[NewItem], vectors: NewVectors) -> None:
        """Store items."""
        self._writer.put(units, vectors, source=self.source.key)

    def update(self, units: Sequence[NewItem]) -> None:
        """Store what items have beside their parts."""
        self._writer.update(units, source=self.source.key)

    def remove(self) -> tuple[int, int]:
        """Remove what is gone, unless it is to be kept."""
        if self._options.keep_missing:
            return 0, len(self._gone)
        return self._writer.delete(self._gone) if self._gone else 0, 0

    def notices(self, added: int) -> list[str]:
        """Return what the source says, and what was joined before items were added."""
        told = [self.source.notice] if self.source.notice else []
        return told + (joined_again(self._store, added) if added else [])
