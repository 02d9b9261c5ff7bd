"""What a load did, and how it tells of its progress."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from mmrag_jupyter.display import Loaded, report_bundle

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import NoReturn

    from tqdm import tqdm

    from mmrag_jupyter.items import Problem

_WORDS = {"kept": "no longer in the source but kept"}


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What one load did, counted in items; `problems` are what could not be loaded.

    An item whose picture is broken but whose text is fine is loaded, and has a problem;
    `failed` counts only the items, files and folders of which nothing could be loaded.
    `budget` is what the report takes of a saved notebook, in bytes.
    """

    collection: str
    source: str
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    failed: int = 0
    kept: int = 0
    seconds: float = 0.0
    problems: tuple[Problem, ...] = ()
    notices: tuple[str, ...] = ()
    budget: int = field(default=65536, repr=False, compare=False)

    def with_more(self, problems: Iterable[Problem], notices: Iterable[str]) -> LoadReport:
        """Return the same report with more problems, and more lines to be said."""
        said = dict.fromkeys([*self.notices, *(notice for notice in notices if notice)])
        return replace(self, problems=(*self.problems, *problems), notices=tuple(said))

    def __str__(self) -> str:
        return f"{self.source}: {self._counts()} in {self.seconds:.1f} s"

    def _counts(self) -> str:
        always = {"added", "updated", "unchanged", "removed", "failed"}
        told = [
            f"{number:,} {_WORDS.get(name, name)}"
            for name, number in self._numbers().items()
            if number or name in always
        ]
        return ", ".join(told)

    def _numbers(self) -> dict[str, int]:
        return {
            "added": self.added,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "removed": self.removed,
            "failed": self.failed,
            "kept": self.kept,
        }

    def _repr_mimebundle_(self, **_wanted: object) -> dict[str, object]:
        told = Loaded(
            self.collection,
            self.source,
            self._numbers(),
            self.seconds,
            [(problem.source, problem.reason) for problem in self.problems],
            self.notices,
        )
        return report_bundle(told, f"{self.collection}: {self._counts()}", budget=self.budget)


class Reporter(Protocol):
    """Shows the progress of a load; called often, it decides how often to draw."""

    def start(self, label: str, total: int | None) -> None:
        """Begin: what is loaded, and how many items it has, where that is known."""

    def advance(self, done: int) -> None:
        """Tell how many items are done so far."""

    def finish(self, message: str) -> None:
        """End with a last line, well or not; "" where what comes of it says all."""


class SilentReporter:
    """Says nothing."""

    def start(self, label: str, total: int | None) -> None:
        """Say nothing."""

    def advance(self, done: int) -> None:
        """Say nothing."""

    def finish(self, message: str) -> None:
        """Say nothing."""


class TerminalReporter:
    """Draws a bar on standard error where that is a terminal, and nothing elsewhere."""

    _bar: tqdm[NoReturn] | None = None

    def start(self, label: str, total: int | None) -> None:
        """Draw an empty bar, in place of the one that is there."""
        from tqdm import tqdm

        if self._bar is not None:
            self._bar.close()
        # disable=None is tqdm's own "only on a terminal".
        self._bar = tqdm(desc=label, total=total, unit=" items", disable=None, leave=False)

    def advance(self, done: int) -> None:
        """Draw the bar anew."""
        if self._bar is not None:
            self._bar.update(done - self._bar.n)

    def finish(self, message: str) -> None:
        """Replace the bar by the last line."""
        if self._bar is None:
            return
        self._bar.close()
        if message and not self._bar.disable:
            self._bar.write(message, file=sys.stderr)
