"""Which columns of a table are pictures, recordings or texts, judged by a sample of them."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.sources.cells import media_of
from mmrag_jupyter.sources.documents import READABLE_SUFFIXES, document_modalities
from mmrag_jupyter.sources.images import is_encoded_picture, picture_suffixes
from mmrag_jupyter.sources.plain import is_missing, is_picture
from mmrag_jupyter.sources.recordings import hold_recordings, name_recordings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mmrag_jupyter.items import Modality
    from mmrag_jupyter.sources.frames import Table, TableColumn

_SAMPLE = 300  # rows from each of the start, the middle and the end
_MOST = 0.8  # the share of a sample that makes it so
_AT_ONCE = 32  # rows
_LOOKED_AT = 5  # pictures in memory, or files, that are looked at

_TEXT_NAMES = re.compile(
    r"(?:^|[_\W])(?:name|title|description|text|caption|headline|summary|abstract|body|content"
    r"|review|comment|message|question|answer)s?$|[a-z](?:Name|Title|Description|Text|Caption)$",
    re.IGNORECASE,
)
_OTHER_NAMES = re.compile(
    r"(?:^|[_\W])(?:id|ids|uuid|guid|sku|ean|isbn|asin|code|key|hash|md5|sha\d*|slug|url|uri|link"
    r"|href|path|file|filename|email|phone|zip|postcode|date|time|timestamp|split)$"
    r"|[a-z](?:Id|ID|Url|URL|Path|Date)$",
)
_ID_NAMES = re.compile(r"(?:^|[_\W])(?:id|sku|uuid|isbn|ean|asin)$", re.IGNORECASE)
_PICTURE_NAMES = re.compile(r"image|img|photo|picture|thumbnail", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
# One word with a digit or a mark in it, or in capitals with marks between.
_CODE = re.compile(r"\S*\d\S*|\S*[/\\@_]\S*|[A-Z]+(?:[-.:][A-Z]+)+")
_WORD = re.compile(r"[^\W\d_]{2,}")
_PROSE_WORDS = 4.0
_DISTINCT = 0.9  # the share of different values from which single words are names
_NAMES = 20  # as many different values are names too, in a column that is called so


def image_columns(table: Table, folders: Sequence[Path]) -> list[str]:
    """Return the columns that hold pictures, their paths or addresses, or paths of documents.

    Of several columns of paths, those are left out of which no file exists.
    """
    held, named, found = [], [], []
    for name, part in table.columns.items():
        sample = _cells(part, table.count)
        if _hold_pictures(sample):
            held.append(name)
        elif _name_pictures(name, sample):
            there = _any_exists(sample, folders)
            found += [name] if there else []
            # Paths of documents that are not here are what some table says of them, no more.
            named += [name] if there or "image" in _modalities(sample) else []
    return held + (found or named)


def audio_columns(table: Table, folders: Sequence[Path]) -> list[str]:
    """Return the columns that hold recordings, or paths of some that are there.

    Addresses of recordings are not guessed: nobody wants them all fetched unasked.
    """
    found = []
    for name, part in table.columns.items():
        sample = _cells(part, table.count)
        paths = [cell for cell in sample if _is_path(cell)]
        named = name_recordings(sample, _MOST) and _any_exists(paths, folders)
        if named or hold_recordings(sample[:_LOOKED_AT]):
            found.append(name)
    return found


def modalities(part: TableColumn, count: int) -> frozenset[Modality]:
    """Return what there is in a column of pictures and documents."""
    return _modalities(_cells(part, count))


def _modalities(sample: Sequence[object]) -> frozenset[Modality]:
    suffixes = {_suffix(str(cell).strip()) for cell in sample if _is_path(cell)}
    found: set[Modality] = set()
    for suffix in suffixes or {""}:
        found |= document_modalities(suffix) or {"image"}
    return frozenset(found)


def hold_pictures(part: TableColumn, count: int) -> bool:
    """Tell whether a column's cells are pictures themselves: bytes, mappings or images."""
    return _hold_pictures(_cells(part, count))


def text_columns(table: Table, images: Sequence[str]) -> list[str]:
    """Return the columns of prose or of names, else all other columns of strings."""
    texts, rest = [], []
    for name, part in table.columns.items():
        if name in images or part.column.kind not in {"str", "any"}:
            continue
        sample = [cell for cell in _values(part, table.count) if isinstance(cell, str) and cell]
        if not sample or _is_code(name, sample) or _name_pictures(name, sample):
            continue
        rest.append(name)
        if part.column.dtype != "category" and _is_text(name, sample):
            texts.append(name)
    return texts or rest


def id_column(table: Table) -> str | None:
    """Return a column that looks like an id by its name and differs in each row sampled."""
    for name, part in table.columns.items():
        if _ID_NAMES.search(name):
            sample = _values(part, table.count)
            if sample and len({str(value) for value in sample}) == len(sample):
                return name
    return None


def _stretches(count: int) -> list[tuple[int, int]]:
    if count <= 3 * _SAMPLE:
        return [(0, count)]
    middle = (count - _SAMPLE) // 2
    return [(0, _SAMPLE), (middle, middle + _SAMPLE), (count - _SAMPLE, count)]


def _cells(part: TableColumn, count: int) -> list[object]:
    """Return cells that are not empty; few of those that may be megabytes of picture each."""
    enough = _SAMPLE if part.column.kind == "str" else _LOOKED_AT
    found: list[object] = []
    for start, stop in _stretches(count):
        here: list[object] = []
        for at in range(start, stop, _AT_ONCE):
            here += [
                cell for cell in part.cells(at, min(at + _AT_ONCE, stop)) if not _is_empty(cell)
            ]
            if len(here) >= enough:
                break
        found += here[:enough]
    return found


def _is_empty(cell: object) -> bool:
    if isinstance(cell, dict):
        return all(value is None for value in cell.values())
    return cell == "" if isinstance(cell, str) else is_missing(cell)


def _values(part: TableColumn, count: int) -> list[object]:
    return [value for start, stop in _stretches(count) for value in part.values(start, stop)]


def _hold_pictures(sample: Sequence[object]) -> bool:
    """Tell whether the cells that are looked at are pictures in memory."""
    return bool(sample) and all(map(_holds_picture, sample[:_LOOKED_AT]))


def _holds_picture(cell: object) -> bool:
    if isinstance(cell, dict):
        if not {"bytes", "path"} >= cell.keys():
            return False
        data, path = cell.get("bytes"), cell.get("path")
        return _suffix(str(path)) in picture_suffixes() if data is None else _holds_picture(data)
    if isinstance(cell, (bytes, bytearray, memoryview)):
        return is_encoded_picture(bytes(cell))
    if isinstance(cell, np.ndarray):
        return cell.dtype == np.uint8 and cell.ndim in {2, 3}
    return is_picture(cell)


def _name_pictures(column: str, sample: Sequence[object]) -> bool:
    """Tell whether the cells are paths or addresses of pictures."""
    texts = [str(cell).strip() for cell in sample if isinstance(cell, (str, PurePath))]
    if not texts or len(texts) < len(sample):
        return False
    if _PICTURE_NAMES.search(column) and all(map(_ADDRESS.fullmatch, texts)):
        return True
    suffixes = picture_suffixes()
    known = (
        _suffix(text) in suffixes or (_is_path(text) and _suffix(text) in READABLE_SUFFIXES)
        for text in texts
    )
    return sum(known) >= _MOST * len(texts)


def _is_path(cell: object) -> bool:
    """Tell whether a cell may be a path: documents are not fetched from addresses."""
    return isinstance(cell, (str, PurePath)) and not _ADDRESS.match(str(cell).strip())


def _suffix(text: str) -> str:
    if "\n" in text:
        return ""
    if _ADDRESS.match(text):
        try:
            text = urlsplit(text).path
        except ValueError:
            return ""
    dot = text.rfind(".")
    return text[dot:].lower() if dot > text.rfind("/") else ""


def _any_exists(sample: Sequence[object], folders: Sequence[Path]) -> bool:
    for cell in sample[:_LOOKED_AT]:
        try:
            if media_of(cell, folders) is not None:
                return True
        except SourceError:
            continue
    return False


def _is_text(name: str, sample: Sequence[str]) -> bool:
    words = sum(len(_WORD.findall(text[:500])) for text in sample) / len(sample)
    distinct = len(set(sample))
    if _TEXT_NAMES.search(name) and distinct >= min(_NAMES, len(sample) / 4):
        return True
    return words >= _PROSE_WORDS or (words >= 1 and distinct >= _DISTINCT * len(sample))


def _is_code(name: str, sample: Sequence[str]) -> bool:
    if _OTHER_NAMES.search(name) and sum(map(_count, sample)) < _PROSE_WORDS * len(sample):
        return True
    codes = sum(
        _CODE.fullmatch(text.strip()) is not None or _WORD.search(text) is None for text in sample
    )
    return codes >= _MOST * len(sample)


def _count(text: str) -> int:
    return len(text.split())
