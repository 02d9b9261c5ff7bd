"""What a user asks for, in one value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, get_args

from mmrag_jupyter.errors import QueryError, did_you_mean
from mmrag_jupyter.items import Media, Modality

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LEXICAL = "lexical"
LEARNT = "learnt"
SIGNALS = (LEXICAL, *get_args(Modality), LEARNT)


@dataclass(frozen=True, slots=True)
class Query:
    """Things to be like, things to avoid, and which items may answer.

    Parameters
    ----------
    text
        Words to find; both the lexical ranking and the text embedders use them.
    images, sounds
        Pictures and recordings to be like.
    like
        Ids of items in the collection to be like.
    liked, disliked
        Ids of items that the user has found good or bad; they refine what else is asked.
    unfinished
        Whether the text is still being typed: its last word then finds all that begin so.
    avoid_text, avoid_images
        What the results should not be like. It counts against a hit, and removes none.
    k
        How many hits to return at most.
    where
        A condition on the items' columns, as in pandas' `query` or SQL.
    modality
        Return only items found by parts of these modalities; empty means any.
    weights
        How much each signal counts (`{"text": 2, "lexical": 0.5}`); 1 where not named.
    exact
        Whether all vectors are compared, also where an index would find nearly all neighbours.
    """

    text: str = ""
    images: tuple[Media, ...] = ()
    like: tuple[str, ...] = ()
    avoid_text: tuple[str, ...] = ()
    avoid_images: tuple[Media, ...] = ()
    k: int = 8
    where: str | None = None
    modality: frozenset[str] = frozenset()
    weights: Mapping[str, float] = field(default_factory=dict)
    liked: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()
    unfinished: bool = False
    sounds: tuple[Media, ...] = ()
    exact: bool = False

    def __post_init__(self) -> None:
        if self.k < 1:
            raise QueryError(f"k is {self.k}; ask for at least 1 hit.")
        if not (self.text.strip() or self.images or self.sounds or self.like or self.liked):
            if self.avoid_text or self.avoid_images or self.disliked:
                raise QueryError("Only things to avoid were given; say also what to look for.")
            raise QueryError("The query is empty; give a text, a picture, or an item to be like.")
        _check_names("modality", self.modality, get_args(Modality))
        _check_names("weight", self.weights, SIGNALS)
        for name, weight in self.weights.items():
            if not 0 <= weight < float("inf"):
                raise QueryError(f"The weight of {name!r} is {weight}; give a number from 0 up.")

    def describe(self) -> str:
        """Return the query in one line, as a title for its hits."""
        words = [f"“{_shorten(self.text)}”"] if self.text.strip() else []
        words += [f"picture {_shorten(str(image))}" for image in self.images]
        words += [f"recording {_shorten(str(sound))}" for sound in self.sounds]
        words += [f"like {_shorten(item)}" for item in self.like]
        words += [f"not “{_shorten(text)}”" for text in self.avoid_text]
        words += [f"not picture {_shorten(str(image))}" for image in self.avoid_images]
        words += [f"{len(self.liked)} liked"] if self.liked else []
        words += [f"{len(self.disliked)} disliked"] if self.disliked else []
        title = ", ".join(words)
        return f"{title} where {_shorten(self.where)}" if self.where else title


def _shorten(text: str, length: int = 80) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


def _check_names(what: str, given: Iterable[str], known: Sequence[str]) -> None:
    for name in given:
        if name not in known:
            raise QueryError(
                f"Unknown {what} {name!r}; known are {', '.join(known)}.{did_you_mean(name, known)}"
            )
