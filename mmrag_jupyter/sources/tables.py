"""The rows of any table as items."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import SourceError, did_you_mean
from mmrag_jupyter.items import Item, Piece, Problem, Recording
from mmrag_jupyter.sources import guess
from mmrag_jupyter.sources.cells import media_of
from mmrag_jupyter.sources.chunks import chunks
from mmrag_jupyter.sources.documents import READABLE_SUFFIXES, document
from mmrag_jupyter.sources.labels import text_of
from mmrag_jupyter.sources.plain import as_text, id_of
from mmrag_jupyter.sources.recordings import recording_of
from mmrag_jupyter.sources.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mmrag_jupyter.items import Modality
    from mmrag_jupyter.sources.frames import Table, TableColumn

    Names = str | Sequence[str] | None

_BLOCK = 4096
_BLOCK_WITH_PICTURES = 64  # each may be megabytes, and a block is in memory at once
_NAMED = 3  # how many offenders a message names


@dataclass(frozen=True, slots=True, eq=False)
class Roles:
    """What a table's columns are for; `notice` says what of it was guessed.

    `modalities` are what a row may have parts of.
    """

    texts: Sequence[str]
    media: Sequence[tuple[Modality, str]]
    id: str | None
    notice: str
    modalities: frozenset[Modality]


def roles(
    table: Table,
    folders: Sequence[Path],
    *,
    text: Names,
    image: Names,
    audio: Names,
    id_column: str | None,
) -> Roles:
    """Return the columns by what they are for: as named, and guessed where not named.

    Raises
    ------
    SourceError
        A column does not exist (the nearest is named), or cannot be text.
    """
    if id_column is not None:
        known(table, id_column, levels=True)
    named_images, named_texts = _named(table, image), _named(table, text)
    named_audios = _named(table, audio)
    audios = guess.audio_columns(table, folders) if named_audios is None else named_audios
    audios = [name for name in audios if named_audios or name not in (named_images or [])]
    images = guess.image_columns(table, folders) if named_images is None else named_images
    images = [name for name in images if name not in audios]
    texts = named_texts
    if texts is None:
        texts = guess.text_columns(table, [*images, *audios, *([id_column] if id_column else [])])
    for name in texts:
        kind = table.columns[name].column.kind
        if kind in {"bytes", "media"} or (kind != "str" and name in [*images, *audios]):
            raise SourceError(
                f"Column {name!r} of {table.told} holds bytes or pictures, not text; "
                "name other columns with --text."
            )
    kinds: set[Modality] = set()
    for name in images:
        kinds |= guess.modalities(table.columns[name], table.count)
    guesses = [
        f"{', '.join(found) or 'no column'} as {word} (--{option} names others)"
        for named, found, word, option in (
            (named_images, images, _told(kinds), "image"),
            (named_audios, audios, "recordings", "audio"),
            (named_texts, texts, "text", "text"),
        )
        if named is None and (found or not (images or audios or texts or option == "audio"))
    ]
    notice = f"took {' and '.join(guesses)}" if guesses and table.count else ""
    media: list[tuple[Modality, str]] = [("image", name) for name in images]
    media += [("audio", name) for name in audios]
    kinds |= {"text"} if texts else set()
    kinds |= {"audio"} if audios else set()
    return Roles(texts, media, id_column, notice, frozenset(kinds))


def _told(kinds: set[Modality]) -> str:
    """Return what a column of pictures and documents is called."""
    if "image" in kinds:
        return "pictures and documents" if len(kinds) > 1 else "pictures"
    return "documents" if kinds else "pictures"


def _named(table: Table, names: Names) -> list[str] | None:
    """Return the columns that an option names: by name, by label, or several of these.

    A string may name several, with commas; a tuple may be one label of several levels.
    """
    if names is None:
        return None
    whole = text_of(names) if isinstance(names, Hashable) else ""
    if whole and whole in table.columns:
        return [whole]
    if isinstance(names, str):
        names = names.split(",")
    if not isinstance(names, Iterable):
        raise SourceError(f"{names!r} names no column; give a name, or a list of names.")
    found = [text_of(name) for name in names]
    found = [name if name in table.columns else name.strip() for name in found]
    found = [name for name in found if name]
    for name in found:
        known(table, name)
    return list(dict.fromkeys(found))


def known(table: Table, name: str, *, levels: bool = False) -> None:
    """Raise SourceError if a table has no column (or level of its index) of this name."""
    names = list(table.columns)
    if levels:
        names += [part.column.name for part in table.levels if part.column.name]
    if name not in names:
        listed = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")  # noqa: PLR2004 - one line
        near = did_you_mean(name, names) or f" Its columns are: {listed or 'none at all'}."
        raise SourceError(f"There is no column {name!r} in {table.told}.{near}")


def table_source(
    table: Table,
    chosen: Roles,
    *,
    folders: Sequence[Path],
    key: str | None,
    chunk_tokens: int,
    problems: Sequence[Problem] = (),
) -> Stream:
    """Return the source whose items are a table's rows.

    Raises
    ------
    SourceError
        Ids that are missing or that several rows share.
    """
    own = marked(table, chosen)
    ids = row_ids(own, chosen.id)
    rows = _Rows(own, chosen, ids, folders, chunk_tokens)
    return Stream(
        key or f"table:{schema_digest(table)}",
        # A dataframe's own name is that of the variable, which only the key has.
        key.removeprefix("table:") if key and key.startswith("table:") else table.label,
        ids,
        [part.column for part in own.parts],
        chosen.modalities,
        _with_id_hint(table, chosen),
        problems,
        rows.items,
    )


def marked(table: Table, chosen: Roles) -> Table:
    """Return a table whose columns of pictures are marked as such."""
    pictures = {name for _, name in chosen.media}
    parts = [
        replace(
            part, column=replace(part.column, kind="media", dtype="object", detail={}, inner=None)
        )
        if part.column.role == "column"
        and _is_media(table, part, named=part.column.name in pictures)
        else part
        for part in table.parts
    ]
    return replace(table, parts=parts)


def rows(
    table: Table, chosen: Roles, ids: Sequence[str], folders: Sequence[Path], chunk_tokens: int
) -> Iterator[Item | Problem]:
    """Yield a marked table's rows, each as an item, after a problem for each missing picture."""
    return _Rows(table, chosen, ids, folders, chunk_tokens).items()


def _is_media(table: Table, part: TableColumn, *, named: bool) -> bool:
    if part.column.kind == "str":
        return False
    return named or (
        part.column.kind in {"bytes", "json", "any", "media"}
        and guess.hold_pictures(part, table.count)
    )


def _with_id_hint(table: Table, chosen: Roles) -> str:
    """Add to the notice which column would give ids that stay when rows move."""
    better = guess.id_column(table) if chosen.id is None and _is_numbered(table) else None
    hint = f"rows are known by their number (--id {better} would use that column)" if better else ""
    return "; ".join(filter(None, (chosen.notice, hint)))


def _is_numbered(table: Table) -> bool:
    levels = table.levels
    return len(levels) == 1 and not levels[0].column.name and levels[0].column.kind == "int"


def schema_digest(table: Table) -> str:
    """Return a short hash of a table's columns, by which it is known where it has no name."""
    # Names only: a column that gets its first missing value changes its dtype, and is still
    # the same column of the same table.
    names = [[part.column.role, part.column.name] for part in table.parts]
    return hashlib.blake2b(json.dumps(names).encode(), digest_size=8).hexdigest()


def row_ids(table: Table, column: str | None) -> list[str]:
    """Return the id of each row: a column's values, else the index's, its levels joined by "/".

    Raises
    ------
    SourceError
        For ids that are missing or that several rows share; the message names the first.
    """
    if column is None:
        source, parts = "the index", table.levels
    else:
        levels = {part.column.name: part for part in table.levels}
        source, parts = f"column {column!r}", [table.columns.get(column) or levels[column]]
    lists = [part.values(0, table.count) for part in parts]
    ids = [id_of(values) for values in zip(*lists, strict=True)]
    refuse_bad_ids(ids, f"{source} of {table.told}")
    return ids


def refuse_bad_ids(ids: Sequence[str], where: str) -> None:
    """Raise SourceError for ids that are empty or not unique."""
    advice = "give a column that differs in each row with --id"
    empty = [number for number, item_id in enumerate(ids) if not item_id]
    if empty:
        rows = "row" if len(empty) == 1 else "rows"
        raise SourceError(
            f"{len(empty):,} {rows} without an id in {where} (counted from 0: "
            f"{_first(map(str, empty))}); {advice}."
        )
    if len(set(ids)) < len(ids):
        twice = {item_id: times for item_id, times in Counter(ids).items() if times > 1}
        told = _first(f"{item_id!r} ({times} times)" for item_id, times in twice.items())
        count = "1 id is" if len(twice) == 1 else f"{len(twice):,} ids are"
        raise SourceError(f"{count} not unique in {where}: {told}; {advice}.")


def _first(offenders: Iterable[str]) -> str:
    told = list(offenders)
    return ", ".join(told[:_NAMED]) + (", ..." if len(told) > _NAMED else "")


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    table: Table
    roles: Roles
    ids: Sequence[str]
    folders: Sequence[Path]
    chunk_tokens: int

    def items(self) -> Iterator[Item | Problem]:
        """Yield each row as an item, after a problem for each of its pictures that is missing."""
        in_memory = any(part.column.kind == "media" for part in self.table.parts)
        size = _BLOCK_WITH_PICTURES if in_memory else _BLOCK
        for start in range(0, self.table.count, size):
            yield from self._block(start, min(start + size, self.table.count))

    def _block(self, start: int, stop: int) -> Iterator[Item | Problem]:
        columns = self.table.columns
        plain = {
            name: part.values(start, stop)
            for name, part in columns.items()
            if part.column.kind != "media"
        }
        names = list(plain)
        rows = zip(*plain.values(), strict=True) if plain else iter([()] * (stop - start))
        texts = self._texts(plain, stop - start)
        cells = [
            (modality, name, columns[name].cells(start, stop))
            for modality, name in self.roles.media
        ]
        levels = zip(*(part.values(start, stop) for part in self.table.levels), strict=True)
        ids = self.ids[start:stop]
        for at, (item_id, row, index, text) in enumerate(
            zip(ids, rows, levels, texts, strict=True)
        ):
            pieces = [Piece("text", piece) for piece in chunks(text, self.chunk_tokens)]
            documents, heard = [], []
            for modality, name, values in cells:
                try:
                    of = recording_of if modality == "audio" else media_of
                    media = of(values[at], self.folders)
                except SourceError as problem:
                    yield Problem(item_id, f"column {name!r}: {problem}")
                    continue
                if media is None:
                    continue
                if modality == "audio":
                    heard.append(Recording(media, name))
                elif media.path is not None and media.path.suffix.lower() in READABLE_SUFFIXES:
                    documents.append(document(media.path, self.chunk_tokens, about=False))
                else:
                    pieces.append(Piece(modality, media=media, column=name))
            metadata = dict(zip(names, row, strict=True))
            yield Item(item_id, pieces, metadata, index, documents, heard)

    def _texts(self, plain: dict[str, list[object]], count: int) -> list[str]:
        columns = [plain[name] for name in self.roles.texts]
        if not columns:
            return [""] * count
        return ["\n".join(_written(row)) for row in zip(*columns, strict=True)]


def _written(values: Iterable[object]) -> Iterator[str]:
    for value in values:
        text = "" if value is None else as_text(value)
        if text.strip():
            yield text
