"""A folder in which nothing has changed is told by its listing: no file of it is opened."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from mmrag_jupyter.ingest.report import LoadReport
from mmrag_jupyter.sources.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mmrag_jupyter.items import Modality, Source
    from mmrag_jupyter.models.spaces import AnyEmbedder
    from mmrag_jupyter.store import Store, Writer

    Embedders = Mapping[Modality, tuple[int, AnyEmbedder]]

_SETTING = "listed:"


def as_it_was(source: Source, store: Store, embedders: Embedders) -> bool:
    """Tell whether a source lists what it did when all of it was loaded, and all is still here."""
    stamp = _stamp(source, embedders)
    known = json.loads(store.setting(_SETTING + source.key) or "null")
    return stamp is not None and known == [stamp, len(source.ids), _items(source, store)]


def remember(
    source: Source, store: Store, writer: Writer, embedders: Embedders, report: LoadReport
) -> None:
    """Keep what a source lists, if all of it could be loaded."""
    stamp = _stamp(source, embedders)
    if stamp is None:
        return
    whole = not (report.failed or report.problems or report.kept)
    found = [stamp, len(source.ids), _items(source, store)] if whole else None
    writer.set_setting(_SETTING + source.key, json.dumps(found))


def report_of(source: Source, store: Store, seconds: float) -> LoadReport:
    """Return the report of a load that found everything as it was."""
    return LoadReport(
        store.name,
        source.label,
        added=0,
        updated=0,
        unchanged=len(source.ids),
        removed=0,
        failed=0,
        kept=0,
        seconds=seconds,
        problems=(),
        notices=(source.notice,) if source.notice else (),
    )


def _stamp(source: Source, embedders: Embedders) -> str | None:
    """Return a hash of the listing and of what embeds it; None where that does not tell."""
    if not isinstance(source, Stream) or not source.listing or source.problems:
        return None
    models = sorted((modality, one.name) for modality, (_, one) in embedders.items())
    seen = hashlib.blake2b(source.listing, digest_size=16)
    seen.update(repr(models).encode("utf-8", "replace"))
    return seen.hexdigest()


def _items(source: Source, store: Store) -> int:
    """Return how many items there are of a source: somebody may have deleted some."""
    return next((one.items for one in store.sources() if one.key == source.key), 0)
