"""What any reader of documents finds in a file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmrag_jupyter.sources.plain import clean

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

# Programs fill in a title where the author has not: their own name, that of a file, a number.
_PROGRAM = re.compile(r"^Microsoft (?:Word|PowerPoint|Excel) - ")
_NO_TITLE = re.compile(
    r"|[\W\d_]+|untitled.*|(?:powerpoint|microsoft) .*"
    r"|.*\.(?:docx?|pptx?|xlsx?|odt|rtf|pdf|indd|qxd|fm|tex|dvi|html?|txt|eps|ps)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read in a file: its texts, each with its page (None where there are no pages).

    `pages` counts them, `pictures` are the numbers of those that can be drawn. `problems`
    are what could not be read of the file, one line each. `unread` and `recognised` count
    the pages that are pictures of text: those that were left, and those that were read.
    """

    texts: Sequence[tuple[int | None, str]]
    title: str = ""
    author: str = ""
    created: datetime | None = None
    pages: int | None = None
    pictures: Sequence[int] = ()
    problems: Sequence[str] = ()
    unread: int = 0
    recognised: int = 0


def title_of(text: str) -> str | None:
    """Return a document's own title, or None where it says nothing of the document."""
    title = _PROGRAM.sub("", line_of(text) or "")
    return None if _NO_TITLE.fullmatch(title) else title


def line_of(text: str) -> str | None:
    """Return text as one line, or None where there is none."""
    return " ".join(clean(text).replace("\0", " ").split()) or None
