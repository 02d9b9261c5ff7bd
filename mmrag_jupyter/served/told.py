"""An engine whose errors are one line that says where, and what to do."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import MmragError, StoreError
from mmrag_jupyter.naming import shortened
from mmrag_jupyter.served.conditions import CannotError
from mmrag_jupyter.served.rows import KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    import numpy as np
    import numpy.typing as npt

    from mmrag_jupyter.served.conditions import Test
    from mmrag_jupyter.served.engine import Engine
    from mmrag_jupyter.served.rows import FieldType, Row, Table


class Told:
    """Asks an engine, and makes one line of what its client raises.

    Parameters
    ----------
    engine
        The engine.
    place
        Where it is, without anything secret.
    close
        Lets go of it.
    """

    def __init__(self, engine: Engine, place: str, close: Callable[[], None]) -> None:
        self._engine = engine
        self._close = close
        self._place = place
        self.label = engine.label
        self.longest = engine.longest

    def tables(self) -> set[str]:
        """As `Engine.tables`."""
        with self._telling():
            return self._engine.tables()

    def create(self, table: Table, fields: Mapping[str, FieldType]) -> None:
        """As `Engine.create`."""
        with self._telling():
            self._engine.create(table, fields)

    def widen(self, table: Table, fields: Mapping[str, FieldType]) -> None:
        """As `Engine.widen`."""
        with self._telling():
            self._engine.widen(table, fields)

    def drop(self, table: Table) -> None:
        """As `Engine.drop`."""
        with self._telling():
            self._engine.drop(table)

    def put(self, table: Table, rows: Sequence[Row]) -> None:
        """As `Engine.put`."""
        if not rows:
            return
        if self.longest:
            self._measure(rows)
        with self._telling():
            self._engine.put(table, rows)

    def delete(self, table: Table, test: Test) -> None:
        """As `Engine.delete`."""
        with self._telling():
            self._engine.delete(table, test)

    def count(self, table: Table, test: Test | None = None) -> int:
        """As `Engine.count`."""
        with self._telling():
            return self._engine.count(table, test)

    def scan(
        self,
        table: Table,
        test: Test | None,
        fields: Sequence[str],
        *,
        vectors: bool = False,
        limit: int | None = None,
    ) -> Iterator[Row]:
        """As `Engine.scan`."""
        with self._telling():
            yield from self._engine.scan(table, test, fields, vectors=vectors, limit=limit)

    def nearest(
        self,
        table: Table,
        vector: npt.NDArray[np.float32],
        k: int,
        test: Test | None,
        fields: Sequence[str],
    ) -> list[tuple[Row, float]]:
        """As `Engine.nearest`."""
        with self._telling():
            return self._engine.nearest(table, vector, k, test, fields)

    def check(self, test: Test) -> None:
        """As `Engine.check`."""
        self._engine.check(test)

    def tidy(self, table: Table) -> None:
        """As `Engine.tidy`."""
        with self._telling():
            self._engine.tidy(table)

    def close(self) -> None:
        """As `Engine.close`; it may be called again."""
        close, self._close = self._close, _nothing
        close()

    def _telling(self) -> AbstractContextManager[None]:
        return telling(self.label, self._place, self._engine.explain)

    def _measure(self, rows: Sequence[Row]) -> None:
        for row in rows:
            for name, value in row.fields.items():
                if isinstance(value, str) and len(value) * 4 > self.longest:
                    size = len(value.encode())
                    if size > self.longest:
                        raise StoreError(_too_long(self.label, self.longest, row, name, size))


def _too_long(label: str, longest: int, row: Row, name: str, size: int) -> str:
    most = f"{label} keeps texts of at most {longest:,} bytes, and"
    if not row.text("item_id"):
        about = row.text(KEY).partition(":")[0]
        return (
            f"{most} what describes this collection ({about}) has {size:,}: load fewer columns, "
            "or choose another store."
        )
    what = "text" if name == "text" else "column"
    if row.text("row_id"):
        what += f" of row {shortened(row.text('row_id'))!r}"
    return (
        f"{most} a {what} of item {shortened(row.text('item_id'))!r} has {size:,}: cut it before "
        "it is loaded, or choose another store."
    )


def _nothing() -> None:
    """Do nothing: it is closed."""


@contextmanager
def telling(label: str, place: str, explain: Callable[[Exception], str]) -> Iterator[None]:
    """Make one line of what a client raises: which store, where it is, and what it said.

    Raises
    ------
    StoreError
        The client has raised what `explain` knows.
    """
    try:
        yield
    except (MmragError, CannotError):
        raise
    except Exception as error:
        said = explain(error)
        if not said:
            raise
        line = shortened(" ".join(said.split()).rstrip("."), 240)
        raise StoreError(f"{label} at {place}: {line}.") from error
