"""One writer at a time, where no operating system can say so: a row that is renewed while it holds.

Stores elsewhere compare nothing before they write, so that whoever wants to write says so in a
row of its own first, and looks at the rows of others then: of two that come at once, at least
one sees the other. A writer whose process is gone on this machine gives way at once, one on
another machine when its time is over; the machines' clocks have to agree to half a minute.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import MmragError, StoreBusyError
from mmrag_jupyter.served.conditions import among
from mmrag_jupyter.served.rows import KEY, Row

if TYPE_CHECKING:
    from typing import Any

    from mmrag_jupyter.served.rows import Table
    from mmrag_jupyter.served.told import Told

_KIND = "lease"
_LASTS = 90.0  # seconds
_RENEWED = 25.0  # seconds
# Another one that comes at the same moment has made up its mind by then.
_PATIENCE, _LOOK = 5.0, 0.1  # seconds
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
        self._name = name
        self._token = uuid.uuid4().hex
        self._key = f"{_KIND}:{self._token}"
        self._until = 0.0
        self._is_lost = False
        self._renewing = threading.Lock()
        self._done = threading.Event()
        _OURS.add(self._token)
        try:
            self._take()
        except BaseException:
            self._withdraw()
            raise
        self._thread = threading.Thread(target=self._keep, name="mmrag-lease", daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Let others write; where the store is gone by now, time will."""
        self._done.set()
        self._thread.join()
        self._withdraw()

    def check(self) -> None:
        """Make sure that nobody else writes meanwhile; to be called before each batch.

        Raises
        ------
        StoreBusyError
            This process stood still for so long that another one has taken over.
        """
        if time.time() > self._until - _LASTS / 2:
            self._renew()
        if self._is_lost:
            raise StoreBusyError(
                f"Another process has begun to write to collection {self._name!r} while this one "
                f"stood still for {_LASTS:.0f} seconds; do the same again when it is done."
            )

    def _take(self) -> None:
        self._write(held=False)
        end = time.monotonic() + _PATIENCE
        while others := self._others():
            other = max(others, key=lambda one: one["held"])
            # Of two that ask, the lesser one stays to see whether the other has got it already.
            if other["held"] or other["token"] < self._token or time.monotonic() > end:
                raise _busy(self._name, other)
            self._done.wait(_LOOK)
        self._write(held=True)
        # One that was taken for dead may have come back to life.
        for other in self._others():
            if other["held"]:
                raise _busy(self._name, other)

    def _keep(self) -> None:
        while not self._done.wait(_RENEWED):
            try:
                self._renew()
            except MmragError:
                continue  # the load itself tells of a store that is gone

    def _renew(self) -> None:
        with self._renewing:
            if self._is_lost:
                return
            if self._token not in {one["token"] for one in self._claims()}:
                self._is_lost = True
                return
            self._write(held=True)
            if any(one["held"] for one in self._others()):
                self._is_lost = True

    def _withdraw(self) -> None:
        _OURS.discard(self._token)
        try:
            self._engine.delete(self._kept, among(KEY, "text", [self._key]))
        except MmragError:
            return

    def _others(self) -> list[dict[str, Any]]:
        """Return the claims of other writers; those whose time is over are removed."""
        others = [one for one in self._claims() if one["token"] != self._token]
        over = [one[KEY] for one in others if not _lives(one)]
        if over:
            self._engine.delete(self._kept, among(KEY, "text", over))
        return [one for one in others if one[KEY] not in over]

    def _claims(self) -> list[dict[str, Any]]:
        rows = self._engine.scan(self._kept, among("kind", "text", [_KIND]), (KEY, "data"))
        return [{**json.loads(row.text("data")), KEY: row.text(KEY)} for row in rows]

    def _write(self, *, held: bool) -> None:
        until = time.time() + _LASTS
        told = {
            "token": self._token,
            "held": held,
            "host": socket.gethostname(),
            "home": _home(),
            "pid": os.getpid(),
            "until": until,
        }
        row = Row({KEY: self._key, "kind": _KIND, "data": json.dumps(told)})
        self._engine.put(self._kept, [row])
        self._until = until


def _lives(found: dict[str, Any]) -> bool:
    if found["until"] < time.time():
        return False
    if found["home"] != _home():
        return True
    if found["pid"] == os.getpid():
        return found["token"] in _OURS
    return _is_alive(found["pid"])


def _home() -> str:
    """Return what tells where process numbers mean the same: containers share a host's name."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return socket.gethostname()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _busy(name: str, found: dict[str, Any]) -> StoreBusyError:
    return StoreBusyError(
        f"Collection {name!r} is being written to by process {found['pid']} on "
        f"{found['host']}; wait until it is done. One that was killed gives way within "
        f"{_LASTS:.0f} seconds."
    )
