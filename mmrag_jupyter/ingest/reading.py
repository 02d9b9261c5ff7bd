"""Take items from a source in chunks, and hash them: the next while the last are embedded."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from mmrag_jupyter.ingest.digests import Fingerprinted, addresses, fingerprint
from mmrag_jupyter.ingest.recordings import weight
from mmrag_jupyter.items import Item, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Executor

    from mmrag_jupyter.ingest.digests import Stamps
    from mmrag_jupyter.ingest.documents import Documents
    from mmrag_jupyter.store import Store

FIRST_CHUNK, LARGEST_CHUNK = 64, 4096
MOST_PICTURES = 256
# Documents are read in one go with the rest of their chunk, all their pages.
PICTURES_A_DOCUMENT = 16
# A commit every one or two seconds: little is lost to a kill, and commits cost nothing.
QUICK_SECONDS, SLOW_SECONDS = 0.7, 2.0


class _Begun(NamedTuple):
    """The items of a chunk, what the store knows of their files, and the plain ones' hashes."""

    items: list[Item]
    stamps: Stamps
    hashing: Iterator[Fingerprinted]


class Reading:
    """The items of a source, hashed.

    Parameters
    ----------
    documents
        Reads the items that have documents.
    note
        Is told what the source could not read.
    ends
        Tells of an item's number, counted from 0, whether a chunk may end behind it.
    """

    def __init__(
        self,
        source: Iterable[Item | Problem],
        store: Store,
        documents: Documents,
        note: Callable[[Problem], None],
        ends: Callable[[int], bool],
    ) -> None:
        self._stream = iter(source)
        self._store = store
        self._documents = documents
        self._note = note
        self._ends = ends
        self._taken = 0
        self._unread: set[str] = set()
        self._size = FIRST_CHUNK

    @property
    def unread(self) -> int:
        """How many items the source could read nothing of so far."""
        return len(self._unread)

    def chunks(self, pool: Executor) -> Iterator[list[Fingerprinted]]:
        """Yield the items in the source's order, so many at once as suits their commits."""
        coming = self._begin(pool)
        while coming.items:
            items, stamps, hashing = coming
            # Otherwise the model would wait for the hashes of the next pictures.
            coming = self._begin(pool)
            hashed = list(hashing)
            # Here and not in the pool: an interrupt stops it between two pages.
            read = [item for item in items if item.documents or item.recordings]
            if read:
                hashed += self._documents.fingerprinted(read, stamps, pool)
                place = {item.id: at for at, item in enumerate(items)}
                hashed.sort(key=lambda one: place[one.item.id])
            yield hashed

    def took(self, seconds: float) -> None:
        """Make later chunks larger or smaller, by how long one took from commit to commit."""
        if seconds < QUICK_SECONDS:
            self._size = min(self._size * 2, LARGEST_CHUNK)
        elif seconds > SLOW_SECONDS:
            self._size = max(self._size // 2, FIRST_CHUNK // 2)

    def _begin(self, pool: Executor) -> _Begun:
        items = self._take()
        stamps = self._store.file_digests(addresses(items))
        plain = [item for item in items if not (item.documents or item.recordings)]
        has_media = any(piece.media for item in plain for piece in item.pieces)
        own = partial(fingerprint, stamps=stamps)
        return _Begun(items, stamps, pool.map(own, plain) if has_media else map(own, plain))

    def _take(self) -> list[Item]:
        items: list[Item] = []
        pictures = 0
        for found in self._stream:
            if isinstance(found, Problem):
                self._note(found)
                self._unread.add(found.source)
                continue
            # Of a row it may be a picture that could not be read, and the row comes next.
            self._unread.discard(found.id)
            items.append(found)
            pictures += sum(piece.media is not None for piece in found.pieces)
            pictures += PICTURES_A_DOCUMENT * len(found.documents)
            pictures += sum(map(weight, found.recordings))
            self._taken += 1
            full = len(items) >= self._size or pictures >= MOST_PICTURES
            if full and self._ends(self._taken - 1):
                break
        return items
