"""What the display draws: cards, and how the user wants to see them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PIL.Image import Image

    from mmrag_jupyter.display.shots import Shot
    from mmrag_jupyter.display.stretches import Stretch

View = Literal["auto", "gallery", "table", "list"]

HITS_MIME = "application/vnd.mmrag.hits.v1+json"


@dataclass(frozen=True, slots=True)
class Why:
    """One reason for a hit: a signal, its rank (from 1), and its share of the score (0 to 1)."""

    signal: str
    rank: int
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """Another page of a document that matched, counted from 1, and what opens its picture."""

    number: int
    picture: Callable[[], Image] | Shot


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """The row of a joined table whose text is shown: its table's name, its id, its columns."""

    origin: str
    row: str
    metadata: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """A text of an item that is shown whole, and where it stands.

    What is said in a recording has `start` and `end` in seconds; of a document's text there is
    the `page`, counted from 1; `voice` is the row of a joined table that says it.
    """

    text: str
    start: float | None = None
    end: float | None = None
    page: int | None = None
    voice: Voice | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Card:
    """One hit as the display needs it.

    `picture` opens the picture when it is drawn; what it raises is shown in its place.
    `alt` says what the picture shows; `terms` are the words to mark in `text` and titles;
    `source` is the file that the matched part came from, `page` counts from 1, `start` and
    `end` are seconds. `part` is the number of the pictured part among the item's, from 0.
    `sheets` are the other pages that matched, best first. `reason` says in a line why it is
    recommended. `joined` tells of each joined table its name, how many of its rows matched, and
    of how many; `voice` is the row whose text is shown. `sound` is what there is to hear,
    `said` all of its texts, where it is shown whole and has several.
    """

    id: str
    rank: int
    score: float
    picture: Callable[[], Image] | Shot | None = None
    alt: str = ""
    text: str = ""
    terms: tuple[str, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)
    why: tuple[Why, ...] = ()
    source: str = ""
    page: int | None = None
    start: float | None = None
    end: float | None = None
    part: int = 0
    sheets: tuple[Sheet, ...] = ()
    reason: str = ""
    joined: tuple[tuple[str, int, int], ...] = ()
    voice: Voice | None = None
    sound: Stretch | None = None
    said: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """How hits are drawn.

    `budget` is what the whole output may take in the saved notebook, in bytes; `thumbnail`
    the longer side of a picture, in pixels.
    """

    view: View = "auto"
    budget: int = 65536
    thumbnail: int = 256
