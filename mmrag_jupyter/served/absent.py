"""What a collection elsewhere has none of: joined tables, many vectors a part."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from mmrag_jupyter.store.joins import Joins

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mmrag_jupyter.errors import StoreError
    from mmrag_jupyter.store import JoinedRow, JoinedSource


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
