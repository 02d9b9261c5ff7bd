"""Items by the ids that a user names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.errors import NotFoundError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.store import Store


def numbers_of(store: Store, ids: Sequence[str]) -> dict[str, int]:
    """Return the store's number of each item.

    Raises
    ------
    NotFoundError
        There is no such item; the nearest id is suggested.
    """
    found = store.find(ids)
    for item_id in ids:
        if item_id not in found:
            near = did_you_mean(item_id, store.ids())
            raise NotFoundError(f"No item {item_id!r} in collection {store.name!r}.{near}")
    return found
