"""What a query returns: hits, in order, that show themselves and become a dataframe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, overload

from mmrag_jupyter import display
from mmrag_jupyter.errors import QueryError, StoreError
from mmrag_jupyter.search.carding import card, is_picture
from mmrag_jupyter.search.parts import Part, Why, with_words
from mmrag_jupyter.search.terms import as_view

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pandas as pd
    from PIL.Image import Image

    from mmrag_jupyter.display.cards import Options
    from mmrag_jupyter.display.stretches import Stretch
    from mmrag_jupyter.search.explain import Explainer, Explanation
    from mmrag_jupyter.search.joined import Joined
    from mmrag_jupyter.store import Snapshot

__all__ = ["Hit", "Hits", "Part", "Why"]


@dataclass(frozen=True, slots=True, eq=False)
class Hit:
    """One retrieved item.

    `parts` are those that matched, best first; `why` tells each signal's rank and share of
    the fused `score` (1.0 would be first in every signal). `pages` are those of a document
    that matched best, counted from 1, the best first. `reason` says in a line why it is
    recommended; a query gives none. `joined` tells of each joined table how many rows matched.
    """

    id: str
    rank: int
    score: float
    metadata: Mapping[str, object]
    parts: tuple[Part, ...]
    why: tuple[Why, ...]
    source: str = ""
    pages: tuple[int, ...] = ()
    reason: str = ""
    joined: tuple[Joined, ...] = ()
    _all_parts: Callable[[], Sequence[Part]] = field(default=tuple, repr=False)
    _page: Callable[[int], Part | None] = field(default=lambda _: None, repr=False)
    _first_picture: Callable[[], Part | None] | None = field(default=None, repr=False)
    _first_sound: Callable[[], Part | None] | None = field(default=None, repr=False)
    _whole: Stretch | None = field(default=None, repr=False)
    _all_of_it: bool = field(default=False, repr=False)
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
            shown = part if is_picture(part) else part.page and self.page(part.page)
            if shown:
                return shown
        if self._first_picture is None:
            return next((part for part in self._every_part() if is_picture(part)), None)
        try:
            # A document may have thousands of parts: the store looks among them itself.
            return self._first_picture()
        except StoreError:
            return None

    @property
    def recording(self) -> Part | None:
        """The stretch of sound that matched, or the item's first, not decoded yet, or None.

        What is said in it is its text, as far as that is known.
        """
        part = next((part for part in self.parts if part.modality == "audio"), None)
        try:
            if part is None and self._first_sound is not None:
                # As with pictures: the store looks among thousands of parts itself.
                part = self._first_sound()
        except StoreError:
            return None
        return part if part is None or part.text else with_words(part, self._every_part())

    def page(self, number: int) -> Part | None:
        """Return the part that shows a page of the item, counted from 1, or None."""
        own = (part for part in self.parts if part.page == number and is_picture(part))
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
        return card(self, terms, self._whole, all_of_it=self._all_of_it)


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
        (and `hit_hit_rank` where they have that one too). What was recommended has a `reason`;
        where tables were joined, `matched` says how much of them: "3 of 41 reviews".
        """
        if self._items is None:
            raise ValueError("These hits do not belong to a collection.")
        frame = self._items.frame(self.ids)
        added: dict[str, list[int] | list[float] | list[dict[str, float]] | list[str]] = {
            "rank": [hit.rank for hit in self._hits],
            "score": [hit.score for hit in self._hits],
            "why": [{why.signal: round(why.share, 4) for why in hit.why} for hit in self._hits],
        }
        if any(hit.joined for hit in self._hits):
            added["matched"] = [
                ", ".join(str(one) for one in hit.joined if one.matched) for hit in self._hits
            ]
        if any(hit.reason for hit in self._hits):
            added["reason"] = [hit.reason for hit in self._hits]
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

    def cards(self) -> list[display.Card]:
        """Return the hits as the display draws them."""
        return [hit._card(self.terms) for hit in self._hits]  # noqa: SLF001

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        return display.hits_bundle(
            self.cards(),
            title=self.title,
            notices=self.notices,
            options=self.options,
            collection=self._collection,
        )
