"""What is kept in memory within a bound: what was not used for longest goes first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

_ROOM = 32 << 20  # bytes; some two hundred thumbnails

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Kept(Generic[K, T]):
    """What was made or fetched, of what was used last as much as there is room for.

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
