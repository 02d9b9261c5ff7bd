"""Pictures as a page asks for them: scaled, encoded, and kept for the next time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from mmrag_jupyter.display import waves
from mmrag_jupyter.display.thumbnails import Gone, jpeg
from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.kept import Kept
from mmrag_jupyter.search.listening import stretch_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from PIL.Image import Image

    from mmrag_jupyter.search.hits import Part

    _Key = tuple[bytes, int, tuple[Path | None, float | None, float | None] | None]

TYPE = "image/jpeg"

_ROOM = 64 << 20  # bytes
_SIZES = 50_000
_WORKERS = 4  # decoding leaves Python's lock


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """A scaled picture; `width` and `height` are those of what was decoded, in pixels."""

    data: bytes
    width: int
    height: int


class Pictures:
    """Encodes the pictures of parts; of those used last, some 64 MB are kept."""

    def __init__(self, room: int = _ROOM) -> None:
        self._kept: Kept[_Key, Encoded] = Kept(lambda one: len(one.data), room)
        self._sizes: dict[bytes, tuple[int, int] | None] = {}
        self._workers = ThreadPoolExecutor(_WORKERS, "mmrag-pictures")

    def encoded(self, parts: Sequence[Part | None], size: int) -> list[Encoded | Gone]:
        """Return the picture of each part, at most `size` pixels on its longer side."""
        return list(self._workers.map(partial(self._one, size=size), parts))

    def sizes(self, parts: Sequence[Part | None]) -> list[tuple[int, int] | None]:
        """Return the width and height of each part's picture, where that is quickly told."""
        return list(self._workers.map(self._size, parts))

    def close(self) -> None:
        """Let go of the pictures and the threads."""
        self._workers.shutdown(wait=False, cancel_futures=True)
        self._kept.clear()

    def _size(self, part: Part | None) -> tuple[int, int] | None:
        if part is None:
            return None
        if part.modality == "audio":
            return waves.SIZE
        if part.digest not in self._sizes:
            self._sizes[part.digest] = part.size()
            # One thread or another may add one more at the same time: it is about that many.
            if len(self._sizes) > _SIZES:
                self._sizes.pop(next(iter(self._sizes)), None)
        return self._sizes.get(part.digest)

    def _one(self, part: Part | None, size: int) -> Encoded | Gone:
        if part is None:
            return Gone("this item is no longer in the collection")
        # The content's own hash: a file that was changed and loaded again has another. What was
        # said twice has one hash, and two waveforms.
        heard = part.modality == "audio"
        key = part.digest, size, (part.source, part.start, part.end) if heard else None
        known = self._kept.get(key) if part.digest else None
        if known is not None:
            return known
        made = jpeg(partial(_opened, part, size), size)
        if isinstance(made, Gone):
            return made
        encoded = Encoded(*made)
        return self._kept.put(key, encoded) if part.digest else encoded


def _opened(part: Part, size: int) -> Image:
    stretch = stretch_of(part)
    image = part.opened(edge=size) if stretch is None else stretch.picture()
    if image is None:
        raise SourceError("this part has no picture")
    return image
