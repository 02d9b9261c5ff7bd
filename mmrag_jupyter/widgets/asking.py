"""What a page asks for, as a query of a collection; the last rankings are kept for their pages."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.items import Media
from mmrag_jupyter.models.late import is_late
from mmrag_jupyter.search.query import Query
from mmrag_jupyter.search.ranking import InOrder, Ranked
from mmrag_jupyter.search.remembered import Remembered
from mmrag_jupyter.sources.images import open_image
from mmrag_jupyter.sources.sound import sound_seconds
from mmrag_jupyter.widgets.filters import condition
from mmrag_jupyter.widgets.wire import from_key

if TYPE_CHECKING:
    from mmrag_jupyter.models.base import Embedder
    from mmrag_jupyter.search.ranking import Ranking
    from mmrag_jupyter.search.signals import Serving
    from mmrag_jupyter.store import Store
    from mmrag_jupyter.widgets.provider import Searchable
    from mmrag_jupyter.widgets.questions import Asked, AskedPicture, AskedSound

_KEPT = 4


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """One query of one collection, as the page asked it and as it was understood."""

    store: Store
    asked: Asked
    query: Query | None
    where: str | None
    ranking: Ranking

    @property
    def title(self) -> str:
        """What was asked, in one line."""
        if self.query is not None:
            return self.query.describe()
        return f"all items where {self.where}" if self.where else "all items"


class Searches:
    """Runs what pages ask for, one at a time, and keeps the last few for their next pages."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: deque[Search] = deque(maxlen=_KEPT)
        self._embedders: WeakKeyDictionary[Embedder, Remembered] = WeakKeyDictionary()

    def run(self, collection: Searchable, asked: Asked, *, again: bool) -> Search:
        """Return the search that a page asks for.

        Parameters
        ----------
        again
            Whether to look anew even if this was the last thing asked: the first page of
            a query shows what is there now, and the next ones go on from it.
        """
        with self._lock:
            known = next(
                (one for one in self._last if one.store is collection.store and one.asked == asked),
                None,
            )
            if known is not None and not again:
                return known
            found = self._search(collection, asked)
            self._last = deque((one for one in self._last if one is not known), maxlen=_KEPT)
            self._last.appendleft(found)
            return found

    def _search(self, collection: Searchable, asked: Asked) -> Search:
        store = collection.store
        where = condition(asked.where, asked.filters)
        query = as_query(asked, where, store)
        if query is None:
            return Search(store, asked, None, where, InOrder(store, where))
        return Search(store, asked, query, where, Ranked(query, store, self._serving(collection)))

    def _serving(self, collection: Searchable) -> Serving:
        return {
            # One query of a late-interaction model is a matrix, which is not remembered.
            modality: (space, embedder if is_late(embedder) else self._remembered(embedder))
            for modality, (space, embedder) in collection.serving().items()
        }

    def _remembered(self, embedder: Embedder) -> Remembered:
        try:
            return self._embedders.setdefault(embedder, Remembered(embedder))
        except TypeError:  # an embedder of the user's that is neither hashed nor referred to weakly
            return Remembered(embedder)


def as_query(asked: Asked, where: str | None, store: Store) -> Query | None:
    """Return the query that a page asks for, or None where it asks for nothing.

    Raises
    ------
    QueryError, SourceError
        It cannot be understood, or what should be a picture or a recording is none.
    """
    wanted = [one.text.strip() for one in asked.terms if not one.avoid]
    avoided = [one.text.strip() for one in asked.terms if one.avoid]
    text = ", ".join(text for text in wanted if text)
    avoid_text = tuple(text for text in avoided if text)
    like = tuple(map(from_key, asked.like))
    liked, disliked = _there(asked.liked, store), _there(asked.disliked, store)
    if not (text or avoid_text or asked.pictures or asked.sounds or like or liked or disliked):
        return None
    return Query(
        text=text,
        images=tuple(_opened(one) for one in asked.pictures if not one.avoid),
        sounds=tuple(_heard(one) for one in asked.sounds),
        like=like,
        avoid_text=avoid_text,
        avoid_images=tuple(_opened(one) for one in asked.pictures if one.avoid),
        where=where,
        modality=frozenset(asked.modality),
        weights=asked.weights,
        liked=liked,
        disliked=disliked,
        unfinished=asked.unfinished,
    )


def _there(keys: tuple[str, ...], store: Store) -> tuple[str, ...]:
    """Return the ids of the items that are there still: a verdict outlives its item."""
    return tuple(store.find([from_key(key) for key in keys]))


def _opened(picture: AskedPicture) -> Media:
    try:
        return Media(image=open_image(Media(data=picture.data)))
    except SourceError as error:
        raise _named(picture.name or "The picture", error) from error


def _heard(sound: AskedSound) -> Media:
    media = Media(data=sound.data)
    try:
        sound_seconds(media)
    except SourceError as error:
        raise _named(sound.name or "The recording", error) from error
    return media


def _named(name: str, error: SourceError) -> SourceError:
    # It says how many bytes are no picture; the page knows the file by its name.
    _, _, reason = str(error).partition(" bytes ")
    return SourceError(f"{name} {reason or error}")
