"""Errors that a user can cause: one line that says what is wrong, where, and what to do."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class MmragError(Exception):
    """Base of every error raised on purpose; IPython shows it as one line."""

    def _render_traceback_(self) -> list[str]:
        # IPython asks the exception itself how to show it; the kernel still sends
        # status "error", so Run All and nbconvert stop here.
        return [f"{type(self).__name__}: {self}"]


class SourceError(MmragError):
    """A source cannot be read as asked: an unknown column, a missing file, bad ids."""


class ModelError(MmragError):
    """A model is missing, unfit for the collection, or returned unusable vectors."""


class StoreError(MmragError):
    """The collection's folder cannot be used as asked."""


class StoreBusyError(StoreError):
    """Another process is writing to the collection."""


class StoreDamagedError(StoreError):
    """A file of the collection is damaged; the message says what can be saved."""


class QueryError(MmragError):
    """A query cannot be understood."""


class WhereError(QueryError):
    """A `where` expression is wrong or asks for more than reading columns."""


class TuningError(MmragError):
    """A collection cannot be tuned on what was given; it is as it was."""


class NotFoundError(MmragError):
    """There is no such collection or item."""


class LoadStoppedError(MmragError):
    """A load was interrupted; what was committed is kept."""


class StoppedError(MmragError):
    """Something that only looks at a collection was interrupted; nothing was changed."""


class ClusterError(MmragError):
    """A cluster cannot be used, or was lost; what a load has committed is kept."""


class MissingError(MmragError):
    """Something needs a library that is not installed; the message says how to install it."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `" Did you mean 'x'?"` for the known name nearest to `word`, else `""`."""
    by_lower = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(word.casefold(), by_lower, n=1, cutoff=0.6)
    return f" Did you mean {by_lower[near[0]]!r}?" if near else ""


def a_kind(value: object, *, capital: bool = False) -> str:
    """Return what a value is, with its article ("an int", "a Series"), capital at a start."""
    name = type(value).__name__
    article = "an" if name[:1] in "aeioAEIO" else "a"
    return f"{article.title() if capital else article} {name}"
