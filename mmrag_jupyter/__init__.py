"""Search and question your pictures, tables, documents and sound without leaving the notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from mmrag_jupyter.answers.answer import Answer
    from mmrag_jupyter.collection import Collection
    from mmrag_jupyter.config import Config
    from mmrag_jupyter.default import load, open  # noqa: A004
    from mmrag_jupyter.errors import MmragError
    from mmrag_jupyter.search.hits import Hit, Hits
    from mmrag_jupyter.session import Session

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "Collection",
    "Config",
    "Hit",
    "Hits",
    "MmragError",
    "Session",
    "__version__",
    "load",
    "open",
]

_HOMES = {
    "Answer": "answers.answer",
    "Collection": "collection",
    "Config": "config",
    "Hit": "search.hits",
    "Hits": "search.hits",
    "MmragError": "errors",
    "Session": "session",
    "load": "default",
    "open": "default",
}


def __getattr__(name: str) -> object:
    # Public names load on first use, so that importing the package stays cheap.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register `%mmrag` and `%%mmrag` (called by `%load_ext mmrag_jupyter`)."""
    from mmrag_jupyter.notebook.extension import register

    register(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Leave the shell as it was before `%load_ext`."""
    from mmrag_jupyter.notebook.extension import unregister

    unregister(shell)
