"""Tables in files: csv, tsv, parquet and jsonl, read so that nothing in them changes."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import SourceError, a_kind
from mmrag_jupyter.items import Media, Problem
from mmrag_jupyter.sources.awaited import awaiting
from mmrag_jupyter.sources.frames import arrow_table, pandas_table, refuse_duplicates
from mmrag_jupyter.sources.plain import is_missing, kind_of

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from mmrag_jupyter.sources.frames import Table

_LEADING_ZERO = r"\s*0\d"


def read_table(path: Path, id_column: str | None) -> tuple[Table, list[Problem], str]:
    """Return the table in a file, the lines of it that cannot be read, and a notice or "".

    Raises
    ------
    SourceError
        The file is not what its suffix says, or has two columns of one name.
    """
    suffix = path.suffix.lower()
    try:
        with awaiting(Media(path=path)):
            if suffix == ".parquet":
                return _parquet(path), [], ""
            if suffix in {".jsonl", ".ndjson"}:
                return _json_lines(path)
            return _delimited(path, "\t" if suffix == ".tsv" else None, id_column)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or _line(error)}.") from error
    except (ValueError, csv.Error) as error:
        raise SourceError(f"{path} cannot be read as {suffix[1:]}: {_line(error)}.") from error


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _parquet(path: Path) -> Table:
    import pyarrow.parquet as pq

    with path.open("rb") as stream:
        table = pq.ParquetFile(stream).read()
    refuse_duplicates(table.column_names, path.name)
    # Written by pandas: its index and its dtypes are known, and given back.
    if table.schema.pandas_metadata is not None:
        return pandas_table(table.to_pandas(), path.name)
    return arrow_table(table, path.name)


def _delimited(
    path: Path, separator: str | None, id_column: str | None
) -> tuple[Table, list[Problem], str]:
    import pandas as pd

    encoding, notice = _encoding(path)
    with path.open(encoding=encoding, errors="replace", newline="") as stream:
        first = stream.readline()
    # Where the comma is the decimal mark, spreadsheets separate by semicolons.
    separator = separator or (";" if ";" in first and "," not in first else ",")
    with path.open(encoding=encoding, errors="replace", newline="") as stream:
        header = next(csv.reader(stream, delimiter=separator), [])
    if not header:
        return pandas_table(pd.DataFrame(), path.name), [], notice
    refuse_duplicates([name for name in header if name], path.name)

    def read(**options: object) -> pd.DataFrame:
        return pd.read_csv(  # type: ignore[call-overload, no-any-return]
            path,
            sep=separator,
            encoding=encoding,
            encoding_errors="replace",
            low_memory=False,
            **options,
        )

    frame = read()
    # A header that is one name short makes the first column the index, but not where columns
    # are picked.
    picked = isinstance(frame.index, pd.RangeIndex)
    numeric = [name for name in frame.columns if frame[name].dtype.kind in "iuf"]
    if numeric:
        written = read(usecols=numeric if picked else None, dtype=str)
        for name in numeric:
            # "007" is no number but a name: of a customer, a postcode, a telephone.
            if written[name].str.match(_LEADING_ZERO, na=False).any():
                frame[name] = written[name]
    if id_column in frame.columns:
        # An id may read "NA", and "1E5" is not 100000.
        names = [id_column] if picked else None
        exact = read(usecols=names, dtype=str, keep_default_na=False)[id_column]
        if not (frame[id_column].astype(str) == exact).all():
            frame[id_column] = exact
    return pandas_table(frame, path.name), [], notice


def _encoding(path: Path) -> tuple[str, str]:
    """Return how a text file is encoded, and a notice if that is a guess."""
    with path.open("rb") as stream:
        head = stream.read(4)
        if head.startswith((b"\xff\xfe", b"\xfe\xff")):
            return "utf-16", ""
        stream.seek(0)
        try:
            for line in stream:
                line.decode()
        except UnicodeDecodeError:
            return "cp1252", f"{path.name} is not UTF-8 and was read as Windows-1252"
    return "utf-8-sig", ""


def _json_lines(path: Path) -> tuple[Table, list[Problem], str]:
    import pandas as pd

    records: list[dict[str, object]] = []
    problems = []
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            text = line.decode("utf-8-sig", "replace").strip()
            if not text:
                continue
            try:
                record = json.loads(text)
            except (ValueError, RecursionError) as error:
                problems.append(Problem(f"{path.name}, line {number}", f"not JSON: {error}"))
                continue
            if not isinstance(record, dict):
                reason = f"{a_kind(record)}, where each line is an object with columns"
                problems.append(Problem(f"{path.name}, line {number}", reason))
                continue
            records.append(record)
    names = dict.fromkeys(name for record in records for name in record)
    columns = {name: _series([record.get(name) for record in records]) for name in names}
    return pandas_table(pd.DataFrame(columns, index=range(len(records))), path.name), problems, ""


def _series(values: list[object]) -> pd.Series:
    """Return values as pandas would hold them, except that whole numbers stay whole."""
    import pandas as pd

    kind = kind_of(values)
    gaps = any(is_missing(value) for value in values)
    if kind == "int":
        return pd.Series(values, dtype="Int64" if gaps else "int64")
    if kind == "bool":
        return pd.Series(values, dtype="boolean" if gaps else "bool")
    types = {type(value) for value in values if not is_missing(value)}
    if types and types <= {int, float}:
        return pd.Series(values, dtype="float64")
    return pd.Series(values, dtype=None if kind == "str" else "object")
