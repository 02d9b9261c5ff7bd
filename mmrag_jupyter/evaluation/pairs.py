"""Questions from texts and pictures, or sound, that belong together: each should find the other.

Only the parts of the other modality may answer, by what the models see or hear in them. Words are
left out: an item's own text would find itself, and the pictures beside it, by its own words. What
is said in a recording is no text of it: that would be to find words by the same words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from mmrag_jupyter.errors import NotFoundError, QueryError, SourceError, did_you_mean
from mmrag_jupyter.evaluation.questions import Judgements, Question, counted, some
from mmrag_jupyter.ingest.recordings import span_digest
from mmrag_jupyter.naming import shortened
from mmrag_jupyter.search.build import media_of
from mmrag_jupyter.search.query import LEXICAL
from mmrag_jupyter.sources.images import media_digest
from mmrag_jupyter.sources.plain import as_text
from mmrag_jupyter.store.recordings import recording

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mmrag_jupyter.items import Media
    from mmrag_jupyter.store import PartRow, Store

    Kind = Literal["picture", "recording"]

MOST_ITEMS = 1000  # of a collection, drawn by chance where there are more
_CHARACTERS = 2000  # of a text, from its beginning: models read no more of it
# Nothing but what the model sees: neither words, nor texts that would lend their pictures.
_NO_WORDS = {LEXICAL: 0.0, "text": 0.0, "page": 0.0}
_SAID = (
    "Asked with a text, only {} may answer, and the reverse; words are not compared, so that no"
    " text finds itself."
)

TO_PICTURE, TO_TEXT = "text → picture", "picture → text"
TO_SOUND, SOUND_TO_TEXT = "text → sound", "sound → text"


@dataclass(frozen=True, slots=True)
class Pair:
    """A text, the pictures or recordings that belong to it, by name, and the items of these."""

    text: str
    media: tuple[tuple[str, Media], ...]
    items: tuple[str, ...]
    heard: bool = False


def from_collection(store: Store, caption: str | None, *, seed: int = 0) -> Judgements:
    """Return a question for each text, and each picture or recording, of items that have both.

    Parameters
    ----------
    caption
        The items' column with the texts; otherwise all texts of an item are one.
    seed
        Draws the items where there are more than `MOST_ITEMS`.

    Raises
    ------
    QueryError
        No item has both, or there is no such column.
    """
    rows: dict[str, list[PartRow]] = {}
    for row in store.parts_of(store.numbers()):
        rows.setdefault(row.item_id, []).append(row)
    texts = _captions(store, caption) if caption else _texts(rows)
    media = {item: _media(own, store) for item, own in rows.items()}
    both = [item for item in rows if media[item] and texts.get(item, "").strip()]
    if not both:
        counts = store.part_counts()
        raise QueryError(
            f"No item of {store.name!r} has both a text and a picture or sound"
            f" ({counts.get('text', 0):,} texts, {counts.get('image', 0):,} pictures,"
            f" {counts.get('audio', 0):,} sounds; what is said in a recording is no text of it);"
            " give judgements instead."
        )
    notices = []
    if len(both) > MOST_ITEMS:
        notices.append(f"{MOST_ITEMS:,} of {len(both):,} items, drawn by chance (seed {seed}).")
        drawn = np.random.default_rng(seed).choice(len(both), MOST_ITEMS, replace=False)
        both = [both[at] for at in sorted(drawn.tolist())]
    pairs = [
        Pair(texts[item], tuple(own), (item,), heard)
        for item in both
        for heard, own in media[item].items()
    ]
    return _judgements(pairs, "its own pairs", notices)


def from_rows(
    kinds: Sequence[tuple[Kind, Sequence[tuple[str, Media | None]]]], label: str, store: Store
) -> Judgements:
    """Return a question for each text and each picture or recording of rows that have both.

    What is right is every item that has the very same picture or recording.

    Parameters
    ----------
    kinds
        The text of each row with its picture, or with its recording.

    Raises
    ------
    NotFoundError
        The collection has none of them.
    QueryError
        No row has both.
    """
    parts = store.parts_of(store.numbers())
    pairs: list[Pair] = []
    unknown: dict[Kind, list[str]] = {}
    for kind, rows in kinds:
        holders = _Pictures(parts) if kind == "picture" else _Recordings(parts)
        for number, (text, media) in enumerate(rows, start=1):
            if media is None or not text.strip():
                continue
            try:
                items = holders.of(media_digest(media))
            except SourceError:
                items = []
            if items:
                own = ((f"row {number}", media),)
                pairs.append(Pair(text, own, tuple(dict.fromkeys(items)), kind == "recording"))
            else:
                unknown.setdefault(kind, []).append(str(media))
    if not pairs and unknown:
        told = "; ".join(f"{len(own):,} {kind}s of {label}" for kind, own in unknown.items())
        names = [name for own in unknown.values() for name in own]
        raise NotFoundError(
            f"None of the {told} is in collection {store.name!r}: {some(names)}; load them first."
        )
    if not pairs:
        which = " or ".join(f"a {kind}" for kind, _ in kinds)
        raise QueryError(f"No row of {label} has both a text and {which}.")
    left = [
        f"{counted(len(own), kind)} of {label} not in the collection: {some(own)}."
        for kind, own in unknown.items()
    ]
    return _judgements(pairs, f"pairs of {label}", left)


class _Pictures:
    """Which items have a picture, by its content hash."""

    def __init__(self, rows: Iterable[PartRow]) -> None:
        self._holders: dict[bytes, list[str]] = {}
        for row in rows:
            if row.modality == "image":
                self._holders.setdefault(row.digest, []).append(row.item_id)

    def of(self, digest: bytes) -> list[str]:
        return self._holders.get(digest, [])


class _Recordings:
    """Which items have a recording, by its content hash: that of a span is made of it."""

    def __init__(self, rows: Iterable[PartRow]) -> None:
        self._first: dict[tuple[float, float], dict[bytes, list[str]]] = {}
        seen: set[object] = set()
        for row in rows:
            if row.modality != "audio" or row.start is None or row.end is None:
                continue
            # The first span of a recording tells which it is; one that is no file is kept there.
            key = (row.item, row.row, row.path) if row.path is not None else row.part
            if key not in seen and (row.path is not None or row.has_blob):
                seen.add(key)
                spans = self._first.setdefault((row.start, row.end), {})
                spans.setdefault(row.digest, []).append(row.item_id)

    def of(self, digest: bytes) -> list[str]:
        return [
            item
            for span, known in self._first.items()
            for item in known.get(span_digest(digest, span), ())
        ]


def _judgements(pairs: Sequence[Pair], about: str, notices: Sequence[str]) -> Judgements:
    # Pairs of the very same text cannot be told apart by it: the items of each are right.
    items: dict[tuple[bool, str], list[str]] = {}
    for pair in pairs:
        items.setdefault((pair.heard, pair.text), []).extend(pair.items)
    questions = [
        Question(
            f"{TO_SOUND if heard else TO_PICTURE} {text}",
            shortened(text),
            dict.fromkeys(right, 1.0),
            text=text,
            slice=TO_SOUND if heard else TO_PICTURE,
            modality=frozenset({"audio" if heard else "image"}),
            weights=_NO_WORDS,
        )
        for (heard, text), right in items.items()
    ]
    questions += [
        Question(
            f"{SOUND_TO_TEXT if pair.heard else TO_TEXT} {name}",
            f"the {'sound' if pair.heard else 'picture'} of {shortened(name)}",
            dict.fromkeys(pair.items, 1.0),
            images=() if pair.heard else (media,),
            sounds=(media,) if pair.heard else (),
            slice=SOUND_TO_TEXT if pair.heard else TO_TEXT,
            modality=frozenset({"text"}),
        )
        for pair in pairs
        for name, media in pair.media
    ]
    kinds = sorted({"sound" if pair.heard else "pictures" for pair in pairs})
    return Judgements(tuple(questions), about, (_SAID.format(" or ".join(kinds)), *notices))


def _media(rows: Sequence[PartRow], store: Store) -> dict[bool, list[tuple[str, Media]]]:
    """Return an item's pictures, and under True its recordings: each once, whatever its spans."""
    found: dict[bool, dict[object, tuple[str, Media]]] = {False: {}, True: {}}
    for row in rows:
        if row.modality == "image" and (media := media_of(row, store)) is not None:
            found[False][row.part] = row.node_id, media
        elif row.modality == "audio" and (row.path is not None or row.has_blob):
            # One that is no file is kept with its first span.
            key = row.path if row.path is not None else row.part
            if key not in found[True] and (sound := recording(store, row)) is not None:
                found[True][key] = row.node_id, sound
    return {heard: list(own.values()) for heard, own in found.items() if own}


def _texts(rows: dict[str, list[PartRow]]) -> dict[str, str]:
    return {
        item: "\n".join(row.text for row in own if row.modality == "text" and row.start is None)[
            :_CHARACTERS
        ]
        for item, own in rows.items()
    }


def _captions(store: Store, caption: str) -> dict[str, str]:
    known = [one.name for one in store.columns()]
    if caption not in known:
        raise QueryError(
            f"--query {caption!r} is no column of {store.name!r}.{did_you_mean(caption, known)}"
        )
    return {
        row.id: as_text(row.metadata[caption])[:_CHARACTERS]
        for row in store.items(store.numbers())
        if row.metadata.get(caption) is not None
    }
