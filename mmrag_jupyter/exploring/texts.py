"""The texts of items, as far as it takes to compare and to name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from mmrag_jupyter.exploring.work import Work
    from mmrag_jupyter.store import Store

LONGEST = 20_000  # characters of an item: what a book is about, it has said by then


def texts_of(store: Store, items: npt.NDArray[np.int64], work: Work) -> dict[int, str]:
    """Return the texts of those items that have some, by the item's number."""
    wanted = set(items.tolist())
    work.start(f"reading the texts of {len(wanted):,} items", len(wanted))
    found: dict[int, str] = {}
    for item, text in store.texts():
        if item not in wanted:
            continue
        before = found.get(item, "")
        if len(before) < LONGEST:
            found[item] = f"{before}\n{text}"[:LONGEST] if before else text[:LONGEST]
            work.advance(len(found))
    return found
