"""One writer at a time: a lock of the operating system, which dies with its process."""

from __future__ import annotations

import json
import os
import socket
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import StoreBusyError
from mmrag_jupyter.store.failures import explained

if TYPE_CHECKING:
    from pathlib import Path


class WriteLock:
    """The right to write to the collection at `folder`, until `release`.

    Raises
    ------
    StoreBusyError
        Another writer holds it; the message names it.
    StoreError
        The folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        from filelock import FileLock, Timeout

        self._holder = folder / "lock.json"
        # Not per thread: a load may be started in one and finished in another.
        self._lock = FileLock(folder / "lock", timeout=0, thread_local=False)
        with explained(folder):
            try:
                self._lock.acquire()
            except Timeout:
                raise StoreBusyError(_busy(folder, self._holder)) from None
            try:
                self._sign()
            except BaseException:
                self._lock.release()
                raise

    def release(self) -> None:
        """Let others write."""
        with suppress(OSError):
            self._holder.unlink()
        self._lock.release()

    def _sign(self) -> None:
        since = datetime.now().astimezone().isoformat(timespec="seconds")
        signature = {"pid": os.getpid(), "host": socket.gethostname(), "since": since}
        draft = self._holder.with_suffix(".new")
        draft.write_text(json.dumps(signature), encoding="utf-8")
        draft.replace(self._holder)


def _busy(folder: Path, holder: Path) -> str:
    try:
        signature = json.loads(holder.read_text(encoding="utf-8"))
        pid, host, since = (signature[key] for key in ("pid", "host", "since"))
    except (OSError, ValueError, KeyError, TypeError):
        who = "another process"
    else:
        here = pid == os.getpid() and host == socket.gethostname()
        who = f"{'this very process' if here else 'process'} {pid} on {host} since {since}"
    return (
        f"Collection {folder.name!r} is being written by {who}; "
        "try again when it has finished, or stop it."
    )
