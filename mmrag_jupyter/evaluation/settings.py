"""What is compared: weights, rerankers, and other collections of the same items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, TypeAlias, cast

from mmrag_jupyter.errors import QueryError, a_kind, did_you_mean
from mmrag_jupyter.search.query import SIGNALS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.ingest.spaces import Serving
    from mmrag_jupyter.models.rerank import RerankerLike
    from mmrag_jupyter.store import Store

RERANK = "rerank"
CHANCE = "chance"


class Searched(Protocol):
    """A collection, as far as it is measured."""

    @property
    def name(self) -> str:
        """What the session calls it."""

    @property
    def store(self) -> Store:
        """What is kept of it on disk."""

    def serving(self) -> Serving:
        """Return the space and the embedder of each modality."""


CompareLike: TypeAlias = "str | Mapping[str, object] | Searched"


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """A way to search: which collection, which weights, which reranker; or by `chance`."""

    name: str
    collection: Searched
    weights: Mapping[str, float] = field(default_factory=dict)
    rerank: RerankerLike = None
    chance: bool = False


def settings(base: Setting, compared: Sequence[CompareLike]) -> tuple[Setting, ...]:
    """Return the base and what it is compared with; names that come again are counted.

    Parameters
    ----------
    compared
        Weights (`"text=2,image=1"`, or a mapping), a reranker (`"rerank=NAME"`), both in
        one, "chance" for an order drawn by chance, or another collection.

    Raises
    ------
    QueryError
        One of them cannot be understood.
    """
    found = [base, *(_setting(base, one) for one in compared)]
    names: dict[str, int] = {}
    unique = []
    for one in found:
        names[one.name] = names.get(one.name, 0) + 1
        again = names[one.name]
        unique.append(one if again == 1 else replace(one, name=f"{one.name} ({again})"))
    return tuple(unique)


def _setting(base: Setting, given: CompareLike) -> Setting:
    if isinstance(given, str):
        if given.strip() == CHANCE:
            return replace(base, name=CHANCE, chance=True, rerank=None)
        return _of_pairs(base, _pairs(given), given.strip())
    if isinstance(given, Mapping):
        told = ",".join(f"{name}={_named(value)}" for name, value in given.items())
        return _of_pairs(base, given, told)
    if hasattr(given, "store") and hasattr(given, "serving"):
        return replace(base, name=given.name, collection=given)
    raise QueryError(
        f"{a_kind(given, capital=True)} cannot be compared with; give weights such as"
        ' "text=2,lexical=0", "rerank=NAME", "chance" or another collection.'
    )


def _pairs(text: str) -> dict[str, object]:
    pairs: dict[str, object] = {}
    for part in text.split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not (name and equals and value):
            raise QueryError(
                f"{text!r} cannot be compared with: it is no collection, and {part.strip()!r} is"
                f" not NAME=VALUE, such as text=2 or rerank=NAME.{did_you_mean(text, [CHANCE])}"
            )
        pairs[name] = value
    return pairs


def _of_pairs(base: Setting, pairs: Mapping[str, object], name: str) -> Setting:
    if not pairs:
        raise QueryError("An empty comparison was given; give weights such as text=2.")
    weights, rerank = dict(base.weights), base.rerank
    for key, value in pairs.items():
        if key == RERANK:
            rerank = None if value in {None, "none"} else cast("RerankerLike", value)
        elif key in SIGNALS:
            weights[key] = _number(key, value)
        else:
            known = [*SIGNALS, RERANK]
            raise QueryError(
                f"Unknown signal {key!r} to compare; known are {', '.join(known)}."
                f"{did_you_mean(key, known)}"
            )
    return replace(base, name=name, weights=weights, rerank=rerank)


def _number(name: str, value: object) -> float:
    try:
        number = float(cast("float", value))
    except (TypeError, ValueError):
        number = -1
    if not 0 <= number < float("inf"):
        raise QueryError(f"The weight of {name!r} is {str(value)[:40]!r}; give a number from 0 up.")
    return number


def _named(value: object) -> str:
    return str(value) if isinstance(value, str | int | float) else type(value).__name__
