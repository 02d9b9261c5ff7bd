"""Rows of items and parts, as new items and parts that a folder is given."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.errors import StoreError
from mmrag_jupyter.items import NewItem, NewPart
from mmrag_jupyter.naming import shortened
from mmrag_jupyter.served.cells import from_key, values_of
from mmrag_jupyter.served.partrows import part_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from mmrag_jupyter.served.rows import Row
    from mmrag_jupyter.served.store import ServedStore
    from mmrag_jupyter.store import Store, Writer
    from mmrag_jupyter.store.catalogue import SourceColumns
    from mmrag_jupyter.store.tokens_writing import PartVectors
    from mmrag_jupyter.store.writer import NewVectors

    Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """From where to where is copied: a collection elsewhere, one in a folder, and its writer."""

    store: ServedStore
    copied: Store
    writer: Writer


def torn(address: str, row: Row | None, there: int, count: int) -> StoreError:
    """Return the error for an item, or a joined row, of which parts are missing."""
    name = shortened(from_key(row.text("item_id"))) if row is not None else "?"
    return StoreError(
        f"Item {name!r} has {there} of its {count} parts at {address}: another process has written "
        "to it meanwhile, or it is damaged; save it again, or load its source again first."
    )


def item_of(
    item_id: str,
    row: Row,
    parts: Sequence[Row],
    source: SourceColumns,
    blobs: Mapping[bytes, bytes],
) -> NewItem:
    """Return an item, or a row of a joined table, as new.

    Parameters
    ----------
    row
        Its row, with the hash and the record.
    parts
        The rows of its parts, in order.
    blobs
        What is kept as bytes, by the hash of the content.
    """
    values = values_of(row.text("record"), source)
    columns = {values.get(one.number): one.column.name for one in source.media()}
    return NewItem(
        item_id,
        bytes.fromhex(row.text("digest")),
        [_part(one, blobs, columns.get(at)) for at, one in enumerate(parts)],
        {one.column.name: values.get(one.number) for one in source.metadata()},
        tuple(values.get(one.number) for one in source.index()),
    )


def _part(row: Row, blobs: Mapping[bytes, bytes], column: str | None) -> NewPart:
    part = part_of(row)
    told = json.loads(row.text("record"))
    return NewPart(
        part.modality, part.digest, part.text, part.path, told["size"], told["mtime_ns"],
        blobs.get(part.digest) if part.has_blob else None, part.page, part.start, part.end, column,
    )  # fmt: skip


def placed(numbers: Sequence[int], vectors: Mapping[int, Mapping[int, Matrix]]) -> NewVectors:
    """Return the vectors of parts, by space and number, as a writer takes them: by places.

    Parameters
    ----------
    numbers
        The numbers of the parts that are written, in order.
    """
    found: dict[int, tuple[npt.NDArray[np.int64], PartVectors]] = {}
    for space, own in vectors.items():
        at = [place for place, number in enumerate(numbers) if number in own]
        if at:
            some = [own[numbers[place]] for place in at]
            found[space] = np.array(at), np.stack(some) if some[0].ndim == 1 else some
    return found
