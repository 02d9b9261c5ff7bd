"""An answer as plain text, for a terminal, a diff, and whoever cannot show HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.display.escape import cut, one_line, visible
from mmrag_jupyter.display.page import plain_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.display.answer_parts import Reference, Reply

_QUOTE = 200
_PARTS = 1  # a plural begins after it


def plain(reply: Reply, notices: Sequence[str], *, most: int) -> str:
    """Return the answer, at most `most` characters of it, and a line for each source."""
    text = cut(visible(reply.text), most)
    sources = [_line(source, quoted=reply.quoted) for source in reply.references]
    foot = ", ".join(footing(reply))
    inside = "\n".join(each for each in (text, "", *sources, foot) if each or sources)
    return plain_page(one_line(reply.question, 300), notices, inside)


def footing(reply: Reply) -> list[str]:
    """Return how the answer came about, in a few phrases."""
    told = []
    if reply.model:
        seconds = reply.seconds.get("writing")
        time = f" in {seconds:.1f} s" if seconds is not None and not reply.cached else ""
        told.append(f"written by {one_line(reply.model, 120)}{time}")
        if reply.cached:
            told.append("kept from an earlier time")
    elif reply.references:
        told.append("quoted as it stands in the collection")
    if reply.others:
        parts = "part" if reply.others == _PARTS else "parts"
        told.append(f"{reply.others} more {parts} retrieved")
    return told


def _line(source: Reference, *, quoted: bool) -> str:
    name = one_line(source.title, 90)
    item = f" ({one_line(source.item, 60)})" if source.item != source.title else ""
    place = f", {source.place}" if source.place else ""
    quote = f": \u201c{one_line(source.quote, _QUOTE)}\u201d" if source.quote and not quoted else ""
    return f"[{source.key}] {name}{item}{place}{quote}"
