"""A retrieved piece of an item: a text, a picture, a page, or a stretch of sound."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mmrag_jupyter.sources.images import open_image, picture_size
from mmrag_jupyter.sources.sound import read_sound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from PIL.Image import Image

    from mmrag_jupyter.items import Media, Modality, Sound


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
    `digest` is the hash of its content: equal for equal parts. Of a part that came with a row
    of a joined table, `origin` is that table's name, `row` the row's id and `metadata` its
    columns; an item's own parts have none of these.
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
    origin: str = ""
    row: str = ""
    metadata: Mapping[str, object] = field(default_factory=dict)
    _media: Callable[[], Media | None] = field(default=lambda: None, repr=False)
    _recording: Callable[[], Media | None] = field(default=lambda: None, repr=False)

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

    @property
    def recording(self) -> Media | None:
        """Where the recording is that the part is a stretch of, or None."""
        return self._recording()

    def sound(self, *, rate: int | None = None) -> Sound | None:
        """Return the stretch of sound that the part is, decoded now; None where it is none.

        Parameters
        ----------
        rate
            Samples a second to have it in; its own where None.

        Raises
        ------
        SourceError
            The recording's file is gone or no longer readable.
        """
        media = self._recording()
        if media is None:
            return None
        return read_sound(media, rate=rate, start=self.start, end=self.end)


def with_words(part: Part, others: Iterable[Part]) -> Part:
    """Return a stretch of sound with what is said in it, as other parts of its item tell."""
    if part.start is None or part.end is None:
        return part
    said = [
        one.text
        for one in sorted(
            {one.id: one for one in others if one.text and one.start is not None}.values(),
            key=lambda one: one.start or 0.0,
        )
        if (one.start or 0.0) < part.end
        and (one.end or 0.0) > part.start
        and (one.origin, one.row) == (part.origin, part.row)
    ]
    return replace(part, text=" ".join(said)) if said else part
