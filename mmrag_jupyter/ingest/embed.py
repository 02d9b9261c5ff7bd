"""Embed the parts of a stream of chunks: pictures and sound are decoded ahead, in threads."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.ingest.ahead import ahead
from mmrag_jupyter.ingest.vectors import begun, embedded, rehearsed, repeated
from mmrag_jupyter.models.base import audio_rate
from mmrag_jupyter.models.late import is_late
from mmrag_jupyter.sources.images import open_image
from mmrag_jupyter.sources.sound import SoundReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Executor

    from mmrag_jupyter.ingest.chunk import Chunk, Place
    from mmrag_jupyter.items import Media, Modality
    from mmrag_jupyter.models.spaces import AnyEmbedder
    from mmrag_jupyter.store import Store
    from mmrag_jupyter.store.tokens_writing import PartVectors

TEXTS_AT_ONCE = 256
# With twice as many decoded ahead; some megabytes each where their size is not bounded.
PICTURES_AT_ONCE, LARGE_AT_ONCE = 32, 8


@dataclass(frozen=True, slots=True, eq=False)
class _Texts:
    """Distinct texts for one space, and the places that have each of them."""

    texts: list[str]
    places: list[list[Place]]


@dataclass(frozen=True, slots=True, eq=False)
class _Picture:
    """A picture or sound to embed, for all the places of its chunk that have this content."""

    chunk: Chunk
    places: list[Place]
    media: Media
    space: int
    embedder: AnyEmbedder
    span: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Decoded:
    picture: _Picture
    image: object
    failure: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _Flight:
    """A batch under way: what was decoded for it, and what waits for its vectors."""

    decoded: Sequence[_Decoded]
    land: Callable[[], PartVectors]


@dataclass(frozen=True, slots=True, eq=False)
class _End:
    """All pictures of a chunk have gone by; its texts are still to be embedded."""

    chunk: Chunk
    texts: Mapping[int, tuple[AnyEmbedder, _Texts]]


_Unit: TypeAlias = "_Picture | _End"


class Embedding:
    """Gives every part a vector: one that the store has for the same content, or a new one.

    Parameters
    ----------
    tell
        Is told what is being embedded of a document, how much of it is, and of how much.
    """

    def __init__(
        self,
        store: Store,
        embedders: Mapping[Modality, tuple[int, AnyEmbedder]],
        tell: Callable[[str, int, int], None],
    ) -> None:
        self._store = store
        self._embedders = embedders
        self._tell = tell
        self._pages = Counter[str]()
        self._spans = Counter[str]()
        self._sounds = SoundReader()
        # Those that have something to see or hear: how much at once, only a loaded model knows,
        # and where nothing is new none is loaded.
        self._seeing: dict[int, AnyEmbedder] = {}
        self._under_way: deque[_Flight | _End] = deque()
        self._rehearsed: set[tuple[int, str]] = set()

    def run(self, chunks: Iterable[Chunk], pool: Executor) -> Iterator[Chunk]:
        """Yield the chunks in order, their vectors filled in."""
        waiting: list[_Decoded] = []
        # Of a run that failed, or was stopped.
        self._under_way.clear()
        for unit in ahead(pool, self._decode, self._units(chunks), self._room, self._weight):
            if isinstance(unit, _Decoded):
                waiting.append(unit)
                if len(waiting) < batch_size(unit.picture.embedder):
                    continue
            self._begin(waiting)
            waiting = []
            if isinstance(unit, _End):
                self._under_way.append(unit)
            yield from self._land(max(map(in_flight, self._seeing.values()), default=1) - 1)
        yield from self._land(0)
        # After an interrupt threads may still read: then they are closed with the last of these.
        self._sounds.close()

    def _room(self) -> int:
        """Return how much may be decoded ahead: the next batch while one is embedded."""
        return 2 * max(map(batch_size, self._seeing.values()), default=PICTURES_AT_ONCE)

    def _weight(self, unit: _Unit) -> int:
        if isinstance(unit, _Picture):
            self._seeing[unit.space] = unit.embedder
            return 1
        # A chunk holds all its texts: one is embedded while the next is made, no more.
        return self._room() // 2

    def _decode(self, unit: _Unit) -> _Decoded | _End:
        return _decode(unit, self._sounds)

    def _units(self, chunks: Iterable[Chunk]) -> Iterator[_Unit]:
        for chunk in chunks:
            texts: dict[int, tuple[AnyEmbedder, _Texts]] = {}
            for modality, (space, embedder) in self._embedders.items():
                places = self._to_embed(chunk, modality, space, late=is_late(embedder))
                if modality == "text":
                    written = [chunk.part(same[0]).text for same in places]
                    texts[space] = (embedder, _Texts(written, places))
                    continue
                self._pages["all"] += len(places) if modality == "page" else 0
                self._spans["all"] += len(places) if modality == "audio" else 0
                for same in places:
                    media = chunk.media(same[0])
                    if media is not None:
                        yield _Picture(chunk, same, media, space, embedder, _span(chunk, same[0]))
            yield _End(chunk, texts)

    def _begin(self, decoded: Sequence[_Decoded]) -> None:
        """Begin to embed pictures and sound; those that could not be opened have failed."""
        for one in decoded:
            if one.failure:
                for place in one.picture.places:
                    # It names the first of the files that have this content.
                    named = str(one.picture.chunk.media(place))
                    reason = one.failure.replace(str(one.picture.media), named)
                    one.picture.chunk.fail(place, reason)
        # Pages may have another embedder than pictures, and one may embed both pictures and sound.
        by_space: dict[tuple[int, bool], list[_Decoded]] = defaultdict(list)
        for one in decoded:
            if not one.failure:
                by_space[one.picture.space, one.picture.span is not None].append(one)
        for (space, heard), good in by_space.items():
            embedder = good[0].picture.embedder
            seen = "prepared" if hasattr(embedder, "prepare_image") else "image"
            modality, inputs = "audio" if heard else seen, [one.image for one in good]
            self._rehearse(space, embedder, modality, inputs)
            self._under_way.append(_Flight(good, begun(embedder, modality, inputs)))
        self._count(decoded)

    def _land(self, most: int) -> Iterator[Chunk]:
        """Take the vectors of the oldest batches, until at most so many are under way.

        Yields the chunks whose vectors have all come. No more than one waits for its last ones.
        """
        while self._under_way:
            ends = sum(isinstance(one, _End) for one in self._under_way)
            first = self._under_way[0]
            if not isinstance(first, _End) and len(self._under_way) - ends <= most and ends <= 1:
                return
            self._under_way.popleft()
            if isinstance(first, _End):
                self._embed_texts(first)
                yield first.chunk
                continue
            vectors = first.land()
            for at, one in enumerate(first.decoded):
                places = one.picture.places
                own = repeated(vectors[at : at + 1], [len(places)])
                one.picture.chunk.add(one.picture.space, places, own)

    def _embed_texts(self, end: _End) -> None:
        for space, (embedder, todo) in end.texts.items():
            # Texts of like length share what is embedded at once, which saves padding.
            order = sorted(range(len(todo.texts)), key=lambda at: len(todo.texts[at]))
            for first in range(0, len(order), TEXTS_AT_ONCE):
                some = order[first : first + TEXTS_AT_ONCE]
                texts = [todo.texts[at] for at in some]
                self._rehearse(space, embedder, "text", texts)
                vectors = embedded(embedder, "text", texts)
                groups = [todo.places[at] for at in some]
                places = [place for same in groups for place in same]
                end.chunk.add(space, places, repeated(vectors, [len(same) for same in groups]))

    def _rehearse(
        self, space: int, embedder: AnyEmbedder, modality: str, inputs: Sequence[object]
    ) -> None:
        if (space, modality) not in self._rehearsed:
            self._rehearsed.add((space, modality))
            rehearsed(embedder, modality, inputs)

    def _count(self, decoded: Sequence[_Decoded]) -> None:
        pages = sum(one.picture.media.page is not None for one in decoded)
        if pages:
            self._pages["done"] += pages
            self._tell("embedding pages", self._pages["done"], self._pages["all"])
        spans = sum(one.picture.span is not None for one in decoded)
        if spans:
            self._spans["done"] += spans
            self._tell("embedding sound", self._spans["done"], self._spans["all"])

    def _to_embed(
        self, chunk: Chunk, modality: Modality, space: int, *, late: bool
    ) -> list[list[Place]]:
        """Group the places without a stored vector by content; fill in the others at once."""
        by_digest: dict[bytes, list[Place]] = defaultdict(list)
        for place, part in chunk.parts(modality):
            by_digest[part.digest].append(place)
        known = self._store.tokens.of_digests if late else self._store.vectors_of
        for digest, own in known(space, list(by_digest)).items():
            places = by_digest.pop(digest)
            found: PartVectors = [own] if late else own[None, :]
            chunk.add(space, places, repeated(found, [len(places)]))
        return list(by_digest.values())


def batch_size(embedder: AnyEmbedder) -> int:
    """Return how many pictures to hand to an embedder at once."""
    is_bounded = getattr(embedder, "image_edge", None) is not None
    most = PICTURES_AT_ONCE if is_bounded else LARGE_AT_ONCE
    return int(getattr(embedder, "batch_size", most))


def in_flight(embedder: AnyEmbedder) -> int:
    """Return how many batches to have under way: two, where it can begin one, else one."""
    begins = hasattr(embedder, "start_prepared")
    return int(getattr(embedder, "in_flight", 2)) if begins else 1


def _span(chunk: Chunk, place: Place) -> tuple[float, float] | None:
    part = chunk.part(place)
    if part.modality != "audio" or part.start is None or part.end is None:
        return None
    return part.start, part.end


def _decode(unit: _Unit, sounds: SoundReader) -> _Decoded | _End:
    if isinstance(unit, _End):
        return unit
    try:
        return _Decoded(unit, _opened(unit, sounds))
    except (SourceError, OSError, MemoryError) as error:
        return _Decoded(unit, None, str(error) or "not enough memory to open it")


def _opened(unit: _Picture, sounds: SoundReader) -> object:
    """Return what the embedder takes: a picture as it wants it, or a sound at its rate."""
    if unit.span is not None:
        start, end = unit.span
        return sounds.read(unit.media, rate=audio_rate(unit.embedder), start=start, end=end)
    image = open_image(unit.media, edge=getattr(unit.embedder, "image_edge", None))
    prepare = getattr(unit.embedder, "prepare_image", None)
    return prepare(image) if prepare is not None else image
