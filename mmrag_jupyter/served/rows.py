"""What is handed to an engine and what it gives back: rows of a few plain fields, and vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt

Value = str | int | float | list[str] | None
FieldType = Literal["int", "float", "text", "texts"]

# The field that names a row; whatever is put under the same key takes its place.
KEY = "key"

KEPT_FIELDS: Mapping[str, FieldType] = {KEY: "text", "kind": "text", "data": "text"}

ITEM_FIELDS: Mapping[str, FieldType] = {
    KEY: "text",
    "item_id": "text",
    "item": "int",
    "part": "int",
    "parts": "int",
    "source": "text",
    "digest": "text",
    "record": "text",
}

PART_FIELDS: Mapping[str, FieldType] = {
    KEY: "text",
    "item_id": "text",
    "item": "int",
    "part": "int",
    "modality": "text",
    "digest": "text",
    "path": "text",
    "page": "int",
    "text": "text",
    "length": "int",
    "words": "texts",
    "record": "text",
}

# One row for each row of a joined table beside each item that has it. `part` is the first part of
# all that the item has, as the item's own row says; `first` and `count` are the parts of this row,
# 0 where it has none.
JOINED_FIELDS: Mapping[str, FieldType] = {
    KEY: "text",
    "item_id": "text",
    "item": "int",
    "part": "int",
    "row": "int",
    "row_id": "text",
    "source": "text",
    "first": "int",
    "count": "int",
    "digest": "text",
    "record": "text",
}


@dataclass(frozen=True, slots=True)
class Table:
    """A table of an engine: its name, and its vectors' dimension, 0 where it has none."""

    name: str
    dim: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """A row: its fields by name (one that is missing is None), and its vector, shape (dim,)."""

    fields: Mapping[str, Value]
    vector: npt.NDArray[np.float32] | None = None

    def text(self, name: str) -> str:
        """Return a field that holds text, "" where it is missing."""
        value = self.fields.get(name)
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int:
        """Return a field that holds a whole number, 0 where it is missing."""
        value = self.fields.get(name)
        return int(value) if isinstance(value, int | float) else 0
