"""What the display draws of an answer: its text, and the sources that the text cites."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PIL.Image import Image

    from mmrag_jupyter.display.prose import Node
    from mmrag_jupyter.display.stretches import Stretch

ANSWER_MIME = "application/vnd.mmrag.answer.v1+json"

State = Literal["complete", "stopped", "unsupported"]


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """One source as the display needs it, under the number by which the text cites it.

    `quote` stands word for word in the source; `fields` are columns of a table's row; `place`
    says where in its file it is; `picture` opens the picture and `sound` the recording's
    stretch, and what these raise is shown.
    """

    key: int
    item: str
    part: str
    title: str
    quote: str = ""
    place: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    picture: Callable[[], Image] | None = None
    alt: str = ""
    sound: Stretch | None = None
    source: str = ""
    page: int | None = None
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Reply:
    """An answer as the display needs it.

    `model` is what wrote the text, "" where it was extracted; `quoted` says that the text
    holds the quotes already; `others` counts the retrieved parts that are not cited; `terms`
    are the words to mark in quotes; `seconds` tells how long each step took.
    """

    question: str
    text: str
    prose: tuple[Node, ...]
    references: tuple[Reference, ...] = ()
    model: str = ""
    state: State = "complete"
    cached: bool = False
    quoted: bool = False
    others: int = 0
    terms: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
