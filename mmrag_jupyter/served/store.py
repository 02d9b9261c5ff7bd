"""A collection that lives in a store elsewhere, as the rooms above ask a store of a folder.

Nothing of it is kept here but what was just read. Whatever a store elsewhere cannot answer ends
at `_reading`, which says in a line what it takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import numpy as np

from mmrag_jupyter.errors import StoreError, WhereError
from mmrag_jupyter.served import joinwhere, media, wordsearch
from mmrag_jupyter.served.cells import as_key
from mmrag_jupyter.served.conditions import CannotError
from mmrag_jupyter.served.joins import ServedJoins
from mmrag_jupyter.served.selection import ServedSelection, looked_at, tag, test_of
from mmrag_jupyter.served.shelf import ServedShelf
from mmrag_jupyter.served.tokens import ServedTokens
from mmrag_jupyter.served.where import test_of as condition_of
from mmrag_jupyter.served.wholereading import WholeReading
from mmrag_jupyter.served.writer import ServedWriter
from mmrag_jupyter.store.store import untold
from mmrag_jupyter.store.tuned import TunedReader
from mmrag_jupyter.store.where import compiled
from mmrag_jupyter.store.where_joined import JoinedNames, joined_names, refuse_many, tables_in
from mmrag_jupyter.store.where_names import Dotted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from mmrag_jupyter.items import Column, Modality
    from mmrag_jupyter.served.conditions import Test
    from mmrag_jupyter.served.joinwhere import Chosen
    from mmrag_jupyter.served.layout import Layout
    from mmrag_jupyter.served.told import Told
    from mmrag_jupyter.store.feedback import Verdict
    from mmrag_jupyter.store.nearest import Searched
    from mmrag_jupyter.store.selection import Selection
    from mmrag_jupyter.store.store import Ranked
    from mmrag_jupyter.store.values import SourceRow


class ServedStore(WholeReading):
    """One collection in a store elsewhere.

    Parameters
    ----------
    engine
        Where it is.
    layout
        Its tables there.
    address
        As it is shown.
    folder
        What this machine remembers of it is here: nothing but settings.
    is_new
        Whether it was made as it was opened.
    """

    def __init__(
        self, engine: Told, layout: Layout, address: str, folder: Path, *, is_new: bool = False
    ) -> None:
        super().__init__(engine, layout)
        self.is_new = is_new
        self.address = address
        self.folder = folder
        self.notices: list[str] = []
        self.joins = ServedJoins(self)
        self.tokens = ServedTokens(self)
        self.shelf = ServedShelf(engine, layout.kept)
        self.tuned = TunedReader(self, self.notices)
        self.name = self.state.name() or folder.name
        self._closed = False

    def needs_folder(self) -> StoreError:
        """Return the error for what a store elsewhere has not."""
        return StoreError(
            f"This needs a collection in a folder, and {self.name!r} is at {self.address}: "
            "%mmrag save FOLDER (save) writes it to one."
        )

    def _reading(self) -> NoReturn:
        raise self.needs_folder()

    def _in_space(self, number: int, read: object) -> NoReturn:  # noqa: ARG002
        raise self.needs_folder()

    @property
    def place(self) -> str:
        """Where the collection is, as it is shown."""
        return self.address

    def is_current(self) -> bool:
        """Tell whether the collection can still be asked."""
        return not self._closed

    def close(self) -> None:
        """Let go of the connection."""
        self._closed = True
        self.tokens.close()
        self.engine.close()

    def copy_to(self, folder: Path, tell: Callable[[int, int], None] = untold) -> Path:
        """Write a copy of the collection to a folder, and return that; as `Store.copy_to`.

        Raises
        ------
        StoreBusyError
            Somebody writes to it.
        """
        from mmrag_jupyter.served.copying import copy

        return copy(self, folder, tell)

    def remove(self) -> None:
        """Delete the collection where it lies, and what this machine remembers of it.

        Raises
        ------
        StoreBusyError
            A writer is at work.
        """
        from mmrag_jupyter.served.places import forget

        with self.writer():
            own = [*self.token_tables(), *self.part_tables(), self.layout.joined]
            for table in [*own, self.layout.items]:
                self.engine.drop(table)
        # Last the table by which it is known: what a kill has left is removed by the next.
        self.engine.drop(self.layout.kept)
        self.close()
        forget(self.folder)

    def writer(self) -> ServedWriter:
        """Return the one writer; use it as a context manager.

        Raises
        ------
        StoreBusyError
            Another writer is at work; the message names it.
        """
        return ServedWriter(self)

    # Settings.

    def setting(self, key: str) -> str | None:
        """Return what the writer has kept."""
        return self.state.get(f"own:{as_key(key)}")

    def columns(self) -> list[Column]:
        """Return the columns of all sources; one that differs between them as kind "any"."""
        return [physical.column for physical in self.state.catalogue().merged()]

    def sources(self) -> list[SourceRow]:
        """Return the sources that were loaded."""
        from mmrag_jupyter.served.conditions import among
        from mmrag_jupyter.store.values import SourceRow

        return [
            SourceRow(
                one.key,
                one.label,
                self.engine.count(self.layout.items, among("source", "text", [str(number)])),
            )
            for number, one in self.state.catalogue().sources.items()
        ]

    def transcripts(self, model: str, digests: Sequence[bytes]) -> dict[bytes, str]:
        """Return what a speech model has made of stretches of sound, by their content hash."""
        return media.transcripts(self.engine, self.layout.kept, model, digests)

    def has_transcripts(self) -> bool:
        """Tell whether anything that was said is kept."""
        return media.has_transcripts(self.engine, self.layout.kept)

    def feedback(self) -> list[Verdict]:
        """Return what the user thought of hits, oldest first."""
        return media.feedback(self.engine, self.layout.kept)

    def keep_feedback(self, verdicts: Sequence[Verdict]) -> None:
        """Keep what the user thought of hits."""
        media.keep_feedback(self.engine, self.layout.kept, verdicts)

    def blob(self, digest: bytes) -> bytes | None:
        """Return a picture that is kept in the store, encoded, by its content hash."""
        return media.blob(self.engine, self.layout.kept, digest)

    # Search.

    def select(
        self,
        *,
        where: str | None = None,
        ids: Sequence[str] | None = None,
        modality: Iterable[Modality] | None = None,
        without_text: bool = False,
    ) -> Selection | None:
        """Return what a search may find, or None for everything; as `Store.select`.

        Raises
        ------
        WhereError
            The condition cannot be understood, or the engine has no word for a part of it.
        """
        test, chosen = self._condition(where) if where is not None else (None, None)
        items = chosen.numbers() if chosen is not None else None
        if ids is not None:
            own = np.sort(np.array(list(self.find(ids).values()), np.int64))
            items = own if items is None else np.intersect1d(items, own, assume_unique=True)
        wanted = frozenset(modality) if modality is not None else None
        if test is None and items is None and wanted is None and not without_text:
            return None
        return ServedSelection(
            items,
            None,
            wanted,
            without_text,
            self._counted,
            where=test,
            rows=(chosen,) if chosen is not None else (),
            counter=self._count_items,
        )

    def having(self, modality: Modality) -> Selection:
        """Return the parts of those items that have parts of a modality."""
        return ServedSelection(marks=(tag(modality),))

    def searched(self) -> list[Searched]:
        """Return nothing: how an engine searches is its own affair."""
        return []

    def wait_for_indexes(self) -> None:
        """Wait for nothing."""

    def matching(self, where: str) -> list[int]:
        """Return the numbers of the items for which a condition holds, oldest first."""
        test, chosen = self._condition(where)
        if chosen is not None:
            return sorted(chosen.items)
        rows = self.engine.scan(self.layout.items, test, ["item"])
        return sorted(row.number("item") for row in rows)

    def nearest(
        self,
        space: int,
        queries: npt.NDArray[np.float32],
        k: int,
        within: Selection | None = None,
        *,
        exact: bool = False,  # noqa: ARG002 - how an engine searches is its own affair
    ) -> Ranked:
        """Find the k parts nearest to each query, among those that may be found."""
        asked = np.ascontiguousarray(queries, np.float32)
        parts = np.full((len(asked), k), -1, np.int64)
        scores = np.full((len(asked), k), -np.inf, np.float32)
        for at, query in enumerate(asked):
            found = self._nearest(space, query, k, within)
            parts[at, : len(found)] = [part for part, _ in found]
            scores[at, : len(found)] = [score for _, score in found]
        return parts, scores

    def lexical(
        self,
        text: str,
        k: int,
        within: Selection | None = None,
        *,
        unfinished: bool = False,  # noqa: ARG002 - a store finds whole words
    ) -> Ranked:
        """Find the k parts whose words match a text best, by BM25."""
        if within is not None and within.without_text:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        found = wordsearch.search(self, text, k, within)
        return (
            np.array([part for part, _ in found], np.int64),
            np.array([score for _, score in found], np.float32),
        )

    def whole_scores(
        self,
        text: str,
        items: Sequence[int],
        within: Selection | None = None,
    ) -> dict[int, float]:
        """Rank items by the words of all their parts together that may be found, by BM25."""
        return wordsearch.whole_scores(self, text, items, within)

    def _condition(self, where: str) -> tuple[Test | None, Chosen | None]:
        """Return what a row is tested for, or what a condition on joined rows chooses."""
        names, tables = self.state.catalogue().names(), self.state.joined()
        beside = joined_names(tables, names) if tables.sources else JoinedNames(names, Dotted())
        sql, used, _ = compiled(where, beside.columns, beside.dotted)
        asked = tables_in(used)
        refuse_many(where, asked)
        if len(asked) > 1:
            return None, joinwhere.of_several(self, where, sql, used, asked)
        try:
            test = condition_of(sql, beside.columns)
            self.engine.check(test)
        except CannotError as error:
            raise WhereError(
                f"where: {self.engine.label} cannot be asked for {error}: leave that part out, or "
                "write it with comparisons, in, is null, and, or."
            ) from None
        return (None, joinwhere.of_one(self, test, asked[0])) if asked else (test, None)

    def _counted(self, selection: Selection) -> int:
        test, allows = test_of(selection), looked_at(selection)
        rows = (
            row
            for table in self.part_tables()
            for row in self.engine.scan(table, test, ["item", "part", "record"])
            if allows is None or allows(row)
        )
        return len(self.valid({row.number("part"): row.number("item") for row in rows}, items=True))

    def _count_items(self, test: Test) -> int:
        return self.engine.count(self.layout.items, test)
