"""What a page and the kernel say to each other, whatever carries it.

The twin is `frontend/protocol.ts`; `tests/unit/widgets/protocol.json` holds examples that
the tests of both sides read.

The page asks `{type: VERB, uuid, ...}`, with buffers where pictures or sounds go along. The kernel
answers `{type: "answer", verb, uuid, result}` with buffers, or
`{type: "error", uuid, error: {kind, message}}`. Unasked it sends `{type: "event", event, ...}`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from mmrag_jupyter.items import Modality
from mmrag_jupyter.widgets.questions import (
    Asked,
    AskedPicture,
    AskedSound,
    Collections,
    CountFacets,
    Feedback,
    Hear,
    Hello,
    ListLoads,
    PictureOf,
    RangeFilter,
    Search,
    Select,
    ShowItem,
    Term,
    Thumbnails,
    ValuesFilter,
)
from mmrag_jupyter.widgets.reading import (
    MessageError,
    Record,
    number,
    one_of,
    record,
    several,
    text,
    text_or_none,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mmrag_jupyter.widgets.questions import Cell, Filter, Question

VERSION = "0.1.0"
"""The package's; a test holds it to `mmrag_jupyter.__version__`, which lies above all rooms."""

PROTOCOL = 1
"""Counted up when one side can no longer understand the other."""

TARGET = "mmrag_jupyter"
"""The comm target under which the sidebar finds the service."""

# Bounds of what is read, far above what a person does.
_TERMS, _TERM = 50, 10_000
_FILES, _FILE_BYTES = 16, 32 << 20
_IDS, _ID = 100_000, 10_000
_WHERE = 100_000
_FILTERS, _VALUES = 200, 1_000
_NAME = 1_000
_PAGE, _FARTHEST = 500, 1_000_000
_THUMBNAILS, _EDGE = 200, 2048

ErrorKind = Literal[
    "message", "version", "query", "where", "missing", "busy", "damaged", "store", "model",
    "source", "internal",
]  # fmt: skip


def read_question(message: object, buffers: Sequence[bytes | memoryview] = ()) -> Question:
    """Return what a message asks.

    Raises
    ------
    MessageError
        It is no message of this protocol; the error says which member is wrong.
    """
    source = record(message, "message")
    verb = one_of(source, "type", tuple(_READERS))
    return _READERS[verb](source, buffers)


def uuid_of(message: object) -> str:
    """Return what an answer to this message is recognised by, or ""."""
    uuid = message.get("uuid") if isinstance(message, dict) else None
    return uuid[:100] if isinstance(uuid, str) else ""


def here() -> dict[str, object]:
    """Return what `hello` is answered: which versions there are."""
    return {"version": VERSION, "protocol": PROTOCOL}


def answer(message: object, result: Mapping[str, object]) -> dict[str, object]:
    """Return the answer to a message."""
    verb = message.get("type") if isinstance(message, dict) else None
    return {"type": "answer", "verb": verb, "uuid": uuid_of(message), "result": dict(result)}


def failure(message: object, kind: ErrorKind, words: str) -> dict[str, object]:
    """Return the answer that says what went wrong."""
    return {"type": "error", "uuid": uuid_of(message), "error": {"kind": kind, "message": words}}


def event(
    name: Literal["loads", "collections", "selected"], **members: object
) -> dict[str, object]:
    """Return a message that nobody asked for."""
    return {"type": "event", "event": name, **members}


def _collection(source: Record) -> str | None:
    return text_or_none(source, "collection", _NAME)


def _key(source: Record) -> str:
    return text(source, "key", _ID)


def _id(value: object) -> str:
    return text({"key": value}, "key", _ID)


def _sign(source: Record) -> bool:
    sign = source.get("sign")
    if sign not in {1, -1} or isinstance(sign, bool):
        raise MessageError(f"sign is {str(sign)[:20]!r}; it must be 1 or -1.")
    return sign == -1


def _term(value: object) -> Term:
    source = record(value, "term")
    return Term(text(source, "text", _TERM), _sign(source))


def _filter(value: object) -> Filter:
    source = record(value, "filter")
    column = text(source, "column", _NAME, "")
    if one_of(source, "kind", ("values", "range")) == "values":
        return ValuesFilter(column, several(source, "values", _VALUES, _cell))
    return RangeFilter(column, _bound(source.get("low")), _bound(source.get("high")))


def _cell(value: object) -> Cell:
    if value is None or isinstance(value, bool):
        return value
    return _bound(value) if not isinstance(value, int) else value


def _bound(value: object) -> str | float | None:
    if value is None:
        return None
    if isinstance(value, str):
        return text({"value": value}, "value", _TERM)
    return value if type(value) is int else number(value, "value")


def _asked(source: Record, buffers: Sequence[bytes | memoryview]) -> Asked:
    asked = record(source.get("asked", {}), "asked")
    pictures = several(asked, "pictures", _FILES, lambda one: record(one, "picture"), ())
    sounds = several(asked, "sounds", _FILES, lambda one: record(one, "sound"), ())
    named = len(pictures) + len(sounds)
    if named != len(buffers):
        raise MessageError(f"{named} files are named and {len(buffers)} sent.")
    return Asked(
        terms=several(asked, "terms", _TERMS, _term, ()),
        pictures=tuple(
            AskedPicture(text(one, "name", _NAME, ""), _data(buffer), _sign(one))
            for one, buffer in zip(pictures, buffers, strict=False)
        ),
        sounds=tuple(
            AskedSound(text(one, "name", _NAME, ""), _data(buffer))
            for one, buffer in zip(sounds, buffers[len(pictures) :], strict=True)
        ),
        like=several(asked, "like", _IDS, _id, ()),
        liked=several(asked, "liked", _IDS, _id, ()),
        disliked=several(asked, "disliked", _IDS, _id, ()),
        where=text(asked, "where", _WHERE, ""),
        filters=several(asked, "filters", _FILTERS, _filter, ()),
        weights={
            str(name)[:_NAME]: number(weight, "weight")
            for name, weight in record(asked.get("weights", {}), "weights").items()
        },
        modality=several(
            asked,
            "modality",
            len(get_args(Modality)),
            lambda one: one_of({"modality": one}, "modality", get_args(Modality)),
            (),
        ),
        unfinished=asked.get("unfinished") is True,
    )


def _data(buffer: bytes | memoryview) -> bytes:
    size = len(buffer) if isinstance(buffer, bytes) else buffer.nbytes
    if size > _FILE_BYTES:
        raise MessageError(
            f"A file of {size / 2**20:.0f} MB is too large; send at most {_FILE_BYTES >> 20} MB."
        )
    return bytes(buffer)


def _picture_of(value: object) -> PictureOf:
    source = record(value, "picture")
    return PictureOf(_key(source), whole(source, "part", 0, _FARTHEST, 0))


def _hello(source: Record, _: Sequence[bytes | memoryview]) -> Hello:
    return Hello(text(source, "version", _NAME, ""), whole(source, "protocol", 0, _FARTHEST))


def _search(source: Record, buffers: Sequence[bytes | memoryview]) -> Search:
    offset = whole(source, "offset", 0, _FARTHEST, 0)
    limit = whole(source, "limit", 1, _PAGE)
    return Search(_collection(source), _asked(source, buffers), offset, limit)


def _thumbnails(source: Record, _: Sequence[bytes | memoryview]) -> Thumbnails:
    pictures = several(source, "pictures", _THUMBNAILS, _picture_of)
    return Thumbnails(_collection(source), pictures, whole(source, "size", 16, _EDGE))


def _item(source: Record, _: Sequence[bytes | memoryview]) -> ShowItem:
    size = whole(source, "size", 16, _EDGE)
    return ShowItem(_collection(source), _key(source), _part(source), size)


def _hear(source: Record, _: Sequence[bytes | memoryview]) -> Hear:
    start, end = _seconds(source, "start"), _seconds(source, "end")
    return Hear(_collection(source), _key(source), _part(source), start, end)


def _seconds(source: Record, name: str) -> float | None:
    return None if source.get(name) is None else max(number(source[name], name), 0.0)


def _part(source: Record) -> int | None:
    return None if source.get("part") is None else whole(source, "part", 0, _FARTHEST)


def _feedback(source: Record, _: Sequence[bytes | memoryview]) -> Feedback:
    verdict = whole(source, "verdict", -1, 1)
    return Feedback(_collection(source), _key(source), verdict, text(source, "query", _TERM, ""))


def _select(source: Record, _: Sequence[bytes | memoryview]) -> Select:
    return Select(_collection(source), several(source, "keys", _IDS, _id))


_READERS: Mapping[str, Callable[[Record, Sequence[bytes | memoryview]], Question]] = {
    "hello": _hello,
    "collections": lambda _source, _buffers: Collections(),
    "search": _search,
    "thumbnails": _thumbnails,
    "item": _item,
    "sound": _hear,
    "facets": lambda source, buffers: CountFacets(_collection(source), _asked(source, buffers)),
    "feedback": _feedback,
    "select": _select,
    "loads": lambda _source, _buffers: ListLoads(),
}
