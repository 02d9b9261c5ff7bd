"""The axes of a pandas dataframe: the levels of its index, and its own labels of columns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mmrag_jupyter.items import Column, Detail, Label
from mmrag_jupyter.sources.columns import describe
from mmrag_jupyter.sources.plain import clean, plain_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from mmrag_jupyter.sources.columns import Described


def text_of(label: object) -> str:
    """Return the text that stands for a label: of several levels, these joined by a dot."""
    words = label if isinstance(label, tuple) else (label,)
    return clean(".".join(str(word) for word in words if str(word)))


def levels_of(index: pd.Index) -> list[tuple[pd.Series, Described[pd.Series]]]:
    """Return the levels of an index: each as a series, and what it holds."""
    import pandas as pd

    alone: Detail = (
        {"alone": True} if isinstance(index, pd.MultiIndex) and index.nlevels == 1 else {}
    )
    found = []
    nameless = index.set_names([None] * index.nlevels)  # a level's name may be another's number
    for at, name in enumerate(index.names):
        level = nameless.get_level_values(at)
        series = pd.Series(level)
        found.append((series, _named(describe("", series, "index"), name, alone | _detail(level))))
    return found


def labels_of(columns: pd.Index) -> Sequence[Label | None]:
    """Return a dataframe's own label of each column, None where the name as text is all of it."""
    plain = columns.nlevels == 1 and columns.name is None and str(columns.dtype) == "str"
    if plain and not columns.hasnans:
        return [None] * len(columns)
    levels = levels_of(columns)
    described = tuple(found.column for _, found in levels)
    values = [found.read(level) for level, found in levels]
    return [Label(row, described) for row in zip(*values, strict=True)]


def _named(found: Described[pd.Series], name: object, detail: Detail) -> Described[pd.Series]:
    text = "" if name is None else text_of(name)
    column: Column = replace(
        found.column,
        name=text,
        detail={**found.column.detail, **detail},
        label=None if (text or None) == name else Label(tuple(plain_list([name], "any"))),
    )
    return replace(found, column=column)


def _detail(index: pd.Index) -> Detail:
    """Return what an index has beyond the dtype of its values."""
    import pandas as pd

    if isinstance(index, pd.RangeIndex):
        return {"step": index.step}
    if isinstance(index, (pd.DatetimeIndex, pd.TimedeltaIndex)) and index.freqstr:
        return {"freq": index.freqstr}
    return {}
