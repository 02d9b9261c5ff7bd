"""Which column of a table of judgements is what: as named by the user, or found by its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmrag_jupyter.display.values import missing
from mmrag_jupyter.errors import QueryError, did_you_mean
from mmrag_jupyter.sources.plain import id_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.sources.frames import Table, TableColumn
    from mmrag_jupyter.store import Store

_NAMES = {
    "query": ("query", "query_text", "question", "text", "caption", "q", "title"),
    "image": ("query_image", "query_picture", "image", "picture", "photo", "path"),
    "audio": ("query_audio", "audio", "recording", "sound", "clip"),
    "id": ("id", "doc_id", "item_id", "item", "document_id", "docid", "document", "doc"),
    "relevance": (
        "relevance", "relevant", "rel", "grade", "judgement", "judgment", "label", "rating",
        "stars", "verdict",
    ),
    "query_id": ("query_id", "qid", "topic"),
}  # fmt: skip
# Names that can only be meant of the query: such a column is asked beside one that was named.
_OF_QUERY = {
    "query": ("query", "query_text", "question"),
    "image": ("query_image", "query_picture"),
    "audio": ("query_audio",),
}
_TRIED = 200  # values that are looked up to find the column with the ids
_MOSTLY = 0.5  # of a column's values are ids, where no name tells
_COLUMNS = 12  # named in a message


@dataclass(frozen=True, slots=True)
class Given:
    """The columns that the user named; None where they did not."""

    query: str | None = None
    image: str | None = None
    audio: str | None = None
    id: str | None = None
    relevance: str | None = None


@dataclass(frozen=True, slots=True)
class Roles:
    """The columns by what they are for; None where the table has none."""

    query: TableColumn | None
    image: TableColumn | None
    audio: TableColumn | None
    id: TableColumn
    relevance: TableColumn | None
    query_id: TableColumn | None
    said: str


def roles(table: Table, given: Given, store: Store) -> Roles:
    """Return what each column of a table of judgements is for, and a line that says so.

    Raises
    ------
    QueryError
        A named column is not there, or nothing says what is asked or what should be found.
    """
    columns = named(table)
    named_ones = {"query": given.query, "image": given.image, "audio": given.audio}
    asked = {role: _given(columns, own, f"--{role}", table) for role, own in named_ones.items()}
    # Of the kinds of queries the first that there is: a picture beside a text may be the item's.
    for role in asked:
        if not any(asked.values()):
            asked[role] = _by_name(columns, _NAMES[role], table)
    if not any(asked.values()):
        raise QueryError(
            f"No column of {table.told} says what is asked; name it with --query COL, --image COL"
            f" or --audio COL (query=, image=, audio=).{_known(columns)}"
        )
    asked = {
        role: part or _by_name(columns, _OF_QUERY[role], table) for role, part in asked.items()
    }
    taken = {part.column.name for part in asked.values() if part is not None}
    free = {name: part for name, part in columns.items() if name not in taken}
    query_id = _by_name(free, _NAMES["query_id"], table)
    relevance = _given(columns, given.relevance, "--relevance", table) or _by_name(
        free, _NAMES["relevance"], table
    )
    taken |= {part.column.name for part in (relevance, query_id) if part is not None}
    free = {name: part for name, part in free.items() if name not in taken}
    item = _given(columns, given.id, "--id", table) or _items(free, table, store)
    if item is None:
        raise QueryError(
            f"No column of {table.told} says which item is relevant; name it with --id COL"
            f" (id=).{_known(columns)}"
        )
    found = {**asked, "id": item, "relevance": relevance}
    told = [f"{role} = {part.column.name!r}" for role, part in found.items() if part is not None]
    bare = "" if relevance is not None else "; every pair counts as relevant, no column grades it"
    return Roles(
        asked["query"],
        asked["image"],
        asked["audio"],
        item,
        relevance,
        query_id,
        f"Columns: {', '.join(told)}{bare}.",
    )


def captioned(
    table: Table, given: Given, store: Store
) -> tuple[TableColumn, TableColumn | None, TableColumn | None]:
    """Return the columns of the captions, of the pictures and of the recordings of pairs.

    Where neither of the last two is named, it is the one of what the collection has.

    Raises
    ------
    QueryError
        A named column is not there, or none can be found.
    """
    columns = named(table)
    query = _given(columns, given.query, "--query", table) or _by_name(
        columns, _NAMES["query"], table
    )
    image = _given(columns, given.image, "--image", table)
    audio = _given(columns, given.audio, "--audio", table)
    if image is None and audio is None:
        counts = store.part_counts()
        if counts.get("audio") and not counts.get("image"):
            audio = _by_name(columns, (*_NAMES["audio"], "path"), table)
        else:
            image = _by_name(columns, _NAMES["image"], table)
    if query is None or (image is None and audio is None):
        raise QueryError(
            f"{table.told[:1].upper()}{table.told[1:]} needs a column of captions (--query COL)"
            f" and one of pictures (--image COL) or recordings (--audio COL).{_known(columns)}"
        )
    return query, image, audio


def named(table: Table) -> dict[str, TableColumn]:
    """Return the columns and the named levels of the index, by name."""
    levels = {part.column.name: part for part in table.levels if part.column.name}
    return {**levels, **table.columns}


def _given(
    columns: dict[str, TableColumn], name: str | None, option: str, table: Table
) -> TableColumn | None:
    if name is None:
        return None
    if name not in columns:
        near = did_you_mean(name, columns) or _known(columns)
        raise QueryError(f"{option} {name!r} is no column of {table.told}.{near}")
    return columns[name]


def _by_name(
    columns: dict[str, TableColumn], names: Sequence[str], table: Table
) -> TableColumn | None:
    by_lower = {name.casefold(): part for name, part in columns.items()}
    found = (by_lower[name] for name in names if name in by_lower)
    # An empty column says nothing: a table of picture queries may have one for texts.
    return next((part for part in found if _has_values(part, table)), None)


def _has_values(part: TableColumn, table: Table) -> bool:
    cells = part.cells(0, table.count)
    return any(not missing(one) and not (isinstance(one, str) and not one.strip()) for one in cells)


def _items(columns: dict[str, TableColumn], table: Table, store: Store) -> TableColumn | None:
    """Return the column whose values are ids of the collection, else the one named so."""
    shares = {name: _share(part.values(0, _TRIED), store) for name, part in columns.items()}
    best = max(shares, key=lambda name: shares[name], default="")
    by_name = _by_name(columns, _NAMES["id"], table)
    if by_name is not None and shares[by_name.column.name] > 0:
        return by_name
    return columns[best] if shares.get(best, 0) >= _MOSTLY else by_name


def _share(values: Sequence[object], store: Store) -> float:
    ids = {id_of([one]) for one in values if isinstance(one, str | int | float)} - {""}
    return len(store.find(list(ids))) / len(ids) if ids else 0.0


def _known(columns: dict[str, TableColumn]) -> str:
    if not columns:
        return " It has no columns."
    more = ", …" if len(columns) > _COLUMNS else ""
    return f" Its columns are {', '.join(list(columns)[:_COLUMNS])}{more}."
