"""Files that are as they were are told by the listing of their source: none of them is opened."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from mmrag_jupyter.ingest.report import LoadReport
from mmrag_jupyter.sources.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.ingest.report import Reporter
    from mmrag_jupyter.ingest.run import Target
    from mmrag_jupyter.items import Source
    from mmrag_jupyter.sources.listing import Block
    from mmrag_jupyter.store import Store, Writer

_SETTING = "listed:"


class Listed:
    """The blocks of a source's listing whose items were loaded as listed, and are not to be again.

    What somebody has deleted since then is not among a store's ids, which are asked for too; and
    vectors of another model are `complete`'s affair.
    """

    def __init__(self, source: Source, store: Store, writer: Writer) -> None:
        self._source = source
        self._store = store
        self._writer = writer
        self._setting = _SETTING + source.key
        self._listing = source.listing if isinstance(source, Stream) else None
        self._blocks: Sequence[Block] = self._listing.blocks if self._listing is not None else ()
        kept = json.loads(store.setting(self._setting) or "null")
        if not isinstance(kept, dict):  # as earlier versions kept it
            kept = {"blocks": (), "whole": False}
        known = set(kept["blocks"])
        self._whole = bool(kept["whole"])
        self._same = [block for block in self._blocks if block.digest in known]

    @property
    def holds(self) -> bool:
        """Whether all that was loaded is listed and here, and nothing else."""
        count = len(self._source.ids)
        return (
            self._whole
            and sum(block.end - block.first for block in self._same) == count
            and not self._source.problems
            and count == _items(self._source, self._store)
        )

    def left(self, here: set[str]) -> Sequence[int]:
        """Return the places of the items that are to be looked at.

        Parameters
        ----------
        here
            The ids of those that the store has from this source.
        """
        ids = self._source.ids
        left: list[int] = []
        begun = 0
        for first, end, _ in self._same:
            left += range(begun, first)
            if not here.issuperset(ids[first:end]):
                left += [at for at in range(first, end) if ids[at] not in here]
            begun = end
        rest = range(begun, len(ids))
        return [*left, *rest] if self._same else rest

    def forget(self) -> None:
        """Forget what is about to be changed: if that is interrupted, it is looked at again."""
        if self._store.setting(self._setting):
            self._keep([block.digest for block in self._same], whole=False)

    def remember(self, report: LoadReport) -> None:
        """Remember what is listed and was loaded as a whole."""
        if not self._blocks:
            return
        ids, failed = self._source.ids, {problem.source for problem in report.problems}
        loaded = [
            block.digest
            for block in self._blocks
            if not failed or failed.isdisjoint(ids[block.first : block.end])
        ]
        self._keep(loaded, whole=not failed)

    def _keep(self, blocks: Sequence[str], *, whole: bool) -> None:
        self._writer.set_setting(self._setting, json.dumps({"whole": whole, "blocks": blocks}))


def all_unchanged(target: Target, store: Store, reporter: Reporter, began: float) -> LoadReport:
    """Tell that everything is as it was, and return the report of it.

    Parameters
    ----------
    began
        When the load did, in seconds of `time.monotonic`.
    """
    reporter.start(f"{target.verb} {target.source.label}", target.total)
    report = LoadReport(
        store.name,
        target.source.label,
        unchanged=target.total,
        seconds=time.monotonic() - began,
        notices=tuple(target.notices(0)),
    )
    reporter.finish(str(report))
    return report


def _items(source: Source, store: Store) -> int:
    """Return how many items there are of a source: somebody may have deleted some."""
    return next((one.items for one in store.sources() if one.key == source.key), 0)
