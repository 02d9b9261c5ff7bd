"""Pillow's warnings of large pictures, silent while we open one, which has a limit of ours.

`warnings.catch_warnings` would not do: it changes what other threads see. The filter here is
there for all, but matches only in a thread that is opening a picture for us.
"""

from __future__ import annotations

import os
import threading
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

_here = threading.local()


class _Here:
    """Stands in a filter for the pattern of a message: fits any, where this thread opens one."""

    def match(self, text: str) -> bool:  # noqa: ARG002 - as a pattern has it
        return getattr(_here, "opening", False)


_PATTERN = cast("re.Pattern[str]", _Here())


@contextmanager
def no_size_warnings() -> Iterator[None]:
    """Open pictures without a warning that one might be a decompression bomb."""
    from PIL import Image

    ours: tuple[Any, ...] = ("ignore", _PATTERN, Image.DecompressionBombWarning, None, 0)
    filters = cast("list[tuple[Any, ...]]", warnings.filters)
    if not filters or filters[0] != ours:  # a user's own, which came later, would be asked first
        filters[:] = [ours, *(one for one in filters if one != ours)]
    before, _here.opening = getattr(_here, "opening", False), True
    try:
        yield
    finally:
        _here.opening = before


_murmurs = threading.Lock()
_kept: list[int] = []  # standard error as it was, while it is silenced
_silenced = 0


@contextmanager
def no_murmurs() -> Iterator[None]:
    """Keep what libraries in C write to standard error out of the user's sight.

    libmpg123 murmurs of every MP3 that is read from its middle on. What Python writes in a
    notebook takes another way, and is seen.
    """
    global _silenced  # noqa: PLW0603 - standard error is one for the whole process
    with _murmurs:
        if not _silenced:
            _kept[:] = _silence()
        _silenced += 1
    try:
        yield
    finally:
        with _murmurs:
            _silenced -= 1
            if not _silenced and _kept:
                os.dup2(_kept[0], 2)
                os.close(_kept.pop())


def _silence() -> list[int]:
    try:
        before = os.dup(2)
    except OSError:  # it is closed: nobody listens
        return []
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    return [before]
