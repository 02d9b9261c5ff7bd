"""Answers what a page asks, whatever carries the messages: a widget, or a comm."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Protocol

from mmrag_jupyter import errors
from mmrag_jupyter.display.escape import one_line
from mmrag_jupyter.display.thumbnails import Gone
from mmrag_jupyter.search import build
from mmrag_jupyter.search.terms import words
from mmrag_jupyter.search.unanswered import unanswered
from mmrag_jupyter.store import feedback
from mmrag_jupyter.widgets import protocol, questions, wire
from mmrag_jupyter.widgets.asking import Searches
from mmrag_jupyter.widgets.counting import Counting
from mmrag_jupyter.widgets.pictures import TYPE, Pictures
from mmrag_jupyter.widgets.reading import MessageError
from mmrag_jupyter.widgets.sounds import sound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mmrag_jupyter.search.hits import Hit, Part
    from mmrag_jupyter.search.ranking import Page
    from mmrag_jupyter.store import Store
    from mmrag_jupyter.store.feedback import Verdict
    from mmrag_jupyter.widgets.asking import Search
    from mmrag_jupyter.widgets.loads import Loads
    from mmrag_jupyter.widgets.pictures import Encoded
    from mmrag_jupyter.widgets.protocol import ErrorKind
    from mmrag_jupyter.widgets.provider import Provider, Searchable
    from mmrag_jupyter.widgets.questions import Question

    Answer = tuple[Mapping[str, object], list[bytes]]

logger = logging.getLogger(__name__)

_KINDS: tuple[tuple[type[Exception], ErrorKind], ...] = (
    (MessageError, "message"),
    (errors.WhereError, "where"),
    (errors.QueryError, "query"),
    (errors.NotFoundError, "missing"),
    (errors.StoreBusyError, "busy"),
    (errors.StoreDamagedError, "damaged"),
    (errors.StoreError, "store"),
    (errors.ModelError, "model"),
    (errors.SourceError, "source"),
)


class Watcher(Protocol):
    """Whoever wants to know what a page shows: the panel, for the notebook's next cells."""

    def shown(self, search: Search, page: Page, offset: int) -> None:
        """Take note of a page of hits that was sent."""

    def selected(self, collection: Searchable, ids: Sequence[str]) -> None:
        """Take note of the items that are selected now."""


class Service:
    """The verbs of the protocol over a session's collections. Any thread may call it.

    Parameters
    ----------
    provider
        The session, or what stands for one.
    loads
        The loads that are running; none are told of without it.
    watcher
        Hears of every page of hits and every selection.
    """

    def __init__(
        self, provider: Provider, loads: Loads | None = None, watcher: Watcher | None = None
    ) -> None:
        self._provider = provider
        self._loads = loads
        self._watcher = watcher
        self._searches = Searches()
        self._counting = Counting()
        self._pictures = Pictures()
        # Verdicts that came while somebody else was writing, to be kept with the next one.
        self._waiting: list[tuple[Store, Verdict]] = []
        self._writing = threading.Lock()

    def handle(
        self, message: object, buffers: Sequence[bytes | memoryview] = ()
    ) -> tuple[dict[str, object], list[bytes]]:
        """Return the answer to a message, with its buffers; an error is an answer too."""
        try:
            result, data = self.ask(message, buffers)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong, the page must hear of it
            return protocol.failure(message, _kind(error), _words(error)), []
        return protocol.answer(message, result), data

    def ask(self, message: object, buffers: Sequence[bytes | memoryview] = ()) -> Answer:
        """Return the result of what a message asks, and its buffers; errors are raised."""
        return self._answer(protocol.read_question(message, buffers))

    def loads(self) -> list[dict[str, object]]:
        """Return the running loads, and the last that have ended, as an event tells of them."""
        return self._loads.rows() if self._loads is not None else []

    def close(self) -> None:
        """Keep what waits to be kept, and let go of pictures and files."""
        self._keep([])
        self._pictures.close()
        self._counting.close()

    def _answer(self, question: Question) -> Answer:
        match question:
            case questions.Hello():
                return protocol.here(), []
            case questions.Collections():
                return self._collections(), []
            case questions.ListLoads():
                return {"loads": self.loads()}, []
            case _:
                return self._of_one(self._provider.collection(question.collection), question)

    def _of_one(self, collection: Searchable, question: questions.OfCollection) -> Answer:
        match question:
            case questions.Search():
                return self._search(collection, question), []
            case questions.Thumbnails():
                return self._thumbnails(collection, question)
            case questions.ShowItem() | questions.Hear():
                return self._of_item(self._whole(collection, question.key), question)
            case questions.CountFacets():
                return self._counting.answer(collection, question.asked, self._searches), []
            case questions.Feedback():
                return self._feedback(collection, question), []
            case questions.Select():
                ids = [wire.from_key(key) for key in question.keys]
                if self._watcher is not None:
                    self._watcher.selected(collection, ids)
                return {"selected": len(ids)}, []

    def _collections(self) -> Mapping[str, object]:
        rows = []
        for name in self._provider.names():
            try:
                collection = self._provider.collection(name)
                row = wire.collection(collection.summary(), collection.store.part_counts())
            except errors.MmragError as error:
                row = wire.unopened(name, str(error))
            rows.append({**row, "current": name == self._provider.current})
        return {"current": self._provider.current, "collections": rows}

    def _search(self, collection: Searchable, question: questions.Search) -> Mapping[str, object]:
        asked, offset = question.asked, question.offset
        search = self._searches.run(collection, asked, again=offset == 0)
        page = search.ranking.page(offset, question.limit)
        if self._watcher is not None:
            self._watcher.shown(search, page, offset)
        told: list[str] = []
        if search.query is not None and not page.hits and not offset:
            # Other words would find nothing either.
            told = unanswered(search.query, collection.store, collection.serving())
        pictures = [hit.picture or hit.recording for hit in page.hits]
        columns = wire.columns(collection.store.columns())
        terms = words(search.query.text) if search.query is not None else ()
        return {
            "title": one_line(search.title, 300),
            "notices": wire.notices([*_taken(collection.store), *told]),
            "columns": wire.shown_names(columns),
            "offset": offset,
            "hits": wire.hits(page.hits, columns, terms, pictures, self._pictures.sizes(pictures)),
            "total": search.ranking.total,
            "more": page.more,
            "signals": collection.signals(),
            "where": search.where or "",
        }

    def _thumbnails(self, collection: Searchable, question: questions.Thumbnails) -> Answer:
        ids = [wire.from_key(one.key) for one in question.pictures]
        parts = _parts(collection.store, ids)
        wanted = [
            parts.get((item_id, one.part))
            for item_id, one in zip(ids, question.pictures, strict=True)
        ]
        made = self._pictures.encoded(wanted, question.size)
        data: list[bytes] = []
        return {"pictures": [_picture(one, data) for one in made]}, data

    def _whole(self, collection: Searchable, key: str) -> Hit:
        item_id = wire.from_key(key)
        numbers = list(collection.store.find([item_id]).values())
        if not numbers:
            raise errors.NotFoundError(
                f"Item {one_line(item_id, 80)!r} is no longer in collection {collection.name!r}."
            )
        return build.in_order(numbers, collection.store)[0][0]

    def _of_item(self, hit: Hit, question: questions.ShowItem | questions.Hear) -> Answer:
        data: list[bytes] = []
        if isinstance(question, questions.Hear):
            return {"sound": sound(hit, question, data)}, data
        part = _shown(hit, question.part)
        picture = None
        if part is not None:
            picture = _picture(self._pictures.encoded([part], question.size)[0], data)
        (size,) = self._pictures.sizes([part])
        told = wire.whole(hit, list(hit.metadata), part, size)
        return {
            "hit": told,
            "parts": [wire.part(one) for one in hit.parts],
            "picture": picture,
        }, data

    def _feedback(
        self, collection: Searchable, question: questions.Feedback
    ) -> Mapping[str, object]:
        verdict = feedback.now(question.query, wire.from_key(question.key), question.verdict)
        problem = self._keep([(collection.store, verdict)])
        return {"kept": not problem, "message": problem}

    def _keep(self, verdicts: Sequence[tuple[Store, Verdict]]) -> str:
        """Keep verdicts, and those that still wait; return why that cannot be now, or ""."""
        with self._writing:
            self._waiting += verdicts
            problem = ""
            for store in dict.fromkeys(store for store, _ in self._waiting):
                own = [verdict for of, verdict in self._waiting if of is store]
                try:
                    store.keep_feedback(own)
                except errors.StoreError as error:
                    problem = str(error)
                else:
                    self._waiting = [one for one in self._waiting if one[0] is not store]
            return problem


def _shown(hit: Hit, number: int | None) -> Part | None:
    """Return the part whose picture is meant; parts are counted from 0."""
    named = hit.parts[number] if number is not None and number < len(hit.parts) else None
    if named is not None and named.modality != "text":
        return named
    return hit.picture or hit.recording


def _parts(store: Store, ids: Sequence[str]) -> dict[tuple[str, int], Part]:
    numbers = list(store.find(list(dict.fromkeys(ids))).values())
    hits, _ = build.in_order(numbers, store)
    return {(hit.id, at): part for hit in hits for at, part in enumerate(hit.parts)}


def _picture(made: Encoded | Gone, data: list[bytes]) -> dict[str, object]:
    """Return a picture as the wire says it; its bytes are added to `data`."""
    if isinstance(made, Gone):
        return {"problem": made.reason}
    data.append(made.data)
    return {"buffer": len(data) - 1, "type": TYPE, "width": made.width, "height": made.height}


def _taken(store: Store) -> list[str]:
    taken = list(store.notices)
    store.notices.clear()
    return taken


def _kind(error: Exception) -> ErrorKind:
    return next((kind for known, kind in _KINDS if isinstance(error, known)), "internal")


def _words(error: Exception) -> str:
    if isinstance(error, errors.MmragError | MessageError):
        return one_line(str(error), 500)
    logger.error("mmrag_jupyter could not answer a page", exc_info=error)
    return one_line(f"{type(error).__name__}: {error}", 500)
