"""What a saved web page says, without its menus, adverts and footers."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.items import as_written
from mmrag_jupyter.sources.decode import encoding_of
from mmrag_jupyter.sources.office import NEEDS
from mmrag_jupyter.sources.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_SHORT = 250  # characters
_CHARSET = re.compile(rb"<meta[^>]+charset|<\?xml[^>]+encoding", re.IGNORECASE)


def read(path: Path, tell: Callable[[int, int], None]) -> Reading:
    """Read a web page: its main text and tables, its title, author and date.

    Raises
    ------
    SourceError
        Its reader is not installed.
    """
    tell(0, 1)
    try:
        import trafilatura
        from trafilatura.settings import Document
    except ImportError:
        raise SourceError(f"{as_written(path)} is a web page; {NEEDS}.") from None
    data = path.read_bytes()
    found = trafilatura.bare_extraction(
        data,
        include_comments=False,
        with_metadata=True,
        favor_recall=True,
        # The date that a page states: any other is a guess from what it talks about.
        date_extraction_params={"extensive_search": False, "original_date": True},
    )
    about = found.as_dict() if isinstance(found, Document) else {}
    text = about.get("text") or ""
    if len(text) < _SHORT:
        # A page of a few words has no main text to tell from the rest: all of it is taken.
        text = _all_text(data)
    return Reading(
        [(None, text)],
        about.get("title") or "",
        about.get("author") or "",
        _date(about.get("date") or ""),
    )


def _all_text(data: bytes) -> str:
    from lxml import etree, html

    # What the page says of itself goes before what its bytes look like.
    encoding = None if _CHARSET.search(data, 0, 4096) else encoding_of(data)
    parser = html.HTMLParser(huge_tree=True, encoding=encoding)
    try:
        page = html.document_fromstring(data, parser=parser)
    except etree.ParserError:
        return ""  # an empty file
    etree.strip_elements(page, "script", "style", "head", etree.Comment, with_tail=False)
    return "\n".join(text.strip() for text in page.itertext() if text.strip())


def _date(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None
