"""The one concrete source: what is known of it beforehand, and how to walk its items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mmrag_jupyter.items import Column, Item, Modality, Problem
    from mmrag_jupyter.sources.listing import Listing


@dataclass(slots=True, eq=False)
class Stream:
    """A source of items; `items` starts one walk over them. See `mmrag_jupyter.items.Source`.

    `listing` is that of a source of files, from which it can be told which have not changed.
    """

    key: str
    label: str
    ids: Sequence[str]
    columns: Sequence[Column]
    modalities: frozenset[Modality]
    notice: str
    problems: Sequence[Problem]
    items: Callable[[], Iterator[Item | Problem]]
    listing: Listing | None = None

    def __iter__(self) -> Iterator[Item | Problem]:
        return self.items()
