"""A column as a facet: its values as codes or numbers, read once a commit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np

from mmrag_jupyter.store.columns import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from mmrag_jupyter.items import Column
    from mmrag_jupyter.store.coded import Coded
    from mmrag_jupyter.store.columns import Stored

    Codes = npt.NDArray[np.int32]

# Numbers of so few different values are chosen from rather than ranged over: stars, years.
_FEW = 12
# A column of more different values than this, or of nearly as many as items, names things.
MOST_VALUES = 2_000
_MOST_DIFFERENT = 0.5
_ALWAYS = 20  # different values that are never too many
_LONGEST = 80  # characters of a value; beyond it is prose

_BINS = 24
_USUAL = 0.98  # the share of the values that decides how wide the bins are
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True, eq=False)
class Categories:
    """A column of some values: `codes`, shape (n,) int32, count in `values`, -1 is missing."""

    values: tuple[Stored, ...]
    codes: Codes


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """A column of numbers or moments, in bins.

    `codes`, shape (n,) int32, count in the bins, -1 is missing. `lows` and `highs` are the
    least and the greatest value in each bin, its edges where it is empty; dates as ISO 8601.
    """

    type: Literal["number", "date"]
    codes: Codes
    lows: tuple[float | str, ...]
    highs: tuple[float | str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Different:
    """What items have in a column: some values, none missing, and for each item which is its own.

    `codes`, shape (n,), count in `values`; -1 is missing. The first `known` of these are
    different from each other, the others perhaps not.
    """

    values: Sequence[Stored]
    codes: Codes
    known: int = 0

    @classmethod
    def of(cls, stored: Sequence[Stored]) -> Different:
        """Return what each item has."""
        there = np.fromiter((value is not None for value in stored), np.bool_, len(stored))
        codes = np.where(there, np.cumsum(there) - 1, -1).astype(np.int32)
        return cls([value for value in stored if value is not None], codes)

    @classmethod
    def coded(cls, column: Coded, beside: Sequence[Stored]) -> Different:
        """Return what the items of a coded column have, and those that came after them."""
        own = cls.of(beside)
        moved = np.where(own.codes < 0, -1, own.codes + len(column))
        codes = np.concatenate((column.codes.astype(np.int32) - 1, moved))
        return cls([*column.all_values(), *own.values], codes, len(column))

    def spread(self, numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return what each item has of what is given for each value; NaN is missing."""
        found: npt.NDArray[np.float64] = np.append(numbers, np.nan)[self.codes]
        return found

    def few(self, most: int) -> Categories | None:
        """Return the different values in the order in which items have them; None of too many."""
        if self.known > most:
            return None
        first = np.full(len(self.values) + 1, len(self.codes))
        first[self.codes[::-1]] = np.arange(len(self.codes))[::-1]
        different: dict[Stored, int] = {}
        moved = np.full(len(self.values) + 1, -1, np.int32)
        for at in np.argsort(first[:-1], kind="stable").tolist():
            moved[at] = different.setdefault(self.values[at], len(different))
            if moved[at] == most:
                return None
        return Categories(tuple(different), moved[self.codes])


def read_column(
    column: Column, values: Callable[[], Different | None]
) -> Categories | Scale | None:
    """Return a column as a facet, its items in order; None where it cannot serve as one."""
    if column.kind not in {"str", "bool", "any", "int", "float", "decimal", "date", "datetime"}:
        return None
    stored = values()
    if stored is None:
        return None
    if column.kind in {"int", "float", "decimal", "date", "datetime"}:
        return _dividing(stored.few(_FEW)) or _scale(stored, column)
    there = np.count_nonzero(stored.codes >= 0)
    return _dividing(stored.few(max(_ALWAYS, min(MOST_VALUES, int(there * _MOST_DIFFERENT)))))


def _dividing(found: Categories | None) -> Categories | None:
    """Return categories that divide items, and can be shown."""
    if found is None:
        return None
    values = found.values
    unfit = any(
        isinstance(value, bytes) or (isinstance(value, str) and len(value) > _LONGEST)
        for value in values
    )
    # One value that every item has divides nothing.
    alone = len(values) < 2 and not (values and (found.codes < 0).any())  # noqa: PLR2004
    return None if unfit or alone else found


def _scale(stored: Different, column: Column) -> Scale | None:
    is_date = column.kind in {"date", "datetime"}
    try:
        numbers = stored.spread((_seconds if is_date else _numbers)(stored.values))
    except (ValueError, OverflowError):  # years that numpy has no room for
        return None
    there = np.isfinite(numbers)
    if not there.any():
        return None
    edges = _edges(numbers[there])
    codes = np.full(len(numbers), -1, np.int32)
    codes[there] = np.clip(np.searchsorted(edges, numbers[there], "right") - 1, 0, len(edges) - 2)
    lows, highs = edges[:-1].copy(), edges[1:].copy()
    order = np.argsort(numbers, kind="stable")[: int(there.sum())]
    bins, first = np.unique(codes[order], return_index=True)
    last = np.append(first[1:], len(order)) - 1
    lows[bins], highs[bins] = numbers[order[first]], numbers[order[last]]
    if is_date:
        return Scale("date", codes, _dates(lows, column), _dates(highs, column))
    return Scale("number", codes, tuple(lows.tolist()), tuple(highs.tolist()))


def _numbers(stored: Sequence[Stored]) -> npt.NDArray[np.float64]:
    return np.array([_number(value) for value in stored], np.float64)


def _number(value: Stored) -> float:
    if isinstance(value, int | float):
        return float(value)
    return float(value) if isinstance(value, str) else float("nan")


def _seconds(stored: Sequence[Stored]) -> npt.NDArray[np.float64]:
    moments = np.array([str(value) for value in stored], "datetime64[us]")
    seconds: npt.NDArray[np.float64] = moments.astype(np.int64) / 1e6
    seconds[np.isnat(moments)] = np.nan
    return seconds


def _dates(seconds: npt.NDArray[np.float64], column: Column) -> tuple[str, ...]:
    """Return moments as a user writes them: in the column's own time zone."""
    stored = [_moment(one, column) for one in seconds.tolist()]
    return tuple(
        value.replace(tzinfo=None).isoformat(" ") if isinstance(value, datetime) else str(value)
        for value in decode(column, stored, None)
    )


def _moment(seconds: float, column: Column) -> str:
    moment = datetime(1970, 1, 1) + timedelta(microseconds=round(seconds * 1e6))  # noqa: DTZ001
    return moment.date().isoformat() if column.kind == "date" else moment.isoformat(" ")


def _edges(numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the edges of some `_BINS` bins at round numbers that hold all `numbers`.

    Where a few are far above the others, the last bin takes them all: they would press the
    others into the first.
    """
    low, most, top = map(float, np.quantile(numbers, (0, _USUAL, 1)))
    if top <= low:
        return np.array([low, low + 1.0])
    far = most > low and top - low > 2 * (most - low)
    edges = _round_edges(low, most if far else top)
    return np.append(edges, top) if far and top > edges[-1] else edges


def _round_edges(low: float, high: float) -> npt.NDArray[np.float64]:
    rough = (high - low) / _BINS
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(power * factor for factor in _STEPS if power * factor >= rough)
    first = np.floor(low / step)
    count = max(int(np.ceil(high / step) - first), 1)
    edges: npt.NDArray[np.float64] = (first + np.arange(count + 1)) * step
    return edges
