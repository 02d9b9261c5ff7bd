"""The search panel: a widget whose hits and selection the next cells use."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import anywidget
import traitlets

from mmrag_jupyter.display import Options
from mmrag_jupyter.display.escape import escape
from mmrag_jupyter.errors import MmragError
from mmrag_jupyter.search import build
from mmrag_jupyter.search.hits import Hits
from mmrag_jupyter.search.terms import words
from mmrag_jupyter.store.snapshot import joined
from mmrag_jupyter.widgets import protocol
from mmrag_jupyter.widgets.provider import Alone
from mmrag_jupyter.widgets.routes import hear_where_sent
from mmrag_jupyter.widgets.service import Service
from mmrag_jupyter.widgets.wire import to_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from comm.base_comm import BaseComm, MessageType

    from mmrag_jupyter.search.hits import Hit
    from mmrag_jupyter.search.ranking import Page
    from mmrag_jupyter.store import Snapshot
    from mmrag_jupyter.widgets.asking import Search
    from mmrag_jupyter.widgets.loads import Loads
    from mmrag_jupyter.widgets.provider import Searchable

STATIC = Path(__file__).parent / "static"

FIRST_PAGE = 48

# One panel a collection: each keeps its script in the saved notebook, and two that both say
# what is selected would only confuse.
_shown: WeakValueDictionary[str, Panel] = WeakValueDictionary()


class Panel(anywidget.AnyWidget):
    """A search panel of one collection; made by `%mmrag panel` and `collection.panel()`.

    Opening another one for the same collection closes this one.

    Attributes
    ----------
    hits
        What the panel shows now, as `query` returns it; grows as more is scrolled to.
    selection
        The items selected in the panel, likewise. `observe` tells when either changes.
    where
        The condition that the panel's filters come to, as `query(where=...)` takes it.
    """

    _esm = traitlets.Unicode().tag(sync=True)
    collection = traitlets.Unicode(read_only=True).tag(sync=True)
    query = traitlets.Dict().tag(sync=True)
    view = traitlets.Unicode("gallery").tag(sync=True)
    thumbnail = traitlets.Int(160).tag(sync=True)
    # Counts the selections made in the page: marimo runs cells again when a synced trait changes.
    selections = traitlets.Int(0).tag(sync=True)

    hits = traitlets.Instance(Hits)
    selection = traitlets.Instance(Hits)
    where = traitlets.Unicode()

    def __init__(
        self,
        collection: Searchable,
        *,
        text: str = "",
        loads: Loads | None = None,
        options: Options | None = None,
    ) -> None:
        self._stop: Callable[[], None] = _nothing
        self._options = options or Options()
        self._pages: list[Page] = []
        self._search: Search | None = None
        self._selected: dict[str, Hit] = {}
        self._service = Service(Alone(collection), loads, self)
        nothing = Hits((), collection.name, options=self._options, _items=joined([]))
        # Before the page hears of the widget: it may draw before it hears of a change.
        self.set_trait("collection", collection.name)
        super().__init__(
            # The notebook keeps this script, so it is one that fetches the other.
            _esm=_static("loader.js"),
            hits=nothing,
            selection=nothing,
        )
        hear_where_sent(self.comm)
        if loads is not None:
            self._stop = loads.listen(self._tell_loads)
        self.on_msg(_take)
        if self.comm is not None:
            _leave_cells_alone(self.comm)
        try:
            # So that `hits` are there before a page has asked, or where no page ever will.
            self.search(text)
        except BaseException:
            self.close()
            raise
        _replace(str(collection.store.folder), self)

    def search(self, text: str = "", *, where: str = "") -> Hits:
        """Look for something, as if it were typed into the panel; return the first hits.

        Parameters
        ----------
        text
            What to look for; nothing shows all items.
        where
            A condition on the columns, as `query(where=...)` takes it.

        Raises
        ------
        MmragError
            The query cannot be understood.
        """
        terms = [{"text": text, "sign": 1}] if text.strip() else []
        asked = {"terms": terms, "where": where}
        self._service.ask({"type": "search", "asked": asked, "limit": FIRST_PAGE})
        self.query = asked
        return self.hits

    def select(self, *ids: str) -> Hits:
        """Select items by their ids, as if they were clicked; return the selection."""
        self._service.ask({"type": "select", "keys": [to_key(one) for one in ids]})
        self.send(protocol.event("selected", keys=[to_key(one) for one in self.selection.ids]))
        return self.selection

    def shown(self, search: Search, page: Page, offset: int) -> None:
        """Take note of a page of hits that was sent."""
        so_far = sum(len(one.hits) for one in self._pages)
        if search is not self._search or offset != so_far:
            # A page further down can be asked for again, or by a second view of the panel.
            if offset:
                return
            self._pages = []
        self._search = search
        self._pages.append(page)
        self.hits = Hits(
            tuple(hit for one in self._pages for hit in one.hits),
            title=f"{self.collection}: {search.title}",
            terms=words(search.query.text) if search.query is not None else (),
            options=self._options,
            _collection=self.collection,
            _items=joined([one.items for one in self._pages]),
        )
        self.where = search.where or ""

    def selected(self, collection: Searchable, ids: Sequence[str]) -> None:
        """Take note of the items that are selected now."""
        known = self._selected | {hit.id: hit for hit in self.hits}
        found = collection.store.find(ids)
        items = collection.store.snapshot(list(found.values()))
        missing = [number for item_id, number in found.items() if item_id not in known]
        # Nothing has ranked these: they come after what the panel shows.
        others, _ = build.in_order(missing, collection.store, first=len(self.hits) + 1)
        known |= {hit.id: hit for hit in others}
        self._selected = {item_id: known[item_id] for item_id in found}
        self.selection = self._chosen(items)

    def close(self) -> None:
        """Take the panel away; its hits and its selection stay as they are."""
        # Python closes a widget too whose making failed, or that was closed before.
        if self.comm is not None:
            self._stop()
            self._service.close()
            super().close()

    def _chosen(self, items: Snapshot) -> Hits:
        hits = sorted(self._selected.values(), key=lambda hit: hit.rank)
        title = f"{self.collection}: {len(hits)} selected"
        return Hits(
            tuple(hits),
            title=title,
            options=self._options,
            _collection=self.collection,
            _items=items,
        )

    def _tell_loads(self) -> None:
        rows = self._service.loads()
        self.send(protocol.event("loads", loads=rows))

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, object], dict[str, object]]:
        found = super()._repr_mimebundle_()
        data, metadata = found if found is not None else ({}, {})
        line = f"Search panel of collection {self.collection!r}: run the cell to use it."
        # For pages that know no widgets: GitHub, a printed notebook.
        return {**data, "text/html": f"<p>{escape(line)}</p>", "text/plain": line}, metadata


def _take(panel: Panel, content: object, buffers: Sequence[memoryview]) -> None:
    if isinstance(content, dict) and content.get("type") == "code":
        code = [_static(name).encode() for name in ("panel.js", "panel.css")]
        panel.send(protocol.answer(content, {}), code)
        return
    answer, data = panel._service.handle(content, buffers)  # noqa: SLF001 - its own handler
    panel.send(answer, data)


def _leave_cells_alone(comm: BaseComm) -> None:
    """Take messages on a thread of their own without the shell's events around each.

    A comm tells the shell that a cell begins and ends around every message, and whoever draws
    figures shows them then: those of the cell that is running would come too early, half done.
    """
    take = comm.handle_msg

    def handle(msg: MessageType) -> None:
        heard = getattr(comm, "_msg_callback", None)
        if heard is None or threading.current_thread() is threading.main_thread():
            take(msg)
        else:
            heard(msg)

    comm.handle_msg = handle  # type: ignore[method-assign]


def _replace(folder: str, panel: Panel) -> None:
    before = _shown.pop(folder, None)
    if before is not None:
        before.close()
    _shown[folder] = panel


def _static(name: str) -> str:
    try:
        return (STATIC / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise MmragError(
            f"The panel's {name} has not been built: in a checkout, run `jlpm build` in "
            "frontend/; otherwise install mmrag-jupyter again."
        ) from None


def _nothing() -> None:
    """Stop nothing."""
