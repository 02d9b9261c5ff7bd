"""New items as rows for the records, column by column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.errors import StoreError
from mmrag_jupyter.store.columns import encode
from mmrag_jupyter.store.digests import DIGEST_BYTES
from mmrag_jupyter.store.rows import ITEM_HAS_TEXT, MODALITY_CODES
from mmrag_jupyter.store.text import clean, to_key

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import numpy.typing as npt

    from mmrag_jupyter.items import NewItem, NewPart
    from mmrag_jupyter.store.catalogue import SourceColumns

    PartTuple = tuple[object, ...]


@dataclass(slots=True, eq=False)
class Cells:
    """The metadata of items, ready for SQL: quoted column names, and one list of values each.

    `exact` are the numbers of columns that have exact values in this batch.
    """

    names: list[str]
    values: list[Sequence[object]]
    exact: set[int]


@dataclass(slots=True, eq=False)
class Parts:
    """All parts of a batch in a row: `rows` for SQL, the rest as arrays of shape (n,)."""

    rows: list[PartTuple]
    texts: list[tuple[int, str]]
    blobs: list[tuple[bytes, bytes]]
    items: npt.NDArray[np.int64]
    flags: npt.NDArray[np.uint8]
    first: int

    def digests(self, ordinals: npt.NDArray[np.int64]) -> bytes:
        """Return the content hashes of some parts, one after the other."""
        rows = self.rows
        return b"".join([rows[at][4] for at in ordinals.tolist()])  # type: ignore[misc]


def encode_cells(
    items: Sequence[NewItem], source: SourceColumns, exact: Collection[int], *, media: bool
) -> Cells:
    """Return the metadata and index values of items.

    Parameters
    ----------
    exact
        The numbers of columns that already have a place for exact values.
    media
        Whether to note which part stands in which column of pictures.

    Raises
    ------
    StoreError
        An item has metadata that its source does not declare, or another number of index
        levels.
    """
    metadata, levels = source.metadata(), source.index()
    _check(items, source)
    cells = Cells([], [], set())
    columns = [
        (one, [item.metadata.get(one.column.name) for item in items]) for one in metadata
    ]
    columns += [
        (one, [item.index[at] if item.index else None for item in items])
        for at, one in enumerate(levels)
    ]
    for one, values in columns:
        stored, exactly = encode(one.column, values)
        cells.names.append(one.name)
        cells.values.append(stored)
        if exactly is not None or one.number in exact:
            cells.names.append(one.exact_name)
            cells.values.append(exactly or [None] * len(items))
            cells.exact.add(one.number)
    if media:
        for at, one in enumerate(source.media()):
            cells.names.append(one.name)
            cells.values.append([_nth_picture(item, at) for item in items])
    return cells


def encode_parts(items: Sequence[NewItem], numbers: Sequence[int], first: int) -> Parts:
    """Return the rows of all parts of items.

    Parameters
    ----------
    numbers
        The items' numbers.
    first
        The number of the first part.

    Raises
    ------
    ValueError
        A part's hash has not 16 bytes.
    """
    rows: list[PartTuple] = []
    texts: list[tuple[int, str]] = []
    blobs: list[tuple[bytes, bytes]] = []
    flags: list[int] = []
    number = first
    for item, own in zip(items, numbers, strict=True):
        has_text = ITEM_HAS_TEXT if any(part.text for part in item.parts) else 0
        for part in item.parts:
            text = clean(part.text) if part.text else None
            if text is not None:
                texts.append((number, text))
            if part.blob is not None:
                blobs.append((part.digest, part.blob))
            rows.append(_row(number, own, part, text))
            flags.append(MODALITY_CODES[part.modality] | has_text)
            number += 1
    counts = [len(item.parts) for item in items]
    owners = np.repeat(np.array(numbers, np.int64), np.array(counts, np.int64))
    return Parts(rows, texts, blobs, owners, np.array(flags, np.uint8), first)


def _row(number: int, item: int, part: NewPart, text: str | None) -> PartTuple:
    if len(part.digest) != DIGEST_BYTES:
        raise ValueError(f"a part's digest has {len(part.digest)} bytes, not {DIGEST_BYTES}")
    path = to_key(part.path) if part.path is not None else None
    return (
        number, item, part.modality, text, part.digest, path, part.size, part.mtime_ns,
        part.page, part.start, part.end, None if part.blob is None else 1,
    )  # fmt: skip


def _check(items: Sequence[NewItem], source: SourceColumns) -> None:
    names = {one.column.name for one in source.columns if one.column.role == "column"}
    levels = len(source.index())
    for item in items:
        if not item.metadata.keys() <= names:
            unknown = next(iter(item.metadata.keys() - names))
            raise StoreError(
                f"Item {clean(item.id)!r} has metadata {clean(unknown)!r}, which is none of the "
                f"columns of {source.label}."
            )
        if item.index and len(item.index) != levels:
            raise StoreError(
                f"Item {clean(item.id)!r} has {len(item.index)} index values and {source.label} "
                f"{levels} index levels."
            )


def _nth_picture(item: NewItem, at: int) -> int | None:
    """Return the number of the part that stands in the item's `at`-th column of pictures."""
    pictures = [number for number, part in enumerate(item.parts) if part.modality != "text"]
    return pictures[at] if at < len(pictures) else None
