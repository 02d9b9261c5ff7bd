"""Count the values that items of a collection elsewhere have, from columns fetched at once."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.served.cells import NUMBER, TEXT, fields_of
from mmrag_jupyter.store.facetcolumns import Different
from mmrag_jupyter.store.facets import FacetColumns, Facets, facet_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.items import Kind
    from mmrag_jupyter.served.itemreading import ItemReading
    from mmrag_jupyter.served.rows import Row
    from mmrag_jupyter.store.columns import Stored

# Of more items nothing is counted: all their rows would have to be fetched.
MOST_COUNTED = 100_000
# What another machine has changed is seen at the latest so much later.
_FRESH = 15.0  # seconds


class ServedFacets(Facets):
    """As `Facets`, of a collection elsewhere."""

    def __init__(self, store: ItemReading) -> None:
        # Not that of a folder: there are no files.
        self._store = store
        self._fetching = threading.Lock()
        self._fetched: FacetColumns | None = None
        self._as_of: tuple[int, float] = (-1, -_FRESH)

    def close(self) -> None:
        """Let go of what was fetched."""
        with self._fetching:
            self._fetched = None

    def _current(self) -> FacetColumns:
        with self._fetching:
            changes, since = self._as_of
            now = time.monotonic()
            if self._fetched is None or changes != self._store.changes or now - since > _FRESH:
                self._as_of = (self._store.changes, now)
                self._fetched = self._fetch()
            return self._fetched

    def _fetch(self) -> FacetColumns:
        store = self._store
        if len(store) > MOST_COUNTED:
            return FacetColumns(np.empty(0, np.int64), {})
        catalogue = store.state.catalogue()
        own = [one for one in catalogue.merged() if one.column.role == "column"]
        fields = [name for name in fields_of(own) if name.endswith((NUMBER, TEXT))]
        rows = list(store.engine.scan(store.layout.items, None, ("item", *fields)))
        rows.sort(key=lambda row: row.number("item"))
        kinds = {one.name: one.column.kind for one in own}
        return facet_columns(
            np.array([row.number("item") for row in rows], np.int64),
            catalogue.names(),
            lambda physical, _: Different.of(stored(rows, physical, kinds[physical])),
        )


def stored(rows: Sequence[Row], physical: str, kind: Kind) -> list[Stored]:
    """Return a column's values as a folder stores them."""
    name = physical.strip('"')
    found: list[Stored] = []
    for row in rows:
        text, number = row.fields.get(name + TEXT), row.fields.get(name + NUMBER)
        if isinstance(text, str):
            found.append(text)
        elif isinstance(number, int | float):
            whole = kind != "float" and float(number).is_integer()
            found.append(int(number) if whole else float(number))
        else:
            found.append(None)
    return found
