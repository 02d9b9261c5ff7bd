"""Which loads are running, and how far they are, for a page to follow."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Literal

from mmrag_jupyter.display.escape import one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from mmrag_jupyter.ingest import Reporter

State = Literal["running", "finished", "stopped"]

SECONDS_BETWEEN_EVENTS = 0.2
_ENDED = 5  # loads that have ended and are still told of
_LABEL = 300


@dataclass(slots=True)
class _Load:
    number: int
    collection: str
    label: str = ""
    done: int = 0
    total: int | None = None
    state: State = "running"
    message: str = ""
    marks: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=30))

    def row(self) -> dict[str, object]:
        """Return the load as `frontend/protocol.ts` describes it."""
        rate = self._rate() if self.state == "running" else None
        left = (self.total - self.done) / rate if rate and self.total is not None else None
        return {
            "id": self.number,
            "collection": self.collection,
            "label": self.label,
            "done": self.done,
            "total": self.total,
            "rate": rate,
            "left": left,
            "state": self.state,
            "message": self.message,
        }

    def _rate(self) -> float | None:
        if not self.marks:
            return None
        (then, before), (now, done) = self.marks[0], self.marks[-1]
        return (done - before) / (now - then) if now > then and done > before else None


class Loads:
    """The loads of one session. Any thread may tell of one, or listen.

    Parameters
    ----------
    clock
        Seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._numbers = count(1)
        self._running: dict[int, _Load] = {}
        self._ended: deque[_Load] = deque(maxlen=_ENDED)
        self._listeners: list[Callable[[], None]] = []
        self._told = float("-inf")

    def watched(self, collection: str, reporter: Reporter) -> Reporter:
        """Return a reporter that tells `reporter` what it is told, and this of it."""
        return _Watched(self, _Load(next(self._numbers), collection), reporter)

    def rows(self) -> list[dict[str, object]]:
        """Return the running loads, and the last ones that have ended."""
        with self._lock:
            return [load.row() for load in (*self._running.values(), *self._ended)]

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` whenever something changes, five times a second at most.

        Returns what makes it stop. What it raises is its own affair.
        """
        with self._lock:
            self._listeners.append(listener)

        def stop() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return stop

    def begin(self, load: _Load) -> None:
        """Take note of a load that has begun, or begins its next stage."""
        with self._lock:
            load.marks.append((self._clock(), load.done))
            self._running[load.number] = load
        self._tell(at_once=True)

    def advance(self, load: _Load, done: int) -> None:
        """Take note of how far a load is."""
        with self._lock:
            load.done = done
            load.marks.append((self._clock(), done))
        self._tell(at_once=False)

    def end(self, load: _Load, state: State, message: str) -> None:
        """Take note of a load's end."""
        with self._lock:
            load.state, load.message = state, message
            if self._running.pop(load.number, None) is not None:
                self._ended.appendleft(load)
        self._tell(at_once=True)

    def stop_all(self, _result: object = None) -> None:
        """End every load that is left running: nobody will tell of it any more."""
        with self._lock:
            left = list(self._running.values())
        for load in left:
            self.end(load, "stopped", f"{load.label}: stopped")

    def _tell(self, *, at_once: bool) -> None:
        with self._lock:
            now = self._clock()
            if not at_once and now - self._told < SECONDS_BETWEEN_EVENTS:
                return
            self._told = now
            listeners = list(self._listeners)
        for listener in listeners:
            listener()


class _Watched:
    """Hands on everything to another reporter, and tells `Loads` of it."""

    def __init__(self, loads: Loads, load: _Load, reporter: Reporter) -> None:
        self._loads = loads
        self._load = load
        self._reporter = reporter

    def start(self, label: str, total: int | None) -> None:
        """Begin: what is loaded, and how many items it has, where that is known."""
        self._load.label, self._load.total, self._load.done = one_line(label, _LABEL), total, 0
        self._loads.begin(self._load)
        self._reporter.start(label, total)

    def advance(self, done: int) -> None:
        """Tell how many items are done so far."""
        self._loads.advance(self._load, done)
        self._reporter.advance(done)

    def finish(self, message: str) -> None:
        """End with a last line."""
        # A load that did not end well says so in its last line.
        state: State = "stopped" if message.startswith("stopped") else "finished"
        self._loads.end(self._load, state, one_line(message, _LABEL))
        self._reporter.finish(message)
