"""Progress of long work: one line in a cell or a terminal, ten times a second at most."""

from __future__ import annotations

import sys
import time
from collections import deque
from typing import TYPE_CHECKING, Protocol

from mmrag_jupyter.display.escape import escape, one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.display_functions import DisplayHandle
    from IPython.core.interactiveshell import ExecutionResult, InteractiveShell

SECONDS_BETWEEN_DRAWS = 0.1
_LONGEST = 300
_MINUTE, _HOUR = 60, 3600
# What tells how its work ended.
_REPORTS = (
    ("mmrag_jupyter.ingest.report", "LoadReport"),
    ("mmrag_jupyter.evaluation.result", "Evaluation"),
)


class Line(Protocol):
    """Where progress is drawn; each drawing replaces the one before."""

    def draw(self, label: str, state: str, share: float | None) -> None:
        """Draw what is being done, how far it is in words, and as a share (0 to 1) if known."""

    def end(self, message: str) -> None:
        """Leave this line for good."""

    def clear(self) -> None:
        """Take the line away again, where that can be done."""


class CellLine:
    """A line in a notebook's cell, redrawn through one display handle."""

    def __init__(self) -> None:
        self._handle: DisplayHandle | None = None

    def draw(self, label: str, state: str, share: float | None) -> None:
        """Draw a `<progress>` element, named by its label, and the state beside it."""
        value = "" if share is None else f' max="1" value="{share:.4f}"'
        # The label encloses the bar: an aria-label would not survive the sanitiser.
        html = f"<label>{escape(label)} <progress{value}></progress></label> {escape(state)}"
        self._put(html, f"{label}: {state}")

    def end(self, message: str) -> None:
        """Leave the message alone, which is what the saved notebook keeps."""
        self._put(escape(message), message)

    def clear(self) -> None:
        """Leave nothing in the cell."""
        if self._handle is not None:
            self._handle.update({"text/html": "", "text/plain": ""}, raw=True)  # type: ignore[no-untyped-call]

    def _put(self, html: str, text: str) -> None:
        from IPython.display import display

        bundle = {"text/html": f"<div>{html}</div>", "text/plain": text}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(bundle, raw=True)  # type: ignore[no-untyped-call]


class TerminalLine:
    """A line in a terminal, written over itself; elsewhere only the last one is written."""

    def __init__(self) -> None:
        self._width = 0

    def draw(self, label: str, state: str, share: float | None) -> None:  # noqa: ARG002
        """Write the line over the one before, without a new line."""
        if sys.stdout.isatty():
            text = f"{label}: {state}"
            sys.stdout.write(f"\r{text:<{self._width}}")
            sys.stdout.flush()
            self._width = len(text)

    def end(self, message: str) -> None:
        """Write the message over the line and go to the next."""
        back = "\r" if self._width else ""
        sys.stdout.write(f"{back}{message:<{self._width}}\n")
        sys.stdout.flush()
        self._width = 0

    def clear(self) -> None:
        """Write blanks over the line; what stands above it stays."""
        if self._width:
            sys.stdout.write(f"\r{'':<{self._width}}\r")
            sys.stdout.flush()
            self._width = 0


class Progress:
    """Tells of one load: how many items are done, how many a second, and the time left.

    Parameters
    ----------
    line
        Where it is drawn.
    clock
        Seconds, monotonic.
    """

    def __init__(self, line: Line, clock: Callable[[], float] = time.monotonic) -> None:
        self._line = line
        self._clock = clock
        self._label = ""
        self._total: int | None = None
        self._done = 0
        self._drawn = float("-inf")
        self._marks: deque[tuple[float, int]] = deque(maxlen=30)
        self.running = False

    def start(self, label: str, total: int | None) -> None:
        """Begin: what is loaded, and how many items it has, where that is known."""
        self._label, self._total, self._done = one_line(label, _LONGEST), total, 0
        self._marks.clear()
        self._marks.append((self._clock(), 0))
        self.running = True
        self._draw()

    def advance(self, done: int) -> None:
        """Tell how many items are done so far; drawn only now and then."""
        self._done = done
        now = self._clock()
        if now - self._drawn >= SECONDS_BETWEEN_DRAWS:
            self._marks.append((now, done))
            self._draw()
        elif len(self._marks) == 1:
            # Much may be done already where the work begins; it says nothing of its pace.
            self._marks[0] = now, done

    def finish(self, message: str) -> None:
        """End with a last line; without one the line goes."""
        self.running = False
        if message:
            self._line.end(one_line(message, _LONGEST))
        else:
            self._line.clear()

    def abandon(self) -> None:
        """End the line where the work ended without a word, so that no bar stays stuck."""
        if self.running:
            self.finish(f"{self._label}: stopped at {self._count()}")

    def clear(self) -> None:
        """Take the line away: something else tells how the work ended."""
        self._line.clear()

    def _draw(self) -> None:
        self._drawn = self._clock()
        share = min(self._done / self._total, 1.0) if self._total else None
        count = self._count() if self._total is not None else f"{self._count()} so far"
        self._line.draw(self._label, ", ".join([count, *self._pace()]), share)

    def _count(self) -> str:
        return f"{self._done:,}" + (f" of {self._total:,} items" if self._total is not None else "")

    def _pace(self) -> list[str]:
        # Over the last draws only: what was unchanged flies by and says nothing of the rest.
        (then, before), (now, done) = self._marks[0], self._marks[-1]
        if now <= then or done <= before:
            return []
        rate = (done - before) / (now - then)
        told = [f"{rate:,.0f} a second" if rate >= 1 else f"{1 / rate:,.0f} s each"]
        if self._total is not None and done < self._total:
            told.append(f"{_duration((self._total - done) / rate)} left")
        return told


class Progresses:
    """Hands out a `Progress` for each load and ends those that were left unfinished."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._in_notebook = hasattr(shell, "kernel")
        self._given: list[Progress] = []

    def new(self) -> Progress:
        """Return a new line of progress, in the running cell."""
        progress = Progress(CellLine() if self._in_notebook else TerminalLine())
        self._given.append(progress)
        return progress

    def end_all(self, result: ExecutionResult | None = None) -> None:
        """End every line that is still running; called when a cell has run, well or not.

        Where the cell shows the report of its work, that says all and the line goes.
        """
        reported = _is_report(getattr(result, "result", None))
        for progress in self._given:
            progress.abandon()
            if reported:
                progress.clear()
        self._given.clear()


def _is_report(result: object) -> bool:
    # Who has one has its module, and nobody else needs it.
    found = [getattr(sys.modules.get(module), name, None) for module, name in _REPORTS]
    return any(isinstance(kind, type) and isinstance(result, kind) for kind in found)


def _duration(seconds: float) -> str:
    if seconds < _MINUTE:
        return f"{max(1, round(seconds))} s"
    if seconds < _HOUR:
        return f"{round(seconds / _MINUTE)} min"
    return f"{seconds / _HOUR:.1f} h"
