"""Pictures of which the display keeps thumbnails: made once, shown again without being opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.Image import Image


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A picture to be opened, with a name of its content by which its thumbnail is found again.

    `key` is a hash of the content; without one, nothing is kept. `at` opens it with a shorter
    side of at least so many pixels, where it has as many: a photo opens faster that way.
    `size` tells its own width and height, where that is known without opening it.
    """

    key: bytes
    at: Callable[[int], Image]
    size: Callable[[], tuple[int, int] | None]

    def scaled(self, edge: int) -> tuple[Image, tuple[int, int]]:
        """Return the picture with a longer side of at least `edge`, and its own size."""
        known = self.size()
        if known is None or not min(known):
            image = self.at(edge)
            return image, image.size
        return self.at(-(-edge * min(known) // max(known))), known
