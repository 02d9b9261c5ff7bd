"""Dataframes of any library, recognised without importing it, in one columnar form."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.items import Column
from mmrag_jupyter.sources.columns import describe
from mmrag_jupyter.sources.labels import labels_of, levels_of, text_of
from mmrag_jupyter.sources.plain import clean, kind_of, plain_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import datasets
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from mmrag_jupyter.sources.columns import Described

    Take = Callable[[int, int], list[object]]


@runtime_checkable
class ArrowStream(Protocol):
    """Anything that hands over its rows as Arrow data."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object: ...


@dataclass(frozen=True, slots=True, eq=False)
class TableColumn:
    """One column of a table.

    `values(start, stop)` are plain Python values, missing ones None; `cells(start, stop)`
    are as the dataframe has them, which is what pictures are read from.
    """

    column: Column
    values: Take
    cells: Take


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Rows by column: the levels of the index first, then the columns."""

    label: str
    count: int
    parts: Sequence[TableColumn]

    @property
    def told(self) -> str:
        """What a sentence calls it."""
        return _told(self.label)

    @property
    def levels(self) -> list[TableColumn]:
        """The levels of the index."""
        return [part for part in self.parts if part.column.role == "index"]

    @property
    def columns(self) -> dict[str, TableColumn]:
        """The columns by name."""
        return {part.column.name: part for part in self.parts if part.column.role == "column"}


def _told(label: str) -> str:
    """Return what a sentence calls a table: a file by its name, anything else by what it is."""
    return label if "." in label else f"the {label}"


def as_table(source: object) -> Table | None:
    """Return a dataframe of any library as a table, or None if it is none.

    Raises
    ------
    SourceError
        For a near miss that can be named (a Series, a lazy frame, a dataset of several
        splits), and for two columns of one name.
    """
    kind = f"{type(source).__module__.partition('.')[0]}.{type(source).__name__}"
    if kind in _NEAR_MISSES:
        raise SourceError(f"A {kind} cannot be loaded: {_NEAR_MISSES[kind]}.")
    if _is_a(source, "pandas", "DataFrame"):
        return pandas_table(cast("pd.DataFrame", source), "dataframe")
    if _is_a(source, "datasets", "Dataset"):
        return _dataset_table(cast("datasets.Dataset", source))
    if _is_a(source, "polars", "DataFrame"):
        return _polars_table(cast("pl.DataFrame", source))
    if isinstance(source, ArrowStream):
        import pyarrow as pa

        return arrow_table(pa.table(source), "arrow table")
    return None


_NEAR_MISSES = {
    "pandas.Series": "give a dataframe, such as series.to_frame()",
    "polars.Series": "give a dataframe, such as series.to_frame()",
    "polars.LazyFrame": "collect it first, with frame.collect()",
    "datasets.DatasetDict": 'give one of its splits, such as dataset["train"]',
    "datasets.IterableDatasetDict": "give a dataset that is not streamed, of one split",
    "datasets.IterableDataset": "give a dataset that is not streamed",
}


def _is_a(source: object, module: str, name: str) -> bool:
    """Tell whether `source` is an instance of a class of a library that is already imported."""
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(source, kind)


def pandas_table(frame: pd.DataFrame, label: str) -> Table:
    """Return a pandas dataframe as a table, with its index whatever it is."""
    names = [text_of(column) for column in frame.columns]
    refuse_duplicates(names, label)
    levels = [_pandas_column(series, found) for series, found in levels_of(frame.index)]
    parts = []
    for at, (name, own) in enumerate(zip(names, labels_of(frame.columns), strict=True)):
        series = frame.iloc[:, at]
        part = _pandas_column(series, describe(name, series))
        parts.append(replace(part, column=replace(part.column, label=own)))
    return Table(label, len(frame), levels + parts)


def refuse_duplicates(names: Iterable[str], label: str) -> None:
    """Raise SourceError if two columns have one name."""
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise SourceError(
            f"More than one column of {_told(label)} is named {', '.join(map(repr, twice[:3]))}; "
            "rename them, so that each name stands for one column."
        )


def _pandas_column(series: pd.Series, found: Described[pd.Series]) -> TableColumn:
    return TableColumn(
        found.column,
        lambda start, stop: found.read(series.iloc[start:stop]),
        lambda start, stop: list(series.iloc[start:stop]),
    )


def arrow_table(table: pa.Table, label: str) -> Table:
    """Return an Arrow table as a table whose index is the row number."""
    return _from_arrow(
        table, label, table.num_rows,
        lambda name, start, stop: table.column(name).slice(start, stop - start),
    )  # fmt: skip


def _dataset_table(dataset: datasets.Dataset) -> Table:
    # Formatted as Arrow: nothing is decoded, and a selection of rows is respected.
    views = {
        name: dataset.select_columns([name]).with_format("arrow") for name in dataset.column_names
    }
    return _from_arrow(
        dataset.data.table, "dataset", len(dataset),
        lambda name, start, stop: views[name][start:stop].column(name),
    )  # fmt: skip


def _polars_table(frame: pl.DataFrame) -> Table:
    # Arrow has no form for these; as a stream they fail, or come out as addresses in memory.
    foreign = [
        name for name, kind in frame.schema.items() if str(kind) in {"Object", "Int128", "UInt128"}
    ]
    table = arrow_table(frame.drop(foreign).to_arrow(), "dataframe")
    parts = {part.column.name: part for part in table.parts[1:]}
    parts |= {name: list_column(name, frame[name].to_list()) for name in foreign}
    ordered = [table.parts[0], *(parts[clean(name)] for name in frame.columns)]
    return Table(table.label, frame.height, ordered)


def list_column(name: str, values: Sequence[object], dtype: str = "object") -> TableColumn:
    """Return a list of any Python values as a column."""
    kind = kind_of(values)
    return TableColumn(
        Column(name, kind, dtype),
        lambda start, stop: plain_list(values[start:stop], kind),
        lambda start, stop: list(values[start:stop]),
    )


def _from_arrow(
    table: pa.Table,
    label: str,
    count: int,
    take: Callable[[str, int, int], pa.ChunkedArray],
) -> Table:
    from mmrag_jupyter.sources.arrow import describe_arrow, describe_labels, label_names

    refuse_duplicates(table.column_names, label)
    labels = label_names(table.schema)

    def column(name: str) -> TableColumn:
        found = (
            describe_labels(clean(name), labels[name])
            if name in labels
            else describe_arrow(clean(name), table.column(name))
        )
        return TableColumn(
            found.column,
            lambda start, stop: found.read(take(name, start, stop)),
            lambda start, stop: list(take(name, start, stop).to_pylist()),
        )

    row = TableColumn(
        Column("", "int", "int64", role="index"),
        lambda start, stop: list(range(start, stop)),
        lambda start, stop: list(range(start, stop)),
    )
    return Table(label, count, [row, *map(column, table.column_names)])
