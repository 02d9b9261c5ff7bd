"""Why a hit is one: where on its picture the query matched, and which of its words."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np

from mmrag_jupyter import display
from mmrag_jupyter.display import explaining, maps
from mmrag_jupyter.display.marks import folded_words
from mmrag_jupyter.errors import ModelError, SourceError
from mmrag_jupyter.models.base import title as title_of
from mmrag_jupyter.search.build import media_of
from mmrag_jupyter.search.explain_sound import HeardMap, heard_map
from mmrag_jupyter.search.named import numbers_of
from mmrag_jupyter.search.terms import words
from mmrag_jupyter.sources.images import open_image
from mmrag_jupyter.sources.pdf_words import words_on

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from PIL.Image import Image

    from mmrag_jupyter.display.cards import Options
    from mmrag_jupyter.items import Media
    from mmrag_jupyter.models.maps import Maps
    from mmrag_jupyter.models.spaces import AnyEmbedder
    from mmrag_jupyter.search.hits import Hit, Part
    from mmrag_jupyter.search.query import Query
    from mmrag_jupyter.search.signals import Serving
    from mmrag_jupyter.sources.pdf_words import Box
    from mmrag_jupyter.store import Store

# Of a page or photo, this many pixels of the shorter side show where something matched.
_EDGE = 1000


class _Seeing(Protocol):
    """An embedder that tells where on a picture it sees something."""

    def maps(self, image: Image, text: str = "", like: Image | None = None) -> Maps: ...


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Explanation:
    """What of a hit matched the query; shows itself in a cell.

    Attributes
    ----------
    id
        The item's.
    page
        The page that it tells about, counted from 1, or None.
    picture
        The picture as it is, or None where the hit has none.
    found
        Where on it the model sees the query: similarities by place, or None.
    boxes
        The words on the page that the query has too, as fractions of the page.
    text, terms
        What the part says, and the words of the query that are marked in it.
    heard
        Where in its recording the query matched, or None where it has none.
    notices
        What could not be explained, and why; one line each.
    """

    id: str
    title: str
    page: int | None = None
    picture: Image | None = None
    found: Maps | None = None
    boxes: tuple[Box, ...] = ()
    text: str = ""
    terms: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    options: Options = field(default_factory=display.Options)
    heard: HeardMap | None = None

    @property
    def image(self) -> Image | None:
        """The picture with the map and the boxes drawn over it, or None without a picture.

        Of a recording, its waveform, as warm as each span answers the query.
        """
        if self.heard is not None:
            return self.heard.image
        if self.picture is None:
            return None
        drawn = self.picture
        if self.found is not None:
            drawn = maps.heat(drawn, self.found.whole, self.found.area)
        return maps.boxed(drawn, [(b.left, b.top, b.right, b.bottom) for b in self.boxes])

    @property
    def maps(self) -> dict[str, Image]:
        """The picture with the map of each word of the query drawn over it.

        Each stands out from its own background, and all on one scale: a word that matches
        nowhere in particular leaves the picture as it is.
        """
        if self.picture is None or self.found is None or not self.found.words:
            return {}
        by_word = self.found.by_word
        ground = np.median(by_word, axis=(1, 2))
        most = float((by_word.max(axis=(1, 2)) - ground).max())
        return {
            word: maps.heat(self.picture, own, self.found.area, (low, low + most))
            for word, own, low in zip(self.found.words, by_word, ground.tolist(), strict=True)
        }

    def __repr__(self) -> str:
        return f"<Explanation of {self.id!r}: {self.title}>"

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        return explaining.explanation_bundle(
            self.title,
            picture=self.image,
            alt=f"where {self.id} matches",
            words=list(self.maps.items()),
            text=self.text,
            terms=self.terms,
            notices=self.notices,
            budget=self.options.budget,
            lines=self.heard.lines() if self.heard is not None else (),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Explainer:
    """Tells of any item why it answers a query, or how far it does.

    Parameters
    ----------
    serving
        The space and the embedder of each modality.
    store
        The collection's own.
    hits
        Those of the query, by id.
    """

    query: Query
    serving: Serving
    store: Store
    options: Options = field(default_factory=display.Options)
    hits: dict[str, Hit] = field(default_factory=dict)

    def explaining(self, hits: Iterable[Hit]) -> tuple[Hit, ...]:
        """Return hits that can explain themselves."""
        made = tuple(replace(hit, _explainer=self) for hit in hits)
        self.hits.update({hit.id: hit for hit in made})
        return made

    def __call__(self, hit: Hit, page: int | None = None) -> Explanation:
        """Return why an item is a hit: on one page of it, or on the picture that matched best.

        Raises
        ------
        SourceError
            The item has no such page.
        """
        sound = hit.recording if page is None else None
        first = hit.parts[0].id if hit.parts else ""
        if sound is not None and (sound.id == first or hit.picture is None):
            return self._heard(hit, sound)
        shown = hit.picture if page is None else hit.page(page)
        if page is not None and shown is None:
            raise SourceError(f"{hit.id} has no page {page}.")
        terms = words(self.query.text)
        said = f"{hit.id}, page {shown.page}" if shown and shown.page else hit.id
        notices: list[str] = []
        picture = _opened(shown, notices) if shown is not None else None
        text, found = _text(hit, shown), None
        boxes: tuple[Box, ...] = ()
        if shown is not None and picture is not None:
            found = self._maps(shown, picture, notices)
            boxes = _boxes(shown, terms, notices)
            picture = maps.fitted(picture)
        if picture is None and not (text and terms):
            notices.append("There is no text and no picture of it in which something could match.")
        return Explanation(
            hit.id, f"{said}: why {self.query.describe()}", shown.page if shown else None, picture,
            found, boxes, text, terms, tuple(notices), self.options,
        )  # fmt: skip

    def _heard(self, hit: Hit, part: Part) -> Explanation:
        title = f"{hit.id}: why {self.query.describe()}"
        terms = words(self.query.text)
        # What is written of it, in a column or a joined row, has no place in the recording.
        text = next((one.text for one in hit.parts if one.text and one.start is None), "")
        if not (hit.why or folded_words((text,)) & folded_words(terms)):
            text = ""
        notices: list[str] = []
        heard = None
        try:
            heard = heard_map(self.query, self.store, self.serving, hit.id, part)
        except SourceError as error:
            notices.append(str(error))
            text = text or hit.text
        else:
            if not (heard.lines() or text):
                notices.append("Nothing that is heard, said or written of it answers the query.")
        return Explanation(
            hit.id, title, text=text, terms=terms, notices=tuple(notices), options=self.options,
            heard=heard,
        )  # fmt: skip

    def _maps(self, part: Part, picture: Image, notices: list[str]) -> Maps | None:
        embedder = self.serving[part.modality][1] if part.modality in self.serving else None
        if embedder is None:
            notices.append(f"No model sees its {part.modality}: it is found by its words.")
            return None
        if not hasattr(embedder, "maps"):
            notices.append(
                f"{title_of(embedder)} compares pictures as a whole: where they match is not told."
            )
            return None
        try:
            return self._seen(cast("_Seeing", embedder), embedder, picture)
        except (ModelError, SourceError) as error:
            notices.append(str(error))
            return None

    def _seen(self, seeing: _Seeing, embedder: AnyEmbedder, picture: Image) -> Maps | None:
        text = self.query.text.strip()
        if text and "text" in embedder.modalities:
            return _telling(seeing.maps(picture, text), text)
        if self.query.images:
            edge = getattr(embedder, "image_edge", None)
            return seeing.maps(picture, like=open_image(self.query.images[0], edge=edge))
        other = next(self._liked(), None)
        return seeing.maps(picture, like=open_image(other)) if other is not None else None

    def _liked(self) -> Iterator[Media]:
        """Yield the pictures of the items that the results should be like."""
        rows = self.store.parts_of(list(numbers_of(self.store, self.query.like).values()))
        return (media for row in rows if (media := media_of(row, self.store)) is not None)


def _telling(found: Maps, text: str) -> Maps:
    """Leave out the maps of small words, such as "the", where there are others."""
    wanted = folded_words((text,))
    at = [place for place, word in enumerate(found.words) if folded_words((word,)) & wanted]
    return replace(found, words=tuple(found.words[one] for one in at), by_word=found.by_word[at])


def _opened(part: Part, notices: list[str]) -> Image | None:
    try:
        return part.opened(edge=_EDGE)
    except SourceError as error:
        notices.append(str(error))
        return None


def _boxes(part: Part, terms: tuple[str, ...], notices: list[str]) -> tuple[Box, ...]:
    """Return the words of the query on a page of a PDF."""
    if part.source is None or part.page is None or not terms:
        return ()
    wanted = folded_words(terms)
    try:
        return tuple(
            box for box in words_on(part.source, part.page) if folded_words((box.text,)) & wanted
        )
    except SourceError as error:
        notices.append(str(error))
        return ()


def _text(hit: Hit, shown: Part | None) -> str:
    """Return the text that matched, of the page that is shown if it is one."""
    if shown is not None and shown.text:
        return shown.text
    texts = [part for part in hit.parts if part.text]
    same = [part for part in texts if shown is not None and part.page == shown.page]
    return next((part.text for part in [*same, *texts]), hit.text)
