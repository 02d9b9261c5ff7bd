"""Which tables a collection has in a store elsewhere."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmrag_jupyter.served.rows import Table

if TYPE_CHECKING:
    from collections.abc import Iterable

# What all engines take as a name, and short enough for what is put behind it.
_PLAIN = re.compile(r"[a-z][a-z0-9_]{0,30}")
_KEPT = "_mmrag"


@dataclass(frozen=True, slots=True)
class Layout:
    """The names of a collection's tables.

    The settings and pictures are in `kept`, a row an item in `items`, and a row a part in the
    table of the space that has its vector, or in that of space 0, which has none.
    """

    stem: str

    @classmethod
    def of(cls, name: str) -> Layout:
        """Return the layout of the collection of this name."""
        if _PLAIN.fullmatch(name):
            return cls(name)
        plain = re.sub(r"[^a-z0-9_]", "_", name.lower())[:20]
        digest = hashlib.blake2b(name.encode(), digest_size=5).hexdigest()
        return cls(f"c{plain}_{digest}")

    @property
    def kept(self) -> Table:
        """Settings, pictures and what else belongs to no item alone."""
        return Table(f"{self.stem}{_KEPT}")

    @property
    def items(self) -> Table:
        """One row an item."""
        return Table(f"{self.stem}{_KEPT}_items")

    def parts(self, space: int, dim: int = 0) -> Table:
        """One row a part of a space; of space 0, those without a vector."""
        return Table(f"{self.stem}{_KEPT}_parts{space}", dim)


def collections(tables: Iterable[str]) -> list[str]:
    """Return the stems of the collections that have these tables."""
    return sorted(name.removesuffix(_KEPT) for name in tables if name.endswith(_KEPT))
