"""Embed again what is stored: after a change of model, or where vectors were lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.errors import LoadStoppedError, SourceError
from mmrag_jupyter.ingest.embed import batch_size
from mmrag_jupyter.ingest.vectors import embedded
from mmrag_jupyter.items import Media, Problem
from mmrag_jupyter.models.base import audio_rate
from mmrag_jupyter.sources.images import open_image
from mmrag_jupyter.sources.sound import read_sound
from mmrag_jupyter.store.recordings import recording

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

    from mmrag_jupyter.ingest.report import Reporter
    from mmrag_jupyter.ingest.spaces import Serving
    from mmrag_jupyter.items import Modality, Sound
    from mmrag_jupyter.models.spaces import AnyEmbedder
    from mmrag_jupyter.store import PartRow, Store, Writer
    from mmrag_jupyter.store.tokens_writing import PartVectors


def complete(store: Store, writer: Writer, serving: Serving, reporter: Reporter) -> list[Problem]:
    """Give every stored part the vector that it lacks in the space of its modality.

    Returns the parts whose picture or sound can no longer be read. Interrupted, it keeps what it
    has done, and goes on from there the next time.

    Raises
    ------
    LoadStoppedError
        Interrupted.
    """
    todo = [
        (modality, space, embedder, missing)
        for modality, (space, embedder) in serving.items()
        if (missing := store.parts_without_vector(space, modality))
    ]
    total = sum(len(missing) for *_, missing in todo)
    if not total:
        return []
    reporter.start("embedding stored parts again", total)
    problems: list[Problem] = []
    done = 0
    message = "stopped"
    try:
        for modality, space, embedder, missing in todo:
            size = batch_size(embedder)
            for at in range(0, len(missing), size):
                rows = store.parts(missing[at : at + size])
                read, vectors, failed = _embed(store, modality, embedder, rows)
                writer.put_vectors(space, np.array(read, dtype=np.int64), vectors)
                problems += failed
                done += len(rows)
                reporter.advance(done)
        message = f"embedded {done:,} stored parts again"
    except KeyboardInterrupt:
        message = f"stopped after {done:,} of {total:,} parts; the same command goes on from there"
        raise LoadStoppedError(message.capitalize() + ".") from None
    finally:
        reporter.finish(message)
    return problems


def _embed(
    store: Store, modality: Modality, embedder: AnyEmbedder, rows: Sequence[PartRow]
) -> tuple[list[int], PartVectors, list[Problem]]:
    """Return the parts that could be embedded, their vectors, and what could not be read."""
    if modality == "text":
        vectors = embedded(embedder, "text", [row.text for row in rows])
        return [row.part for row in rows], vectors, []
    with ThreadPoolExecutor(max_workers=2) as pool:
        opened = list(pool.map(lambda row: _open(store, row, embedder), rows))
    good = [
        (row.part, image)
        for row, image in zip(rows, opened, strict=True)
        if not isinstance(image, Problem)
    ]
    kind = "audio" if modality == "audio" else "image"
    vectors = embedded(embedder, kind, [image for _, image in good])
    failed = [image for image in opened if isinstance(image, Problem)]
    return [part for part, _ in good], vectors, failed


def _open(store: Store, row: PartRow, embedder: AnyEmbedder) -> Image | Sound | Problem:
    if row.modality == "audio":
        return _listen(store, row, audio_rate(embedder))
    media = (
        Media(data=store.blob(row.digest))
        if row.has_blob
        else Media(path=Path(row.path or ""), page=row.page)
    )
    try:
        return open_image(media, edge=getattr(embedder, "image_edge", None))
    except (SourceError, OSError) as error:
        return Problem(row.item_id, str(error))


def _listen(store: Store, row: PartRow, rate: int) -> Sound | Problem:
    media = recording(store, row)
    if media is None:
        return Problem(row.item_id, f"the recording of {row.item_id} is gone")
    try:
        return read_sound(media, rate=rate, start=row.start, end=row.end)
    except (SourceError, OSError) as error:
        return Problem(row.item_id, str(error))
