"""The values that sources hand to ingest, and ingest to the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy as np
    import numpy.typing as npt
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


class Detail(TypedDict, total=False):
    """What the name of a dtype cannot say; only what applies is there.

    categories, ordered
        Of a categorical; the categories are plain values, and `Column.inner` says what of.
    fill
        Of a sparse column: the value that it leaves out, None where that is a missing one.
    arrow
        The Arrow type, as a schema of Arrow's own in base64.
    storage
        How a dtype of text keeps it, where its name says another way.
    cells, array
        The Python type of all values of an object column, and the dtype of its arrays.
    missing
        What an object column has for a missing value, where that is not None.
    freq, step, alone
        Of an index: its frequency, the step of a range, whether it is one of a single level.
    """

    categories: list[object]
    ordered: bool
    fill: object
    arrow: str
    storage: str
    cells: str
    array: str
    missing: str
    freq: str
    step: int
    alone: bool


@dataclass(frozen=True, slots=True)
class Column:
    """A metadata column: its name, what it holds, and how a dataframe stores it.

    `dtype` is what gives the dataframe its own dtype back (`"Int64"`, `"category"`,
    `"datetime64[us, Europe/Madrid]"`), with `detail` for what a name cannot say, and `inner`
    for what a categorical or sparse column is made of. An `"index"` column is a level of the
    dataframe's index, not of its columns. `label` is the dataframe's own label where `name`,
    which is always a text, does not say all of it.
    """

    name: str
    kind: Kind
    dtype: str = "object"
    detail: Detail = field(default_factory=Detail)
    role: Literal["column", "index"] = "column"
    inner: Column | None = None
    label: Label | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """A dataframe's `own` label of a column: a value for each level of the index of its columns.

    `levels` describe these levels as those of the rows' index are described. The label of an
    index level is its name, a single value without levels.
    """

    own: tuple[object, ...]
    levels: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Media:
    """Where the bytes of one picture or recording are; exactly one of the first four is set.

    `page`, counted from 1, says which page of the PDF at `path` the picture is. Nothing is
    read before it is asked for.
    """

    path: Path | None = None
    data: bytes | None = None
    url: str | None = None
    image: Image | None = None
    page: int | None = None

    def __str__(self) -> str:
        if self.path is not None:
            page = f"page {self.page} of " if self.page is not None else ""
            return page + as_written(self.path)
        if self.url is not None:
            return self.url
        return "picture in memory" if self.image is not None else f"{len(self.data or b'')} bytes"


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """Some sound in memory: `samples` of shape (n,) in [-1, 1], mixed to one channel.

    `rate` is their number a second.
    """

    samples: npt.NDArray[np.float32]
    rate: int

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / self.rate


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """One part of an item as its source gives it: a text chunk, or a picture to be read.

    `column` is the name of the dataframe's column that a picture stands in.
    """

    modality: Modality
    text: str = ""
    media: Media | None = None
    page: int | None = None
    start: float | None = None
    end: float | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """What was read in a document: its pieces, and what it says of itself.

    `problems` are what could not be read of it, one line each. `unread` and `recognised`
    count its pages that are pictures of text: those that nothing here could read, and those
    whose text was recognised.
    """

    pieces: Sequence[Piece]
    metadata: Mapping[str, object] = field(default_factory=dict)
    problems: Sequence[str] = ()
    unread: int = 0
    recognised: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A file that is taken apart only where it is new or has changed.

    `read` takes what is told how many of its pages are done, and of how many; it raises
    `SourceError` in one line for a document that cannot be read.
    """

    path: Path
    read: Callable[[Callable[[int, int], None]], Content]


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A recording that is listened to only where it is new or has changed.

    `column` is the name of the dataframe's column that it stands in; `about` says whether its
    length, rate and channels are wanted as metadata.
    """

    media: Media
    column: str | None = None
    about: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One thing a user would name, with its metadata and its pieces.

    `metadata` maps column names to plain Python values; missing values are None.
    `index` holds the values of the dataframe's index, one a level. The pieces and the
    metadata of `documents` and `recordings` are to be added when these are read.
    """

    id: str
    pieces: Sequence[Piece]
    metadata: Mapping[str, object] = field(default_factory=dict)
    index: tuple[object, ...] = ()
    documents: Sequence[Document] = ()
    recordings: Sequence[Recording] = ()


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
    the encoded picture where there is no file to read it from again. `column` is the name of
    the dataframe's column that a picture stands in.
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
    column: str | None = None


@dataclass(slots=True, eq=False)
class NewItem:
    """An item ready to be stored; `digest` covers its parts and metadata."""

    id: str
    digest: bytes
    parts: Sequence[NewPart]
    metadata: Mapping[str, object] = field(default_factory=dict)
    index: tuple[object, ...] = ()
