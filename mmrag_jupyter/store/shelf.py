"""Where a collection keeps small files that its records name: in its folder, or where it lies."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path


class Shelf(Protocol):
    """Small files, by names that are used for one content only."""

    def get(self, name: str) -> bytes:
        """Return what a file holds; raise FileNotFoundError where there is none."""

    def put(self, name: str, data: bytes) -> None:
        """Keep a file: all of it or nothing."""

    def keep_only(self, names: Container[str]) -> None:
        """Remove all others."""


class FolderShelf:
    """The files of a pattern in a folder."""

    def __init__(self, folder: Path, pattern: str) -> None:
        self._folder = folder
        self._pattern = pattern

    def get(self, name: str) -> bytes:
        """Return what a file holds; raise OSError where it cannot be read."""
        return (self._folder / name).read_bytes()

    def put(self, name: str, data: bytes) -> None:
        """Write a file; raise OSError where it cannot be written."""
        draft = self._folder / f"{name}.new"
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._folder / name)

    def keep_only(self, names: Container[str]) -> None:
        """Remove all others, those that were written in part among them."""
        for path in self._folder.glob(f"{self._pattern}*"):
            if path.name not in names:
                with suppress(OSError):
                    path.unlink()
