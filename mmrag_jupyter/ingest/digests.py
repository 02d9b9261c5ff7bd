"""Content hashes: what tells a changed item from one that is as it was."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.items import Media, NewPart
from mmrag_jupyter.sources.images import media_bytes, media_digest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mmrag_jupyter.items import Item, Piece

    Stamps = Mapping[str, tuple[int | None, int | None, bytes]]

CONTENT_BYTES = 16
_OTHER_BYTES = 7
_WHOLE, _PARTIAL, _UNREAD = b"\1", b"\0", b"\2"


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprinted:
    """An item with its parts hashed: `failures` says which pictures could not be read.

    `content` hashes the parts, `digest` the parts, then everything else, and ends in a mark
    that tells whether all of it could be read.
    """

    item: Item
    parts: tuple[NewPart, ...]
    media: tuple[Media | None, ...]
    content: bytes
    digest: bytes
    failures: tuple[str, ...] = ()

    @property
    def partial_digest(self) -> bytes:
        """The digest of the same item where some of it could not be read."""
        return self.digest[: -len(_PARTIAL)] + _PARTIAL


def is_partial(digest: bytes) -> bool:
    """Tell whether something of an item could not be read, so that a load tries it again."""
    return digest.endswith(_PARTIAL)


def fingerprint(item: Item, stamps: Stamps) -> Fingerprinted:
    """Hash an item's content.

    Parameters
    ----------
    stamps
        Path or address to the (size, mtime_ns, digest) at which the store knows it: a file
        with the same size and time is not read again, nor an address fetched again.
    """
    parts: list[NewPart] = []
    media: list[Media | None] = []
    failures = []
    for piece in item.pieces:
        if piece.media is None:
            parts.append(text_part(piece))
            media.append(None)
            continue
        try:
            part = _media_part(piece, piece.media, stamps)
            parts.append(part)
            # What was fetched to be hashed need not be fetched again to be decoded.
            fetched = piece.media.url is not None and part.blob is not None
            media.append(Media(data=part.blob) if fetched else piece.media)
        except (SourceError, OSError) as error:
            failures.append(str(error))
    return put_together(item, parts, media, failures, rest_digest(item))


def put_together(
    item: Item,
    parts: Sequence[NewPart],
    media: Sequence[Media | None],
    failures: Sequence[str],
    rest: bytes,
    *,
    unread: bool = False,
) -> Fingerprinted:
    """Return an item with its hashed parts.

    Parameters
    ----------
    rest
        The hash of everything else, as `rest_digest` makes it.
    unread
        Whether it has pictures of text that nothing here can read.
    """
    content = _hash(b"".join([part.digest + part.modality.encode() for part in parts]))
    mark = _PARTIAL if failures else _UNREAD if unread else _WHOLE
    return Fingerprinted(
        item, tuple(parts), tuple(media), content, content + rest + mark, tuple(failures)
    )


def rest_digest(item: Item, more: str = "") -> bytes:
    """Return a hash of everything in an item but its parts, and of what there is to say more."""
    columns = [piece.column for piece in item.pieces if piece.column is not None]
    others = repr((tuple(item.metadata.items()), item.index, columns)) + more
    return _hash(others.encode("utf-8", "replace"), _OTHER_BYTES)


def is_whole(digest: bytes, rest: bytes, *, unread: bool) -> bool:
    """Tell whether a digest is of an item that was read as a whole, and has the same rest.

    `unread` says whether pictures of text that nothing could read are left out of account.
    """
    marks = (_WHOLE, _UNREAD) if unread else (_WHOLE,)
    return digest[CONTENT_BYTES:] in [rest + mark for mark in marks]


def addresses(items: Sequence[Item]) -> list[str]:
    """Return the paths and addresses of the items' pictures, as the store knows them."""
    return [
        str(piece.media.path or piece.media.url)
        for item in items
        for piece in item.pieces
        if piece.media is not None and (piece.media.path or piece.media.url)
    ]


def text_part(piece: Piece) -> NewPart:
    """Return a text as a part."""
    digest = _hash(piece.text.encode("utf-8", "surrogatepass"))
    return NewPart(
        piece.modality, digest, piece.text, page=piece.page, start=piece.start, end=piece.end
    )


def _media_part(piece: Piece, media: Media, stamps: Stamps) -> NewPart:
    path, size, mtime, blob = None, None, None, None
    if media.path is not None:
        path = str(media.path)
        stat = media.path.stat()
        size, mtime = stat.st_size, stat.st_mtime_ns
        known = stamps.get(path)
        digest = (
            known[2] if known is not None and known[:2] == (size, mtime) else media_digest(media)
        )
    elif media.url is not None:
        path = media.url
        known = stamps.get(path)
        if known is None:
            blob = media_bytes(media)
            digest = _hash(blob)
        else:
            digest = known[2]
    else:
        digest = media_digest(media)
        blob = media_bytes(media)
    return NewPart(
        piece.modality, digest, piece.text, path=path, size=size, mtime_ns=mtime, blob=blob,
        page=piece.page, start=piece.start, end=piece.end, column=piece.column,
    )  # fmt: skip


def _hash(data: bytes, size: int = CONTENT_BYTES) -> bytes:
    return hashlib.blake2b(data, digest_size=size).digest()
