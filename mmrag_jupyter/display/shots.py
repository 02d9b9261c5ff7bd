"""Pictures of which the display keeps thumbnails: made once, shown again without being opened."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from PIL.Image import Image

_ROOM = 32 << 20  # bytes; some two hundred thumbnails

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A picture to be opened, with a name of its content by which its thumbnail is found again.

    `key` is a hash of the content; without one, nothing is kept. `at` opens it with a shorter
    side of at least so many pixels, where it has as many: a photo opens faster that way.
    `size` tells its own width and height, where that is known without opening it.
    """

    key: bytes
    at: Callable[[int], Image]
    size: Callable[[], tuple[int, int] | None]

    def scaled(self, edge: int) -> tuple[Image, tuple[int, int]]:
        """Return the picture with a longer side of at least `edge`, and its own size."""
        known = self.size()
        if known is None or not min(known):
            image = self.at(edge)
            return image, image.size
        return self.at(-(-edge * min(known) // max(known))), known


class Kept(Generic[K, T]):
    """What was made of pictures, of those used last as much as there is room for.

    Parameters
    ----------
    room
        Bytes.
    weight
        Tells how many bytes one takes, about.
    """

    def __init__(self, weight: Callable[[T], int], room: int = _ROOM) -> None:
        self._weight = weight
        self._room = room
        self._bytes = 0
        self._made: OrderedDict[K, T] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: K) -> T | None:
        """Return what was made under a key, if it is still here."""
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
            return self._made.get(key)

    def put(self, key: K, made: T) -> T:
        """Keep what was made; return what is kept, which another thread may have made first."""
        with self._lock:
            if key not in self._made:
                self._bytes += self._weight(made)
            kept = self._made.setdefault(key, made)
            while self._bytes > self._room:
                self._bytes -= self._weight(self._made.popitem(last=False)[1])
            return kept

    def clear(self) -> None:
        """Let go of all."""
        with self._lock:
            self._made.clear()
            self._bytes = 0
