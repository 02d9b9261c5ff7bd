"""Which files are being read right now, so that one that does not answer can be named.

A network share that stalls holds up a read for minutes, in any thread and without an error.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 3.0  # seconds; what takes no longer is not worth a word

_begun: dict[object, tuple[object, float]] = {}
_given_up: list[tuple[object, float]] = []


@contextmanager
def awaiting(what: object) -> Iterator[None]:
    """Remember what is read for as long as that takes."""
    key, entry = object(), (what, time.monotonic())
    _begun[key] = entry
    try:
        yield
    except KeyboardInterrupt:
        # Whoever tells of the interrupt comes after this.
        _given_up[:] = [entry]
        raise
    finally:
        del _begun[key]


def told() -> str:
    """Return what a load was waiting for when it was stopped, to be put into a sentence, or ""."""
    waiting = sorted([*_given_up, *list(_begun.values())], key=lambda entry: entry[1])
    _given_up.clear()
    now = time.monotonic()
    for name, begun in waiting:
        if now - begun >= PATIENCE:
            return f" at {name}, which was being read for {now - begun:.0f} seconds"
    return ""
