"""The values that sources hand to ingest, and ingest to the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from PIL.Image import Image

Modality = Literal["text", "image", "page", "audio"]

Kind = Literal[
    "int", "float", "bool", "str", "datetime", "date", "time", "timedelta",
    "decimal", "json", "bytes", "media", "any",
]  # fmt: skip


def as_written(path: Path) -> str:
    """Return a path as the user would write it: from where they work."""
    here = Path.cwd()
    return str(path.relative_to(here) if here in path.parents else path)


@dataclass(frozen=True, slots=True)
class Column:
    """A metadata column: its name, what it holds, and how a dataframe stores it.

    `dtype` is what gives the dataframe its own dtype back (`"Int64"`, `"category"`,
    `"datetime64[us, Europe/Madrid]"`); `detail` is JSON for what a name cannot say
    (the categories of a categorical). An `"index"` column is a level of the
    dataframe's index, not of its columns. `label` is the dataframe's own label where that
    is a number, which `name` says as a text.
    """

    name: str
    kind: Kind
    dtype: str = "object"
    detail: str = ""
    role: Literal["column", "index"] = "column"
    label: int | float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Media:
    """Where the bytes of one picture or recording are; exactly one field is set.

    Nothing is read before it is asked for.
    """

    path: Path | None = None
    data: bytes | None = None
    url: str | None = None
    image: Image | None = None

    def __str__(self) -> str:
        if self.path is not None:
            return as_written(self.path)
        if self.url is not None:
            return self.url
        return "picture in memory" if self.image is not None else f"{len(self.data or b'')} bytes"


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """One part of an item as its source gives it: a text chunk, or a picture to be read."""

    modality: Modality
    text: str = ""
    media: Media | None = None
    page: int | None = None
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One thing a user would name, with its metadata and its pieces.

    `metadata` maps column names to plain Python values; missing values are None.
    `index` holds the values of the dataframe's index, one a level.
    """

    id: str
    pieces: Sequence[Piece]
    metadata: Mapping[str, object] = field(default_factory=dict)
    index: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a source that could not be loaded, and why."""

    source: str
    reason: str


class Source(Protocol):
    """A stream of items that knows its ids beforehand.

    `key` identifies the source over time: loading the same key again is a delta update.
    `columns` are the metadata columns in the source's own order, index levels first.
    `modalities` are those that its items may have.
    `notice` says in one line what was guessed, or is empty.
    `problems` are those found while listing (iterating may yield more).
    """

    key: str
    label: str
    ids: Sequence[str]
    columns: Sequence[Column]
    modalities: frozenset[Modality]
    notice: str
    problems: Sequence[Problem]

    def __iter__(self) -> Iterator[Item | Problem]: ...


# A load makes tens of thousands of these two in a second, and freezing them doubles the cost.
@dataclass(slots=True, eq=False)
class NewPart:
    """A part ready to be stored. `digest` is the 16-byte hash of its content.

    `path`, `size` (bytes) and `mtime_ns` name the file that it came from; `blob` holds
    the encoded picture where there is no file to read it from again.
    """

    modality: Modality
    digest: bytes
    text: str = ""
    path: str | None = None
    size: int | None = None
    mtime_ns: int | None = None
    blob: bytes | None = None
    page: int | None = None
    start: float | None = None
    end: float | None = None


@dataclass(slots=True, eq=False)
class NewItem:
    """An item ready to be stored; `digest` covers its parts and metadata."""

    id: str
    digest: bytes
    parts: Sequence[NewPart]
    metadata: Mapping[str, object] = field(default_factory=dict)
    index: tuple[object, ...] = ()
