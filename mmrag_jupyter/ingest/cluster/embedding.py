"""Embedding by the workers of a cluster: the same chunks in, the same chunks out."""

from __future__ import annotations

import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import ModelError, SourceError
from mmrag_jupyter.ingest.cluster.carry import by_value, must_be_carried
from mmrag_jupyter.ingest.cluster.link import Link, SlowStartError
from mmrag_jupyter.ingest.cluster.models import packed_models
from mmrag_jupyter.ingest.cluster.work import Outcome, Wanted, packed, unpacked
from mmrag_jupyter.ingest.embed import Embedding
from mmrag_jupyter.ingest.vectors import repeated
from mmrag_jupyter.items import as_written
from mmrag_jupyter.models.late import is_late

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from concurrent.futures import Executor

    from mmrag_jupyter.ingest.chunk import Chunk, Place
    from mmrag_jupyter.items import Media, Modality
    from mmrag_jupyter.models.spaces import AnyEmbedder
    from mmrag_jupyter.store import Store

# Parts of a batch; it should keep a worker busy for a second or so.
_FIRST, _LEAST, _MOST = 16, 8, 1024
_QUICK, _SLOW = 1.0, 4.0  # seconds
_BATCH_BYTES = 16 * 2**20
# Batches for each worker: one in work, one at hand, one on its way.
_DEEP = 3
_PATIENCE = 0.5  # seconds
_STARTS = 3
_SILENCE = 20.0  # seconds


@dataclass(slots=True, eq=False)
class _Held:
    """A chunk some of whose parts are with the workers."""

    chunk: Chunk
    missing: int = 0


@dataclass(slots=True, eq=False)
class _Due:
    """A part that is with the workers, for all the places of its chunk that have its content.

    `shown` is its picture or sound as the user names it.
    """

    held: _Held
    space: int
    embedder: AnyEmbedder
    places: list[Place]
    wanted: Wanted
    shown: Media | None
    carried: bool = False


@dataclass(slots=True)
class _State:
    """What a run knows of the workers."""

    workers: int = 1
    up: int = 0
    last: float = field(default_factory=time.monotonic)


class RayEmbedding(Embedding):
    """Has the parts embedded by the workers of a Ray cluster; what is known is not sent.

    Parameters
    ----------
    address
        The cluster's; "" is a Ray of this machine's own, for as long as the load lasts.
    """

    def __init__(
        self,
        store: Store,
        embedders: Mapping[Modality, tuple[int, AnyEmbedder]],
        tell: Callable[[str, int, int], None],
        *,
        address: str,
    ) -> None:
        super().__init__(store, embedders, tell)
        self._address = address
        self._link: Link | None = None
        self._state = _State()
        self._numbers, self._keys = count(), count()
        self._waiting: deque[_Due] = deque()
        self._out: dict[int, dict[int, _Due]] = {}
        self._size = _FIRST
        self._carries = False

    def run(self, chunks: Iterable[Chunk], pool: Executor) -> Iterator[Chunk]:
        """Yield the chunks in order, their vectors filled in.

        Raises
        ------
        ClusterError
            The cluster cannot be used, or is lost, or its workers die again and again.
        ModelError
            A model cannot be had on a worker, or fails there.
        """
        del pool  # the workers have threads of their own
        coming: Iterator[Chunk] | None = iter(chunks)
        held: deque[_Held] = deque()
        try:
            while coming is not None or held:
                if coming is not None and self._has_room():
                    chunk = next(coming, None)
                    if chunk is None:
                        coming = None
                    else:
                        held.append(self._take(chunk))
                self._send(whole=coming is not None)
                stays = bool(self._out) and not (coming is not None and self._has_room())
                self._hear(_PATIENCE if stays else 0.0)
                while held and not held[0].missing:
                    yield held.popleft().chunk
        finally:
            if self._link is not None:
                self._link.close()
                self._link = None

    def _has_room(self) -> bool:
        return len(self._waiting) < self._size and len(self._out) < _DEEP * self._state.workers

    def _take(self, chunk: Chunk) -> _Held:
        held = _Held(chunk)
        for modality, (space, embedder) in self._embedders.items():
            for same in self._to_embed(chunk, modality, space, late=is_late(embedder)):
                part, media = chunk.part(same[0]), chunk.media(same[0])
                if modality != "text" and media is None:
                    continue
                # What is in the media is not sent a second time, nor what no vector depends on.
                part = replace(part, blob=None, text=part.text if media is None else "")
                sent = media
                if media is not None and media.path is not None:
                    sent = replace(media, path=media.path.absolute())
                wanted = Wanted(next(self._keys), part, sent)
                self._waiting.append(_Due(held, space, embedder, same, wanted, media))
                held.missing += 1
        return held

    def _send(self, *, whole: bool) -> None:
        """Send what fits; only whole batches while more may come."""
        while self._waiting and len(self._out) < _DEEP * self._state.workers:
            if whole and len(self._waiting) < self._size:
                return
            batch: dict[int, _Due] = {}
            size = 0
            while self._waiting and len(batch) < self._size and size < _BATCH_BYTES:
                due = self._waiting.popleft()
                if not self._carry(due):
                    continue
                batch[due.wanted.key] = due
                media = due.wanted.media
                size += len(media.data or b"") if media is not None else len(due.wanted.part.text)
            if batch:
                number = next(self._numbers)
                self._connected().offer(number, packed([due.wanted for due in batch.values()]))
                self._out[number] = batch

    def _connected(self) -> Link:
        if self._link is None:
            self._link = self._linked(packed_models(self._embedders))
            self._state = _State(self._link.workers)
        return self._link

    def _linked(self, models: bytes) -> Link:
        def waiting() -> None:
            self._tell("starting the cluster's workers", 0, 1)

        for _ in range(_STARTS - 1):
            with suppress(SlowStartError):
                return Link(self._address, models, waiting)
        return Link(self._address, models, waiting)

    def _carry(self, due: _Due) -> bool:
        """Put the content into a part whose file the workers cannot open; False if it has none."""
        media = due.wanted.media
        if media is None or due.carried or not (self._carries or must_be_carried(media)):
            return True
        try:
            due.wanted = by_value(due.wanted, due.embedder)
            due.carried = True
        except (SourceError, OSError, MemoryError) as error:
            self._fail(due, str(error) or "not enough memory to open it")
        return due.carried

    def _hear(self, patience: float) -> None:
        if self._link is None:
            return
        news = self._link.news(patience)
        self._state.up = news.up or self._state.up
        now = time.monotonic()
        for number, data in news.done:
            self._state.last = now
            self._settle(self._out.pop(number), unpacked(data, Outcome))
        if self._state.up < self._state.workers and not news.done:
            self._tell("starting the cluster's workers", self._state.up, self._state.workers)
        elif now - self._state.last > _SILENCE and self._out:
            first = next(iter(next(iter(self._out.values())).values())).wanted.media
            about = f", at {first} or near it" if first is not None and first.path else ""
            self._tell(f"waiting for the workers{about}", 0, len(self._out))

    def _settle(self, batch: dict[int, _Due], outcome: Outcome) -> None:
        if outcome.error:
            raise ModelError(outcome.error)
        for space, (keys, vectors) in outcome.vectors.items():
            for at, key in enumerate(keys):
                due = batch.pop(key)
                own = repeated(vectors[at : at + 1], [len(due.places)])
                due.held.chunk.add(space, due.places, own)
                due.held.missing -= 1
        for key, reason in outcome.failures:
            self._fail(batch.pop(key), reason)
        # The files of this machine are not theirs: from now on their content is sent.
        self._carries = self._carries or bool(outcome.unseen)
        self._waiting.extendleft(reversed([batch.pop(key) for key in outcome.unseen]))
        if batch:
            # A load that waits for them would wait for ever.
            raise ModelError(f"the workers gave neither vectors nor reasons for {len(batch)} parts")
        self._adapt(outcome.seconds)

    def _adapt(self, seconds: float) -> None:
        if seconds < _QUICK:
            self._size = min(2 * self._size, _MOST)
        elif seconds > _SLOW:
            self._size = max(self._size // 2, _LEAST)

    def _fail(self, due: _Due, reason: str) -> None:
        sent, shown = due.wanted.media, due.shown
        if sent is not None and sent.path is not None:
            # Workers have another folder to name paths from.
            reason = reason.replace(str(sent.path), as_written(sent.path))
        elif sent is not None:
            reason = reason.replace(str(sent), str(shown))
        for place in due.places:
            due.held.chunk.fail(place, reason)
        due.held.missing -= 1
