"""What an answer cites, and whether that says what the answer says it does."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mmrag_jupyter.answers.sentences import LONGEST, pieces
from mmrag_jupyter.answers.terms import terms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from PIL.Image import Image

    from mmrag_jupyter.answers.passages import Passage
    from mmrag_jupyter.items import Modality
    from mmrag_jupyter.search.hits import Hit

_CITED = re.compile(r"(?<!~~)\[(\d{1,3})\]")
_SENTENCE = re.compile(r"(?<=[.!?\u3002\uff01\uff1f])\s+(?!\[)|\n+")
_QUOTED = re.compile(r"\u201c([^\u201c\u201d]{15,600})\u201d|\"([^\"\n]{15,600})\"")
_ELLIPSIS = re.compile(r"\s*(?:\u2026|\.\.\.|\[\u2026\])\s*")
_LEAST = 3  # words of a quotation; fewer are a name or a term
# What is written in many ways and read as one.
_ALIKE = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u2032", "'"),
        **dict.fromkeys("\u201c\u201d\u201e", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
        "[": "(",
        "]": ")",
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class Citation:
    """A source that an answer cites under the number `key`.

    `quote` stands word for word in the source; it is "" where that is a picture.
    """

    key: int
    quote: str
    _passage: Passage = field(repr=False)

    @property
    def item(self) -> str:
        """The id of the item."""
        return self._passage.hit.id

    @property
    def part(self) -> str:
        """The id of the part."""
        return self._passage.part_of(self.quote).id

    @property
    def page(self) -> int | None:
        """The page, counted from 1, where the item has pages."""
        return self._passage.part.page

    @property
    def modality(self) -> Modality:
        """What the part is: "text", "image", "page" or "audio"."""
        return self._passage.part.modality

    @property
    def title(self) -> str:
        """What a reader calls the source: a row's title, a file's name."""
        return self._passage.title

    @property
    def source(self) -> Path | None:
        """The file that the part came from, where that is known."""
        return self._passage.part.source

    @property
    def text(self) -> str:
        """All of the text that was retrieved under this number."""
        return self._passage.text

    @property
    def image(self) -> Image | None:
        """The picture of the source, its page, or its row, opened now; None without one."""
        opener = self._passage.open
        return opener() if opener is not None else None

    @property
    def hit(self) -> Hit:
        """The hit that the part belongs to."""
        return self._passage.hit

    @property
    def passage(self) -> Passage:
        """The retrieved piece as the answer was made from it."""
        return self._passage


def citations(text: str, cited: Sequence[int], passages: Sequence[Passage]) -> list[Citation]:
    """Return the citations of an answer, in the order of their numbers.

    Each quotes what the text quotes from it, or else the piece of the source that has most
    words of the sentence that cites it.
    """
    by_key = {passage.key: passage for passage in passages}
    claims = _claims(text)
    return [
        Citation(key, _quote(claims.get(key, ""), by_key[key]), by_key[key])
        for key in sorted(cited)
    ]


def misquoted(text: str, passages: Sequence[Passage]) -> list[str]:
    """Return what a text puts in quotation marks and no passage has."""
    held = [alike(f"{passage.text}\n{passage.line}\n{passage.title}") for passage in passages]
    return [quoted for quoted in _quotations(text) if not any(_has(one, quoted) for one in held)]


def alike(text: str) -> str:
    """Return a text without what may differ between a quotation and its source.

    That is case, spaces and line ends, forms of quotation marks, dashes and letters.
    """
    return " ".join(unicodedata.normalize("NFKC", text).translate(_ALIKE).casefold().split())


def _has(held: str, quoted: str) -> bool:
    parts = [alike(part).strip(" .,;:!?\"'") for part in _ELLIPSIS.split(quoted)]
    return all(part in held for part in parts)


def _quotations(text: str) -> list[str]:
    found = (match[1] or match[2] for match in _QUOTED.finditer(text))
    return [quoted for quoted in found if len(quoted.split()) >= _LEAST]


def _claims(text: str) -> Mapping[int, str]:
    """Return the sentences that cite each key."""
    claims: dict[int, str] = {}
    for sentence in _SENTENCE.split(text):
        for key in _CITED.findall(sentence):
            claims[int(key)] = f"{claims.get(int(key), '')} {sentence}"
    return claims


def _quote(claim: str, passage: Passage) -> str:
    found = pieces(passage.text)
    if not found:
        return passage.text[:LONGEST].strip()
    texts = [passage.text[one.start : one.end] for one in found]
    for quoted in _quotations(claim):
        exact = next((one for one in texts if _has(alike(one), quoted)), None)
        if exact is not None:
            return exact
    wanted = set(terms(_CITED.sub("", claim)))
    return max(texts, key=lambda one: len(wanted.intersection(terms(one))))
