"""Which items the rows of a joined table name: keys compared as texts, and numbers as numbers."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import SourceError, did_you_mean
from mmrag_jupyter.naming import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mmrag_jupyter.sources.joined import JoinedTable
    from mmrag_jupyter.store import Store

    Values = Sequence[object]

_WHOLE = re.compile(r"(-?(?:0|[1-9]\d*))\.0*", re.ASCII)
_SHOWN = 3  # keys that a message names
_TRIED = 2000  # values of a column that are looked at to find one that would match
_WOULD_MATCH = 0.5  # the share of these from which a column is suggested
# So many rows of items in all are a mistake, where most rows name several items each.
MOST_LINKS = 5_000_000


@dataclass(frozen=True, slots=True)
class Match:
    """Which items the rows of a table name.

    `groups` are sets of items, by their numbers, of which no two have an item in common;
    `of_row` is the group of each row, or -1. `ours` is the items' column, "" for their ids.
    """

    ours: str
    groups: Sequence[tuple[int, ...]]
    of_row: Sequence[int]
    notices: Sequence[str]

    def items_of(self, row: int) -> tuple[int, ...]:
        """Return the items of a row, by its place in the table."""
        return self.groups[self.of_row[row]] if self.of_row[row] >= 0 else ()


def names(on: str) -> tuple[str, str]:
    """Return the column of the table and that of the items which `on` names: "a" or "a=b".

    Raises
    ------
    SourceError
        It names none.
    """
    theirs, sign, ours = (part.strip() for part in str(on).partition("="))
    if not theirs or (sign and not ours):
        raise SourceError(
            f"on={shortened(on)!r} names no column; give one that both have, or theirs=ours "
            "(--on sku, --on product=sku)."
        )
    return theirs, ours or theirs


def match(table: JoinedTable, ours: str, store: Store, *, named: bool) -> Match:
    """Find the items that each row of a table names.

    Parameters
    ----------
    ours
        The items' column, or "id" for their ids.
    named
        Whether the user has named it apart from the table's own.

    Raises
    ------
    SourceError
        The items have no such column, or no row names an item.
    """
    known = store.joins.key_columns()
    column = ours if ours in known else ""
    if not column and named and ours != "id":
        near = did_you_mean(ours, [*known, "id"]) or f" They have: {', '.join([*known, 'id'])}."
        raise SourceError(f"The items of {store.name!r} have no column {ours!r}.{near}")
    items = _Keys(*store.joins.key_values(column))
    keys = [written(key) for key in table.keys(table.theirs)]
    groups: dict[tuple[int, ...], int] = {}
    of_key = {key: _group(groups, items.named(key)) for key in dict.fromkeys(keys)}
    of_row = [of_key[key] for key in keys]
    matched = sum(group >= 0 for group in of_row)
    told = column or "id"
    if not matched and keys:
        raise SourceError(_none(table, keys, store, told, items.shown))
    found = list(groups)
    links = sum(len(found[group]) for group in of_row if group >= 0)
    if links > max(MOST_LINKS, 2 * len(keys)):
        raise SourceError(
            f"{table.theirs!r} of {table.label} names many items a row: {matched:,} rows would be "
            f"part of items {links:,} times; join on a column that tells the items apart."
        )
    return Match(
        column, found, of_row, _notices(table, keys, of_row, found, told=told, links=links)
    )


def joined_again(store: Store, added: int) -> list[str]:
    """Return what is to be said where items are new beside which rows were joined."""
    tables = " and ".join(store.joins.labels().values())
    items = "1 item is" if added == 1 else f"{added:,} items are"
    return [f"{items} new: load {tables} again for the rows that join them"] if tables else []


class _Keys:
    """Items by what they have in a column."""

    def __init__(self, items: Sequence[int], values: Values) -> None:
        self._exact: dict[str, list[int]] = defaultdict(list)
        loose: dict[str, set[str]] = defaultdict(set)
        for item, value in zip(items, values, strict=True):
            text = written(value)
            if text:
                self._exact[text].append(item)
                loose[as_number(text)].add(text)
        # Where "17" and "17.0" are two items, only what is written alike is the same.
        self._loose = {number: texts for number, texts in loose.items() if len(texts) == 1}

    def named(self, text: str) -> tuple[int, ...]:
        """Return the items that have a value, as it is compared."""
        if text not in self._exact:
            (text,) = self._loose.get(as_number(text), {""})
        return tuple(self._exact.get(text, ()))

    @property
    def shown(self) -> list[str]:
        """Some of the values."""
        return list(self._exact)[:_SHOWN]

    def share_of(self, values: Iterable[object]) -> tuple[int, int]:
        """Return how many of the different values name an item, and how many there are."""
        texts = {text for value in values if (text := written(value))}
        return sum(bool(self.named(text)) for text in texts), len(texts)


def written(value: object) -> str:
    """Return a key as it is compared; a missing or empty one as ""."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time(0) and value.tzinfo is None:
        return value.date().isoformat()
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        return str(int(value))
    return str(value).strip()


def as_number(text: str) -> str:
    """Return a text that is a whole number without its zeros behind the point; others as is."""
    found = _WHOLE.fullmatch(text)
    return found[1] if found else text


def _group(groups: dict[tuple[int, ...], int], items: tuple[int, ...]) -> int:
    return groups.setdefault(items, len(groups)) if items else -1


def _listed(keys: Iterable[str]) -> str:
    some = list(dict.fromkeys(keys))
    return ", ".join(repr(shortened(key, 40)) for key in some[:_SHOWN]) + (
        ", …" if len(some) > _SHOWN else ""
    )


def _notices(
    table: JoinedTable,
    keys: Sequence[str],
    of_row: Sequence[int],
    groups: Sequence[tuple[int, ...]],
    *,
    told: str,
    links: int,
) -> list[str]:
    said = []
    nameless = [key for key, group in zip(keys, of_row, strict=True) if group < 0 and key]
    missing = sum(not key for key in keys)
    if nameless:
        names = "names" if len(nameless) == 1 else "name"
        said.append(f"{len(nameless):,} of {len(keys):,} rows {names} no item: {_listed(nameless)}")
    if missing:
        have, name = ("has", "names") if missing == 1 else ("have", "name")
        of = f"{missing:,} of {len(keys):,} rows"
        said.append(f"{of} {have} no {table.theirs} and {name} no item")
    several = sum(len(groups[group]) > 1 for group in of_row if group >= 0)
    if several:
        names = "row names" if several == 1 else "rows name"
        said.append(
            f"{several:,} {names} several items by {told!r}, and each item gets the row: "
            f"{links:,} in all"
        )
    return said


def _none(
    table: JoinedTable, keys: Sequence[str], store: Store, told: str, shown: Sequence[str]
) -> str:
    """Return what is said where no row names an item: examples, and what would match."""
    theirs = _listed(filter(None, keys)) or "nothing"
    ours = _listed(shown) or "nothing"
    better = _suggested(table, store)
    advice = f"{better} would match" if better else "name the columns with --on theirs=ours"
    return (
        f"No row of {table.label} names an item of {store.name!r}: its {table.theirs!r} has "
        f"{theirs}, and the items' {told!r} {ours}; {advice}."
    )


def _suggested(table: JoinedTable, store: Store) -> str:
    """Return the option that would join most, or ""."""
    columns: Mapping[str, _Keys] = {
        name: _Keys(*store.joins.key_values("" if name == "id" else name))
        for name in ["id", *store.joins.key_columns()]
    }
    best, most = "", 0
    for theirs in table.named:
        values = table.keys(theirs)[:_TRIED]
        for ours, keys in columns.items():
            matched, count = keys.share_of(values)
            if matched > most and matched >= _WOULD_MATCH * count:
                best, most = f"--on {theirs}={ours}", matched
    return best
