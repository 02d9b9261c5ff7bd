"""What a collection keeps beside its items: settings, sources, spaces; read in one go."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import StoreError
from mmrag_jupyter.served.cells import row_key
from mmrag_jupyter.served.conditions import among
from mmrag_jupyter.served.rows import KEPT_FIELDS, KEY, Row
from mmrag_jupyter.store.catalogue import Catalogue, Physical, SourceColumns
from mmrag_jupyter.store.described import read_columns, write_columns
from mmrag_jupyter.store.values import Space

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mmrag_jupyter.items import Column
    from mmrag_jupyter.served.layout import Layout
    from mmrag_jupyter.served.told import Told

SETTING = "setting"
FORMAT = "format"
VERSION = "1"
_SOURCE, _SPACE, _PROBLEMS = "source:", "space:", "problems:"
_COLUMNS, _NAME = "columns", "name"
# Bytes of problems of a source; it fits a field of every engine.
_MOST_TOLD = 60_000
# What another machine has changed is seen at the latest so much later.
_FRESH = 1.0  # seconds


@dataclass(slots=True)
class _Read:
    settings: dict[str, str] = field(default_factory=dict)
    at: float = -1e9


class State:
    """The settings of one collection, as of a second ago at most."""

    def __init__(self, engine: Told, layout: Layout) -> None:
        self._engine = engine
        self._layout = layout
        self._read = _Read()

    def forget(self) -> None:
        """Read anew the next time."""
        self._read.at = -1e9

    def all(self) -> Mapping[str, str]:
        """Return every setting."""
        if time.monotonic() - self._read.at > _FRESH:
            test = among("kind", "text", [SETTING])
            rows = self._engine.scan(self._layout.kept, test, [KEY, "data"])
            found = {row.text(KEY): row.text("data") for row in rows}
            self._read = _Read(found, time.monotonic())
        return self._read.settings

    def get(self, key: str) -> str | None:
        """Return a setting, or None."""
        return self.all().get(key)

    def put(self, settings: Mapping[str, str]) -> None:
        """Keep settings."""
        rows = [Row({KEY: key, "kind": SETTING, "data": value}) for key, value in settings.items()]
        self._engine.put(self._layout.kept, rows)
        self.forget()

    def remove(self, keys: Sequence[str]) -> None:
        """Forget settings."""
        self._engine.delete(self._layout.kept, among(KEY, "text", list(keys)))
        self.forget()

    def begin(self, name: str) -> None:
        """Make the tables of a new collection."""
        self._engine.create(self._layout.kept, KEPT_FIELDS)
        self.put({FORMAT: VERSION, _NAME: name})

    def is_begun(self) -> bool:
        """Tell whether the collection was made, and not killed in between."""
        return self.get(FORMAT) is not None

    def check(self) -> None:
        """Raise `StoreError` where another version than this one has written."""
        kept = self.get(FORMAT)
        if kept is None and self.get(_NAME) is None:
            return  # it was killed as it was made
        if kept != VERSION:
            raise StoreError(
                f"This collection is of format {kept or '?'}, and this version of mmrag_jupyter "
                f"reads {VERSION}: update it (pip install -U mmrag_jupyter)."
            )

    def name(self) -> str:
        """Return the collection's name."""
        return self.get(_NAME) or ""

    # Sources and their columns.

    def catalogue(self) -> Catalogue:
        """Return the sources with their columns."""
        found = {}
        for key, value in self.all().items():
            if key.startswith(_SOURCE):
                told = json.loads(value)
                columns = tuple(Physical(at, one) for at, one in read_columns(told["columns"]))
                number = told["number"]
                found[number] = SourceColumns(number, told["key"], told["label"], columns)
        return Catalogue({number: found[number] for number in sorted(found)}, frozenset())

    def add_source(self, key: str, label: str, columns: Sequence[Column]) -> SourceColumns:
        """Add a source, or give it another label and other columns.

        Raises
        ------
        StoreError
            Two columns have the same name.
        """
        catalogue = self.catalogue()
        before = catalogue.by_key(key)
        number = before.number if before else max(catalogue.sources, default=0) + 1
        known: dict[str, int] = json.loads(self.get(_COLUMNS) or "{}")
        numbers = []
        seen: Counter[tuple[str, str]] = Counter()
        for column in columns:
            seen[column.name, column.role] += 1
            nth = seen[column.name, column.role]
            if column.role == "column" and nth > 1:
                raise StoreError(f"Two columns are called {column.name!r}; rename one of them.")
            place = json.dumps([column.name, column.role, nth])
            numbers.append(known.setdefault(place, max(known.values(), default=0) + 1))
        stored = write_columns(zip(numbers, columns, strict=True))
        told = {"number": number, "key": key, "label": label, "columns": stored}
        self.put({f"{_SOURCE}{number}": json.dumps(told), _COLUMNS: json.dumps(known)})
        return SourceColumns(number, key, label, tuple(map(Physical, numbers, columns)))

    # Spaces.

    def spaces(self) -> list[Space]:
        """Return the spaces, in the order in which they were added."""
        found = []
        for key, value in self.all().items():
            if key.startswith(_SPACE):
                told = json.loads(value)
                found.append(
                    Space(
                        told["number"], told["name"], told["address"], told["dim"],
                        frozenset(told["modalities"]), 0, "float32", 0, 0,
                    )
                )  # fmt: skip
        return sorted(found, key=lambda space: space.number)

    def put_space(self, space: Space) -> None:
        """Keep what is known of a space."""
        told = {
            "number": space.number,
            "name": space.name,
            "address": space.address,
            "dim": space.dim,
            "modalities": sorted(space.modalities),
        }
        self.put({f"{_SPACE}{space.number}": json.dumps(told)})

    def remove_space(self, number: int) -> None:
        """Forget a space."""
        self.remove([f"{_SPACE}{number}"])

    # Problems.

    def problems(self) -> list[tuple[str, str]]:
        """Return the source and reason of each problem of the sources' last loads."""
        return [
            (source, reason)
            for key, value in self.all().items()
            if key.startswith(_PROBLEMS)
            for source, reason in json.loads(value)
        ]

    def put_problems(self, source: str, problems: Sequence[tuple[str, str]]) -> None:
        """Keep the problems of a source's last load, the first of them where there are many."""
        key = f"{_PROBLEMS}{row_key(source)}"
        if problems or key in self.all():
            room = _MOST_TOLD
            kept = []
            for one in problems:
                room -= len(json.dumps(one)) + 2
                if room < 0:
                    break
                kept.append(one)
            self.put({key: json.dumps(kept)})
