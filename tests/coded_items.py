"""Items in a store that is large enough for coded columns, and what SQLite chooses of them."""

from __future__ import annotations

import pytest
from store_rows import COLUMNS, digest, text

from mmrag_jupyter.items import NewItem
from mmrag_jupyter.store import Store, coded_columns

COUNT = 300
# Conditions that the columns tell.
WHERE = ("price < 20", "name == 'n7' or price >= 290", "name like 'n1%' and not price > 100")


def rows(numbers, price=float):
    """Return items with a price, a name and a text each."""
    return [
        NewItem(
            f"i{n}", digest(f"i{n}"), (text(f"w{n}"),), {"price": price(n), "name": f"n{n}"}, (n,)
        )
        for n in numbers
    ]


def put(store, numbers, **options):
    """Store such items."""
    with store.writer() as writer:
        writer.add_source("rows", "rows", COLUMNS)
        writer.put(rows(numbers, **options), {}, source="rows")


def chosen(store, where):
    """Return the numbers of the items that a condition chooses."""
    return store.select(where=where).items.tolist()


def truth(store, where):
    """Return what SQLite chooses, asked by a store that knows no cache."""
    with Store.open(store.folder) as other, pytest.MonkeyPatch.context() as patch:
        patch.setattr(coded_columns.CodedColumns, "items", lambda *_: None)
        return chosen(other, where)


def agrees(store, *conditions):
    """Assert that a store chooses what SQLite does."""
    for where in conditions or WHERE:
        assert chosen(store, where) == truth(store, where), where
