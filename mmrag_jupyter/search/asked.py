"""From what a user hands over to a query, or to one line that says what is wrong with it."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, cast

from mmrag_jupyter.errors import QueryError
from mmrag_jupyter.search.query import Query
from mmrag_jupyter.search.roots import located
from mmrag_jupyter.search.terms import as_ids, as_list, avoided, pictures, recordings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mmrag_jupyter.search.terms import ImageLike, SoundLike
    from mmrag_jupyter.store import Store


def asked(  # noqa: PLR0917 - as Collection.query takes them
    store: Store,
    text: str | None,
    image: ImageLike | Sequence[ImageLike] | None,
    like: str | Sequence[str] | None,
    exclude: str | ImageLike | Sequence[str | ImageLike] | None,
    k: int,
    where: str | None,
    modality: str | Iterable[str] | None,
    weights: Mapping[str, float] | None,
    liked: str | Sequence[str] | None = None,
    disliked: str | Sequence[str] | None = None,
    audio: SoundLike | Sequence[SoundLike] | None = None,
    *,
    exact: bool = False,
) -> Query:
    """Return the query that the arguments of `Collection.query` ask for.

    Parameters
    ----------
    store
        The collection's own; it knows the folders that relative pictures were loaded from.

    Raises
    ------
    QueryError
        An argument is not what it should be.
    """
    avoid_text, avoid_images = avoided(exclude)
    modalities: list[str] = as_list(modality)
    return Query(
        text=_text(text, "text"),
        images=located(store, pictures(image)),
        sounds=located(store, recordings(audio)),
        like=tuple(as_ids(like)),
        avoid_text=avoid_text,
        avoid_images=located(store, avoid_images),
        k=_count(k),
        where=_text(where, "condition") or None,
        modality=frozenset(modalities),
        weights=_weights(weights),
        liked=tuple(as_ids(liked)),
        disliked=tuple(as_ids(disliked)),
        exact=exact,
    )


def _text(value: object, what: str) -> str:
    """Return a text given by the user; None is the empty one."""
    if value is None or isinstance(value, str):
        return value or ""
    kind = type(value).__name__
    raise QueryError(f"The {what} is {str(value)[:40]!r} of type {kind}; give a text.")


def _count(value: object) -> int:
    """Return how many hits are wanted."""
    try:
        return operator.index(cast("int", value))
    except TypeError:
        raise QueryError(f"k is {str(value)[:40]!r}; give a whole number.") from None


def _weights(value: Mapping[str, object] | None) -> dict[str, float]:
    """Return the weight of each signal that has one."""
    weights: dict[str, float] = {}
    for name, weight in (value or {}).items():
        try:
            weights[name] = float(cast("float", weight))
        except (TypeError, ValueError):
            raise QueryError(
                f"The weight of {name!r} is {str(weight)[:40]!r}; give a number from 0 up."
            ) from None
    return weights
