"""From fused items to hits: only the k that are shown are read in full."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING

from mmrag_jupyter.items import Media
from mmrag_jupyter.search import passages
from mmrag_jupyter.search.hits import Hit, Part, Why
from mmrag_jupyter.search.joined import all_joined, joined
from mmrag_jupyter.search.listening import whole_stretch
from mmrag_jupyter.store.recordings import recording

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mmrag_jupyter.search.engine import Found
    from mmrag_jupyter.search.fusion import Fused
    from mmrag_jupyter.search.joined import Joined
    from mmrag_jupyter.store import ItemRow, JoinedRow, PartRow, Snapshot, Store

MOST_PAGES = 5  # of a hit, that are told
_REACH = 8  # parts before and after one that are looked at for its page


def build(
    found: Found, store: Store, *, first: int = 1, pictured: bool = False
) -> tuple[list[Hit], Snapshot]:
    """Return the hits for a search's fused items, in their order, and the items behind them.

    `first` is the rank of the first one. Where all of them will be asked for their picture,
    `pictured` looks for these together.
    """
    snapshot = store.snapshot([fused.item for fused in found.items])
    rows = {row.item: row for row in snapshot.rows()}
    # Another process may have deleted an item since the search.
    there = [fused for fused in found.items if fused.item in rows]
    pages = _pages(found, [rows[fused.item].id for fused in there])
    shown = {one.part for fused in there for one in fused.contributions if one.points > 0}
    origins = store.joins.rows([found.parts[part].row for part in shown])
    told = joined(found, [fused.item for fused in there], store)
    hits = [
        _hit(
            rank,
            fused,
            rows[fused.item],
            found,
            store,
            origins=origins,
            pages=tuple(pages.get(fused.item, ())),
            joined=told.get(fused.item, ()),
        )
        for rank, fused in enumerate(there, start=first)
    ]
    return _with_pictures(hits, there, store) if pictured else hits, snapshot


def _with_pictures(hits: list[Hit], there: Sequence[Fused], store: Store) -> list[Hit]:
    known = store.pictures([fused.item for fused in there])
    return [
        replace(hit, _first_picture=partial(_part_or_none, known.get(fused.item), store))
        for hit, fused in zip(hits, there, strict=True)
    ]


def _pages(found: Found, items: Sequence[str]) -> dict[int, list[int]]:
    """Return for each document, by its number, the pages that matched best, the best first."""
    placed = {part: row for part, row in found.parts.items() if row.page is not None}
    pages: dict[int, list[int]] = {}
    if placed:
        best = passages.order(found.signals, {one: placed[one].item_id for one in placed}, items)
        for row in (placed[part] for part in best):
            known = pages.setdefault(row.item, [])
            if row.page is not None and row.page not in known and len(known) < MOST_PAGES:
                known.append(row.page)
    return pages


def ranked_parts(
    found: Found, store: Store, items: Sequence[str], most: int
) -> list[tuple[str, Part]]:
    """Return the `most` best parts of `items` that the search has seen, each with its item."""
    rows = found.parts
    best = passages.order(found.signals, {part: row.item_id for part, row in rows.items()}, items)
    parts = _parts([rows[part] for part in best[:most]], store)
    return [(rows[part].item_id, own) for part, own in zip(best, parts, strict=False)]


def page_texts(found: Found, store: Store, part: str) -> list[Part]:
    """Return the texts on the page of a part that the search has seen, in their order."""
    row = next((row for row in found.parts.values() if row.node_id == part), None)
    if row is None or row.page is None:
        return []
    # The parts of a page lie side by side.
    near = store.parts(range(row.part - _REACH, row.part + _REACH + 1))
    place = (row.item, row.row, row.page)
    here = [one for one in near if (one.item, one.row, one.page) == place]
    return _parts([one for one in here if one.modality == "text"], store)


def in_order(items: Sequence[int], store: Store, *, first: int = 1) -> tuple[list[Hit], Snapshot]:
    """Return items that nothing was asked of: without a score (NaN) and a why."""
    snapshot = store.snapshot(items)
    parts: dict[int, list[Part]] = {}
    rows = store.parts_of(items)
    for row, part in zip(rows, _parts(rows, store), strict=True):
        parts.setdefault(row.item, []).append(part)
    told = all_joined(items, store)
    hits = [
        replace(
            Hit(row.id, rank, nan, row.metadata, tuple(parts.get(row.item, ())), (), row.source),
            joined=told.get(row.item, ()),
        )
        for rank, row in enumerate(snapshot.rows(), start=first)
    ]
    return hits, snapshot


def whole(row: ItemRow, store: Store) -> Hit:
    """Return an item as the one hit of a look at it, with all its parts."""
    parts = tuple(_parts(store.parts_of([row.item]), store))
    sound = whole_stretch(parts)
    told = all_joined([row.item], store).get(row.item, ())
    return Hit(
        row.id, 1, 1.0, row.metadata, parts, (), row.source,
        joined=told, _whole=sound, _all_of_it=True,
    )  # fmt: skip


def _hit(
    rank: int,
    fused: Fused,
    row: ItemRow,
    found: Found,
    store: Store,
    *,
    origins: Mapping[int, JoinedRow],
    pages: tuple[int, ...],
    joined: tuple[Joined, ...],
) -> Hit:
    best_first = sorted(fused.contributions, key=lambda one: -one.points)
    scores = {one.part: one.part_score for one in reversed(best_first) if one.points > 0}
    order = dict.fromkeys(one.part for one in best_first if one.points > 0)
    total = sum(abs(one.points) for one in fused.contributions)
    return Hit(
        id=row.id,
        rank=rank,
        score=fused.score,
        metadata=row.metadata,
        parts=tuple(_part(found.parts[part], scores[part], store, origins) for part in order),
        why=tuple(
            Why(one.signal, one.rank, one.points / total, one.part_score) for one in best_first
        ),
        source=row.source,
        pages=pages,
        joined=joined,
        _all_parts=partial(_parts_of, row.item, store),
        _page=partial(_page_of, row.item, store),
        _first_picture=partial(picture_of, row.item, store),
        _first_sound=partial(_sound_of, row.item, store),
    )


def picture_of(item: int, store: Store) -> Part | None:
    """Return the first part of an item that is a picture or a page, or None."""
    return _part_or_none(store.pictures([item]).get(item), store)


def _sound_of(item: int, store: Store) -> Part | None:
    return _part_or_none(store.sounds([item]).get(item), store)


def _part_or_none(row: PartRow | None, store: Store) -> Part | None:
    return _parts([row], store)[0] if row is not None else None


def _page_of(item: int, store: Store, number: int) -> Part | None:
    return _part_or_none(store.page(item, number), store)


def _parts_of(item: int, store: Store) -> Sequence[Part]:
    return _parts(store.parts_of([item]), store)


def _parts(rows: Sequence[PartRow], store: Store) -> list[Part]:
    origins = store.joins.rows([row.row for row in rows])
    return [_part(row, None, store, origins) for row in rows]


def _part(
    row: PartRow, score: float | None, store: Store, origins: Mapping[int, JoinedRow]
) -> Part:
    own = origins.get(row.row)
    local = row.path is not None and not row.path.startswith(("http://", "https://"))
    return Part(
        id=row.node_id,
        # What was said is kept as a text, to be found as one; a reader wants to hear it.
        modality="audio" if row.start is not None else row.modality,
        text=row.text,
        score=score,
        source=Path(row.path) if row.path is not None and local else None,
        page=row.page,
        start=row.start,
        end=row.end,
        digest=row.digest,
        origin=own.origin if own is not None else "",
        row=own.id if own is not None else "",
        metadata=own.metadata if own is not None else {},
        _media=partial(media_of, row, store),
        _recording=partial(recording, store, row),
    )


def media_of(row: PartRow, store: Store) -> Media | None:
    """Return where the picture of a part is, or None where it has none."""
    if row.modality in {"text", "audio"}:
        return None
    if row.has_blob:
        return Media(data=store.blob(row.digest))
    return Media(path=Path(row.path), page=row.page) if row.path is not None else None
