"""One thread in which all requests to embedding servers are made, and stopped at once."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")

_TICK = 0.1  # seconds within which an interrupt is noticed
_starting = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Return what a coroutine returns; it runs in the thread of the requests.

    An interrupt (or any other exception raised here) cancels it, which closes its connections:
    the server need not go on either.
    """
    future = asyncio.run_coroutine_threadsafe(work, _running())
    try:
        while True:
            try:
                return future.result(_TICK)
            except TimeoutError:
                if future.done():
                    return future.result()
    except BaseException:
        future.cancel()
        raise


def _running() -> asyncio.AbstractEventLoop:
    global _loop  # noqa: PLW0603 - connections are kept for as long as the process runs
    with _starting:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            # A kernel that shuts down does not wait for a server.
            threading.Thread(target=_loop.run_forever, name="mmrag remote", daemon=True).start()
        return _loop
