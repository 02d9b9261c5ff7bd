"""Every real file below a folder, once, whatever its links do."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from mmrag_jupyter.items import Problem
from mmrag_jupyter.sources.plain import clean


@dataclass(frozen=True, slots=True)
class Found:
    """A file: its path relative to where the walk began (posix), size in bytes, time in ns.

    Its own path is a text, since to make a `Path` of each of a million takes longer than the walk.
    """

    relative: str
    place: str
    size: int
    mtime_ns: int

    @property
    def path(self) -> Path:
        """Where it is."""
        return Path(self.place)


def found_file(relative: str, place: str, info: os.stat_result) -> Found:
    """Return a file as found, its relative path fit to be shown and stored."""
    # A name that is not UTF-8 is opened as it is, and shown with its odd bytes spelled out.
    return Found(clean(relative), place, info.st_size, info.st_mtime_ns)


def walk(folder: Path) -> tuple[list[Found], list[Problem]]:
    """Return all files below a folder in the order of their relative paths, and the problems.

    Hidden files and folders are left out. Links are followed after everything else, so that
    a file is known by its own path and not by that of a link; links that lead nowhere or to
    a folder that they are in are problems. No file is opened.
    """
    done = _Walk()
    done.scan(str(folder), "")
    while done.links:
        links, done.links = sorted(done.links), []
        for relative, path in links:
            done.follow(relative, path)
    done.files.sort(key=lambda found: found.relative)
    return done.files, done.problems


@dataclass(slots=True)
class _Walk:
    files: list[Found] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    _folders: set[str] = field(default_factory=set)
    _real: set[str] = field(default_factory=set)

    def scan(self, top: str, prefix: str) -> None:
        waiting = [(top, prefix)]
        while waiting:
            folder, inside = waiting.pop()
            real = os.path.realpath(folder)
            if real in self._folders:
                continue
            self._folders.add(real)
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        if not entry.name.startswith("."):
                            self._entry(entry, inside + entry.name, real, waiting)
            except OSError as error:
                self._problem(inside.rstrip("/") or folder, error.strerror or str(error))

    def _entry(
        self, entry: os.DirEntry[str], relative: str, real: str, waiting: list[tuple[str, str]]
    ) -> None:
        try:
            if entry.is_symlink():
                self.links.append((relative, entry.path))
            elif entry.is_dir(follow_symlinks=False):
                waiting.append((entry.path, f"{relative}/"))
            elif entry.is_file(follow_symlinks=False):
                self._add(
                    relative, entry.path, f"{real.rstrip(os.sep)}{os.sep}{entry.name}", entry.stat()
                )
        except OSError as error:
            self._problem(relative, error.strerror or str(error))

    def _add(self, relative: str, path: str, real: str, info: os.stat_result) -> None:
        if real not in self._real:
            self._real.add(real)
            self.files.append(found_file(relative, path, info))

    def follow(self, relative: str, path: str) -> None:
        try:
            info = os.stat(path)  # noqa: PTH116 - a walk of 100,000 files makes no Path for each
        except OSError as error:
            self._problem(relative, unreachable(path, error))
            return
        real = os.path.realpath(path)
        if stat.S_ISREG(info.st_mode):
            self._add(relative, path, real, info)
        elif stat.S_ISDIR(info.st_mode):
            if Path(os.path.realpath(Path(path).parent)).is_relative_to(real):
                self._problem(relative, "a link to a folder that it is in itself")
            else:
                self.scan(path, f"{relative}/")

    def _problem(self, relative: str, reason: str) -> None:
        self.problems.append(Problem(clean(relative), reason))


def unreachable(path: str, error: OSError) -> str:
    """Return why looking at a path has failed; of a link, what is the matter with it."""
    if error.errno == errno.ELOOP:
        return "a link that leads to itself"
    if error.errno == errno.ENOENT and os.path.islink(path):  # noqa: PTH114 - as above
        return f"a link to {clean(os.readlink(path))!r}, which is not there"  # noqa: PTH115 - as above
    return error.strerror or str(error)
