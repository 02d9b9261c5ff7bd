"""Folders, single files and lists of files as items: a picture, sound, text or document each."""

from __future__ import annotations

import hashlib
import os
import stat
import time
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
from mmrag_jupyter.sources.sound import sound_suffixes
from mmrag_jupyter.sources.stream import Stream
from mmrag_jupyter.sources.walk import Found, found_file, unreachable, walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
    """Suggest a name in the deepest folder of a path that exists."""
    for folder, name in zip(path.parents, (path, *path.parents), strict=False):
        if folder.is_dir():
            try:
                near = did_you_mean(name.name, os.listdir(folder))  # noqa: PTH208 - names only
            except OSError:
                return ""
            return near or (f" The folder {folder} has no {name.name!r}." if name != path else "")
    return ""


def folder_source(folder: Path, *, key: str | None, chunk_tokens: int) -> Stream:
    """Return the source of all pictures, recordings, texts and documents below a folder.

    Raises
    ------
    SourceError
        The folder cannot be read; of one below it that is a problem.
    """
    try:
        os.scandir(folder).close()
    except OSError as error:
        raise SourceError(f"{folder} cannot be read: {error.strerror or error}.") from None
    files, problems = walk(folder)
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
    found = found_file(path.name, os.fspath(path), info)
    if path.suffix.lower() not in _loaded_suffixes() and not recordings.is_sound_file(path):
        raise SourceError(
            f"{path.name} is of a type that is not loaded ({path.suffix or 'no suffix'}); a source "
            "is a picture, a recording, .txt, .md, .pdf, .html, .docx, .pptx, .csv, .tsv, .parquet "
            "or .jsonl, or a folder of pictures, recordings, texts and documents."
        )
    key = key or f"path:{path.as_posix()}"
    return _source([found], [], chunk_tokens, key=key, label=path.name)


def list_source(
    paths: Sequence[Path], root: Path | None, *, key: str | None, chunk_tokens: int
) -> Stream:
    """Return the source of a list of files and folders.

    The id of a file is its path relative to `root`, else to the working folder where it lies
    below that, else its whole path: adding to the list renames nothing.
    """
    base = root or Path.cwd()
    files: dict[str, Found] = {}
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
            inside, failed = walk(place)
            problems += [Problem(f"{relative}/{one.source}", one.reason) for one in failed]
            for one in inside:
                name = f"{relative}/{one.relative}"
                files[name] = Found(name, one.place, one.size, one.mtime_ns)
        else:
            files[relative] = found_file(relative, os.fspath(place), info)
    folders = [os.fspath((base / path).parent) for path in paths]
    common = os.path.commonpath(folders) if folders else os.fspath(base)
    key = key or f"paths:{Path(common).as_posix()}"
    return _source(list(files.values()), problems, chunk_tokens, key=key, label="list of files")


def _relative(path: Path, base: Path) -> str:
    plain = Path(os.path.normpath(path))
    return (plain.relative_to(base) if plain.is_relative_to(base) else plain).as_posix()


# File systems tell times in steps of up to two seconds.
_SETTLED = 2_000_000_000  # nanoseconds


@dataclass(frozen=True, slots=True, eq=False)
class _Files:
    files: Sequence[Found]
    pictures: frozenset[str]
    heard: frozenset[str]
    chunk_tokens: int

    def items(self) -> Iterator[Item | Problem]:
        for found in self.files:
            try:
                yield self._item(found)
            except OSError as error:
                yield Problem(found.relative, error.strerror or str(error))

    def _item(self, found: Found) -> Item:
        suffix = found.path.suffix.lower()
        if suffix in DOCUMENT_SUFFIXES:
            documents = [document(found.path, self.chunk_tokens)]
            return Item(found.relative, [], _metadata(found), documents=documents)
        if found.relative in self.heard:
            heard = [Recording(Media(path=found.path), about=True)]
            return Item(found.relative, [], _metadata(found), recordings=heard)
        if suffix in self.pictures:
            pieces = [Piece("image", media=Media(path=found.path))]
        else:
            with awaiting(Media(path=found.path)):
                text = decoded(found.path.read_bytes())
            pieces = [Piece("text", chunk) for chunk in chunks(text, self.chunk_tokens)]
        return Item(found.relative, pieces, _metadata(found))


def _loaded_suffixes() -> frozenset[str]:
    return picture_suffixes() | sound_suffixes() | TEXT_SUFFIXES | DOCUMENT_SUFFIXES


def _source(
    files: Sequence[Found],
    problems: Sequence[Problem],
    chunk_tokens: int,
    *,
    key: str,
    label: str,
    where: str = "",
) -> Stream:
    loaded, sounds = _loaded_suffixes(), sound_suffixes()
    loadable, others = [], Counter[str]()
    heard = set()
    for found in files:
        suffix = _suffix(found)
        # A name that says nothing may be that of a recording; those that say more are trusted.
        if suffix in sounds or (suffix not in loaded and recordings.is_sound_file(found.path)):
            heard.add(found.relative)
            loadable.append(found)
        elif suffix in loaded:
            loadable.append(found)
        else:
            others[suffix or "without a suffix"] += 1
    notices = [] if loadable else [f"found no pictures, recordings, texts or documents{where}"]
    if others:
        count = "1 file that is" if others.total() == 1 else f"{others.total():,} files that are"
        told = [name for name, _ in others.most_common(6)]
        more = ", ..." if len(others) > len(told) else ""
        notices.append(
            f"skipped {count} neither picture, recording, text nor document: "
            f"{', '.join(told)}{more}"
        )
    suffixes = {_suffix(one) for one in loadable if one.relative not in heard}
    # Pictures alone have no pages and no authors, nor do they last.
    about = COLUMNS if suffixes & DOCUMENT_SUFFIXES else ()
    lasting = recordings.COLUMNS if heard else ()
    modalities = {one for suffix in suffixes for one in _modalities(suffix)}
    return Stream(
        key,
        label,
        [found.relative for found in loadable],
        (*_COLUMNS, *about, *lasting),
        frozenset(modalities | ({"audio"} if heard else set())),
        "; ".join(notices),
        problems,
        _Files(loadable, picture_suffixes(), frozenset(heard), chunk_tokens).items,
        b"" if heard or suffixes & DOCUMENT_SUFFIXES else _listing(loadable, chunk_tokens),
    )


def _listing(files: Sequence[Found], chunk_tokens: int) -> bytes:
    """Return a hash of what a folder lists; of documents it depends on more what is in them.

    Empty where a file is so young that it may change yet without looking younger.
    """
    if max((found.mtime_ns for found in files), default=0) > time.time_ns() - _SETTLED:
        return b""
    seen = hashlib.blake2b(str(chunk_tokens).encode(), digest_size=16)
    for found in files:
        line = f"{found.relative}\0{found.size}\0{found.mtime_ns}\n"
        seen.update(line.encode("utf-8", "surrogatepass"))
    return seen.digest()


def _suffix(found: Found) -> str:
    """Return a file's suffix in lower case; of a million files a `Path` takes seconds for it."""
    suffix = os.path.splitext(found.relative)[1].lower()  # noqa: PTH122 - as above
    return "" if suffix == "." else suffix


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
