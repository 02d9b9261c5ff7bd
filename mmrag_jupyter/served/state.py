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
_SOURCE, _SPACE, _PROBLEMS, _JOINED = "source:", "space:", "problems:", "joined:"
_COLUMNS, _NAME, _COUNTER = "columns", "name", "counter:"
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
        return self._catalogue(_SOURCE)

    def joined(self) -> Catalogue:
        """Return the joined tables with their columns, whose numbers no others have."""
        return self._catalogue(_JOINED)

    def by(self, number: int) -> tuple[str, str]:
        """Return by which columns a joined table was joined: its own, and that of the items."""
        told = json.loads(self.all()[f"{_JOINED}{number}"])
        return told["theirs"], told["ours"]

    def _catalogue(self, kind: str) -> Catalogue:
        found = {}
        for key, value in self.all().items():
            if key.startswith(kind):
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
        return self._add(_SOURCE, key, label, columns, {})

    def add_joined(
        self, key: str, label: str, columns: Sequence[Column], *, theirs: str, ours: str
    ) -> SourceColumns:
        """Add a joined table, as `add_source` does with a source."""
        return self._add(_JOINED, key, label, columns, {"theirs": theirs, "ours": ours})

    def _add(
        self,
        kind: str,
        key: str,
        label: str,
        columns: Sequence[Column],
        more: Mapping[str, str],
    ) -> SourceColumns:
        catalogue = self._catalogue(kind)
        before = catalogue.by_key(key)
        number = before.number if before else max(catalogue.sources, default=0) + 1
        # Sources share their columns; joined tables, which are asked beside them, do not.
        apart = [number] if kind == _JOINED else []
        known: dict[str, int] = json.loads(self.get(_COLUMNS) or "{}")
        numbers = []
        seen: Counter[tuple[str, str]] = Counter()
        for column in columns:
            seen[column.name, column.role] += 1
            nth = seen[column.name, column.role]
            if column.role == "column" and nth > 1:
                raise StoreError(f"Two columns are called {column.name!r}; rename one of them.")
            place = json.dumps([column.name, column.role, nth, *apart])
            numbers.append(known.setdefault(place, max(known.values(), default=0) + 1))
        stored = write_columns(zip(numbers, columns, strict=True))
        told = {"number": number, "key": key, "label": label, "columns": stored, **more}
        self.put({f"{kind}{number}": json.dumps(told), _COLUMNS: json.dumps(known)})
        return SourceColumns(number, key, label, tuple(map(Physical, numbers, columns)))

    # Counters.

    def counter(self, name: str) -> int:
        """Return a counter's value; 0 where it was never counted."""
        return int(self.get(f"{_COUNTER}{name}") or "0")

    def count(self, name: str, by: int = 1) -> int:
        """Count further, and return what it was before."""
        before = self.counter(name)
        self.put({f"{_COUNTER}{name}": str(before + by)})
        return before

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
                        frozenset(told["modalities"]), 0,
                        "float16" if told.get("token_dim") else "float32", 0, 0,
                        told.get("token_dim", 0),
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
            "token_dim": space.token_dim,
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

    def problems_of(self, source: str) -> list[tuple[str, str]]:
        """Return the problems of a source's last load."""
        return [(name, why) for name, why in json.loads(self.get(_problems_key(source)) or "[]")]

    def put_problems(self, source: str, problems: Sequence[tuple[str, str]]) -> None:
        """Keep the problems of a source's last load, the first of them where there are many."""
        key = _problems_key(source)
        if problems or key in self.all():
            room = _MOST_TOLD
            kept = []
            for one in problems:
                room -= len(json.dumps(one)) + 2
                if room < 0:
                    break
                kept.append(one)
            self.put({key: json.dumps(kept)})


def _problems_key(source: str) -> str:
    return f"{_PROBLEMS}{row_key(source)}"
