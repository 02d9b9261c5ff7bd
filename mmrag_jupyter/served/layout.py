"""Which tables a collection has in a store elsewhere."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmrag_jupyter.served.rows import Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mmrag_jupyter.store.values import Space

# What all engines take as a name, and short enough for what is put behind it.
_PLAIN = re.compile(r"[a-z][a-z0-9_]{0,30}")
_KEPT = "_mmrag"


@dataclass(frozen=True, slots=True)
class Layout:
    """The names of a collection's tables.

    The settings and pictures are in `kept`, a row an item in `items`, and a row a part in the
    table of the space that has its vector, or in that of space 0, which has none. What was joined
    to items is in `joined`, which is made with the first joined table.
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

    @property
    def joined(self) -> Table:
        """One row for each row of a joined table beside each of its items."""
        return Table(f"{self.stem}{_KEPT}_joined")

    def parts(self, space: int, dim: int = 0) -> Table:
        """One row a part of a space; of space 0, those without a vector."""
        return Table(f"{self.stem}{_KEPT}_parts{space}", dim)

    def of_space(self, space: Space) -> Table:
        """One row a part of a space; where it has many vectors, these lie in `tokens`."""
        return self.parts(space.number, 0 if space.token_dim else space.dim)

    def tokens(self, space: int) -> Table:
        """Return the table of the many vectors of a space's parts, some rows a part."""
        return Table(f"{self.stem}{_KEPT}_tokens{space}")


def collections(tables: Iterable[str]) -> list[str]:
    """Return the stems of the collections that have these tables."""
    return sorted(name.removesuffix(_KEPT) for name in tables if name.endswith(_KEPT))
