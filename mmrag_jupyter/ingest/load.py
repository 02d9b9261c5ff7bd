"""Load a source into a store: only what is new or changed is read and embedded."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import LoadStoppedError, SourceError
from mmrag_jupyter.ingest.aside import Aside
from mmrag_jupyter.ingest.digests import CONTENT_BYTES
from mmrag_jupyter.ingest.joinkeys import joined_again
from mmrag_jupyter.ingest.run import Before, Run
from mmrag_jupyter.ingest.unchanged import Listed, all_unchanged
from mmrag_jupyter.sources import awaited
from mmrag_jupyter.sources.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

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


@contextmanager
def finding(reporter: Reporter) -> Iterator[Callable[[int], None]]:
    """Show how many files are found, where that takes long; the load itself goes on from there."""
    told = Aside(reporter, lambda: None)
    try:
        yield lambda count: told.tell("finding files", count, None)
    except BaseException:
        if told.shown:
            reporter.finish("stopped while finding files")
        raise


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
    listed = Listed(source, store, writer)
    target = _Items(source, store, writer, options, listed)
    if listed.holds:
        return all_unchanged(target, store, reporter, began)
    run = Run(target, store, writer, embedders=embedders, options=options, reporter=reporter)
    report = run.run()
    listed.remember(report)
    return report


class _Items:
    """The items of a store that come from one source."""

    verb, unit = "loading", "items"

    def __init__(
        self, source: Source, store: Store, writer: Writer, options: LoadOptions, listed: Listed
    ) -> None:
        self.source = source
        self.stream: Iterable[Item | Problem] = self._coming()
        self.total = len(source.ids)
        self.settled = 0
        self.remembered: Remembered = store
        self._store = store
        self._writer = writer
        self._options = options
        self._listed = listed
        self._left: Sequence[int] = ()
        self._gone: Sequence[str] = ()

    def begin(self) -> None:
        """Find the ids that the source no longer has; refuse if they are suspiciously many."""
        here = set(self.source.ids)
        before = set(self._store.ids(self.source.key))
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
        self._left = self._listed.left(before)
        self.settled = self.total - len(self._left)
        self._listed.forget()

    def _coming(self) -> Iterator[Item | Problem]:
        """Yield the items, but for those that are known to be as they were."""
        listing = self.source.listing if isinstance(self.source, Stream) else None
        yield from self.source if listing is None else listing.items(self._left)

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
