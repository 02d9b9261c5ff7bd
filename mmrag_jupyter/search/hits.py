"""What a query returns: hits, in order, that show themselves and become a dataframe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, overload

from mmrag_jupyter import display
from mmrag_jupyter.errors import QueryError, SourceError, StoreError
from mmrag_jupyter.items import Media
from mmrag_jupyter.search.terms import as_view
from mmrag_jupyter.sources.images import open_image, picture_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import pandas as pd
    from PIL.Image import Image

    from mmrag_jupyter.display.cards import Options
    from mmrag_jupyter.items import Modality
    from mmrag_jupyter.search.explain import Explainer, Explanation
    from mmrag_jupyter.store import Snapshot


# Pixels of a page's shorter side, for its thumbnail and for a small one below another.
_SHOWN, _SMALL = 256, 64


@dataclass(frozen=True, slots=True)
class Why:
    """What one signal said of a hit.

    `rank` counts items from 1, `share` is its part of the fused score (0 to 1), `score` its
    own raw measure (a cosine, or BM25), comparable only within this signal.
    """

    signal: str
    rank: int
    share: float
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One retrieved piece of an item; `score` is raw and comparable only within a signal.

    `page` counts from 1, `start` and `end` are seconds; None where they do not apply.
    `digest` is the hash of its content: equal for equal parts.
    """

    id: str
    modality: Modality
    text: str
    score: float | None
    source: Path | None = None
    page: int | None = None
    start: float | None = None
    end: float | None = None
    digest: bytes = b""
    _media: Callable[[], Media | None] = field(default=lambda: None, repr=False)

    @property
    def image(self) -> Image | None:
        """The picture, opened now, or None where the part is not a picture.

        Raises
        ------
        SourceError
            The picture's file is gone or no longer readable.
        """
        return self.opened()

    def opened(self, *, edge: int | None = None) -> Image | None:
        """Return the picture as `image` does; with `edge`, perhaps smaller than it is.

        Parameters
        ----------
        edge
            Pixels of the shorter side that are enough; a photo opens faster then.
        """
        media = self._media()
        return open_image(media, edge=edge) if media is not None else None

    def size(self) -> tuple[int, int] | None:
        """Return the picture's width and height in pixels, where that is quickly told."""
        media = self._media()
        return picture_size(media) if media is not None else None


@dataclass(frozen=True, slots=True, eq=False)
class Hit:
    """One retrieved item.

    `parts` are those that matched, best first; `why` tells each signal's rank and share of
    the fused `score` (1.0 would be first in every signal). `pages` are those of a document
    that matched best, counted from 1, the best first.
    """

    id: str
    rank: int
    score: float
    metadata: Mapping[str, object]
    parts: tuple[Part, ...]
    why: tuple[Why, ...]
    source: str = ""
    pages: tuple[int, ...] = ()
    _all_parts: Callable[[], Sequence[Part]] = field(default=tuple, repr=False)
    _page: Callable[[int], Part | None] = field(default=lambda _: None, repr=False)
    _first_picture: Callable[[], Part | None] | None = field(default=None, repr=False)
    _explainer: Explainer | None = field(default=None, repr=False)

    @property
    def text(self) -> str:
        """The text that matched, or that of the page that did, or the item's first, or ''."""
        own = next((part.text for part in self.parts if part.text), "")
        if own:
            return own
        written = [part for part in self._every_part() if part.text]
        pages = {part.page for part in self.parts if part.page is not None}
        on_them = (part for part in written if part.page in pages)
        return next((part.text for part in [*on_them, *written]), "")

    @property
    def image(self) -> Image | None:
        """The picture that matched, or the item's first picture, opened now, or None."""
        part = self.picture
        return part.image if part is not None else None

    @property
    def picture(self) -> Part | None:
        """The part whose picture matched, or the item's first picture, unopened, or None.

        Where a text on a page matched, that is the page.
        """
        for part in self.parts:
            shown = part if _is_picture(part) else part.page and self.page(part.page)
            if shown:
                return shown
        if self._first_picture is None:
            return next((part for part in self._every_part() if _is_picture(part)), None)
        try:
            # A document may have thousands of parts: the store looks among them itself.
            return self._first_picture()
        except StoreError:
            return None

    def page(self, number: int) -> Part | None:
        """Return the part that shows a page of the item, counted from 1, or None."""
        own = (part for part in self.parts if part.page == number and _is_picture(part))
        found = next(own, None)
        try:
            return found or self._page(number)
        except StoreError:
            return None

    def number_of(self, part: Part) -> int:
        """Return the number of a part among those of the item, from 0."""
        # The id of a part is that of its item, with its number behind from the second on.
        number = part.id[len(self.id) + 1 :]
        return int(number) if number.isdecimal() else 0

    def explain(self, page: int | None = None) -> Explanation:
        """Return what of it matched the query: where on its picture, and which words.

        Parameters
        ----------
        page
            The page of a document to tell about, counted from 1; otherwise its best one.

        Raises
        ------
        QueryError
            It does not come from a query.
        SourceError
            There is no such page.
        """
        if self._explainer is None:
            raise QueryError(f"{self.id} does not come from a query that could explain it.")
        return self._explainer(self, page)

    def _every_part(self) -> Iterator[Part]:
        """Yield the parts that matched, then all; a closed collection has no more to tell."""
        yield from self.parts
        try:
            yield from self._all_parts()
        except StoreError:
            return

    def _card(self, terms: tuple[str, ...]) -> display.Card:
        part = self.picture
        first = self.parts[0] if self.parts else None
        title = next((v for v in self.metadata.values() if isinstance(v, str) and v), self.id)
        return display.Card(
            id=self.id,
            rank=self.rank,
            score=self.score,
            picture=partial(_opened, part) if part is not None else None,
            alt=(part.text if part is not None and part.text else title),
            text=self.text,
            terms=terms,
            metadata=self.metadata,
            why=tuple(display.Why(why.signal, why.rank, abs(why.share)) for why in self.why),
            source=str(Media(path=first.source))
            if first is not None and first.source
            else self.source,
            page=first.page if first is not None else None,
            sheets=tuple(self._sheets(part)),
            start=first.start if first is not None else None,
            end=first.end if first is not None else None,
            part=self.number_of(part) if part is not None else 0,
        )

    def _sheets(self, shown: Part | None) -> Iterator[display.Sheet]:
        """Yield the pages that matched beside the one that is shown."""
        for number in self.pages:
            part = self.page(number) if shown is None or number != shown.page else None
            if part is not None:
                yield display.Sheet(number, partial(_opened, part, _SMALL))


def _is_picture(part: Part) -> bool:
    if part.modality not in {"image", "page"}:
        return False
    try:
        return part._media() is not None  # noqa: SLF001
    except StoreError:
        # It is one, and whoever opens it is told why that cannot be.
        return True


def _opened(part: Part, edge: int = _SHOWN) -> Image:
    # A page has no pixels of its own: it is drawn as large as its picture is shown.
    image = part.opened(edge=edge) if part.modality == "page" else part.image
    if image is None:  # pragma: no cover - _is_picture has asked
        raise SourceError(f"{part.id} has no picture.")
    return image


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Hits(Sequence[Hit]):
    """The ordered result of a query: a sequence of hits that shows itself in a cell.

    A slice is `Hits` again. `notices` are lines to be said with it.
    """

    _hits: tuple[Hit, ...]
    title: str = ""
    terms: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    options: Options = field(default_factory=display.Options)
    _collection: str = ""
    _items: Snapshot | None = None
    _ranked: Callable[[Sequence[str], int], Sequence[tuple[str, Part]]] | None = None
    _page_texts: Callable[[str], Sequence[Part]] | None = None

    @overload
    def __getitem__(self, at: int) -> Hit: ...
    @overload
    def __getitem__(self, at: slice) -> Hits: ...
    def __getitem__(self, at: int | slice) -> Hit | Hits:
        if isinstance(at, slice):
            return replace(self, _hits=self._hits[at])
        return self._hits[at]

    def __len__(self) -> int:
        return len(self._hits)

    def __repr__(self) -> str:
        return f"<Hits: {len(self)} for {self.title}>"

    @property
    def ids(self) -> list[str]:
        """The items' ids, best first."""
        return [hit.id for hit in self._hits]

    def passages(self, n: int = 12) -> list[tuple[Hit, Part]]:
        """Return the `n` best parts of these hits, best first, each with its hit.

        An item may occur several times here: the best passages of a long document.
        """
        if self._ranked is None:
            return [(hit, part) for hit in self._hits for part in hit.parts][:n]
        by_id = {hit.id: hit for hit in self._hits}
        return [(by_id[item], part) for item, part in self._ranked(list(by_id), n)]

    def on_page(self, part: Part) -> Sequence[Part]:
        """Return the texts of the page that a part stands on, in their order; else itself."""
        if part.page is None or part.modality != "text" or self._page_texts is None:
            return [part]
        try:
            return self._page_texts(part.id) or [part]
        except StoreError:
            return [part]

    def head(self, n: int = 5) -> Hits:
        """Return the first `n` hits."""
        return self[:n]

    def to_pandas(self) -> pd.DataFrame:
        """Return the items' own columns, dtypes and index, and each hit's rank, score, why.

        `why` is a dict from signal to its share of the score. Where the items have columns
        of these names themselves, the hit's are called `hit_rank`, `hit_score`, `hit_why`
        (and `hit_hit_rank` where they have that one too).
        """
        if self._items is None:
            raise ValueError("These hits do not belong to a collection.")
        frame = self._items.frame(self.ids)
        added: dict[str, list[int] | list[float] | list[dict[str, float]]] = {
            "rank": [hit.rank for hit in self._hits],
            "score": [hit.score for hit in self._hits],
            "why": [{why.signal: round(why.share, 4) for why in hit.why} for hit in self._hits],
        }
        levels = frame.columns.nlevels
        for name, values in added.items():
            free = name
            while free in frame.columns:
                free = f"hit_{free}"
            label = free if levels == 1 else (free, *[""] * (levels - 1))
            frame.insert(len(frame.columns), label, values)
        return frame

    def with_view(self, view: str) -> Hits:
        """Return the same hits shown another way: 'gallery', 'table', 'list' or 'auto'."""
        return replace(self, options=replace(self.options, view=as_view(view)))

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        cards = [hit._card(self.terms) for hit in self._hits]  # noqa: SLF001
        return display.hits_bundle(
            cards,
            title=self.title,
            notices=self.notices,
            options=self.options,
            collection=self._collection,
        )
