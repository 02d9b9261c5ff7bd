"""Quotes and pictures put together as an answer: nothing is added to what the sources say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mmrag_jupyter.answers.citations import Citation
from mmrag_jupyter.answers.extract import quotes
from mmrag_jupyter.answers.sentences import pieces
from mmrag_jupyter.answers.terms import question_terms, terms
from mmrag_jupyter.display.prose import Cite, Element

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.answers.extract import Quote, Similar
    from mmrag_jupyter.answers.passages import Passage
    from mmrag_jupyter.display.prose import Node

_QUOTES = 5
_PICTURES = 4
_FIELDS = 4  # columns of a row that are told with it


@dataclass(frozen=True, slots=True, eq=False)
class Extracted:
    """An answer made of quotes: its text, the same as nodes to be drawn, what it cites."""

    text: str
    prose: tuple[Node, ...]
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    """One line of the answer: a passage, what leads to it, and its quotes, the best first."""

    passage: Passage
    lead: str
    quotes: tuple[str, ...]


def extracted(
    question: str, passages: Sequence[Passage], similar: Similar | None = None
) -> Extracted:
    """Return the answer that the passages give by themselves.

    The best sentences and rows, in their own words; then the best pictures that have none.
    """
    entries = _entries(question, quotes(question, passages, _QUOTES, similar))
    used = {entry.passage.key for entry in entries}
    if not entries:
        entries = [_told(question, passage) for passage in passages if _is_short(passage)]
        entries = entries[:_QUOTES]
        used = {entry.passage.key for entry in entries}
    shown = [p for p in passages if p.key not in used and not p.text and not p.fields]
    pictures = [passage for passage in shown if passage.open is not None][:_PICTURES]
    cited = list(dict.fromkeys(p.key for p in [*(e.passage for e in entries), *pictures]))
    keys = {key: place for place, key in enumerate(cited, start=1)}
    entries = [
        replace(entry, passage=replace(entry.passage, key=keys[entry.passage.key]))
        for entry in entries
    ]
    pictures = [replace(passage, key=keys[passage.key]) for passage in pictures]
    return Extracted(
        _text(entries, pictures), _prose(entries, pictures), _citations(entries, pictures)
    )


def _entries(question: str, found: Sequence[Quote]) -> list[_Entry]:
    """Return a line for each passage, the one with the best quote first."""
    by_key: dict[int, _Entry] = {}
    for one in found:
        passage, text = one.passage, " ".join(one.text.split())
        lead = _lead(question, passage) if passage.fields else ""
        before = by_key.get(passage.key, _Entry(passage, lead, ()))
        by_key[passage.key] = replace(before, quotes=(*before.quotes, text))
    return list(by_key.values())


def _is_short(passage: Passage) -> bool:
    """Tell whether a passage can be told as a whole: a row, or a text that is no sentence."""
    return bool(passage.fields) or bool(passage.text.strip() and not pieces(passage.text))


def _told(question: str, passage: Passage) -> _Entry:
    if passage.fields:
        return _Entry(passage, _lead(question, passage), ())
    return _Entry(passage, "", (" ".join(passage.text.split()),))


def _lead(question: str, row: Passage) -> str:
    """Return a row's title, and those of its columns that the question asks about."""
    asked = set(question_terms(question))
    meant = [one for one in row.fields if asked.intersection(terms(" ".join(one)))]
    told = "; ".join(f"{name}: {value}" for name, value in meant[:_FIELDS])
    return f"{row.title} ({told})" if told else row.title


def _text(entries: Sequence[_Entry], pictures: Sequence[Passage]) -> str:
    lines = [f"- {_line(entry)} [{entry.passage.key}]" for entry in entries]
    if pictures:
        keys = " ".join(f"[{passage.key}]" for passage in pictures)
        lines.append(f"{_intro(entries)} {keys}")
    return "\n".join(lines)


def _prose(entries: Sequence[_Entry], pictures: Sequence[Passage]) -> tuple[Node, ...]:
    nodes: list[Node] = []
    if entries:
        items = (Element("li", (f"{_line(one)} ", Cite(one.passage.key))) for one in entries)
        nodes.append(Element("ul", tuple(items)))
    if pictures:
        inside: list[Node] = [_intro(entries)]
        for passage in pictures:
            inside += [" ", Cite(passage.key)]
        nodes.append(Element("p", tuple(inside)))
    return tuple(nodes)


def _line(entry: _Entry) -> str:
    # In the order of the source: one sentence may lean on another.
    text = " ".join(entry.passage.text.split())
    quoted = " ".join(f"\u201c{one}\u201d" for one in sorted(entry.quotes, key=text.find))
    return f"{entry.lead}: {quoted}" if entry.lead and quoted else entry.lead or quoted


def _intro(entries: Sequence[_Entry]) -> str:
    return "Pictures found beside:" if entries else "The pictures nearest to the question:"


def _citations(entries: Sequence[_Entry], pictures: Sequence[Passage]) -> tuple[Citation, ...]:
    found: dict[int, Citation] = {}
    for entry in entries:
        quote = entry.quotes[0] if entry.quotes else entry.passage.line
        found.setdefault(entry.passage.key, Citation(entry.passage.key, quote, entry.passage))
    for passage in pictures:
        found.setdefault(passage.key, Citation(passage.key, "", passage))
    return tuple(found.values())
