"""Hits, facets and collections as JSON that a page can read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from mmrag_jupyter.display.escape import one_line, visible
from mmrag_jupyter.display.fields import Detail, Look
from mmrag_jupyter.display.payload import hit as payload_hit
from mmrag_jupyter.display.thumbnails import Thumbnail
from mmrag_jupyter.display.values import json_text, jsonable, shown
from mmrag_jupyter.store.facets import Values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mmrag_jupyter.items import Column, Modality
    from mmrag_jupyter.search.hits import Hit, Part
    from mmrag_jupyter.store.facets import Bin, Facet, Range, ValueCount

# At a glance, and when one item is looked at: characters and columns.
GLANCE = Detail(snippet=150, text=300, columns=100, value=80, data=100, why=True)
_ID, _NAME, _LABEL, _WHOLE, _PATH = 10_000, 60, 80, 20_000, 400

# Of a picture that must be drawn to know, or is gone.
_UNKNOWN = (0, 0)

_MARK = "\ufdd0"  # no character; it stands before a key that is not its item's id


def to_key(item_id: str) -> str:
    """Return an id as a page can hand it back: JSON has no room for half a character."""
    try:
        item_id.encode()
    except UnicodeEncodeError:
        return _MARK + item_id.encode("utf-8", "surrogatepass").hex()
    return item_id


def from_key(key: str) -> str:
    """Return the id that `to_key` was given."""
    if not key.startswith(_MARK):
        return key
    try:
        return bytes.fromhex(key[1:]).decode("utf-8", "surrogatepass")
    except ValueError:
        return key


def hits(
    found: Sequence[Hit],
    names: Sequence[str],
    terms: tuple[str, ...],
    pictures: Sequence[Part | None],
    sizes: Sequence[tuple[int, int] | None],
) -> list[object]:
    """Return hits as `frontend/protocol.ts` describes them, their texts cut short.

    `pictures` are the parts that show them, `sizes` the pixels of these where they are known.
    """
    look = Look("", (), tuple(names[: GLANCE.columns]), text=True, pictures=True, detail=GLANCE)
    return [
        _hit(hit, look, terms, picture, size)
        for hit, picture, size in zip(found, pictures, sizes, strict=True)
    ]


def whole(
    hit: Hit, names: Sequence[str], picture: Part | None, size: tuple[int, int] | None
) -> dict[str, object]:
    """Return one hit with all that is known of it, its texts as long as a page can show."""
    detail = replace(GLANCE, columns=len(names), data=len(names))
    look = Look("", (), tuple(names), text=True, pictures=True, detail=detail)
    metadata = {json_text(name, _NAME): jsonable(hit.metadata.get(name), _WHOLE) for name in names}
    return {
        **_hit(hit, look, (), picture, size),
        "metadata": metadata,
        "text": json_text(hit.text, _WHOLE),
    }


def part(one: Part) -> dict[str, object]:
    """Return one part of an item."""
    return {
        "modality": one.modality,
        "text": json_text(one.text, _WHOLE),
        "source": json_text(str(one.source), _PATH) if one.source is not None else "",
        "page": one.page,
        "start": one.start,
        "end": one.end,
    }


def facet(one: Facet) -> dict[str, object]:
    """Return a facet as `frontend/protocol.ts` describes it."""
    return _values(one) if isinstance(one, Values) else _range(one)


def _hit(
    hit: Hit,
    look: Look,
    terms: tuple[str, ...],
    picture: Part | None,
    size: tuple[int, int] | None,
) -> dict[str, object]:
    image = Thumbnail("", *(size or _UNKNOWN)) if picture is not None else None
    told = payload_hit(hit._card(terms), look, image, 0)  # noqa: SLF001 - of this package
    # Two long ids may begin alike: here they are told apart by all that they are.
    return {
        **told,
        "id": json_text(hit.id, _ID),
        "key": to_key(hit.id),
        "part": hit.number_of(picture) if picture is not None else None,
    }


def _values(one: Values) -> dict[str, object]:
    return {
        "kind": "values",
        "column": one.column,
        "values": [_value(each) for each in one.counts],
        "others": one.others,
    }


def _value(one: ValueCount) -> dict[str, object]:
    label = "" if one.value is None else shown(one.value, _LABEL)
    return {"value": _cell(one.value), "label": label, "count": one.count, "hits": one.hits}


def _cell(value: object) -> object:
    """Return a value as a filter hands it back: dates in the column's own time zone."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


def _range(one: Range) -> dict[str, object]:
    return {
        "kind": "range",
        "column": one.column,
        "type": one.type,
        "low": one.bins[0].low,
        "high": one.bins[-1].high,
        "bins": [_bin(each) for each in one.bins],
        "missing": one.missing,
    }


def _bin(one: Bin) -> dict[str, object]:
    return {"low": one.low, "high": one.high, "count": one.count, "hits": one.hits}


def notices(lines: Sequence[str]) -> list[str]:
    """Return lines for the user, fit to be shown."""
    return [one_line(line, 300) for line in lines[:8]]


def columns(known: Sequence[Column]) -> list[str]:
    """Return the names of the columns that are metadata of items."""
    return [one.name for one in known if one.role == "column" and one.kind != "media"]


def shown_names(names: Sequence[str]) -> list[str]:
    """Return the names of columns as the metadata of hits has them."""
    return [json_text(name, _NAME) for name in names[: GLANCE.columns]]


def collection(row: Mapping[str, object], parts: Mapping[Modality, int]) -> dict[str, object]:
    """Return a collection as `frontend/protocol.ts` describes it."""
    items = row["items"]
    return {
        "name": str(row["name"]),
        "items": items if isinstance(items, int) else None,
        "parts": dict(parts),
        "models": [one_line(one, 300) for one in str(row["models"]).split(", ") if one],
        "folder": visible(str(row["folder"])),
        "problem": "",
    }


def unopened(name: str, problem: str) -> dict[str, object]:
    """Return a collection that cannot be opened, and why."""
    told = one_line(problem, 300)
    return {"name": name, "items": None, "parts": {}, "models": [], "folder": "", "problem": told}
