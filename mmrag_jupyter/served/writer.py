"""The one writer of a collection in a store elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.errors import StoreError
from mmrag_jupyter.served import cells, media, tokens_rows
from mmrag_jupyter.served.conditions import among
from mmrag_jupyter.served.itemwriter import SENT, lots
from mmrag_jupyter.served.joinwriter import JoinWriter
from mmrag_jupyter.store.tokens import FEW
from mmrag_jupyter.store.values import Space

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType
    from typing import Self

    from mmrag_jupyter.items import Column, Problem
    from mmrag_jupyter.served.rows import Row, Table
    from mmrag_jupyter.store.values import Precision


class ServedWriter(JoinWriter):
    """Writes to a collection elsewhere; a context manager, which lets others write at its end.

    Raises
    ------
    StoreBusyError
        Another writer is at work.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let others write."""
        self._store.forget()
        self._lease.release()

    def check(self) -> None:
        """Make sure that nobody else writes; as `Lease.check`."""
        self._lease.check()

    # What belongs to no item.

    def add_source(self, key: str, label: str, columns: Sequence[Column]) -> None:
        """Add a source, or give the one with this key another label and other columns."""
        self._lease.check()
        origin = self._state.add_source(key, label, columns)
        fields = cells.fields_of(origin.columns)
        for table in [self._layout.items, *self._store.tables_beside()]:
            self._engine.widen(table, fields)

    def add_space(
        self,
        name: str,
        address: str | None,
        dim: int,
        modalities: frozenset[str],
        dtype: Precision = "float32",
        *,
        late: bool = False,
    ) -> int:
        """Return the number of the space of this name; it is made if there is none.

        Raises
        ------
        StoreError
            There is one, of another dimension; or it is to be kept in fewer bytes than a store
            keeps it.
        """
        token_dim = dim if late else 0
        dim = FEW * dim if late else dim
        if dtype != "float32" and not late:
            raise StoreError(
                f"A store takes vectors in float32, not in {dtype}: leave --precision out, or load "
                "into a folder, without --store."
            )
        self._lease.check()
        known = {one.name: one for one in self._state.spaces()}
        found = known.get(name)
        if found is not None and (found.dim, found.token_dim) != (dim, token_dim):
            raise StoreError(
                f"Model {name!r} has vectors of {token_dim or dim} dimensions now, and of "
                f"{found.token_dim or found.dim} in this collection: give it another name."
            )
        taken = int(self._state.get("next_space") or "1")
        number = found.number if found is not None else taken
        space = Space(number, name, address, dim, modalities, 0, "float32", 0, 0, token_dim)
        if found is None:
            self._engine.create(self._layout.of_space(space), self._part_fields())
            if late:
                self._engine.create(self._layout.tokens(number), tokens_rows.FIELDS)
            self._state.put({"next_space": str(number + 1)})
        if found is None or (found.address, found.modalities) != (address, modalities):
            self._state.put_space(space)
        return number

    def drop_space(self, number: int) -> None:
        """Remove a space and its vectors; the parts that have no other stay without one."""
        space = next((one for one in self._state.spaces() if one.number == number), None)
        if space is None:
            raise KeyError(f"there is no space {number}")
        table = self._layout.of_space(space)
        others = [one for one in self._store.part_tables() if one != table]
        fields = list(self._part_fields())
        waiting: list[Row] = []
        self._lease.check()
        for row in self._engine.scan(table, None, fields):
            waiting.append(row)
            if len(waiting) == SENT:
                self._lease.check()
                self._keep_bare(waiting, others)
                waiting = []
        self._keep_bare(waiting, others)
        self._state.remove_space(number)
        self._engine.drop(table)
        if space.token_dim:
            self._engine.drop(self._layout.tokens(number))
        self._store.forget()

    def _keep_bare(self, rows: Sequence[Row], others: Sequence[Table]) -> None:
        wanted = [row.number("part") for row in rows]
        elsewhere = {
            row.number("part")
            for table in others
            for row in self._store.scanned(table, "part", "int", wanted, ("part",))
        }
        there = self._store.valid({row.number("part"): row.number("item") for row in rows})
        left = [row for row in rows if row.number("part") in there - elsewhere]
        self._engine.put(self._layout.parts(0), left)

    def set_problems(self, source: str, problems: Sequence[Problem]) -> None:
        """Keep the problems of a source's last load, in place of those of the one before."""
        self._state.put_problems(source, [(one.source, one.reason) for one in problems])

    def set_setting(self, key: str, value: str) -> None:
        """Keep a small text under a key."""
        stored = f"own:{cells.as_key(key)}"
        if self._state.get(stored) != value:
            self._state.put({stored: value})

    def keep_transcripts(self, model: str, said: Mapping[bytes, str]) -> None:
        """Keep what a speech model has made of stretches of sound, by their content hash."""
        self._engine.put(self._layout.kept, media.said_rows(model, said))

    def compact(self) -> None:
        """Remove what killed loads have left, count anew, and do what makes searches quick."""
        rows: list[Row] = []
        for table in self._store.part_tables():
            own = list(self._engine.scan(table, None, ("part", "item", "length")))
            there = self._store.valid({row.number("part"): row.number("item") for row in own})
            for some in lots([part for row in own if (part := row.number("part")) not in there]):
                self._lease.check()
                self._engine.delete(table, among("part", "int", some))
            rows += own
        for some in lots(self._store.joins.left_behind()):
            self._engine.delete(self._layout.joined, among("part", "int", some))
        for space in self._state.spaces():
            if space.token_dim:
                self._drop_tokens(space)
        self._keep_count(*self._texts_in(rows))
        self.tidy()

    def _drop_tokens(self, space: Space) -> None:
        """Remove the many vectors of parts that a space has not."""
        table = self._layout.tokens(space.number)
        there, kept = (
            {row.number("part") for row in self._engine.scan(one, None, ("part",))}
            for one in (table, self._layout.of_space(space))
        )
        for some in lots(sorted(there - kept)):
            self._lease.check()
            self._engine.delete(table, among("part", "int", some))

    def tidy(self) -> None:
        """Have the engine do what makes searches quick."""
        beside = [*self._store.tables_beside(), *self._store.token_tables()]
        for table in [self._layout.kept, self._layout.items, *beside]:
            self._engine.tidy(table)
