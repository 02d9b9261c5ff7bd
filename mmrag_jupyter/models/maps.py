"""Where on a picture a model sees what a question is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmrag_jupyter.models.base import Vectors


@dataclass(frozen=True, slots=True, eq=False)
class Maps:
    """Similarities of a question to the places of a picture.

    Attributes
    ----------
    whole
        The question as a whole, `(rows, columns)` float32: higher is more alike.
    words, by_word
        The words of the question, and a map of each, `(words, rows, columns)` float32.
    area
        What of the picture the maps cover: left, top, right and bottom as fractions of its
        width and height. Models that crop see only the middle.
    """

    whole: Vectors
    words: tuple[str, ...]
    by_word: Vectors
    area: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
