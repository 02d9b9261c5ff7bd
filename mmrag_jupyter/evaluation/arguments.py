"""What `Collection.evaluate` takes."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict, cast

from mmrag_jupyter.errors import QueryError, did_you_mean
from mmrag_jupyter.evaluation.measures import canonical, usual
from mmrag_jupyter.search.terms import as_list

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mmrag_jupyter.evaluation.settings import CompareLike
    from mmrag_jupyter.models.rerank import RerankerLike

_K = 10


class EvaluateOptions(TypedDict, total=False):
    """The options of `Collection.evaluate`, as its docstring tells them."""

    pairs: bool
    feedback: bool
    query: str | None
    image: str | None
    audio: str | None
    id: str | None
    relevance: str | None
    by: str | None
    k: int
    measures: str | Sequence[str] | None
    compare: CompareLike | Sequence[CompareLike]
    weights: Mapping[str, float] | None
    rerank: RerankerLike
    seed: int
    progress: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be measured: the measures, at how many hits, with which seed."""

    k: int
    seed: int
    measures: tuple[str, ...]


def wanted(options: EvaluateOptions) -> Wanted:
    """Return what the options ask to measure.

    Raises
    ------
    QueryError
        There is no such option or measure, and the nearest is suggested; or a number is none.
    """
    known = EvaluateOptions.__annotations__
    for name in options:
        if name not in known:
            near = did_you_mean(name, known) or f" There are {', '.join(known)}."
            raise QueryError(f"evaluate has no argument {name!r}.{near}")
    k = _whole("k", options.get("k", _K), 1)
    given: list[object] = as_list(cast("object", options.get("measures")))
    names = [part for one in given for part in str(one).split(",")]
    seed = _whole("seed", options.get("seed", 0), 0)
    return Wanted(k, seed, canonical(names or usual(k)))


def _whole(name: str, value: object, least: int) -> int:
    try:
        number = operator.index(cast("int", value))
    except TypeError:
        number = least - 1
    if number < least:
        raise QueryError(f"{name} is {str(value)[:40]!r}; give a whole number from {least} up.")
    return number
