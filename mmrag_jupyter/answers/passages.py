"""What an answer is made of: the retrieved parts, numbered, each with its own short key."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mmrag_jupyter.display.cards import Card
from mmrag_jupyter.display.fields import at_a_glance, names_of, place, title_name
from mmrag_jupyter.display.values import missing, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from PIL.Image import Image

    from mmrag_jupyter.search.hits import Hit, Hits, Part

# The columns that a file brings: they tell where it lies, not what it says.
_FILE = {"path", "folder", "suffix"}
_VALUE = 80  # characters of a column's value that is still one of a few words
_FIELDS = 16
_START = 24  # characters that tell a quote's part
_SEEN = 3  # parts looked at for each passage: several can become one


@dataclass(frozen=True, slots=True, eq=False)
class Passage:
    """One retrieved piece, with the number by which an answer cites it.

    `text` is what can be quoted, "" where there is only a picture; on a page it is all of
    the page, from its `parts`. `fields` are the short columns of a table's row, in words;
    `shown_by` is the part whose picture shows it: its own, its page's, its row's.
    """

    key: int
    hit: Hit
    part: Part
    title: str
    text: str
    fields: tuple[tuple[str, str], ...] = ()
    parts: tuple[Part, ...] = ()
    shown_by: Part | None = None

    def part_of(self, quote: str) -> Part:
        """Return the part that a quote stands in; of a page's several texts it is one."""
        start = " ".join(quote.split())[:_START]
        return next((p for p in self.parts if start in " ".join(p.text.split())), self.part)

    @property
    def place(self) -> str:
        """Where in its item it stands, such as "p. 3", or ""."""
        part = self.part
        return place(Card("", 0, 0.0, page=part.page, start=part.start, end=part.end))

    @property
    def open(self) -> Callable[[], Image | None] | None:
        """What opens its picture, or None where it has none."""
        part = self.shown_by
        return (lambda: part.image) if part is not None else None

    @property
    def line(self) -> str:
        """The columns of its row in one line."""
        return "; ".join(f"{name}: {value}" for name, value in self.fields)


def numbered(hits: Hits, most: int) -> list[Passage]:
    """Return the best passages of hits, at most `most`, numbered from 1 in their order.

    A picture and the words that belong to it (of the same row, or on the same page) are one
    passage.
    """
    found: dict[tuple[str, object], tuple[Hit, Part]] = {}
    for hit, part in hits.passages(_SEEN * most):
        written = part.modality == "text" or (part.start is not None and part.text != "")
        alone = written and part.page is None
        picture, place = (hit.id, None), (hit.id, part.id if alone else part.page)
        before = found[place][1] if place in found else None
        if alone and picture in found and found[picture][1].modality != "text":
            # The words of a row whose picture was found before take its place.
            found[picture] = hit, part
        elif place == picture and any(key[0] == hit.id for key in found):
            continue
        elif before is None or (before.modality != "text" and part.modality == "text"):
            found[place] = hit, part
    some = list(found.values())[:most]
    look = _Look.of([hit for hit, _ in some])
    return [
        _passage(key, hit, part, hits.on_page(part), look)
        for key, (hit, part) in enumerate(some, start=1)
    ]


def renumbered(passages: Sequence[Passage]) -> list[Passage]:
    """Return passages with the numbers from 1 in their order."""
    return [replace(passage, key=key) for key, passage in enumerate(passages, start=1)]


@dataclass(frozen=True, slots=True)
class _Look:
    """Which columns of the hits are their title and read at a glance, and their pictures."""

    title: str
    fields: tuple[str, ...]
    pictures: Mapping[str, Part | None]

    @classmethod
    def of(cls, hits: Sequence[Hit]) -> _Look:
        cards = [Card(hit.id, hit.rank, hit.score, metadata=hit.metadata) for hit in hits]
        names = names_of(cards)
        title = title_name(cards, names)
        # Long texts come several times, and looking for their pictures reads all of them.
        pictures = {hit.id: hit.picture for hit in dict.fromkeys(hits) if not hit.pages}
        return cls(title, at_a_glance(cards, names, title), pictures)


def _passage(key: int, hit: Hit, part: Part, parts: Sequence[Part], look: _Look) -> Passage:
    heading = hit.metadata.get(look.title) if look.title else None
    title = heading if isinstance(heading, str) and heading.strip() else hit.id
    is_row = not hit.metadata.keys() >= _FILE
    text = "\n".join(one.text for one in parts if one.text)
    text = text or (hit.text if is_row and part.page is None else "")
    return Passage(
        key=key,
        hit=hit,
        part=part,
        title=f"{part.origin} {part.row} of {title}" if part.origin else title,
        text=text,
        fields=_fields(hit, part, look.fields if is_row else (), text),
        parts=tuple(parts),
        shown_by=hit.page(part.page) if part.page is not None else look.pictures.get(hit.id),
    )


def _fields(hit: Hit, part: Part, names: Sequence[str], text: str) -> tuple[tuple[str, str], ...]:
    """Return the short columns of a row, without those that its text or its id repeats.

    Of a row that was joined they are its own, and then the item's.
    """
    found = []
    values = {**part.metadata}
    for name in names:
        values.setdefault(name, hit.metadata.get(name))
    for name, value in values.items():
        told = "" if missing(value) else shown(value, 2 * _VALUE)
        if told and len(told) <= _VALUE and told not in text and told != hit.id:
            found.append((name, told))
    return tuple(found[:_FIELDS])
