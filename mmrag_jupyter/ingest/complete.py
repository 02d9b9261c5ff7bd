"""Embed again what is stored: after a change of model, or where vectors were lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.errors import LoadStoppedError
from mmrag_jupyter.ingest.chunk import Chunk
from mmrag_jupyter.ingest.cluster import embedding_on
from mmrag_jupyter.ingest.digests import Fingerprinted
from mmrag_jupyter.ingest.embed import batch_size
from mmrag_jupyter.items import Item, Media, NewPart, Problem
from mmrag_jupyter.store.recordings import recording

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mmrag_jupyter.ingest.report import Reporter
    from mmrag_jupyter.ingest.spaces import Serving
    from mmrag_jupyter.items import Modality
    from mmrag_jupyter.store import PartRow, Store, Writer

    Missing = Mapping[Modality, Sequence[int]]

# The parts of a commit where workers embed them: enough for some batches.
_FOR_WORKERS = 256


def complete(
    store: Store, writer: Writer, serving: Serving, reporter: Reporter, cluster: str | None = None
) -> list[Problem]:
    """Give every stored part the vector that it lacks in the space of its modality.

    Returns the parts whose picture or sound can no longer be read. Interrupted, it keeps what it
    has done, and goes on from there the next time.

    Parameters
    ----------
    cluster
        The address of the one that embeds, as `LoadOptions` has it.

    Raises
    ------
    LoadStoppedError
        Interrupted.
    """
    missing = {
        modality: parts
        for modality, (space, _) in serving.items()
        if (parts := store.parts_without_vector(space, modality))
    }
    total = sum(map(len, missing.values()))
    if not total:
        return []
    reporter.start("embedding stored parts again", total)
    problems: list[Problem] = []
    done = 0
    message = "stopped"
    pool = ThreadPoolExecutor(2, thread_name_prefix="mmrag-decode")
    embedding = embedding_on(cluster, store, serving, lambda *_: None)
    try:
        for chunk in embedding.run(_chunks(store, serving, missing, cluster), pool):
            items, vectors = chunk.ready()
            for space, (ordinals, own) in vectors.items():
                numbers = np.array([int(items[at].id) for at in ordinals], dtype=np.int64)
                writer.put_vectors(space, numbers, own)
            problems += _problems(store, chunk)
            done += len(chunk.items)
            reporter.advance(done)
        message = f"embedded {done:,} stored parts again"
    except KeyboardInterrupt:
        message = f"stopped after {done:,} of {total:,} parts; the same command goes on from there"
        raise LoadStoppedError(message.capitalize() + ".") from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        reporter.finish(message)
    return problems


def _chunks(
    store: Store, serving: Serving, missing: Missing, cluster: str | None
) -> Iterator[Chunk]:
    """Yield the parts as items of their own, which are named by the parts' numbers."""
    for modality, parts in missing.items():
        size = batch_size(serving[modality][1]) if cluster is None else _FOR_WORKERS
        for at in range(0, len(parts), size):
            rows = store.parts(parts[at : at + size])
            yield Chunk([_alone(store, row) for row in rows])


def _alone(store: Store, row: PartRow) -> Fingerprinted:
    part = NewPart(
        row.modality, row.digest, row.text, path=row.path, page=row.page, start=row.start,
        end=row.end,
    )  # fmt: skip
    media = _media(store, row)
    lost = row.modality == "audio" and media is None
    failures = (f"the recording of {row.item_id} is gone",) if lost else ()
    return Fingerprinted(Item(str(row.part), ()), (part,), (media,), b"", b"", failures)


def _media(store: Store, row: PartRow) -> Media | None:
    if row.modality == "text":
        return None
    if row.modality == "audio":
        return recording(store, row)
    if row.has_blob:
        return Media(data=store.blob(row.digest))
    return Media(path=Path(row.path or ""), page=row.page)


def _problems(store: Store, chunk: Chunk) -> list[Problem]:
    failures = [(int(found.item.id), reason) for found, reason in chunk.failures()]
    names = {row.part: row.item_id for row in store.parts([part for part, _ in failures])}
    return [Problem(names[part], reason) for part, reason in failures if part in names]
