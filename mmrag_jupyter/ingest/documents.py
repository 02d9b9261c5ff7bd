"""The documents and recordings of a load: those that are as they were stay closed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.ingest.digests import (
    CONTENT_BYTES,
    Fingerprinted,
    fingerprint,
    is_whole,
    put_together,
    rest_digest,
    text_part,
)
from mmrag_jupyter.items import Media, NewPart, as_written
from mmrag_jupyter.sources import ocr
from mmrag_jupyter.sources.images import media_digest, page_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Executor
    from pathlib import Path

    from mmrag_jupyter.ingest.digests import Stamps
    from mmrag_jupyter.ingest.recordings import Begun, Recordings
    from mmrag_jupyter.items import Content, Document, Item
    from mmrag_jupyter.store import Known

    Files = dict[str, dict[str, tuple[int | None, int | None]]]


class Remembered(Protocol):
    """What is kept of the items of a source: their hashes, and the files that they came from."""

    def known(self, ids: Sequence[str]) -> dict[str, Known]:
        """Return the hash and source of those ids that there are."""

    def item_files(self, ids: Sequence[str]) -> Files:
        """Return for each of these ids its files: their paths, sizes (bytes) and mtimes (ns)."""


class Documents:
    """Reads the documents of one load, and has its recordings listened to.

    Parameters
    ----------
    source
        The key of the source that is loaded.
    tell
        Is told what is being read, how many of its pages are, and of how many.
    recordings
        Listens to recordings.
    """

    def __init__(
        self,
        store: Remembered,
        source: str,
        tell: Callable[[str, int, int], None],
        recordings: Recordings,
    ) -> None:
        self._recordings = recordings
        self._store = store
        self._source = source
        self._tell = tell
        self._counts: Counter[str] = Counter()

    def fingerprinted(
        self, items: Sequence[Item], stamps: Stamps, pool: Executor
    ) -> list[Fingerprinted]:
        """Return items with documents or recordings, hashed like any other.

        One whose files have the sizes and times that the store knows, and that is otherwise
        as it was, comes without its parts.
        """
        known = {
            item_id: one.digest
            for item_id, one in self._store.known([item.id for item in items]).items()
            if one.source == self._source
        }
        files = self._store.item_files(list(known))
        rests = {item.id: self._rest(item) for item in items}
        same = {
            item.id
            for item in items
            if self._is_as_before(
                item, known.get(item.id, b""), rests[item.id], files.get(item.id, {})
            )
        }
        # Recordings are taken apart in threads, while what comes before them is read here.
        begun = {
            item.id: self._recordings.begin(item.recordings, pool)
            for item in items
            if item.id not in same
        }
        found = []
        for item in items:
            if item.id in same:
                before = known[item.id]
                found.append(Fingerprinted(item, (), (), before[:CONTENT_BYTES], before))
            else:
                found.append(self._read(item, stamps, rests[item.id], begun.pop(item.id)))
        return found

    def _rest(self, item: Item) -> bytes:
        return rest_digest(item, self._recordings.rest(item.recordings) if item.recordings else "")

    def _is_as_before(
        self,
        item: Item,
        before: bytes,
        rest: bytes,
        files: Mapping[str, tuple[int | None, int | None]],
    ) -> bool:
        paths = [one.path for one in item.documents]
        for piece in item.pieces:
            if piece.media is not None and piece.media.path is None:
                return False
            paths += [piece.media.path] if piece.media and piece.media.path else []
        paths += [one.media.path for one in item.recordings if one.media.path is not None]
        addresses = [one.media.url for one in item.recordings if one.media.url is not None]
        # A scan that nothing could read is looked at again once something can.
        unread = ocr.engine() is None
        return (
            is_whole(before, rest, unread=unread)
            and all(str(path) in files and files[str(path)] == _stamp(path) for path in paths)
            and all(address in files for address in addresses)
        )

    def _read(
        self, item: Item, stamps: Stamps, rest: bytes, begun: Sequence[Begun]
    ) -> Fingerprinted:
        own = fingerprint(item, stamps)
        parts, media, failures = list(own.parts), list(own.media), list(own.failures)
        metadata, unread = dict(item.metadata), 0
        for document in item.documents:
            try:
                found, content = self._parts(document)
            except (SourceError, OSError) as error:
                failures.append(str(error))
                continue
            parts += found
            media += [piece.media for piece in content.pieces]
            failures += content.problems
            metadata.update(content.metadata)
            unread += content.unread
            self._counts["unread"] += content.unread
            self._counts["recognised"] += content.recognised
        for one in begun:
            try:
                listened = self._recordings.end(one)
            except (SourceError, OSError) as error:
                failures.append(str(error))
                continue
            parts += listened.parts
            media += listened.media
            metadata.update(listened.about)
            failures += listened.problems
        whole = replace(item, metadata=metadata)
        return put_together(whole, parts, media, failures, rest, unread=bool(unread))

    def _parts(self, document: Document) -> tuple[list[NewPart], Content]:
        path = document.path
        # Before it is read: a file that changes meanwhile has another time the next time.
        size, mtime_ns = _stamp(path) or (None, None)
        label = f"reading pages of {as_written(path)}"
        content = document.read(lambda page, pages: self._tell(label, page, pages))
        drawn = any(piece.media is not None for piece in content.pieces)
        digest = media_digest(Media(path=path)) if drawn else b""
        parts = []
        for piece in content.pieces:
            if piece.media is None:
                part = text_part(piece)
            else:
                part = NewPart(
                    piece.modality,
                    page_digest(digest, piece.page or 0),
                    piece.text,
                    page=piece.page,
                )
            part.path, part.size, part.mtime_ns = str(path), size, mtime_ns
            parts.append(part)
        return parts, content

    def notices(self) -> list[str]:
        """Return what is to be said of pages that are pictures of text, and of recordings."""
        unread, recognised = self._counts["unread"], self._counts["recognised"]
        engine = ocr.engine()
        said = []
        if recognised and engine is not None:
            said.append(f"{_pages(recognised)} without text of their own: read by {engine.name}")
        if unread:
            said.append(f"{_pages(unread)} without text: {ocr.ADVICE}")
        return said + self._recordings.notices()


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        info = path.stat()
    except OSError:
        return None
    return info.st_size, info.st_mtime_ns


def _pages(count: int) -> str:
    return f"{count:,} page" if count == 1 else f"{count:,} pages"
