"""Small files of a collection elsewhere: rows of as many bytes as a field of every engine takes."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from mmrag_jupyter.served.conditions import among
from mmrag_jupyter.served.media import MOST_BYTES
from mmrag_jupyter.served.rows import KEY, Row

if TYPE_CHECKING:
    from collections.abc import Container

    from mmrag_jupyter.served.rows import Table
    from mmrag_jupyter.served.told import Told

_KIND = "file"


class ServedShelf:
    """A `Shelf` among what a collection keeps beside its items.

    A file that is written in part is nobody's: what names it is written after it.
    """

    def __init__(self, engine: Told, kept: Table) -> None:
        self._engine = engine
        self._kept = kept

    def get(self, name: str) -> bytes:
        """Return what a file holds; raise FileNotFoundError where there is none."""
        keys = [key for key in self._keys() if _name(key) == name]
        if not keys:
            raise FileNotFoundError(name)
        rows = self._engine.scan(self._kept, among(KEY, "text", keys), (KEY, "data"))
        found = {row.text(KEY): base64.b64decode(row.text("data")) for row in rows}
        return b"".join(found[key] for key in sorted(found))

    def put(self, name: str, data: bytes) -> None:
        """Keep a file."""
        pieces = [data[at : at + MOST_BYTES] for at in range(0, len(data), MOST_BYTES)]
        for at, piece in enumerate(pieces):
            text = base64.b64encode(piece).decode()
            row = Row({KEY: f"{_KIND}:{name}:{at:06}", "kind": _KIND, "data": text})
            self._engine.put(self._kept, [row])

    def keep_only(self, names: Container[str]) -> None:
        """Remove all others."""
        gone = [key for key in self._keys() if _name(key) not in names]
        if gone:
            self._engine.delete(self._kept, among(KEY, "text", gone))

    def _keys(self) -> list[str]:
        rows = self._engine.scan(self._kept, among("kind", "text", [_KIND]), (KEY,))
        return [row.text(KEY) for row in rows]


def _name(key: str) -> str:
    return key.removeprefix(f"{_KIND}:").rpartition(":")[0]
