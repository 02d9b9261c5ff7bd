"""Folders, single files and lists of files as items: a picture, sound, text or document each."""

from __future__ import annotations

import os
import stat
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import SourceError, did_you_mean
from mmrag_jupyter.items import Column, Item, Media, Piece, Problem, Recording
from mmrag_jupyter.sources import recordings
from mmrag_jupyter.sources.awaited import awaiting
from mmrag_jupyter.sources.chunks import chunks
from mmrag_jupyter.sources.decode import decoded
from mmrag_jupyter.sources.documents import (
    COLUMNS,
    DOCUMENT_SUFFIXES,
    TEXT_SUFFIXES,
    document,
    document_modalities,
)
from mmrag_jupyter.sources.images import picture_suffixes
from mmrag_jupyter.sources.listing import Listing, blocks
from mmrag_jupyter.sources.sound import sound_suffixes
from mmrag_jupyter.sources.stream import Stream
from mmrag_jupyter.sources.walk import Files, Found, unreachable, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mmrag_jupyter.items import Modality

TABLE_SUFFIXES = frozenset({".csv", ".tsv", ".parquet", ".jsonl", ".ndjson"})

_COLUMNS = (
    Column("path", "str", "str"),
    Column("name", "str", "str"),
    Column("folder", "str", "str"),
    Column("suffix", "str", "str"),
    Column("size", "int", "int64"),
    Column("modified", "datetime", "datetime64[us, UTC]"),
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def existing(path: Path) -> os.stat_result:
    """Return the status of a file or folder that the user named.

    Raises
    ------
    SourceError
        It is not there (the nearest name beside it is suggested) or cannot be looked at.
    """
    try:
        return path.stat()
    except FileNotFoundError as error:
        if path.is_symlink():
            raise SourceError(f"{path} is {unreachable(os.fspath(path), error)}.") from None
        raise SourceError(f"There is no file or folder {path}.{_nearest(path)}") from None
    except OSError as error:
        reason = unreachable(os.fspath(path), error)
        raise SourceError(f"{path} cannot be read: {reason}.") from None
    except ValueError as error:
        raise SourceError(f"{path} cannot be read: {error}.") from None


def _nearest(path: Path) -> str:
    """Suggest a name in the deepest folder of a path that exists; instead of a pattern, a list."""
    if "*" in os.fspath(path):
        return " What a pattern stands for is given as a list: files = sorted(glob.glob(pattern))."
    for folder, name in zip(path.parents, (path, *path.parents), strict=False):
        if folder.is_dir():
            try:
                near = did_you_mean(name.name, os.listdir(folder))  # noqa: PTH208 - names only
            except OSError:
                return ""
            return near or (f" The folder {folder} has no {name.name!r}." if name != path else "")
    return ""


def folder_source(
    folder: Path, *, key: str | None, chunk_tokens: int, tell: Callable[[int], None]
) -> Stream:
    """Return the source of all pictures, recordings, texts and documents below a folder.

    Parameters
    ----------
    tell
        Is told now and then how many files are found.

    Raises
    ------
    SourceError
        The folder cannot be read; of one below it that is a problem.
    """
    try:
        os.scandir(folder).close()
    except OSError as error:
        raise SourceError(f"{folder} cannot be read: {error.strerror or error}.") from None
    files, problems = walk(folder, tell)
    key = key or f"path:{folder.as_posix()}"
    label = folder.name or str(folder)
    return _source(files, problems, chunk_tokens, key=key, label=label, where=f" in {folder}")


def file_source(path: Path, *, key: str | None, chunk_tokens: int) -> Stream:
    """Return the source of one picture, recording, text or document.

    Raises
    ------
    SourceError
        It is none of these; the message says what can be loaded.
    """
    info = existing(path)
    if not stat.S_ISREG(info.st_mode):
        raise SourceError(f"{path} is neither a file nor a folder.")
    found = Files(os.path.join(path.parent, ""))  # noqa: PTH118 - ends in a separator
    found.add(path.name, info.st_size, info.st_mtime_ns, os.fspath(path))
    if path.suffix.lower() not in _loaded_suffixes() and not recordings.is_sound_file(path):
        raise SourceError(
            f"{path.name} is of a type that is not loaded ({path.suffix or 'no suffix'}); a source "
            "is a picture, a recording, .txt, .md, .pdf, .html, .docx, .pptx, .csv, .tsv, .parquet "
            "or .jsonl, or a folder of pictures, recordings, texts and documents."
        )
    key = key or f"path:{path.as_posix()}"
    return _source(found, [], chunk_tokens, key=key, label=path.name)


def list_source(
    paths: Sequence[Path],
    root: Path | None,
    *,
    key: str | None,
    chunk_tokens: int,
    tell: Callable[[int], None],
) -> Stream:
    """Return the source of a list of files and folders.

    The id of a file is its path relative to `root`, else to the working folder where it lies
    below that, else its whole path: adding to the list renames nothing. `tell` is told of the
    files of each of the folders.
    """
    base = root or Path.cwd()
    files = Files("")
    problems = []
    for path in paths:
        place = base / path.expanduser()
        relative = _relative(place, base)
        try:
            info = place.stat()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            problems.append(Problem(relative, reason))
            continue
        if stat.S_ISDIR(info.st_mode):
            inside, failed = walk(place, tell)
            problems += [Problem(f"{relative}/{one.source}", one.reason) for one in failed]
            for one in inside:
                files.add(f"{relative}/{one.relative}", one.size, one.mtime_ns, one.place)
        else:
            files.add(relative, info.st_size, info.st_mtime_ns, os.fspath(place))
    # What is named twice is one file.
    places = {name: at for at, name in enumerate(files.names)}
    files = files if len(places) == len(files) else files.only(places.values())
    folders = [os.fspath((base / path).parent) for path in paths]
    common = os.path.commonpath(folders) if folders else os.fspath(base)
    key = key or f"paths:{Path(common).as_posix()}"
    return _source(files, problems, chunk_tokens, key=key, label="list of files")


def _relative(path: Path, base: Path) -> str:
    plain = Path(os.path.normpath(path))
    return (plain.relative_to(base) if plain.is_relative_to(base) else plain).as_posix()


@dataclass(frozen=True, slots=True, eq=False)
class _Items:
    files: Files
    pictures: frozenset[str]
    heard: set[str]
    chunk_tokens: int

    def all(self) -> Iterator[Item | Problem]:
        return self.at(range(len(self.files)))

    def at(self, places: Iterable[int]) -> Iterator[Item | Problem]:
        for found in map(self.files.__getitem__, places):
            try:
                yield self._item(found)
            except OSError as error:
                yield Problem(found.relative, error.strerror or str(error))

    def _item(self, found: Found) -> Item:
        suffix, path = _suffix(found.relative), found.path
        if suffix in DOCUMENT_SUFFIXES:
            documents = [document(path, self.chunk_tokens)]
            return Item(found.relative, [], _metadata(found), documents=documents)
        if found.relative in self.heard:
            heard = [Recording(Media(path=path), about=True)]
            return Item(found.relative, [], _metadata(found), recordings=heard)
        if suffix in self.pictures:
            pieces = [Piece("image", media=Media(path=path))]
        else:
            with awaiting(Media(path=path)):
                text = decoded(path.read_bytes())
            pieces = [Piece("text", chunk) for chunk in chunks(text, self.chunk_tokens)]
        return Item(found.relative, pieces, _metadata(found))


def _loaded_suffixes() -> frozenset[str]:
    return picture_suffixes() | sound_suffixes() | TEXT_SUFFIXES | DOCUMENT_SUFFIXES


def _source(
    files: Files,
    problems: Sequence[Problem],
    chunk_tokens: int,
    *,
    key: str,
    label: str,
    where: str = "",
) -> Stream:
    counts = Counter(map(_suffix, files.names))
    heard, others = _sounds(files, counts)
    if others:
        files = files.only(at for at, name in enumerate(files.names) if name not in others)
    notices = [] if len(files) else [f"found no pictures, recordings, texts or documents{where}"]
    if others:
        notices.append(_skipped(others))
    suffixes = counts.keys() & _loaded_suffixes() - sound_suffixes()
    # Pictures alone have no pages and no authors, nor do they last.
    about = COLUMNS if suffixes & DOCUMENT_SUFFIXES else ()
    lasting = recordings.COLUMNS if heard else ()
    modalities = {one for suffix in suffixes for one in _modalities(suffix)}
    found = _Items(files, picture_suffixes(), heard, chunk_tokens)
    # Of documents and recordings it depends on more, what is made of them.
    opened = heard | {name for name in files.names if about and _suffix(name) in DOCUMENT_SUFFIXES}
    return Stream(
        key,
        label,
        files.names,
        (*_COLUMNS, *about, *lasting),
        frozenset(modalities | ({"audio"} if heard else set())),
        "; ".join(notices),
        problems,
        found.all,
        Listing(blocks(files, opened, chunk_tokens), found.at),
    )


def _sounds(files: Files, counts: Counter[str]) -> tuple[set[str], set[str]]:
    """Return the names of the recordings, and of the files that are not loaded at all."""
    loaded, sounds = _loaded_suffixes(), sound_suffixes()
    heard, others = set[str](), set[str]()
    if counts.keys() <= loaded - sounds:
        return heard, others
    for found in files:
        suffix = _suffix(found.relative)
        # A name that says nothing may be that of a recording; those that say more are trusted.
        if suffix in sounds or (suffix not in loaded and recordings.is_sound_file(found.path)):
            heard.add(found.relative)
        elif suffix not in loaded:
            others.add(found.relative)
    return heard, others


def _skipped(names: set[str]) -> str:
    """Return what is said of files that are not loaded."""
    counts = Counter(_suffix(name) or "without a suffix" for name in names)
    count = "1 file that is" if len(names) == 1 else f"{len(names):,} files that are"
    told = [name for name, _ in counts.most_common(6)]
    more = ", ..." if len(counts) > len(told) else ""
    return f"skipped {count} neither picture, recording, text nor document: {', '.join(told)}{more}"


def _suffix(name: str) -> str:
    """Return a file's suffix in lower case; of a million files a `Path` takes seconds for it."""
    name = name[name.rfind("/") + 1 :]
    dot = name.rfind(".")
    return name[dot:].lower() if 0 < dot < len(name) - 1 else ""


def _modalities(suffix: str) -> frozenset[Modality]:
    return document_modalities(suffix) or frozenset({"image"})


def _metadata(found: Found) -> dict[str, object]:
    path = PurePosixPath(found.relative)
    folder = path.parent.as_posix()
    try:
        modified = _EPOCH + timedelta(microseconds=found.mtime_ns // 1000)
    except OverflowError:
        modified = None
    return {
        "path": found.relative,
        "name": path.name,
        "folder": "" if folder == "." else folder,
        "suffix": path.suffix.lower(),
        "size": found.size,
        "modified": modified,
    }
