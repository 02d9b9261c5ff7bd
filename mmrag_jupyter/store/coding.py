"""Make codes of the items' columns, for `coded`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mmrag_jupyter.store import coded
from mmrag_jupyter.store.catalogue import read_catalogue
from mmrag_jupyter.store.coded import Coded

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from mmrag_jupyter.store.columns import Stored
    from mmrag_jupyter.store.epochs import Mark

# Kinds of which a condition can ask more than whether they are missing; the smaller ones first.
_KINDS = ("bool", "int", "float", "decimal", "timedelta", "date", "time", "datetime", "str", "any")
# All columns together take so many bytes an item; those that do not fit are left out.
_MOST_BYTES = 100
# Nor is what has so many bytes an item of different values: prose.
_MOST_IN_VALUES = 36
_AT_ONCE = 1 << 16
# How much more may be held while it is not known yet how often values recur.
_RECURRING = 4


def build(folder: Path, db: sqlite3.Connection, mark: Mark, told: Callable[[], None]) -> None:
    """Write the columns' codes of the items that `db` sees.

    Parameters
    ----------
    mark
        Their state.
    told
        Is called now and then; what it raises ends it.

    Raises
    ------
    OSError
        It cannot be written.
    """
    query = "SELECT item FROM items ORDER BY item"
    items = np.fromiter((item for (item,) in db.execute(query)), np.int64)
    columns: dict[str, Coded] = {}
    room = _MOST_BYTES * len(items)
    kinds = {name: column.kind for name, column in read_catalogue(db).names().values()}
    # An id is looked up in the records' own index.
    wanted = [name for name, kind in kinds.items() if kind in _KINDS and name != '"id"']
    for name in sorted(wanted, key=lambda name: _KINDS.index(kinds[name])):
        found = encoded(_values(db, name, told), _MOST_IN_VALUES * len(items))
        if found is not None and found.size <= room:
            columns[name] = found
            room -= found.size
    coded.write(folder, mark, items, columns)


def encoded(chunks: Iterator[Sequence[Stored]], most: int) -> Coded | None:
    """Return a column as codes; None where its values are of several kinds or too many.

    Parameters
    ----------
    most
        So many bytes all different values may have together.
    """
    import pyarrow as pa

    kinds: set[type] = set()
    parts = []
    held = 0
    try:
        for values in chunks:
            kinds |= set(map(type, values)) - {type(None)}
            part = pa.array(values, _dtype(kinds)).dictionary_encode()
            held += part.dictionary.nbytes
            if held > _RECURRING * most:
                return None
            parts.append(part)
        whole = pa.dictionary(pa.int32(), _dtype(kinds))
        parts = [part if part.type == whole else part.cast(whole) for part in parts]
    except pa.ArrowInvalid:  # an int that no float holds
        return None
    one = pa.chunked_array(parts, whole).unify_dictionaries().combine_chunks()
    if one.dictionary.nbytes > most:
        return None
    return replace(_ranked(one), widened=len(kinds) > 1)


def _dtype(kinds: set[type]) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Return what holds values of one kind, or numbers of both as long as floats hold the ints."""
    import pyarrow as pa

    if kinds == {str}:
        return pa.large_string()
    if kinds <= {int}:
        return pa.int64()
    if kinds <= {int, float}:
        return pa.float64()
    raise pa.ArrowInvalid


def _ranked(column: Any) -> Coded:  # noqa: ANN401 - pyarrow has no types
    import pyarrow.compute as pc

    order = pc.sort_indices(column.dictionary)
    values = column.dictionary.take(order)
    ranks = np.empty(len(values) + 1, np.int64)
    ranks[order.to_numpy()] = np.arange(1, len(values) + 1)
    ranks[-1] = 0
    places = column.indices.fill_null(len(values)).to_numpy()
    codes = ranks.astype(np.min_scalar_type(len(values)))[places]
    if not str(values.type).endswith("string"):
        return Coded(codes, values.to_numpy())
    _, ends, content = values.buffers()
    offsets = np.frombuffer(ends, np.int64)[values.offset : values.offset + len(values) + 1]
    text = np.frombuffer(content or b"", np.uint8)[offsets[0] : offsets[-1]]
    return Coded(codes, text, _small(offsets[1:] - offsets[0]))


def _small(ends: Any) -> Any:  # noqa: ANN401 - of one dtype or another
    return ends.astype(np.uint32) if not len(ends) or int(ends[-1]) < 1 << 32 else ends


def _values(
    db: sqlite3.Connection, name: str, told: Callable[[], None]
) -> Iterator[Sequence[Stored]]:
    rows = db.execute(f"SELECT {name} FROM items ORDER BY item")
    while some := rows.fetchmany(_AT_ONCE):
        told()
        yield [value for (value,) in some]
