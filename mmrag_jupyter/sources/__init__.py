"""Whatever a user has, read as a stream of items: tables, folders, files, LlamaIndex nodes."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import SourceError, a_kind
from mmrag_jupyter.sources import passwords

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mmrag_jupyter.items import Problem, Source
    from mmrag_jupyter.sources.frames import Table
    from mmrag_jupyter.sources.tables import Names

__all__ = ["CHUNK_TOKENS", "read"]

CHUNK_TOKENS = 256
_FEWEST_TOKENS = 16


def read(
    source: object,
    *,
    key: str | None = None,
    text: str | Sequence[str] | None = None,
    image: str | Sequence[str] | None = None,
    audio: str | Sequence[str] | None = None,
    id: str | None = None,  # noqa: A002 - the user's word, in every place where columns are named
    root: str | Path | None = None,
    chunk_tokens: int = CHUNK_TOKENS,
    password_env: str | None = None,
    tell: Callable[[int], None] | None = None,
) -> Source:
    """Recognise a source and return its items, of which nothing is decoded yet.

    Parameters
    ----------
    source
        A pandas or polars dataframe, a pyarrow table, a Hugging Face dataset; a path (a
        picture, a recording, a .txt or .md, a .pdf, .html, .docx or .pptx, a .csv, .tsv,
        .parquet or .jsonl, or a folder of these but tables) or a list of paths; LlamaIndex
        documents or nodes.
    key
        What identifies the source over time. By default the path, or for what has none the
        names of its columns: loading a table with the same columns updates the one before.
    text, image, audio
        Columns of a table: a name, or several as a list or with commas; empty for none.
        They are guessed where not named, and `notice` says what was taken.
    id
        The column with the ids of a table's rows; by default its index. Files are known by
        their path, relative to the folder.
    root
        The folder where relative paths begin. By default that of the table's file, then the
        working folder.
    chunk_tokens
        Longest text of one part, in tokens; at least 16.
    password_env
        The environment variable that holds the password of encrypted documents.
    tell
        Is told now and then how many files of a folder are found.

    Raises
    ------
    SourceError
        In one line: nothing that can be loaded, no such file, an unknown column, ids that
        are missing or not unique, a file that is not what its suffix says.
    """
    if chunk_tokens < _FEWEST_TOKENS:
        raise SourceError(f"chunk_tokens is {chunk_tokens}; it must be {_FEWEST_TOKENS} or more.")
    base = None if root is None else _absolute(root)
    if base is not None and not base.is_dir():
        raise SourceError(f"There is no folder {base}, which was to be the root.")
    if password_env is not None:
        passwords.offer(password_env)
    if id is not None and not isinstance(id, str):
        from mmrag_jupyter.sources.labels import text_of

        id = text_of(id)  # noqa: A001 - the label of a column serves as its name
    asked = _Asked(key, text, image, audio, id, base, chunk_tokens, tell or _untold)
    if isinstance(source, str) and not source.strip():
        raise SourceError(f"{source!r} names no source; the folder that you work in is '.'.")
    if isinstance(source, (str, os.PathLike)):
        return _read_path(_absolute(source), asked)
    return _read_object(source, asked)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The options of `read`."""

    key: str | None
    text: Names
    image: Names
    audio: Names
    id: str | None
    root: Path | None
    chunk_tokens: int
    tell: Callable[[int], None]

    def refuse_columns(self, what: str) -> None:
        named = [name for name in ("text", "image", "audio", "id") if getattr(self, name)]
        if named:
            options = ", ".join(f"--{name}" for name in named)
            raise SourceError(f"{what} has no columns to choose from: leave out {options}.")


def _read_path(path: Path, asked: _Asked) -> Source:
    from mmrag_jupyter.sources import files
    from mmrag_jupyter.sources.tabular import read_table

    info = files.existing(path)
    if stat.S_ISREG(info.st_mode) and path.suffix.lower() in files.TABLE_SUFFIXES:
        table, problems, notice = read_table(path, asked.id)
        folders = [asked.root] if asked.root else list(dict.fromkeys([path.parent, Path.cwd()]))
        key = asked.key or f"path:{path.as_posix()}"
        return _read_table(table, asked, folders, key, problems=problems, notice=notice)
    asked.refuse_columns(f"{'A folder' if stat.S_ISDIR(info.st_mode) else 'A single file'}")
    if stat.S_ISDIR(info.st_mode):
        return files.folder_source(
            path, key=asked.key, chunk_tokens=asked.chunk_tokens, tell=asked.tell
        )
    return files.file_source(path, key=asked.key, chunk_tokens=asked.chunk_tokens)


def _read_object(source: object, asked: _Asked) -> Source:
    from mmrag_jupyter.sources.files import list_source
    from mmrag_jupyter.sources.frames import as_table
    from mmrag_jupyter.sources.nodes import is_nodes, node_source

    folders = [asked.root or Path.cwd()]
    nodes = source if isinstance(source, (list, tuple)) else [source]
    if is_nodes(nodes):
        asked.refuse_columns("A list of nodes")
        return node_source(nodes, folders, key=asked.key, chunk_tokens=asked.chunk_tokens)
    table = as_table(source)
    if table is not None:
        return _read_table(table, asked, folders, asked.key)
    if isinstance(source, Iterable) and not isinstance(source, (bytes, Mapping)):
        paths = list(source)
        if all(isinstance(path, (str, os.PathLike)) for path in paths):
            asked.refuse_columns("A list of files")
            if any(not os.fspath(path).strip() for path in paths):
                raise SourceError("One of the paths in the list is empty; leave it out.")
            listed = [Path(path) for path in paths]
            return list_source(
                listed, asked.root, key=asked.key, chunk_tokens=asked.chunk_tokens, tell=asked.tell
            )
    raise SourceError(
        f"{a_kind(source, capital=True)} cannot be loaded: give a dataframe, a path, a list of "
        "paths, or LlamaIndex nodes."
    )


def _read_table(
    table: Table,
    asked: _Asked,
    folders: Sequence[Path],
    key: str | None,
    *,
    problems: Sequence[Problem] = (),
    notice: str = "",
) -> Source:
    from mmrag_jupyter.sources.tables import roles, table_source

    chosen = roles(
        table, folders, text=asked.text, image=asked.image, audio=asked.audio, id_column=asked.id
    )
    chosen = replace(chosen, notice="; ".join(filter(None, (notice, chosen.notice))))
    return table_source(
        table, chosen, folders=folders, key=key, chunk_tokens=asked.chunk_tokens, problems=problems
    )


def _untold(_: int) -> None:
    """Say nothing."""


def _absolute(path: str | os.PathLike[str]) -> Path:
    return Path(os.path.abspath(Path(path).expanduser()))  # noqa: PTH100 - links stay as they are
