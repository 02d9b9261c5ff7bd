"""Pillow's warnings of large pictures, silent while we open one, which has a limit of ours.

`warnings.catch_warnings` would not do: it changes what other threads see. The filter here is
there for all, but matches only in a thread that is opening a picture for us.
"""

from __future__ import annotations

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
