"""A table whose rows join items that are there already: its rows, keys and row ids."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import SourceError, a_kind
from mmrag_jupyter.sources import frames, tables
from mmrag_jupyter.sources.labels import text_of
from mmrag_jupyter.sources.plain import id_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mmrag_jupyter.items import Column, Item, Modality, Problem
    from mmrag_jupyter.sources.frames import Table, TableColumn
    from mmrag_jupyter.sources.tables import Names, Roles

UNNAMED = "rows"  # what a dataframe without a name is called
_PACKAGE = "mmrag_jupyter"
_BLOCK = 8192  # rows of a column that are hashed at once


@dataclass(slots=True, eq=False)
class JoinedTable:
    """The rows of a table that is to be joined, which can be read in any order.

    It is a source of items, one a row. `theirs` is the column with the keys; `named` are the
    columns that could be one.
    """

    key: str
    label: str
    ids: Sequence[str]
    columns: Sequence[Column]
    modalities: frozenset[Modality]
    notice: str
    problems: Sequence[Problem]
    theirs: str
    named: Sequence[str]
    _table: Table
    _roles: Roles
    _folders: Sequence[Path]
    _chunk_tokens: int

    def keys(self, column: str) -> list[object]:
        """Return the values of a column, missing ones as None."""
        return _columns(self._table)[column].values(0, self._table.count)

    def digest(self) -> str:
        """Return a hash of all that its rows are made of; "" where some of that lies in files."""
        kinds = {part.column.kind for part in self._table.parts}
        if self._roles.media or "media" in kinds:
            return ""
        # Another version of this package may make other parts of the same rows.
        about = (version(_PACKAGE), self._chunk_tokens, self._roles.texts, self.columns, self.ids)
        hashed = hashlib.blake2b(digest_size=16)
        for told in (about, *self._blocks()):
            hashed.update(repr(told).encode("utf-8", "surrogatepass"))
        return hashed.hexdigest()

    def _blocks(self) -> Iterator[list[object]]:
        for part in self._table.parts:
            for start in range(0, self._table.count, _BLOCK):
                yield list(part.values(start, min(start + _BLOCK, self._table.count)))

    def rows(self, order: Sequence[int]) -> Iterator[Item | Problem]:
        """Yield rows in this order, each as an item, after a problem for each missing picture."""
        table = _ordered(self._table, order)
        ids = [self.ids[at] for at in order]
        return tables.rows(table, self._roles, ids, self._folders, self._chunk_tokens)

    def __iter__(self) -> Iterator[Item | Problem]:
        return tables.rows(self._table, self._roles, self.ids, self._folders, self._chunk_tokens)


def read_joined(
    source: object,
    on: str,
    *,
    called: str | None = None,
    key: str | None = None,
    text: Names = None,
    image: Names = None,
    audio: Names = None,
    id: str | None = None,  # noqa: A002 - the user's word, in every place where columns are named
    root: str | Path | None = None,
    chunk_tokens: int,
) -> JoinedTable:
    """Recognise a table that is to be joined by its column `on`.

    Parameters
    ----------
    called
        What to call it; otherwise the name of its variable or file.
    key, text, image, audio, id, root, chunk_tokens
        As `sources.read` takes them; `id` names the rows, whose index does otherwise. Where
        an index has a value more than once, its rows are counted.

    Raises
    ------
    SourceError
        It is no table, has no such column, or the column `id` does not name each row.
    """
    base = None if root is None else Path(os.path.abspath(Path(root).expanduser()))  # noqa: PTH100 - links stay
    if base is not None and not base.is_dir():
        raise SourceError(f"There is no folder {base}, which was to be the root.")
    table, folders, problems, said, own_key, name = _table(source, base, id)
    tables.known(table, on, levels=True)
    rest = [part for part in table.parts if part.column.name != on]
    # The key is what joins, and no text: a country, say.
    chosen = tables.roles(
        table if _names(text, on) else replace(table, parts=rest),
        folders, text=text, image=image, audio=audio, id_column=id if id != on else None,
    )  # fmt: skip
    if id is not None:
        tables.known(table, id, levels=True)
    marked = tables.marked(table, chosen)
    ids, twice = _row_ids(marked, id)
    given = key.removeprefix("table:") if key and key.startswith("table:") else ""
    found = chosen.texts or chosen.media or not table.count
    nothing = "" if found else "no text, picture or sound: its rows find nothing"
    return JoinedTable(
        key=key or own_key or f"table:{tables.schema_digest(table)}",
        label=called or given or name or UNNAMED,
        ids=ids,
        columns=[part.column for part in marked.parts],
        modalities=chosen.modalities,
        notice="; ".join(filter(None, (said, nothing or chosen.notice, twice))),
        problems=problems,
        theirs=on,
        named=list(_columns(table)),
        _table=marked,
        _roles=chosen,
        _folders=folders,
        _chunk_tokens=chunk_tokens,
    )


def _names(columns: Names, column: str) -> bool:
    """Tell whether an option names a column."""
    named = columns.split(",") if isinstance(columns, str) else columns or ()
    return any(text_of(one).strip() == column for one in named)


def _table(
    source: object, root: Path | None, id_column: str | None
) -> tuple[Table, list[Path], Sequence[Problem], str, str, str]:
    """Return a table, its folders, what could not be read, what is said, its key and name."""
    if isinstance(source, (str, os.PathLike)):
        from mmrag_jupyter.sources import files
        from mmrag_jupyter.sources.tabular import read_table

        path = Path(os.path.abspath(Path(source).expanduser()))  # noqa: PTH100 - links stay
        files.existing(path)
        if path.suffix.lower() not in files.TABLE_SUFFIXES:
            raise SourceError(
                f"{path} is no table, and only rows can be joined: give a dataframe, or a "
                f"{', '.join(sorted(files.TABLE_SUFFIXES))} file."
            )
        table, problems, said = read_table(path, id_column)
        folders = [root] if root else list(dict.fromkeys([path.parent, Path.cwd()]))
        return table, folders, problems, said, f"path:{path.as_posix()}", path.stem
    found = frames.as_table(source)
    if found is None:
        raise SourceError(
            f"{a_kind(source, capital=True)} cannot be joined: only rows can, of a dataframe or a "
            "csv, parquet or jsonl file."
        )
    return found, [root or Path.cwd()], (), "", "", ""


def _columns(table: Table) -> dict[str, TableColumn]:
    """Return the columns and the named levels of the index, by name."""
    levels = {part.column.name: part for part in table.levels if part.column.name}
    return levels | table.columns


def _row_ids(table: Table, column: str | None) -> tuple[list[str], str]:
    """Return an id for each row, and what is said where the index names several alike."""
    if column is not None:
        return tables.row_ids(table, column), ""
    lists = [part.values(0, table.count) for part in table.levels]
    ids = [id_of(values) or "-" for values in zip(*lists, strict=True)]
    counts = Counter(ids)
    if len(counts) == len(ids):
        return ids, ""
    seen: Counter[str] = Counter()
    made, taken = [], set(ids)
    for one in ids:
        seen[one] += 1
        name = one
        while counts[one] > 1 and seen[one] > 1 and (name := f"{one}/{seen[one]}") in taken:
            seen[one] += 1
        taken.add(name)
        made.append(name)
    twice = sum(count > 1 for count in counts.values())
    values = "1 value of its index names" if twice == 1 else f"{twice:,} values of its index name"
    return made, f"{values} several rows, which are counted: --id names a column that differs"


def _ordered(table: Table, order: Sequence[int]) -> Table:
    return replace(table, count=len(order), parts=[_taken(part, order) for part in table.parts])


def _taken(part: TableColumn, order: Sequence[int]) -> TableColumn:
    """Return a column with its rows in another order."""
    values: list[object] = []

    def read(start: int, stop: int) -> list[object]:
        if not values and order:
            # All at once: rows read one by one take a hundred times as long.
            values.extend(part.values(0, max(order) + 1))
        return [values[at] for at in order[start:stop]]

    def cells(start: int, stop: int) -> list[object]:
        # One by one: each may be a picture in memory.
        return [part.cells(at, at + 1)[0] for at in order[start:stop]]

    return replace(part, values=read, cells=cells)
