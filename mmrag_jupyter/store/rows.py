"""What the rows of a vector file stand for: part, item, modality; and which are still alive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import numpy as np

from mmrag_jupyter.items import Modality
from mmrag_jupyter.store.numbers import among
from mmrag_jupyter.store.runs import unpacked

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    import numpy.typing as npt

    from mmrag_jupyter.store.selection import Selection
    from mmrag_jupyter.store.values import Space

    Integers = npt.NDArray[np.int64]
    Mask = npt.NDArray[np.bool_]

MODALITIES: tuple[Modality, ...] = get_args(Modality)
MODALITY_CODES = {name: code for code, name in enumerate(MODALITIES)}
# Beside the code of the part's modality: some part of its item carries text.
ITEM_HAS_TEXT = 0x80


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The rows of one space as of one commit, as arrays of shape (rows,).

    `alive` is None where no row is dead. `order` sorts the rows by part; it is None where
    they are sorted already, as they are unless vectors were added to older parts.
    """

    generation: int
    parts: Integers
    items: Integers
    flags: npt.NDArray[np.uint8]
    alive: Mask | None
    order: Integers | None

    def allowed(self, within: Selection | None) -> Mask | None:
        """Return which rows are alive and in a selection; None stands for all of them."""
        mask = self.alive
        if within is None:
            return mask
        for part in self._conditions(within):
            mask = part if mask is None else mask & part
        return mask

    def of_parts(self, parts: Iterable[int]) -> Integers:
        """Return the row of each part, -1 where it has none that is alive."""
        wanted = np.fromiter(parts, np.int64)
        if not len(self.parts):
            return np.full(len(wanted), -1, np.int64)
        # The last of several rows is the one that may be alive.
        found = np.searchsorted(self.parts, wanted, "right", sorter=self.order) - 1
        found = found if self.order is None else self.order[found]
        here = self.parts[found] == wanted
        if self.alive is not None:
            here &= self.alive[found]
        return np.where(here, found, -1)

    def _conditions(self, within: Selection) -> Iterable[Mask]:
        if within.items is not None:
            yield among(self.items, within.items)
        if within.parts is not None:
            yield among(self.parts, within.parts)
        if within.modality is not None:
            codes = [MODALITY_CODES[name] for name in within.modality]
            yield np.isin(self.flags & ~np.uint8(ITEM_HAS_TEXT), np.array(codes, np.uint8))
        if within.without_text:
            yield (self.flags & ITEM_HAS_TEXT) == 0


def read_rows(db: sqlite3.Connection, space: Space, before: Rows | None) -> Rows:
    """Read what a space's rows stand for; only what is new since `before`, if it still holds."""
    if (
        before is None
        or before.generation != space.generation
        or len(before.parts) > space.rows  # another thread still reads an older commit
    ):
        empty = np.empty(0, np.int64)
        before = Rows(space.generation, empty, empty, np.empty(0, np.uint8), None, None)
    runs = db.execute(
        "SELECT parts, items, flags FROM runs WHERE space = ? AND row >= ? ORDER BY row",
        (space.number, len(before.parts)),
    ).fetchall()
    parts, items, flags = before.parts, before.items, before.flags
    if runs:
        parts = np.concatenate([parts, *(unpacked(part, len(flag)) for part, _, flag in runs)])
        items = np.concatenate([items, *(unpacked(item, len(flag)) for _, item, flag in runs)])
        flags = np.concatenate([flags, *(np.frombuffer(flag, np.uint8) for _, _, flag in runs)])
    order = None if (np.diff(parts) > 0).all() else np.argsort(parts, kind="stable")
    return Rows(space.generation, parts, items, flags, _alive(db, space), order)


def _alive(db: sqlite3.Connection, space: Space) -> Mask | None:
    if not space.dead:
        return None
    dead = db.execute("SELECT row FROM dead WHERE space = ?", (space.number,)).fetchall()
    alive = np.ones(space.rows, np.bool_)
    alive[np.fromiter((row for (row,) in dead), np.int64, len(dead))] = False
    return alive
