"""Caches are built in threads of their own: neither a load nor a query waits for one."""

from __future__ import annotations

import atexit
import os
import re
import threading
import time
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING

from mmrag_jupyter.store.soundness import UnsoundError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeAlias

    Told: TypeAlias = Callable[[int, int], None]
    Work: TypeAlias = Callable[[Told], None]

# Another process that builds the same is asked again after so long.
_PATIENCE = 20.0  # seconds
# How much less of the processor a build gets than what the user waits for.
_NICE = 10
# How FAISS ends a line on a file that cannot be written: with what the system said.
_SYSTEM = re.compile(r"\d \(([A-Z][^()]+)\)$")


class StoppedError(Exception):
    """Nobody needs what is being built any more."""


class Background:
    """Builds caches, one thread each. Across processes only one builds the same at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads: dict[Path, threading.Thread] = {}
        self._done: dict[Path, tuple[int, int]] = {}
        # In what state there was something that could not be built: not tried again until it
        # changes.
        self._given_up: dict[Path, object] = {}
        self._not_before: dict[Path, float] = {}
        _RUNNING.add(self)

    def start(self, path: Path, state: object, work: Work, in_vain: Callable[[str], None]) -> None:
        """Begin to build the cache at `path`, unless that goes on already or was in vain.

        Parameters
        ----------
        state
            What it is built of: after a failure it is tried again when this has changed.
        work
            Builds it; calls what it is given now and then, and is ended by what that raises.
        in_vain
            Hears why it could not be built, in some words.
        """
        with self._lock:
            if self._stop.is_set() or self._is_alive(path) or self._given_up.get(path) == state:
                return
            if time.monotonic() < self._not_before.get(path, 0.0):
                return

            def run() -> None:
                self._run(path, state, work, in_vain)

            thread = threading.Thread(target=run, name=f"mmrag-{path.name}", daemon=True)
            self._threads[path] = thread
            thread.start()

    def progress(self, path: Path) -> tuple[int, int] | None:
        """Return how much of a cache is done, and of how much; None where none is built."""
        with self._lock:
            return self._done.get(path, (0, 0)) if self._is_alive(path) else None

    def wait(self) -> None:
        """Wait until nothing is built any more."""
        with self._lock:
            threads = list(self._threads.values())
        for thread in threads:
            thread.join()

    def close(self) -> None:
        """End what is built, and clear it away: who needs it begins anew."""
        self._stop.set()
        self.wait()

    def _is_alive(self, path: Path) -> bool:
        return path in self._threads and self._threads[path].is_alive()

    def _run(self, path: Path, state: object, work: Work, in_vain: Callable[[str], None]) -> None:
        try:
            self._locked(path, work)
        except StoppedError:
            pass
        except Exception as error:  # noqa: BLE001 - nobody else hears of it
            with self._lock:
                self._given_up[path] = state
            in_vain(_reason(error))
        with self._lock:
            self._done.pop(path, None)

    def _locked(self, path: Path, work: Work) -> None:
        from filelock import FileLock, Timeout

        _yield_to_others()

        def told(done: int, total: int) -> None:
            if self._stop.is_set():
                raise StoppedError
            with self._lock:
                self._done[path] = done, total

        try:
            with FileLock(f"{path}.lock", timeout=0, thread_local=False):
                work(told)
        except Timeout:
            self._not_before[path] = time.monotonic() + _PATIENCE


_RUNNING: weakref.WeakSet[Background] = weakref.WeakSet()


@atexit.register
def _stop_all() -> None:
    """End all builds before Python does: a thread that is within FAISS then would abort it."""
    for background in list(_RUNNING):
        background.close()


def _yield_to_others() -> None:
    """Let this thread, and those of FAISS that it starts, give way to what the user waits for."""
    if hasattr(os, "setpriority"):
        with suppress(OSError):
            # Linux takes the number of a thread for that of a process.
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


def _reason(error: Exception) -> str:
    """Return what went wrong in a line: FAISS tells of its own source first."""
    if isinstance(error, UnsoundError):
        return "it holds numbers that are no vectors"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    lines = str(error).strip().splitlines() or [type(error).__name__]
    told = lines[-1].rpartition(" failed: ")[2]
    system = _SYSTEM.search(told)
    return system[1] if system is not None else told[-200:]
