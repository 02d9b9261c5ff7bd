"""From fused items to hits: only the k that are shown are read in full."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mmrag_jupyter.items import Media
from mmrag_jupyter.search.hits import Hit, Part, Why

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.search.engine import Found
    from mmrag_jupyter.search.fusion import Fused
    from mmrag_jupyter.store import ItemRow, PartRow, Snapshot, Store


def build(found: Found, store: Store) -> tuple[list[Hit], Snapshot]:
    """Return the hits for a search's fused items, in their order, and the items behind them."""
    snapshot = store.snapshot([fused.item for fused in found.items])
    rows = {row.item: row for row in snapshot.rows()}
    # Another process may have deleted an item since the search.
    there = [fused for fused in found.items if fused.item in rows]
    hits = [
        _hit(rank, fused, rows[fused.item], found, store)
        for rank, fused in enumerate(there, start=1)
    ]
    return hits, snapshot


def whole(row: ItemRow, store: Store) -> Hit:
    """Return an item as the one hit of a look at it, with all its parts."""
    parts = tuple(_part(part, None, store) for part in store.parts_of([row.item]))
    return Hit(row.id, 1, 1.0, row.metadata, parts, (), row.source)


def _hit(rank: int, fused: Fused, row: ItemRow, found: Found, store: Store) -> Hit:
    best_first = sorted(fused.contributions, key=lambda one: -one.points)
    scores = {one.part: one.part_score for one in reversed(best_first) if one.points > 0}
    order = dict.fromkeys(one.part for one in best_first if one.points > 0)
    total = sum(abs(one.points) for one in fused.contributions)
    return Hit(
        id=row.id,
        rank=rank,
        score=fused.score,
        metadata=row.metadata,
        parts=tuple(_part(found.parts[part], scores[part], store) for part in order),
        why=tuple(
            Why(one.signal, one.rank, one.points / total, one.part_score) for one in best_first
        ),
        source=row.source,
        _all_parts=partial(_parts_of, row.item, store),
    )


def _parts_of(item: int, store: Store) -> Sequence[Part]:
    return [_part(row, None, store) for row in store.parts_of([item])]


def _part(row: PartRow, score: float | None, store: Store) -> Part:
    local = row.path is not None and not row.path.startswith(("http://", "https://"))
    return Part(
        id=row.node_id,
        modality=row.modality,
        text=row.text,
        score=score,
        source=Path(row.path) if row.path is not None and local else None,
        page=row.page,
        start=row.start,
        end=row.end,
        _media=partial(_media, row, store),
    )


def _media(row: PartRow, store: Store) -> Media | None:
    if row.modality == "text":
        return None
    if row.has_blob:
        return Media(data=store.blob(row.digest))
    return Media(path=Path(row.path)) if row.path is not None else None
