"""One writer at a time, where no operating system can say so: a row that is renewed while it holds.

A store elsewhere compares nothing before it writes, so that the row is read again after it was
written: of two that come at once, the last one has it. One whose process is gone on this machine
gives way at once, one on another machine when its time is over.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import uuid
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import MmragError, StoreBusyError
from mmrag_jupyter.served.conditions import among
from mmrag_jupyter.served.rows import KEY, Row

if TYPE_CHECKING:
    from typing import Any

    from mmrag_jupyter.served.rows import Table
    from mmrag_jupyter.served.told import Told

_KEY = "lease"
_LASTS = 90.0  # seconds
_RENEWED = 25.0  # seconds
# Those that this process has. One that it has not is of a load that lost its store.
_OURS: set[str] = set()


class Lease:
    """The right to write to a collection, until `release`.

    Raises
    ------
    StoreBusyError
        Another writer has it; the message names it.
    """

    def __init__(self, engine: Told, kept: Table, name: str) -> None:
        self._engine = engine
        self._kept = kept
        self._token = uuid.uuid4().hex
        self._done = threading.Event()
        found = self._read()
        if found and found["token"] != self._token and _holds(found):
            raise _busy(name, found)
        self._write()
        found = self._read()
        if found["token"] != self._token:
            raise _busy(name, found)
        _OURS.add(self._token)
        self._thread = threading.Thread(target=self._renew, name="mmrag-lease", daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Let others write; where the store is gone by now, time will."""
        self._done.set()
        self._thread.join()
        _OURS.discard(self._token)
        try:
            if self._read().get("token") == self._token:
                self._engine.delete(self._kept, among(KEY, "text", [_KEY]))
        except MmragError:
            return

    def _renew(self) -> None:
        while not self._done.wait(_RENEWED):
            try:
                self._write()
            except MmragError:
                continue  # the load itself tells of a store that is gone

    def _read(self) -> dict[str, Any]:
        rows = self._engine.scan(self._kept, among(KEY, "text", [_KEY]), ("data",))
        found: dict[str, Any] = {}
        for row in rows:
            found = json.loads(row.text("data"))
        return found

    def _write(self) -> None:
        told = {
            "token": self._token,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "until": time.time() + _LASTS,
        }
        row = Row({KEY: _KEY, "kind": _KEY, "data": json.dumps(told)})
        self._engine.put(self._kept, [row])


def _holds(found: dict[str, Any]) -> bool:
    if found["until"] < time.time():
        return False
    if found["host"] != socket.gethostname():
        return True
    if found["pid"] == os.getpid():
        return found["token"] in _OURS
    return _is_alive(found["pid"])


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OSError):
        return True
    return True


def _busy(name: str, found: dict[str, Any]) -> StoreBusyError:
    return StoreBusyError(
        f"Collection {name!r} is being written to by process {found.get('pid')} on "
        f"{found.get('host')}; wait until it is done. One that was killed gives way within "
        f"{_LASTS:.0f} seconds."
    )
