"""Imports in a background thread that do not break those of others.

`import a.b` takes Python's lock of `a.b`, and then waits for `a`. Where another thread is
importing `a`, which needs `a.b`, both wait for each other; Python notices and lets one of them
see a half-made module: "cannot import name ... from partially initialized module". Somebody
who writes `import torch.nn` while torch is imported in the background would see that. Nobody
does where `a` is imported before the lock of `a.b` is taken.
"""

from __future__ import annotations

import builtins
import contextlib
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_turn = threading.Lock()


@contextlib.contextmanager
def parents_first() -> Iterator[None]:
    """Have `import a.b` import `a` first, in all threads, for as long as this lasts.

    For one thread at a time; another one waits.
    """
    with _turn:
        plain = builtins.__import__

        def ordered(
            name: str,
            globals: Mapping[str, object] | None = None,  # noqa: A002 - its names are Python's
            locals: Mapping[str, object] | None = None,  # noqa: A002
            fromlist: Sequence[str] | None = (),
            level: int = 0,
        ) -> object:
            if level == 0 and name not in sys.modules:
                for at, letter in enumerate(name):
                    if letter == ".":
                        plain(name[:at], globals, locals, (), 0)
            return plain(name, globals, locals, fromlist, level)

        builtins.__import__ = ordered  # type: ignore[assignment]
        try:
            yield
        finally:
            # Somebody else may have put one of theirs around it meanwhile, which stays.
            if builtins.__import__ is ordered:
                builtins.__import__ = plain
