"""What a page can ask, as values: one class a verb."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Cell = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Term:
    """Words to find, or to avoid."""

    text: str
    avoid: bool = False


@dataclass(frozen=True, slots=True)
class AskedPicture:
    """A picture to be like, or to avoid, as the page encoded it."""

    name: str
    data: bytes
    avoid: bool = False


@dataclass(frozen=True, slots=True)
class AskedSound:
    """A recording to be like, as its file has it."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class ValuesFilter:
    """Items whose column has one of these values; None is a missing one."""

    column: str
    values: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class RangeFilter:
    """Items whose column lies in a range, its bounds included; a bound may be open."""

    column: str
    low: str | float | None
    high: str | float | None


Filter = ValuesFilter | RangeFilter


@dataclass(frozen=True, slots=True)
class Asked:
    """All that makes up a query; `like`, `liked` and `disliked` are keys of items.

    `unfinished` says that the last term is still being typed.
    """

    terms: tuple[Term, ...] = ()
    pictures: tuple[AskedPicture, ...] = ()
    like: tuple[str, ...] = ()
    liked: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()
    where: str = ""
    filters: tuple[Filter, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    modality: tuple[str, ...] = ()
    unfinished: bool = False
    sounds: tuple[AskedSound, ...] = ()


@dataclass(frozen=True, slots=True)
class PictureOf:
    """The picture of an item's part; `part` counts the item's parts from 0."""

    key: str
    part: int


@dataclass(frozen=True, slots=True)
class Hello:
    """Which version asks."""

    version: str
    protocol: int


@dataclass(frozen=True, slots=True)
class Collections:
    """Which collections there are."""


@dataclass(frozen=True, slots=True)
class Search:
    """The hits of a query from `offset` on, at most `limit`."""

    collection: str | None
    asked: Asked
    offset: int
    limit: int


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """Small pictures; `size` is their longer side in pixels."""

    collection: str | None
    pictures: tuple[PictureOf, ...]
    size: int


@dataclass(frozen=True, slots=True)
class ShowItem:
    """One item with all its parts and columns, and its picture of `size` pixels.

    `part` is the one whose picture is meant; None is the first that has one.
    """

    collection: str | None
    key: str
    part: int | None
    size: int


@dataclass(frozen=True, slots=True)
class Hear:
    """Sound of the recording that an item's part is of; None is the first that has one.

    `start` and `end` are seconds of the recording; None are those of the part.
    """

    collection: str | None
    key: str
    part: int | None
    start: float | None
    end: float | None


@dataclass(frozen=True, slots=True)
class CountFacets:
    """What there is to filter by, with counts."""

    collection: str | None
    asked: Asked


@dataclass(frozen=True, slots=True)
class Feedback:
    """A verdict on a hit: 1 is good, -1 is bad, 0 takes it back."""

    collection: str | None
    key: str
    verdict: int
    query: str


@dataclass(frozen=True, slots=True)
class Select:
    """The items that are selected on the page."""

    collection: str | None
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListLoads:
    """Which loads are running."""


OfCollection = Search | Thumbnails | ShowItem | Hear | CountFacets | Feedback | Select
Question = Hello | Collections | ListLoads | OfCollection
