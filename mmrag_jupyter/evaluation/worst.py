"""Single queries of an evaluation, with the hits that they gave and what was missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING, overload

from mmrag_jupyter.display.cases import heading, row
from mmrag_jupyter.evaluation.questions import some
from mmrag_jupyter.evaluation.running import query_of, search
from mmrag_jupyter.search import build
from mmrag_jupyter.search.hits import Hits
from mmrag_jupyter.search.terms import words
from mmrag_jupyter.sources.images import open_image

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.Image import Image

    from mmrag_jupyter.display import Options
    from mmrag_jupyter.evaluation.questions import Question
    from mmrag_jupyter.evaluation.running import Run
    from mmrag_jupyter.items import Media

_EDGE = 96  # pixels of a small picture beside the hits
_THUMBNAIL = 160  # pixels of the longer side of a hit's
_ALL_OF_HTML = 1.6  # the bytes of a bundle, for one of its HTML
_MISSED = 4  # pictures that should have been found, of a query


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One query: its hits, the pictures that it was asked with, and those that it missed.

    `value` is what it scored.
    """

    hits: Hits
    value: float
    asked: tuple[tuple[str, Media], ...]
    missed: tuple[tuple[str, Media], ...]

    def page(self, budget: int, most: int | None = None) -> str:
        """Return it as HTML of about `budget` bytes, with at most `most` hits."""
        above = heading(self.hits.title, " ".join(self.hits.notices)) + row(
            [("asked with", _openers(self.asked)), ("should be found", _openers(self.missed))]
        )
        # About half of a bundle is its JSON and its text, which are not shown here.
        room = round(_ALL_OF_HTML * max(budget - len(above), 0))
        options = self.hits.options
        small = replace(options, budget=room, thumbnail=min(options.thumbnail, _THUMBNAIL))
        own = replace(self.hits[:most], title="", notices=(), options=small)
        return above + str(own._repr_mimebundle_()["text/html"])


@dataclass(frozen=True, slots=True, eq=False)
class Worst(Sequence[Hits]):
    """The hits of the queries that went worst, the worst first; a sequence of `Hits`."""

    cases: tuple[Case, ...]

    @overload
    def __getitem__(self, at: int) -> Hits: ...
    @overload
    def __getitem__(self, at: slice) -> Worst: ...
    def __getitem__(self, at: int | slice) -> Hits | Worst:
        return Worst(self.cases[at]) if isinstance(at, slice) else self.cases[at].hits

    def __len__(self) -> int:
        return len(self.cases)

    def __repr__(self) -> str:
        return "\n".join(repr(one.hits) for one in self.cases) or "<no queries>"

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        room = max((one.hits.options.budget for one in self.cases), default=0)
        pages = [one.page(room // len(self.cases)) for one in self.cases]
        return {"text/html": "".join(pages) or "no queries", "text/plain": repr(self)}


def case(
    question: Question, run: Run, *, name: str, value: float, k: int, options: Options
) -> Case:
    """Return one question in one setting, asked again, with what should have been found.

    Parameters
    ----------
    name, value
        The measure that says how it went, and what it said.
    """
    setting, store = run.setting, run.setting.collection.store
    if setting.chance:
        found = None
        hits, items = build.in_order(
            list(store.find(run.rankings[question.key][:k]).values()), store
        )
    else:
        found = search(question, setting, setting.collection.serving(), k)
        hits, items = build.build(found, store)
    shown = Hits(
        tuple(hits),
        title=f"{question.label} ({name} {value:.2f})",
        terms=words(question.text),
        notices=(_told(question, run, k),),
        options=options,
        _collection=setting.collection.name,
        _items=items,
        _ranked=partial(build.ranked_parts, found, store) if found else None,
        _page_texts=partial(build.page_texts, found, store) if found else None,
    )
    asked = [(_name(media), media) for media in query_of(question, setting, k).images]
    near = set(run.rankings[question.key][:k])
    missed = [one for one in question.relevant if one not in near][:_MISSED]
    numbers = store.find(missed)
    pictures = store.pictures(list(numbers.values()))
    media = {
        one: build.media_of(pictures[number], store)
        for one, number in numbers.items()
        if number in pictures
    }
    there = [(one, own) for one in missed if (own := media.get(one)) is not None]
    return Case(shown, value, tuple(asked), tuple(there))


def _openers(pictures: Sequence[tuple[str, Media]]) -> list[tuple[str, Callable[[], Image]]]:
    return [(name, partial(open_image, media, edge=_EDGE)) for name, media in pictures]


def _name(media: Media) -> str:
    return PurePath(media.path).name if media.path is not None else str(media)


def _told(question: Question, run: Run, k: int) -> str:
    """Return where the relevant items stand."""
    place = {one: rank for rank, one in enumerate(run.rankings[question.key], start=1)}
    wanted = question.relevant
    first = [one for one in wanted if place.get(one, k + 1) <= k]
    later = sorted((place[one], one) for one in wanted if place.get(one, 0) > k)
    gone = [one for one in wanted if one not in place]
    told = [f"{len(first)} of {len(wanted)} relevant among the first {k}"]
    if later:
        told.append(f"the next is {later[0][1]!r} at {later[0][0]}")
    if gone:
        told.append(f"not found at all: {some(gone)}")
    return "; ".join(told) + "."
