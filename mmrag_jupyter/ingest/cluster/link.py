"""The kernel's end of the connection to a cluster: a process of its own, and what it tells."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from typing import IO, TYPE_CHECKING, cast

from mmrag_jupyter.errors import ClusterError
from mmrag_jupyter.ingest.cluster.frames import receive, send
from mmrag_jupyter.ingest.cluster.work import News, Opening, packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable

_CHILD = "mmrag_jupyter.ingest.cluster.child"
# A Ray that is started on a busy machine can take minutes.
_TO_CONNECT, _TO_START = 180.0, 300.0  # seconds
_TO_LEAVE = 10.0  # seconds
_A_MOMENT = 0.2  # seconds
_TOLD = 400  # characters


class SlowStartError(ClusterError):
    """Ray could not be started, because the machine is too busy."""


class Link:
    """A pipeline on a cluster, from here.

    Parameters
    ----------
    address
        The cluster's; "" starts a Ray of this machine's own, which ends with the link.
    models
        The models of the workers, packed.
    waiting
        Is called now and then until the pipeline is there.

    Raises
    ------
    ClusterError
        The cluster cannot be used, or does not answer in time.
    """

    def __init__(self, address: str, models: bytes, waiting: Callable[[], None]) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        self._child = subprocess.Popen(  # noqa: S603 - this Python, a module of this package
            [sys.executable, "-m", _CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                "RAY_USAGE_STATS_ENABLED": "0",
            },
            # An interrupt of the kernel is dealt with here.
            start_new_session=True,
        )
        self._news: queue.SimpleQueue[News | None] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True, name="mmrag-cluster").start()
        try:
            self._send(packed(Opening(address, models)))
            self.workers = self._opened(address, waiting)
        except BaseException:
            self.close()
            raise

    def offer(self, number: int, work: bytes) -> None:
        """Have a batch embedded."""
        self._send(packed((number, work)))

    def news(self, patience: float) -> News:
        """Return what has happened; nothing, after so many seconds without any.

        Raises
        ------
        ClusterError
            The cluster or the pipeline is lost.
        """
        try:
            found = self._news.get(timeout=patience) if patience else self._news.get_nowait()
        except queue.Empty:
            return News()
        if found is None:
            self._news.put(None)  # it stays lost
            raise ClusterError(f"The cluster was lost{self._last_words()}")
        if found.fault:
            raise SlowStartError(found.fault) if found.slow else ClusterError(found.fault)
        return found

    def close(self) -> None:
        """Leave the cluster; a Ray of this machine's own ends."""
        with suppress(OSError):
            cast("IO[bytes]", self._child.stdin).close()
        try:
            self._child.wait(_TO_LEAVE)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()
        self._log.close()

    def _opened(self, address: str, waiting: Callable[[], None]) -> int:
        patience = _TO_CONNECT if address else _TO_START
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if (found := self.news(_A_MOMENT)).wanted:
                return found.wanted
            waiting()
        raise ClusterError(
            f"{address or 'Ray on this machine'} did not answer within {patience:.0f} seconds; "
            "look at its state with: ray status"
        )

    def _send(self, data: bytes) -> None:
        try:
            send(cast("IO[bytes]", self._child.stdin), data)
        except BrokenPipeError:
            # What it told before it ended says why, or else its end does.
            while True:
                self.news(_A_MOMENT)

    def _listen(self) -> None:
        with cast("IO[bytes]", self._child.stdout) as stream, suppress(OSError, ValueError):
            while (data := receive(stream)) is not None:
                self._news.put(unpacked(data, News))
        self._news.put(None)

    def _last_words(self) -> str:
        self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, self._log.tell() - 10 * _TOLD))
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        said = f": {lines[-1][:_TOLD]}" if lines else "."
        return f"; what is loaded is kept, and the same command goes on from there{said}"
