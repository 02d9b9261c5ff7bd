"""What a collection asks of a store elsewhere: tables of rows, each with fields and a vector.

An engine knows nothing of collections, items or models. Its methods raise whatever its client
raises; `told.py` makes one line of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    from mmrag_jupyter.served.address import Address
    from mmrag_jupyter.served.conditions import Test
    from mmrag_jupyter.served.rows import FieldType, Row, Table


class Engine(Protocol):
    """A store elsewhere.

    Attributes
    ----------
    label
        What messages call it.
    longest
        The most bytes that one field of text may have; 0 where nothing bounds it.
    """

    label: str
    longest: int

    def __init__(self, address: Address) -> None:
        """Connect; credentials come from the environment."""

    def tables(self) -> set[str]:
        """Return the names of the tables that there are; to call it tests the connection."""

    def create(self, table: Table, fields: Mapping[str, FieldType]) -> None:
        """Make a table, unless it is there."""

    def widen(self, table: Table, fields: Mapping[str, FieldType]) -> None:
        """Give a table fields that it may lack; they are missing in its rows."""

    def drop(self, table: Table) -> None:
        """Remove a table and its rows."""

    def put(self, table: Table, rows: Sequence[Row]) -> None:
        """Store rows, each in place of the one with its key; seen by all once it returns."""

    def delete(self, table: Table, test: Test) -> None:
        """Remove the rows for which a test holds."""

    def count(self, table: Table, test: Test | None = None) -> int:
        """Return how many rows there are for which a test holds."""

    def scan(
        self,
        table: Table,
        test: Test | None,
        fields: Sequence[str],
        *,
        vectors: bool = False,
        limit: int | None = None,
    ) -> Iterator[Row]:
        """Yield the rows for which a test holds, in no order, with these fields."""

    def nearest(
        self,
        table: Table,
        vector: npt.NDArray[np.float32],
        k: int,
        test: Test | None,
        fields: Sequence[str],
    ) -> list[tuple[Row, float]]:
        """Return the k rows nearest to a unit vector for which a test holds, with cosines."""

    def check(self, test: Test) -> None:
        """Raise `CannotError` where a part of a test has no word here."""

    def tidy(self, table: Table) -> None:
        """Do what makes searches quick, after a load."""

    @staticmethod
    def explain(error: Exception) -> str:
        """Return in a line what an error of the client says, or "" where it is not one."""

    def close(self) -> None:
        """Let go of the connection."""
