"""What a user likes and dislikes: items by their ids, or ratings of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from mmrag_jupyter.errors import QueryError, a_kind, did_you_mean
from mmrag_jupyter.search.named import numbers_of
from mmrag_jupyter.sources.files import TABLE_SUFFIXES
from mmrag_jupyter.sources.frames import refuse_duplicates
from mmrag_jupyter.sources.plain import id_of, is_missing
from mmrag_jupyter.sources.tabular import read_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from mmrag_jupyter.store import Store

    RatingsLike: TypeAlias = "Mapping[str, float] | pd.Series[Any] | pd.DataFrame | str | Path"

# Each liked item is a search of its own; beyond some, the next says little more.
MOST_JUDGED = 50
_RATINGS = ("rating", "ratings", "stars", "score", "value", "liked", "like", "verdict")
_IDS = ("id", "item", "item_id", "sku")
_SIGNS = {-1.0, 0.0, 1.0}
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Taste:
    """Items that a user likes and dislikes, each with how much; the strongest first.

    Attributes
    ----------
    likes, dislikes
        Weights above 0 by id; the strongest like weighs 1.
    given
        The ids of everything that was judged, whatever came of it: none is recommended.
    notices
        What was guessed or passed over, one line each.
    """

    likes: Mapping[str, float]
    dislikes: Mapping[str, float] = field(default_factory=dict)
    given: frozenset[str] = frozenset()
    notices: tuple[str, ...] = ()


def taste_of(
    store: Store,
    likes: Sequence[str],
    dislikes: Sequence[str],
    ratings: RatingsLike | None = None,
) -> Taste:
    """Return what a user's judgements say.

    Parameters
    ----------
    likes, dislikes
        Ids of items, each of weight 1.
    ratings
        Ratings by id: a mapping, a series, or a dataframe, or the path of a table, with a
        column of ids and one of ratings. Where they only say yes or no (0 and 1, -1 and 1,
        true and false) that is what counts; of others, what is above the user's own mean is
        liked, and what is below is disliked, by how much: users differ in how they rate
        (Resnick et al., "GroupLens", CSCW 1994).

    Raises
    ------
    NotFoundError
        A liked or disliked item is not in the collection.
    QueryError
        An item is both liked and disliked; nothing is liked; the ratings cannot be read, or
        are of no item here.
    """
    numbers_of(store, [*likes, *dislikes])
    both = [one for one in likes if one in set(dislikes)]
    if both:
        raise QueryError(f"{both[0]!r} is both liked and disliked; give it once.")
    liked, disliked = dict.fromkeys(likes, 1.0), dict.fromkeys(dislikes, 1.0)
    given = {*likes, *dislikes}
    notices: list[str] = []
    if ratings is not None:
        rated, told = _rated(store, ratings)
        given |= {*rated}
        notices += told
        for item, weight in _weighed(rated, notices).items():
            if item not in liked and item not in disliked:
                (liked if weight > 0 else disliked)[item] = abs(weight)
    if not liked:
        raise QueryError(
            "Nothing is liked; give ids of items with --likes (likes=[...]), or ratings above "
            "their mean."
        )
    return Taste(
        _strongest(liked, "liked", notices),
        _strongest(disliked, "disliked", notices),
        frozenset(given),
        tuple(notices),
    )


def _strongest(weights: dict[str, float], what: str, notices: list[str]) -> dict[str, float]:
    best = sorted(weights.items(), key=lambda one: (-one[1], one[0]))
    if len(best) > MOST_JUDGED:
        notices.append(f"Of {len(best)} {what} items the strongest {MOST_JUDGED} count.")
    return dict(best[:MOST_JUDGED])


def _weighed(rated: Mapping[str, float], notices: list[str]) -> dict[str, float]:
    """Return each rating as a weight from -1 to 1; those of weight 0 are left out."""
    values = set(rated.values())
    if len(values) > 1 and values <= _SIGNS:
        no = min(values)  # of 0 and 1, 0 is a no; beside -1 it is neither
        return {item: value or -1.0 for item, value in rated.items() if value or no == 0}
    if len(values) == 1:
        value = next(iter(values))
        likes = "liked" if value > 0 else "disliked"
        notices.append(f"All ratings are {value:g}: all of these items count as {likes}.")
        return dict.fromkeys(rated, 1.0 if value > 0 else -1.0)
    mean = sum(rated.values()) / len(rated)
    most = max(abs(value - mean) for value in values)
    return {item: (value - mean) / most for item, value in rated.items() if value != mean}


def _rated(store: Store, ratings: RatingsLike) -> tuple[dict[str, float], list[str]]:
    """Return the ratings of items that are in the collection, and what to say of the others."""
    pairs, notices = _pairs(store, ratings)
    rated: dict[str, list[float]] = {}
    for item, value in pairs:
        number = _number(item, value)
        if item and number is not None:
            rated.setdefault(item, []).append(number)
    if not rated:
        raise QueryError("No rated item: there is no rating with both an id and a number.")
    known = store.find(list(rated))
    unknown = [item for item in rated if item not in known]
    if len(unknown) == len(rated):
        some = ", ".join(map(repr, unknown[:_EXAMPLES]))
        own = ", ".join(map(repr, store.ids_from("", _EXAMPLES)))
        raise QueryError(
            f"No rated item is in collection {store.name!r}: {some}; it has "
            + (f"ids such as {own}." if own else "no items yet.")
        )
    if unknown:
        some = ", ".join(map(repr, unknown[:_EXAMPLES]))
        more = ", …" if len(unknown) > _EXAMPLES else ""
        notices.append(f"{len(unknown)} of {len(rated)} rated items are not here: {some}{more}.")
    # An item that was rated several times has the mean of these.
    return {item: sum(rated[item]) / len(rated[item]) for item in rated if item in known}, notices


def _number(item: str, value: object) -> float | None:
    """Return a rating as a number, or None where it is missing."""
    try:
        number = float(cast("float", value))
    except (TypeError, ValueError):
        if value is None or type(value).__name__ in {"NAType", "NaTType"}:
            return None
        raise QueryError(
            f"The rating of {item!r} is {str(value)[:40]!r}; ratings are numbers."
        ) from None
    if number in {float("inf"), float("-inf")}:
        raise QueryError(f"The rating of {item!r} is {number}; ratings are numbers.")
    return None if number != number else number  # noqa: PLR0124 - NaN is no rating


def _is_number(value: object) -> bool:
    try:
        return _number("", value) is not None
    except QueryError:
        return False


def _pairs(store: Store, ratings: RatingsLike) -> tuple[list[tuple[str, object]], list[str]]:
    import pandas as pd

    if isinstance(ratings, str | Path):
        return _from_frame(store, _file(Path(ratings).expanduser()))
    to_pandas = getattr(ratings, "to_pandas", None)  # of polars and Arrow
    table: object = ratings if to_pandas is None else to_pandas()
    if isinstance(table, pd.DataFrame):
        return _from_frame(store, table)
    # A series of polars has no index, and so no ids.
    if isinstance(ratings, Mapping | pd.Series):
        items = list(ratings.items())
        ids = _ids(item for item, _ in items)
        return [(item, value) for item, (_, value) in zip(ids, items, strict=True)], []
    raise QueryError(
        f"{a_kind(ratings, capital=True)} has no ratings; give a mapping from id to rating, "
        "a series, or a dataframe."
    )


def _file(path: Path) -> pd.DataFrame:
    import pandas as pd

    if path.suffix.lower() not in TABLE_SUFFIXES:
        raise QueryError(
            f"{str(path)!r} is no table of ratings; give a mapping, a series, a dataframe, or a "
            f"file that ends in {', '.join(sorted(TABLE_SUFFIXES))}."
        )
    table, _, _ = read_table(path, None)
    # The index counts where it has a name, as one that pandas has written.
    return pd.DataFrame(
        {one.column.name: one.values(0, table.count) for one in table.parts if one.column.name}
    )


def _ids(values: Iterable[object]) -> list[str]:
    """Return ids as a load writes them, "" where one is missing: 17.0 is 17."""
    return [
        "" if is_missing(one) else id_of(one if isinstance(one, tuple) else [one]) for one in values
    ]


def _from_frame(store: Store, frame: pd.DataFrame) -> tuple[list[tuple[str, object]], list[str]]:
    if not len(frame):
        raise QueryError("The dataframe of ratings is empty.")
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    refuse_duplicates(frame.columns, "dataframe")
    ids = _id_column(store, frame)
    rating = _rating_column(frame, ids)
    named = frame[ids] if ids else frame.index
    told = f"Ratings are those of column {rating!r}, of the items that "
    told += f"column {ids!r} names." if ids else "the index names."
    return list(zip(_ids(named), frame[rating].tolist(), strict=True)), [told]


def _id_column(store: Store, frame: pd.DataFrame) -> str:
    """Return the column that names most items of the collection, or "" for the index."""
    offered = [name for name in frame.columns if name.casefold() not in _RATINGS]
    shares = {name: _known(store, frame[name]) for name in offered}
    named = [name for name in offered if name.casefold() in _IDS]
    # A dataframe that nobody gave an index has one of numbers, which may be ids by chance.
    numbered = type(frame.index).__name__ == "RangeIndex"
    meant = [name for name in named if numbered or shares[name]]
    best = max([*meant, *offered], key=lambda name: (name in meant, shares[name]), default="")
    if best in meant or (numbered and shares.get(best)):
        return best
    return "" if _known(store, frame.index) > shares.get(best, -1.0) else best


def _known(store: Store, values: Iterable[object]) -> float:
    ids = _ids(values)
    known = store.find(list(dict.fromkeys(ids)))
    return sum(one in known for one in ids) / len(ids)


def _rating_column(frame: pd.DataFrame, ids: str) -> str:
    offered = [name for name in frame.columns if name != ids]
    numeric = set(frame.select_dtypes(["number", "bool"]).columns)
    named = [name for word in _RATINGS for name in offered if name.casefold() == word]
    # Numbers may be written as texts.
    read = [name for name in named if name in numeric or any(map(_is_number, frame[name]))]
    alone = [name for name in offered if name in numeric]
    found = read or (alone if len(alone) == 1 else named)
    if found:
        return found[0]
    raise QueryError(
        f"Which column has the ratings? Call it 'rating'; there are {', '.join(frame.columns)}."
        f"{did_you_mean('rating', frame.columns)}"
    )
