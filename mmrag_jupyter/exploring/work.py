"""Progress of work over many items; of few, which takes no time, nothing is said."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import StoppedError
from mmrag_jupyter.ingest import SilentReporter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mmrag_jupyter.ingest import Reporter

# Fewer are done before a line could be read.
_MANY = 5_000


class Work:
    """Tells a reporter how far something is that is done to items."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._told = False
        self._shown = False

    def start(self, label: str, items: int) -> None:
        """Begin a stage; `items` is how many there are to do."""
        self._told = items >= _MANY
        if self._told:
            self._shown = True
            self._reporter.start(label, items)

    def advance(self, done: int) -> None:
        """Tell how many items of this stage are done."""
        if self._told:
            self._reporter.advance(done)

    def finish(self, message: str) -> None:
        """End with a last line, where a first one was shown."""
        if self._shown:
            self._reporter.finish(message)


SILENT = Work(SilentReporter())


@contextmanager
def working(reporter: Reporter, what: str) -> Iterator[Work]:
    """Yield what tells of progress; an interrupt ends in one line, and changes nothing.

    Raises
    ------
    StoppedError
        Interrupted.
    """
    work = Work(reporter)
    try:
        yield work
    except KeyboardInterrupt:
        work.finish(f"stopped: {what}")
        raise StoppedError(f"Stopped {what}; nothing was changed.") from None
    except BaseException:
        work.finish(f"stopped: {what}")
        raise
    work.finish(f"done: {what}")
