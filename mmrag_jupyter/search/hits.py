"""What a query returns: hits, in order, that show themselves and become a dataframe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, overload

from mmrag_jupyter import display
from mmrag_jupyter.errors import SourceError, StoreError
from mmrag_jupyter.items import Media
from mmrag_jupyter.search.terms import as_view
from mmrag_jupyter.sources.images import open_image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import pandas as pd
    from PIL.Image import Image

    from mmrag_jupyter.display.cards import Options
    from mmrag_jupyter.items import Modality
    from mmrag_jupyter.store import Snapshot


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
    """

    id: str
    modality: Modality
    text: str
    score: float | None
    source: Path | None = None
    page: int | None = None
    start: float | None = None
    end: float | None = None
    _media: Callable[[], Media | None] = field(default=lambda: None, repr=False)

    @property
    def image(self) -> Image | None:
        """The picture, opened now, or None where the part is not a picture.

        Raises
        ------
        SourceError
            The picture's file is gone or no longer readable.
        """
        media = self._media()
        return open_image(media) if media is not None else None


@dataclass(frozen=True, slots=True, eq=False)
class Hit:
    """One retrieved item.

    `parts` are those that matched, best first; `why` tells each signal's rank and share of
    the fused `score` (1.0 would be first in every signal).
    """

    id: str
    rank: int
    score: float
    metadata: Mapping[str, object]
    parts: tuple[Part, ...]
    why: tuple[Why, ...]
    source: str = ""
    _all_parts: Callable[[], Sequence[Part]] = field(default=tuple, repr=False)

    @property
    def text(self) -> str:
        """The text that matched, or the item's first text, or ''."""
        return next((part.text for part in self._every_part() if part.text), "")

    @property
    def image(self) -> Image | None:
        """The picture that matched, or the item's first picture, opened now, or None."""
        part = self._picture()
        return part.image if part is not None else None

    def _picture(self) -> Part | None:
        return next((part for part in self._every_part() if _is_picture(part)), None)

    def _every_part(self) -> Iterator[Part]:
        """Yield the parts that matched, then all; a closed collection has no more to tell."""
        yield from self.parts
        try:
            yield from self._all_parts()
        except StoreError:
            return

    def _card(self, terms: tuple[str, ...]) -> display.Card:
        part = self._picture()
        first = self.parts[0] if self.parts else None
        title = next((v for v in self.metadata.values() if isinstance(v, str) and v), self.id)
        return display.Card(
            id=self.id,
            rank=self.rank,
            score=self.score,
            picture=(lambda: _opened(part)) if part is not None else None,
            alt=(part.text if part is not None and part.text else title),
            text=self.text,
            terms=terms,
            metadata=self.metadata,
            why=tuple(display.Why(why.signal, why.rank, abs(why.share)) for why in self.why),
            source=str(Media(path=first.source))
            if first is not None and first.source
            else self.source,
            page=first.page if first is not None else None,
            start=first.start if first is not None else None,
            end=first.end if first is not None else None,
        )


def _is_picture(part: Part) -> bool:
    if part.modality not in {"image", "page"}:
        return False
    try:
        return part._media() is not None  # noqa: SLF001
    except StoreError:
        # It is one, and whoever opens it is told why that cannot be.
        return True


def _opened(part: Part) -> Image:
    image = part.image
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
    _items: Snapshot | None = None

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
        for name, values in added.items():
            free = name
            while free in frame.columns:
                free = f"hit_{free}"
            frame.insert(len(frame.columns), free, values)
        return frame

    def with_view(self, view: str) -> Hits:
        """Return the same hits shown another way: 'gallery', 'table', 'list' or 'auto'."""
        return replace(self, options=replace(self.options, view=as_view(view)))

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        cards = [hit._card(self.terms) for hit in self._hits]  # noqa: SLF001
        return display.hits_bundle(
            cards, title=self.title, notices=self.notices, options=self.options
        )
