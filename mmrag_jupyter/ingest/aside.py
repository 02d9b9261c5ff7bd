"""Progress inside of one long item, shown in place of the items' own for as long as it lasts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mmrag_jupyter.ingest.report import Reporter

# What takes no longer than this passes without a word.
PATIENCE = 1.0  # seconds


class Aside:
    """Tells of a step within an item once it takes long; `shown` is whether it does so now.

    Parameters
    ----------
    resume
        Shows the progress of the items again.
    """

    def __init__(self, reporter: Reporter, resume: Callable[[], None]) -> None:
        self._reporter = reporter
        self._resume = resume
        self._label = ""
        self._began = 0.0
        self.shown = False

    def tell(self, label: str, done: int, total: int | None) -> None:
        """Say how far a step is; another label is another step."""
        now = time.monotonic()
        if label != self._label:
            self.end()
            self._label, self._began = label, now
        if not self.shown and now - self._began >= PATIENCE:
            self.shown = True
            self._reporter.start(label, total)
        if self.shown:
            self._reporter.advance(done)

    def end(self) -> None:
        """Go back to the items."""
        self._label = ""
        if self.shown:
            self.shown = False
            self._resume()
