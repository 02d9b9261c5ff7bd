"""By what the items of a collection are compared: the vectors of a modality, or their words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast, get_args

from mmrag_jupyter.errors import QueryError, did_you_mean
from mmrag_jupyter.items import Modality
from mmrag_jupyter.store import is_nameless

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mmrag_jupyter.store import Space, Store

    Models = Mapping[Modality, str | None]

# What a reader sees at a glance comes first, where two modalities serve equally many items.
_ORDER: tuple[Modality, ...] = ("image", "page", "audio", "text")


@dataclass(frozen=True, slots=True)
class Signal:
    """One way to compare items: by the vectors of a modality in a space, or by their words.

    `space` is None for words; `items` is how many items have such parts.
    """

    modality: Modality
    space: Space | None
    items: int

    def __str__(self) -> str:
        return self.modality if self.space is not None else f"the words of {self.modality}"


def signals_of(store: Store, models: Models) -> list[Signal]:
    """Return the signals that a collection has, the one that most items have first."""
    spaces = {space.name: space for space in store.spaces()}
    nameless = [space for space in spaces.values() if is_nameless(space)]
    found = []
    for modality, items in store.item_counts().items():
        kind = cast("Modality", modality)
        name = models.get(kind)
        space = spaces.get(name) if name is not None else None
        if space is None:
            space = next((one for one in nameless if kind in one.modalities), None)
        if space is not None or kind == "text":
            found.append(Signal(kind, space, items))
    # Vectors before words: what a model has read in them says more.
    return sorted(
        found, key=lambda one: (-one.items, one.space is None, _ORDER.index(one.modality))
    )


def chosen(store: Store, models: Models, modality: str | None) -> Signal:
    """Return the signal of a modality; the one that most items have where none is named.

    Raises
    ------
    QueryError
        There is no such modality, or nothing by which its parts can be compared.
    """
    found = signals_of(store, models)
    if modality is None:
        if found:
            return found[0]
        raise QueryError(_nothing(store))
    if modality not in get_args(Modality):
        known = ", ".join(get_args(Modality))
        raise QueryError(
            f"Unknown modality {modality!r}; known are {known}."
            f"{did_you_mean(modality, get_args(Modality))}"
        )
    for one in found:
        if one.modality == modality:
            return one
    have = ", ".join(one.modality for one in found) or "none"
    raise QueryError(
        f"Nothing in collection {store.name!r} can be compared by {modality}; "
        f"it has these to compare by: {have}."
    )


def _nothing(store: Store) -> str:
    if not len(store):
        return f"Collection {store.name!r} has no items yet: load some with %mmrag load SOURCE."
    return (
        f"Collection {store.name!r} has neither vectors nor texts to compare its items by; "
        "load it with columns of text or pictures (--text, --image)."
    )
