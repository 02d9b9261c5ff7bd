"""The two axes of a dataframe: the index of its rows, and the labels of its columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.store.series import level
from mmrag_jupyter.store.text import encodable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from mmrag_jupyter.items import Column


def index_of(levels: Sequence[Column], values: Sequence[Sequence[object]]) -> pd.Index:
    """Return the index with these levels; `values` has one sequence a level."""
    import pandas as pd

    found = [level(one, some) for one, some in zip(levels, values, strict=True)]
    if len(levels) > 1 or levels[0].detail.get("alone"):
        return pd.MultiIndex.from_arrays(found, names=[index.name for index in found])
    return found[0]


def columns_index(columns: Sequence[Column]) -> pd.Index:
    """Return a dataframe's own labels of its columns."""
    import pandas as pd

    labels = [column.label for column in columns if column.label is not None]
    if not labels:
        return texts_index([column.name for column in columns])
    levels = labels[0].levels
    if len(labels) == len(columns) and all(label.levels == levels for label in labels):
        return index_of(levels, list(zip(*(label.own for label in labels), strict=True)))
    # Columns of several dataframes, which call theirs in different ways.
    return pd.Index([_single(column) for column in columns], tupleize_cols=False)


def texts_index(texts: Sequence[str]) -> pd.Index:
    """Return an index of texts."""
    import pandas as pd

    # pandas' own dtype for text has no room for lone surrogates.
    return pd.Index(list(texts), dtype="str" if all(map(encodable, texts)) else "object")


def text_column(texts: Iterable[str]) -> pd.Series:
    """Return a column of texts, such as ids, which may hold lone surrogates."""
    import pandas as pd

    return pd.Series(texts_index(list(texts)))


def _single(column: Column) -> object:
    """Return a column's label where it is of one level, else its name."""
    label = column.label
    if label is None or len(label.levels) > 1:
        return column.name
    return index_of(label.levels, [label.own])[0]
