"""The recordings of a load: taken apart at their pauses, and written down where that is asked."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from mmrag_jupyter.errors import ModelError, SourceError
from mmrag_jupyter.ingest.dictation import Dictation, Stretch
from mmrag_jupyter.items import Media, NewPart, Piece
from mmrag_jupyter.models.speech import WINDOW
from mmrag_jupyter.sources.images import media_bytes, media_digest
from mmrag_jupyter.sources.spans import MOST_SECONDS, heard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from concurrent.futures import Executor, Future

    from mmrag_jupyter.items import Recording
    from mmrag_jupyter.models.speech import Said, Transcriber
    from mmrag_jupyter.sources.spans import Heard
    from mmrag_jupyter.store import Store, Writer

    Span = tuple[float, float]

# Of what is said, so much silence ends a passage.
_SILENCE = 2.0  # seconds
# Ten seconds of well-packed speech; of wav it is less than one, and commits are smaller.
_A_SPAN = 80_000  # bytes
# Those that have to be fetched to know are in memory until they are stored.
_FROM_AFAR = 16
_POLL = 0.25  # seconds
_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True, eq=False)
class Listened:
    """What a recording became: its parts with their media, its facts, and what went wrong."""

    parts: Sequence[NewPart]
    media: Sequence[Media | None]
    about: Mapping[str, object]
    problems: Sequence[str]


class Begun(NamedTuple):
    """A recording on its way through a thread."""

    recording: Recording
    future: Future[_Found]
    done: list[int]


class _Found(NamedTuple):
    """A recording with its bytes where it is no file, its content hash, spans, size and time."""

    media: Media
    digest: bytes
    heard: Heard
    stamp: tuple[int | None, int | None]


def weight(recording: Recording) -> int:
    """Return roughly how many spans a recording has, by its size alone."""
    media = recording.media
    if media.url is not None:
        return _FROM_AFAR
    try:
        size = media.path.stat().st_size if media.path is not None else len(media.data or b"")
    except OSError:
        size = 0
    return 1 + size // _A_SPAN


class Recordings:
    """Listens to the recordings of one load.

    Parameters
    ----------
    tell
        Is told what is being done, how many seconds of it are, and of how many.
    transcriber
        Writes down what is said, or None.
    """

    def __init__(
        self,
        store: Store,
        writer: Writer,
        tell: Callable[[str, int, int], None],
        transcriber: Transcriber | None,
    ) -> None:
        self._store = store
        self._writer = writer
        self._tell = tell
        self._transcriber = transcriber
        self._counts: Counter[str] = Counter()
        self._coming: list[Begun] = []

    def rest(self, recordings: Sequence[Recording]) -> str:
        """Return what of recordings a change of would make them new, but their files' content."""
        own = [
            (one.column, media_digest(one.media).hex() if _in_memory(one.media) else "")
            for one in recordings
        ]
        by = self._transcriber.name if self._transcriber is not None else ""
        return repr((own, by))

    def begin(self, recordings: Sequence[Recording], pool: Executor) -> list[Begun]:
        """Have recordings taken apart, in threads."""
        begun = []
        for one in recordings:
            done = [0, 0]
            begun.append(Begun(one, pool.submit(_taken_apart, one.media, done), done))
        self._coming += begun
        return begun

    def end(self, begun: Begun) -> Listened:
        """Return a recording's parts, with what is said in it.

        Raises
        ------
        SourceError, OSError
            It cannot be read.
        """
        self._coming.remove(begun)
        found = self._awaited(begun)
        spans = found.heard.spans
        column = begun.recording.column
        media = found.media
        size, mtime_ns = found.stamp
        shared = partial(
            NewPart, path=_address(begun.recording.media), size=size, mtime_ns=mtime_ns
        )
        parts = [
            shared("audio", span_digest(found.digest, span), start=span[0], end=span[1],
                   column=column)
            for span in spans
        ]  # fmt: skip
        if media.data is not None:
            # One that is no file is kept whole, once: with its first span.
            parts[0].blob = media_bytes(media)
        kept: list[Media | None] = [media] * len(parts)
        problems = [found.heard.problem] if found.heard.problem else []
        self._counts["silent"] += found.heard.silent
        if self._transcriber is not None and not found.heard.silent:
            # A model that cannot be had stops the load; one that fails on a recording does not.
            getattr(self._transcriber, "prepare", _nothing)()
            dictation = Dictation(self._store, self._writer, self._transcriber, self._tell)
            try:
                said = dictation.said(list(_stretches(found)), self._coming_stretches())
            except (SourceError, ModelError) as error:
                said = []
                problems.append(str(error))
            for piece in _passages(said):
                digest = _hash(piece.text.encode("utf-8", "surrogatepass"))
                parts.append(shared("text", digest, piece.text, start=piece.start, end=piece.end))
                kept.append(None)
        about = _facts(found.heard) if begun.recording.about else {}
        return Listened(parts, kept, about, problems)

    def notices(self) -> list[str]:
        """Return what is to be said of the recordings."""
        silent = self._counts["silent"]
        if not silent:
            return []
        count = "1 recording is" if silent == 1 else f"{silent:,} recordings are"
        return [f"{count} silent from beginning to end, and found by what is written of them"]

    def _awaited(self, begun: Begun) -> _Found:
        label = f"listening to {begun.recording.media}"
        while True:
            try:
                # Not for ever: an interrupt is to be heard, and progress to be told.
                return begun.future.result(timeout=_POLL)
            except TimeoutError:
                if begun.future.done():
                    raise
                self._tell(label, *begun.done)

    def _coming_stretches(self) -> Iterator[Stretch]:
        """Yield the stretches of the recordings that come next."""
        for begun in list(self._coming):
            try:
                found = self._awaited(begun)
            except (SourceError, OSError):
                continue  # it is told when it is its turn
            if not found.heard.silent:
                yield from _stretches(found)


def _taken_apart(media: Media, done: list[int]) -> _Found:
    if media.url is not None:
        media = Media(data=media_bytes(media))

    def tell(seconds: int, of: int) -> None:
        done[:] = [seconds, of]

    # Before it is read: a file that changes meanwhile has another time the next time.
    stamp = _stamp(media)
    return _Found(media, media_digest(media), heard(media, tell), stamp)


def _nothing() -> None:
    """Stand in for what a transcriber need not have."""


def _stretches(found: _Found) -> Iterator[Stretch]:
    """Join neighbouring spans into stretches as long as a speech model hears at once."""
    for run in _runs(found.heard.spans):
        yield Stretch(found.media, *run, span_digest(found.digest, run))


def _runs(spans: Sequence[Span]) -> Iterator[Span]:
    start, end = spans[0]
    for first, last in spans[1:]:
        if last - start > WINDOW:
            yield start, end
            start = first
        end = last
    yield start, end


def _passages(said: Sequence[Said]) -> Iterator[Piece]:
    """Join sentences into passages that are quickly heard."""
    waiting: list[Said] = []
    for one in said:
        if waiting and (
            one.end - waiting[0].start > MOST_SECONDS or one.start - waiting[-1].end > _SILENCE
        ):
            yield _passage(waiting)
            waiting = []
        waiting.append(one)
    if waiting:
        yield _passage(waiting)


def _passage(said: Sequence[Said]) -> Piece:
    text = " ".join(one.text for one in said)
    return Piece("text", text, start=said[0].start, end=max(one.end for one in said))


def _facts(found: Heard) -> dict[str, object]:
    return {
        "duration": round(found.seconds, 3),
        "rate": found.rate,
        "channels": found.channels,
    }


def _in_memory(media: Media) -> bool:
    return media.path is None and media.url is None


def _address(media: Media) -> str | None:
    return str(media.path) if media.path is not None else media.url


def _stamp(media: Media) -> tuple[int | None, int | None]:
    if media.path is None:
        return None, None
    info = media.path.stat()
    return info.st_size, info.st_mtime_ns


def span_digest(recording: bytes, span: Span) -> bytes:
    """Return the content hash of a span: of its recording's own, and where it begins and ends."""
    return _hash(b"sound" + recording + repr(span).encode())


def _hash(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_DIGEST_BYTES).digest()
