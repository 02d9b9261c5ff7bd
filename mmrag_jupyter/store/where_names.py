"""Find the column that a user means, or say which one is near."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from mmrag_jupyter.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from mmrag_jupyter.items import Column

_SHOWN = 8


class Dotted(NamedTuple):
    """Names that a dot and a column may follow, and columns that several of them have."""

    tables: Collection[str] = ()
    shared: Mapping[str, Sequence[str]] = {}


def find_column(name: str, columns: Mapping[str, tuple[str, Column]]) -> tuple[str, Column] | str:
    """Return the column of this name, or the message that says why there is none.

    The exact name comes first; else the only one that differs in case or in the way its
    letters are encoded.
    """
    if name in columns:
        return columns[name]
    alike = [known for known in columns if _folded(known) == _folded(name)]
    if len(alike) == 1:
        return columns[alike[0]]
    if alike:
        return f"{name!r} could be {' or '.join(map(repr, alike))}: write it as one of them"
    if name.lower() == "select":
        return "there is no column 'select', and subqueries are not supported"
    if name.lower() in {"nan", "na", "nat"}:
        return "a missing value is found by 'is None'"
    hint = did_you_mean(name, columns)
    if not hint:
        # An index without a name has none to write.
        named = [known for known in columns if known]
        shown = ", ".join(map(repr, named[:_SHOWN]))
        hint = f" Columns: {shown}{', …' if len(named) > _SHOWN else ''}."
    return f"there is no column {name!r}.{hint}"


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()
