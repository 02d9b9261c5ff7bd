"""Rewrite stored values whose column has become one of another kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.store import epochs
from mmrag_jupyter.store.catalogue import ITEMS, add_exact
from mmrag_jupyter.store.columns import decode, encode, zone_of

if TYPE_CHECKING:
    import sqlite3

    from mmrag_jupyter.store.catalogue import Catalogue, Physical, SourceColumns, Tables


def reencode(
    db: sqlite3.Connection,
    before: SourceColumns,
    now: SourceColumns,
    catalogue: Catalogue,
    tables: Tables = ITEMS,
) -> None:
    """Write a source's values anew where its columns have changed.

    An item that is as it was is not loaded again, so that its values would be read with the
    wrong kind: a True as 1, a date as a text.
    """
    known = {one.number: one for one in before.columns}
    for column in now.columns:
        old = known.get(column.number)
        if old is not None and _form(old) != _form(column):
            exact = column.number in catalogue.exact
            _reencode(db, now.number, old, column, exact=exact, tables=tables)


def _form(physical: Physical) -> tuple[str, bool]:
    return physical.column.kind, bool(zone_of(physical.column))


def _reencode(
    db: sqlite3.Connection,
    source: int,
    old: Physical,
    new: Physical,
    *,
    exact: bool,
    tables: Tables,
) -> None:
    if "media" in {old.column.kind, new.column.kind}:
        return  # it holds part numbers, not values
    names = [old.name, old.exact_name] if exact else [old.name]
    rows = db.execute(
        f"SELECT rowid, {', '.join(names)} FROM {tables.rows} WHERE source = ?", (source,)
    ).fetchall()
    if not rows:
        return
    items, stored, *exacts = zip(*rows, strict=True)
    values = decode(old.column, stored, exacts[0] if exacts else None)
    forms, exactly = encode(new.column, values)
    if exactly is not None and not exact:
        add_exact(db, [new.number], tables)
    updates = [forms, exactly or [None] * len(items)] if exact or exactly is not None else [forms]
    names = [new.name, new.exact_name][: len(updates)]
    db.executemany(
        f"UPDATE {tables.rows} SET {', '.join(f'{name} = ?' for name in names)} WHERE rowid = ?",
        zip(*updates, items, strict=True),
    )
    if tables == ITEMS:
        epochs.touched(db, items)
