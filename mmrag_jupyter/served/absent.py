"""What a collection elsewhere has none of: joined tables, many vectors a part, counted values."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from mmrag_jupyter.store.facets import Facets
from mmrag_jupyter.store.joins import Joins

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mmrag_jupyter.errors import StoreError
    from mmrag_jupyter.store import JoinedRow, JoinedSource
    from mmrag_jupyter.store.facets import Facet


class NoJoins(Joins):
    """Says that nothing was joined; whatever else it is asked needs a folder."""

    def sources(self) -> list[JoinedSource]:
        """Return none."""
        return []

    def labels(self) -> dict[str, str]:
        """Return none."""
        return {}

    def rows(self, rows: Sequence[int]) -> dict[int, JoinedRow]:  # noqa: ARG002
        """Return none."""
        return {}

    def sources_of(self, rows: Sequence[int]) -> dict[int, str]:  # noqa: ARG002
        """Return none."""
        return {}

    def totals(self, items: Sequence[int]) -> dict[int, dict[str, int]]:
        """Return that no item has any."""
        return {item: {} for item in items}

    def columns(self) -> list[str]:
        """Return none."""
        return []


class NoTokens:
    """Refuses whatever has many vectors a part."""

    def __init__(self, refuse: Callable[[], StoreError]) -> None:
        self._refuse = refuse

    def __getattr__(self, name: str) -> NoReturn:
        raise self._refuse()


class NoFacets(Facets):
    """Counts no values: an engine would have to read every row for them."""

    def columns(self) -> list[str]:
        """Return none."""
        return []

    def count(
        self,
        within: Mapping[str, object],  # noqa: ARG002
        hits: Sequence[int] | None = None,  # noqa: ARG002
    ) -> list[Facet]:
        """Return none."""
        return []
