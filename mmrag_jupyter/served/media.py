"""What a collection elsewhere keeps beside its items: pictures, what was said, verdicts."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from datetime import datetime
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.items import Media
from mmrag_jupyter.served.conditions import among
from mmrag_jupyter.served.rows import KEY, Row
from mmrag_jupyter.store.feedback import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mmrag_jupyter.served.rows import Table
    from mmrag_jupyter.served.told import Told
    from mmrag_jupyter.store.catalogue import SourceColumns
    from mmrag_jupyter.store.itemrows import ItemTable
    from mmrag_jupyter.store.store import Store
    from mmrag_jupyter.store.values import PartRow

# What came as bytes is kept as it is up to here; it fits a field of every engine, in base64.
MOST_BYTES = 45_000
# A larger picture is kept so large, in pixels of its longer side.
_EDGES = (512, 384, 256)
_QUALITY = 80
# Rows of up to so many bytes that are asked for at once: no engine sends much more.
_AT_ONCE = 100
_BLOB, _SAID, _SPEAKER, _VERDICT = "blob", "said", "speech", "verdict"


def kept_bytes(data: bytes) -> bytes | None:
    """Return a picture as it is kept: itself, or smaller; None where it is no picture."""
    if len(data) <= MOST_BYTES:
        return data
    from mmrag_jupyter.sources.images import open_image

    try:
        image = open_image(Media(data=data), edge=_EDGES[0]).convert("RGB")
    except SourceError:
        return None
    for edge in _EDGES:
        image.thumbnail((edge, edge))
        out = io.BytesIO()
        image.save(out, "JPEG", quality=_QUALITY)
        if out.tell() <= MOST_BYTES:
            return out.getvalue()
    return None


def blob_rows(pictures: Mapping[bytes, bytes]) -> list[Row]:
    """Return the rows of pictures, by the hash of their content."""
    return [
        Row({
            KEY: f"{_BLOB}:{digest.hex()}",
            "kind": _BLOB,
            "data": base64.b64encode(data).decode(),
        })
        for digest, data in pictures.items()
    ]  # fmt: skip


def blob(engine: Told, kept: Table, digest: bytes) -> bytes | None:
    """Return a picture by the hash of its content, or None."""
    test = among(KEY, "text", [f"{_BLOB}:{digest.hex()}"])
    found = next(iter(engine.scan(kept, test, ("data",))), None)
    return base64.b64decode(found.text("data")) if found is not None else None


def blobs(engine: Told, kept: Table, digests: Iterable[bytes]) -> dict[bytes, bytes]:
    """Return those pictures that are kept, by the hash of their content."""
    keys = {f"{_BLOB}:{digest.hex()}": digest for digest in digests}
    wanted = list(keys)
    found: dict[bytes, bytes] = {}
    for at in range(0, len(wanted), _AT_ONCE):
        test = among(KEY, "text", wanted[at : at + _AT_ONCE])
        for row in engine.scan(kept, test, (KEY, "data")):
            found[keys[row.text(KEY)]] = base64.b64decode(row.text("data"))
    return found


def cells(
    store: Store, table: ItemTable, sources: Sequence[SourceColumns]
) -> Mapping[int, Sequence[object]]:
    """Return the cells of columns that hold pictures: bytes, else a path, else None."""
    columns = [one for source in sources for one in source.media()]
    if not columns:
        return {}
    parts = {(row.item, row.number): row for row in store.parts_of(table.items)}
    found: dict[int, list[object]] = {}
    for one in columns:
        values: list[object] = []
        for item, number in zip(table.items, table.values[one.number], strict=True):
            row = parts.get((item, number)) if isinstance(number, int) else None
            values.append(_cell(store, row))
        found[one.number] = values
    return found


def cells_of_parts(
    store: Store, parts: Mapping[int, Sequence[int | None]]
) -> Mapping[int, Sequence[object]]:
    """Return the cells of columns that hold pictures, as `cells` does.

    Parameters
    ----------
    parts
        For the number of each column the part that stands in each of its rows.
    """
    wanted = [part for column in parts.values() for part in column if part is not None]
    rows = {row.part: row for row in store.parts(wanted)} if wanted else {}
    return {
        number: [_cell(store, rows.get(part) if part is not None else None) for part in column]
        for number, column in parts.items()
    }


def _cell(store: Store, row: PartRow | None) -> object:
    data = store.blob(row.digest) if row is not None and row.has_blob else None
    return data if data is not None or row is None else row.path


def transcripts(
    engine: Told, kept: Table, model: str, digests: Sequence[bytes]
) -> dict[bytes, str]:
    """Return what a model has made of stretches of sound, by their content hash."""
    keys = {_said_key(model, digest): digest for digest in digests}
    rows = engine.scan(kept, among(KEY, "text", list(keys)), (KEY, "data")) if keys else ()
    return {keys[row.text(KEY)]: row.text("data") for row in rows}


def has_transcripts(engine: Told, kept: Table) -> bool:
    """Tell whether anything that was said is kept."""
    return engine.count(kept, among("kind", "text", [_SAID])) > 0


def said_rows(model: str, said: Mapping[bytes, str]) -> list[Row]:
    """Return the rows of what a model has made of stretches of sound."""
    # Keys have room for its hash only.
    speaker = Row({KEY: f"{_SPEAKER}:{_hash(model)}", "kind": _SPEAKER, "data": model})
    return [
        speaker,
        *(
            Row({KEY: _said_key(model, digest), "kind": _SAID, "data": text})
            for digest, text in said.items()
        ),
    ]


def all_transcripts(
    engine: Told, kept: Table, known: Iterable[str]
) -> Iterator[tuple[str, dict[bytes, str]]]:
    """Yield all that was said, some of it at a time, with the model that wrote it down.

    Parameters
    ----------
    known
        Names of models that may have; those of later transcripts are kept with them.
    """
    rows = engine.scan(kept, among("kind", "text", [_SPEAKER]), ("data",))
    names = {_hash(name): name for name in (*known, *(row.text("data") for row in rows))}
    waiting: dict[str, dict[bytes, str]] = {}
    for row in engine.scan(kept, among("kind", "text", [_SAID]), (KEY, "data")):
        _, own, digest = row.text(KEY).split(":")
        if own not in names:
            continue  # it was given as an object, long ago
        some = waiting.setdefault(own, {})
        some[bytes.fromhex(digest)] = row.text("data")
        if len(some) == _AT_ONCE:
            yield names[own], waiting.pop(own)
    for own, some in waiting.items():
        yield names[own], some


def keep_feedback(engine: Told, kept: Table, verdicts: Iterable[Verdict]) -> None:
    """Keep what the user thought of hits; the last verdict of a query and item counts."""
    rows = [
        Row({
            KEY: f"{_VERDICT}:{_hash(f'{one.query}{chr(0)}{one.item}')}",
            "kind": _VERDICT,
            "data": json.dumps([one.query, one.item, one.verdict, one.time.isoformat()]),
        })
        for one in verdicts
    ]  # fmt: skip
    engine.put(kept, rows)


def feedback(engine: Told, kept: Table) -> list[Verdict]:
    """Return what stands of all verdicts, oldest first."""
    rows = engine.scan(kept, among("kind", "text", [_VERDICT]), ("data",))
    found = [json.loads(row.text("data")) for row in rows]
    told = [
        Verdict(query, item, verdict, datetime.fromisoformat(time))
        for query, item, verdict, time in found
        if verdict
    ]
    return sorted(told, key=lambda one: one.time)


def _said_key(model: str, digest: bytes) -> str:
    return f"{_SAID}:{_hash(model)}:{digest.hex()}"


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
