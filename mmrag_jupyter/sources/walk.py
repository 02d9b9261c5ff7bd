"""Every real file below a folder, once, whatever its links do."""

from __future__ import annotations

import errno
import os
import stat
from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mmrag_jupyter.items import Problem
from mmrag_jupyter.sources.plain import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_TOLD_EVERY = 64  # files
_LATEST = 2**63 - 1  # ns; in the year 2262


class Found(NamedTuple):
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


@dataclass(slots=True, eq=False)
class Files:
    """Files in columns: with an object for each, a million of them would take 400 MB.

    Parameters
    ----------
    root
        The folder that their names are relative to; it ends in a separator.
    """

    root: str
    names: list[str] = field(default_factory=list)
    sizes: array[int] = field(default_factory=lambda: array("q"))
    times: array[int] = field(default_factory=lambda: array("q"))
    # Where those are whose name does not say it.
    _places: dict[str, str] = field(default_factory=dict)

    def add(self, relative: str, size: int, mtime_ns: int, place: str | None = None) -> None:
        """Add a file, which is at its name below the root where no other place is told."""
        # A name that is not UTF-8 is opened as it is, and shown with its odd bytes spelled out.
        name = clean(relative)
        if place is not None or name != relative:
            self._places[name] = place or self.root + relative
        self.names.append(name)
        self.sizes.append(size)
        self.times.append(max(-_LATEST, min(mtime_ns, _LATEST)))

    def only(self, places: Iterable[int]) -> Files:
        """Return those at some places, in the order of these."""
        own = list(places)
        return Files(
            self.root,
            [self.names[at] for at in own],
            array("q", [self.sizes[at] for at in own]),
            array("q", [self.times[at] for at in own]),
            self._places,
        )

    def ordered(self) -> Files:
        """Return all in the order of their names."""
        return self.only(sorted(range(len(self)), key=self.names.__getitem__))

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, at: int) -> Found:
        name = self.names[at]
        place = self._places.get(name) or self.root + name
        return Found(name, place, self.sizes[at], self.times[at])

    def __iter__(self) -> Iterator[Found]:
        return map(self.__getitem__, range(len(self)))


def walk(folder: Path, tell: Callable[[int], None]) -> tuple[Files, list[Problem]]:
    """Return all files below a folder in the order of their relative paths, and the problems.

    Hidden files and folders are left out. Links are followed after everything else, so that
    a file is known by its own path and not by that of a link; links that lead nowhere or to
    a folder that they are in are problems. No file is opened.

    Parameters
    ----------
    tell
        Is told now and then how many files are found.
    """
    done = _Walk(Files(os.path.join(folder, "")), tell)  # noqa: PTH118 - ends in a separator
    done.scan(str(folder), "")
    while done.links:
        links, done.links = sorted(done.links), []
        for relative, path in links:
            done.follow(relative, path)
    return done.files.ordered(), done.problems


@dataclass(slots=True)
class _Walk:
    files: Files
    tell: Callable[[int], None]
    problems: list[Problem] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    # Real paths. What lies in a folder that was listed is found, and need not be remembered.
    _folders: set[str] = field(default_factory=set)
    _listed: set[str] = field(default_factory=set)
    _linked: set[str] = field(default_factory=set)

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
                self._listed.add(real)
            except OSError as error:
                self._problem(inside.rstrip("/") or folder, error.strerror or str(error))

    def _entry(
        self, entry: os.DirEntry[str], relative: str, real: str, waiting: list[tuple[str, str]]
    ) -> None:
        try:
            if entry.is_file(follow_symlinks=False):
                if not self._linked or os.path.join(real, entry.name) not in self._linked:  # noqa: PTH118 - as below
                    self._add(relative, entry.stat(follow_symlinks=False))
            elif entry.is_symlink():
                self.links.append((relative, entry.path))
            elif entry.is_dir(follow_symlinks=False):
                waiting.append((entry.path, f"{relative}/"))
        except OSError as error:
            self._problem(relative, error.strerror or str(error))

    def _add(self, relative: str, info: os.stat_result) -> None:
        self.files.add(relative, info.st_size, info.st_mtime_ns)
        if not len(self.files) % _TOLD_EVERY:
            self.tell(len(self.files))

    def follow(self, relative: str, path: str) -> None:
        try:
            info = os.stat(path)  # noqa: PTH116 - a walk of 100,000 files makes no Path for each
        except OSError as error:
            self._problem(relative, unreachable(path, error))
            return
        real = os.path.realpath(path)
        if stat.S_ISREG(info.st_mode):
            folder, name = os.path.split(real)
            found = folder in self._listed and not name.startswith(".")
            if not found and real not in self._linked:
                self._linked.add(real)
                self._add(relative, info)
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
