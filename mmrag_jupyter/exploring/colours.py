"""The colours of a map, one a value or from low to high, that colour-blind readers tell apart."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from numbers import Integral, Real
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.display.escape import one_line
from mmrag_jupyter.display.values import missing, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Integers = npt.NDArray[np.int64]

# Okabe and Ito, "Color universal design" (2008), without black and yellow, which a dark or a
# light page would swallow; and two of Tol's that are told from these.
PALETTE = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#AA4499", "#999933",
)  # fmt: skip
OTHERS, MISSING = "#8C8C8C", "#BDBDBD"
PLAIN = "#3C8DC5"
# From low to high, equally bright all the way to a colour-blind eye: cividis (Nuñez et al.,
# 2018) between a blue that a dark page shows and a yellow that a light one does.
SCALE = (
    "#2F5FA8", "#4A6CA0", "#61799A", "#778694", "#8D948C", "#A4A180", "#BBAF6E", "#D2BD57",
)  # fmt: skip

_FEW_NUMBERS = 8
_USUAL = (0.01, 0.99)
_LABEL = 40  # characters
_TOLD_APART = 1_000  # characters by which values are told apart


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a legend: a colour, what it stands for, and how many items have it."""

    colour: str
    label: str
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class Colouring:
    """The colour of each item.

    Attributes
    ----------
    codes
        Which of the `entries` each item has, shape (n,) int64.
    entries
        The legend. Of numbers: their scale from low to high, and what is missing.
    notice
        What is not told apart, or "".
    """

    codes: Integers
    entries: tuple[Entry, ...]
    notice: str = ""


def plain(count: int) -> Colouring:
    """Return one colour for all."""
    return Colouring(np.zeros(count, np.int64), (Entry(PLAIN, "", count),))


def coloured(name: str, values: Sequence[object]) -> Colouring:
    """Return the colours of a column's values: numbers and moments by a scale, others each.

    The most frequent values have colours of their own, all others one together.
    """
    numbers = _numbers(values)
    if numbers is not None and len(np.unique(numbers[np.isfinite(numbers)])) > _FEW_NUMBERS:
        return _scaled(numbers, values)
    return _each(name, values)


def _numbers(values: Sequence[object]) -> npt.NDArray[np.float64] | None:
    """Return values as numbers, NaN where missing; None where they are no numbers or moments."""
    there = [one for one in values if not missing(one)]
    if all(isinstance(one, (Real, Decimal)) and not isinstance(one, bool) for one in there):
        as_number = _number
    elif all(isinstance(one, timedelta) for one in there):
        as_number = _seconds
    elif all(isinstance(one, date) for one in there):
        as_number = _moment
    else:
        return None
    found = [np.nan if missing(one) else as_number(one) for one in values]
    return np.array(found, np.float64)


def _number(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except OverflowError:
        return np.inf if value > 0 else -np.inf  # type: ignore[operator]


def _seconds(value: object) -> float:
    return value.total_seconds() if isinstance(value, timedelta) else np.nan


def _moment(value: object) -> float:
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            value = value.astimezone(UTC).replace(tzinfo=None)
        return (value - datetime.min).total_seconds()  # noqa: DTZ901
    return value.toordinal() * 86_400.0 if isinstance(value, date) else np.nan


def _scaled(numbers: npt.NDArray[np.float64], values: Sequence[object]) -> Colouring:
    finite = np.isfinite(numbers)
    # The distance of two numbers of 308 digits would be infinite.
    numbers = numbers / max(np.abs(numbers[finite]).max(), 1.0)
    low, high = np.quantile(numbers[finite], _USUAL)
    if high <= low:
        low, high = numbers[finite].min(), numbers[finite].max()
    steps = len(SCALE)
    share = np.clip((np.nan_to_num(numbers, posinf=high, neginf=low) - low) / (high - low), 0, 1)
    codes = np.minimum((share * steps).astype(np.int64), steps - 1)
    codes[np.isnan(numbers)] = steps
    counts = np.bincount(codes, minlength=steps + 1)
    entries = []
    for step in range(steps):
        here = np.flatnonzero((codes == step) & ~np.isnan(numbers))
        if len(here):
            order = here[np.argsort(numbers[here], kind="stable")]
            first, last = (_short(values[order[at]]) for at in (0, -1))
            label = first if first == last else f"{first} to {last}"
        else:
            label = ""
        entries.append(Entry(SCALE[step], label, int(counts[step])))
    if counts[steps]:
        entries.append(Entry(MISSING, "missing", int(counts[steps])))
    return Colouring(codes, tuple(entries))


def _each(name: str, values: Sequence[object]) -> Colouring:
    told = [None if missing(one) else _short(one, _TOLD_APART) for one in values]
    counts = Counter(one for one in told if one is not None)
    ranked = sorted(counts, key=lambda one: (-counts[one], one))
    own = ranked if len(ranked) <= len(PALETTE) else ranked[: len(PALETTE)]
    rest = ranked[len(own) :]
    entries = [Entry(PALETTE[at], one_line(one, _LABEL), counts[one]) for at, one in enumerate(own)]
    codes: dict[str | None, int] = {one: at for at, one in enumerate(own)}
    notice = ""
    if rest:
        codes.update(dict.fromkeys(rest, len(entries)))
        others = sum(counts[one] for one in rest)
        entries.append(Entry(OTHERS, f"{len(rest):,} other values", others))
        notice = f"{name} has {len(ranked):,} values: the {len(own)} most frequent have colours"
    absent = len(told) - sum(counts.values())
    if absent:
        codes[None] = len(entries)
        entries.append(Entry(MISSING, "missing", absent))
    found = np.array([codes[one] for one in told], np.int64)
    return Colouring(found, tuple(entries), notice)


def _short(value: object, limit: int = _LABEL) -> str:
    if isinstance(value, (Real, Decimal)) and not isinstance(value, Integral):
        return f"{float(value):,.6g}"
    return value.isoformat() if isinstance(value, time) else shown(value, limit)
