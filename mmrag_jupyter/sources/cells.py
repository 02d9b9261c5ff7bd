"""A picture as it stands in a table's cell: a path, an address, bytes or an image."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.errors import SourceError, a_kind
from mmrag_jupyter.items import Media
from mmrag_jupyter.sources.plain import is_missing, is_picture

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SCHEME = re.compile(r"(?:([a-z][a-z0-9+.-]+)://|(data):)", re.IGNORECASE)
_CHANNELS = frozenset({1, 3, 4})


def media_of(cell: object, folders: Sequence[Path]) -> Media | None:
    """Return what a cell refers to, or None if the cell is empty.

    Parameters
    ----------
    folders
        Absolute folders in which to look for a relative path, in this order.

    Raises
    ------
    SourceError
        The file is not there, the scheme is another than http or https, or the cell is
        nothing that a picture can be read from.
    """
    if isinstance(cell, (str, PurePath)):
        return _of_text(str(cell).strip(), folders)
    if isinstance(cell, dict):
        return _of_mapping(cell, folders)
    if is_picture(cell):
        return Media(image=cell)
    if isinstance(cell, (bytes, bytearray, memoryview)):
        return _of_bytes(bytes(cell))
    if isinstance(cell, np.ndarray):
        return _of_array(cell)
    if is_missing(cell):
        return None
    raise SourceError(f"{a_kind(cell)} is no picture; give a path, an address, bytes or an image")


def _of_mapping(cell: Mapping[object, object], folders: Sequence[Path]) -> Media | None:
    if not {"bytes", "path"} & cell.keys():
        keys = ", ".join(map(str, cell)) or "nothing"
        raise SourceError(f'a mapping with {keys} is no picture; it needs "bytes" or "path"')
    data = cell.get("bytes")
    return media_of(cell.get("path") if is_missing(data) else data, folders)


def _of_array(cell: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> Media:
    if cell.dtype != np.uint8:
        raise SourceError(f"an array of {cell.dtype} is no picture; it needs uint8")
    if cell.ndim == 1:
        return _of_bytes(cell.tobytes())
    if not (cell.ndim == 2 or (cell.ndim == 3 and cell.shape[2] in _CHANNELS)) or not cell.size:  # noqa: PLR2004
        shape = " x ".join(map(str, cell.shape))
        raise SourceError(f"an array of shape {shape} is no picture; it needs height x width x 3")
    from PIL import Image

    return Media(image=Image.fromarray(cell[:, :, 0] if cell.shape[2:] == (1,) else cell))


def _of_bytes(data: bytes) -> Media:
    if not data:
        raise SourceError("the bytes are empty")
    return Media(data=data)


def _of_text(text: str, folders: Sequence[Path]) -> Media | None:
    if not text:
        return None
    scheme = _SCHEME.match(text)
    if scheme is None:
        return Media(path=_found(text, folders))
    name = (scheme[1] or scheme[2]).lower()
    if name in {"http", "https"}:
        return Media(url=text)
    advice = "give the path itself" if name == "file" else "only http and https addresses are"
    raise SourceError(f"{_short(text)} is not read: {advice}")


def _found(text: str, folders: Sequence[Path]) -> Path:
    plain = os.path.expanduser(text) if text.startswith("~") else text  # noqa: PTH111 - as below
    for folder in folders:
        # Strings and not Paths until it is found: a table may have a million of them.
        place = os.path.join(folder, plain)  # noqa: PTH118
        try:
            mode = os.stat(place).st_mode  # noqa: PTH116
        except (OSError, ValueError):
            continue
        if not stat.S_ISREG(mode):
            raise SourceError(f"{_short(text)} is a folder or a device, not a file")
        return Path(place)
    if os.path.isabs(plain):  # noqa: PTH117
        raise SourceError(f"there is no file {_short(text)}")
    where = " or ".join(str(folder) for folder in folders)
    raise SourceError(f"there is no file {_short(text)} in {where}; --root names another folder")


def _short(text: str) -> str:
    return repr(text if len(text) <= 120 else f"{text[:117]}...")  # noqa: PLR2004 - one readable line
