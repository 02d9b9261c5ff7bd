"""The rows that the store gives out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mmrag_jupyter.items import Modality

Precision = Literal["float32", "float16", "int8"]
# The setting that says which share of the true neighbours an index has to find, and what holds
# where there is none.
RECALL_SETTING = "recall"
RECALL = 0.95


@dataclass(frozen=True, slots=True)
class Space:
    """The vectors of one embedding model over one or more modalities.

    `name` is the model's fingerprint, `address` what loads it again (None where it must be
    given again). `rows` counts every vector written, `dead` those of parts since removed. A
    space with many vectors a part has `token_rows` of `token_dim` numbers each, else 0.
    An index of it has to find the share `recall` of the true neighbours; of 1 there is none.
    """

    number: int
    name: str
    address: str | None
    dim: int
    modalities: frozenset[str]
    rows: int
    dtype: Precision
    dead: int
    generation: int
    token_dim: int = 0
    token_rows: int = 0
    recall: float = RECALL


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source that was loaded: its key over time, its name for people, its items here."""

    key: str
    label: str
    items: int


@dataclass(frozen=True, slots=True)
class Known:
    """What the store remembers of an item, to tell whether it has changed."""

    digest: bytes
    source: str


@dataclass(frozen=True, slots=True)
class PartRow:
    """One part: `number` counts the item's parts from 0, `page` from 1.

    `start` and `end` are seconds. `has_blob` says that its picture is kept in the store.
    `row` is the number of the joined row that it came with, 0 where it is the item's own.
    """

    part: int
    item: int
    item_id: str
    number: int
    modality: Modality
    text: str
    digest: bytes
    path: str | None
    page: int | None
    start: float | None
    end: float | None
    has_blob: bool
    row: int = 0

    @property
    def node_id(self) -> str:
        """The part's id as a LlamaIndex node: the item's id, with `#1`, `#2` … after the first."""
        return self.item_id if self.number == 0 else f"{self.item_id}#{self.number}"


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One item with its metadata; `index` holds its values of the dataframe's own index."""

    item: int
    id: str
    source: str
    metadata: Mapping[str, object]
    index: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """Something that the last load of a source could not read, and why."""

    source: str
    reason: str
