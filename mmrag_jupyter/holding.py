"""An open collection: what is in it, and what is done with it apart from loading and asking."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mmrag_jupyter import display, ingest
from mmrag_jupyter.errors import QueryError
from mmrag_jupyter.ingest import overview, passwords
from mmrag_jupyter.ingest.spaces import Spaces
from mmrag_jupyter.search import build
from mmrag_jupyter.search.adapters import has_learnt
from mmrag_jupyter.search.hits import Hits
from mmrag_jupyter.search.joined import joined_frame, with_counts
from mmrag_jupyter.search.named import numbers_of
from mmrag_jupyter.search.query import LEARNT, LEXICAL
from mmrag_jupyter.search.signals import WRITTEN
from mmrag_jupyter.search.terms import as_ids, as_view

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from mmrag_jupyter.config import Config
    from mmrag_jupyter.ingest import LoadReport, Reporter
    from mmrag_jupyter.ingest.spaces import Serving
    from mmrag_jupyter.models import ModelLike, SpaceSpec
    from mmrag_jupyter.search.explain import Explainer, Explanation
    from mmrag_jupyter.search.llama_index import CollectionIndex
    from mmrag_jupyter.store import Store
    from mmrag_jupyter.store.llama import CollectionVectorStore
    from mmrag_jupyter.widgets.loads import Loads
    from mmrag_jupyter.widgets.panel import Panel


class Holding:
    """What a collection holds, and where: the part of it that neither loads nor asks.

    Attributes
    ----------
    last_load
        The report of this session's last load, or None.
    notices
        Lines to be shown once, with the next thing that the collection shows.
    """

    def __init__(
        self,
        store: Store,
        config: Config,
        name: str | None = None,
        *,
        model: ModelLike = None,
        reporter: Callable[[], Reporter] = ingest.SilentReporter,
    ) -> None:
        self._store = store
        self._config = config
        self._name = name or store.name
        self._reporter = reporter
        self._spaces = Spaces(store, model)
        passwords.recall(store)
        self._explainer: Explainer | None = None
        self.last_load: LoadReport | None = None
        self.notices: list[str] = []
        self._closed = False

    @property
    def name(self) -> str:
        """What the session calls the collection."""
        return self._name

    @property
    def folder(self) -> Path:
        """The folder that holds the collection."""
        return self._store.folder

    @property
    def closed(self) -> bool:
        """Whether the files were let go, or deleted or replaced by another process."""
        return self._closed or not self._store.is_current()

    def __len__(self) -> int:
        return len(self._store)

    @property
    def columns(self) -> list[str]:
        """The names of the items' columns, without those of a dataframe's index."""
        return [column.name for column in self._store.columns() if column.role == "column"]

    @property
    def joined_columns(self) -> list[str]:
        """The names of the columns of joined tables."""
        return self._store.joins.columns()

    def some_ids(self, start: str = "", limit: int = 50) -> list[str]:
        """Return at most `limit` of the ids that begin with `start`, sorted."""
        return self._store.ids_from(start, limit)

    def __bool__(self) -> bool:
        # An empty collection is still one: `if collection:` asks whether there is any.
        return True

    def explain(self, item_id: str, page: int | None = None) -> Explanation:
        """Return why an item answers the last query, or how far it does.

        Parameters
        ----------
        page
            The page of a document to tell about, counted from 1; otherwise its best one.

        Raises
        ------
        QueryError
            Nothing was asked of this collection yet.
        NotFoundError
            There is no such item.
        """
        if self._explainer is None:
            raise QueryError(f"Nothing was asked of {self.name!r} yet: query it first.")
        found = self._explainer.hits.get(item_id)
        return self._explainer(found or self.show(item_id)[0], page)

    def show(self, item_id: str) -> Hits:
        """Return one item as a hit, with all its parts and metadata.

        Raises
        ------
        NotFoundError
            There is no such item.
        """
        items = self._store.snapshot(list(numbers_of(self._store, as_ids(item_id)).values()))
        self.warm()
        return Hits(
            tuple(build.whole(row, self._store) for row in items.rows()),
            title=f"{self.name}: item {item_id}",
            notices=self._take_notices(),
            options=self._options("list"),
            _collection=self.name,
            _items=items,
        )

    def items(
        self,
        ids: Sequence[str] | None = None,
        where: str | None = None,
        *,
        counts: bool = False,
    ) -> pd.DataFrame:
        """Return items as a dataframe with their own columns, dtypes and index.

        With `counts`, a column more for each joined table says how many rows an item has.
        """
        numbers = None if where is None else self._store.matching(where)
        if ids is not None:
            wanted = as_ids(ids)
            found = numbers_of(self._store, wanted)
            allowed = found.values() if numbers is None else set(numbers)
            numbers = [found[one] for one in wanted if found[one] in allowed]
        elif counts and numbers is None:
            numbers = self._store.numbers()
        frame = self._store.frame(numbers)
        return with_counts(frame, self._store, numbers) if counts and numbers else frame

    def joined(self, name: str | None = None) -> pd.DataFrame:
        """Return the rows of a joined table, with their own columns, dtypes and index.

        Without a name, a dataframe of the joined tables: name, rows, items and by what.

        Raises
        ------
        NotFoundError
            No table of this name was joined.
        """
        return joined_frame(self._store, name)

    def delete(self, ids: str | Sequence[str] | None = None, *, where: str | None = None) -> int:
        """Delete items by id or by a condition; return how many.

        The sources keep theirs: loading one again brings its items back.
        """
        if ids is None and where is None:
            raise QueryError("Say what to delete: ids, or a condition with --where.")
        doomed = list(numbers_of(self._store, as_ids(ids))) if ids is not None else []
        if where is not None:
            doomed += [row.id for row in self._store.items(self._store.matching(where))]
        with self._store.writer() as writer:
            return writer.delete(doomed)

    def problems(self) -> pd.DataFrame:
        """Return what could not be loaded: a dataframe of collection's sources and reasons."""
        import pandas as pd

        from mmrag_jupyter.store import text_column

        rows = self._store.problems()
        return pd.DataFrame(
            {
                "source": text_column(row.source for row in rows),
                "reason": text_column(row.reason for row in rows),
            }
        )

    def feedback(self) -> pd.DataFrame:
        """Return what was thought of hits in panels: query, id, verdict (1 or -1) and time.

        Each hit of a query stands there once, with the last verdict that was not taken back.
        """
        import pandas as pd

        from mmrag_jupyter.store import text_column

        rows = self._store.feedback()
        frame = pd.DataFrame(
            {
                "query": text_column(one.query for one in rows),
                "id": text_column(one.item for one in rows),
                "verdict": [one.verdict for one in rows],
                "time": [one.time for one in rows],
            }
        )
        return frame.astype({"verdict": "int64", "time": "datetime64[us, UTC]"})

    def save(self, folder: str | Path) -> Path:
        """Write a copy of the collection to another folder, and return that.

        One that lives in a store elsewhere is in a folder then.
        """
        reporter = self._reporter()

        def tell(done: int, total: int) -> None:
            if not done:
                reporter.start(f"saving {self.name}", total)
            reporter.advance(done)

        try:
            return self._store.copy_to(Path(folder).expanduser(), tell)
        finally:
            reporter.finish("")

    def compact(self) -> None:
        """Rewrite the files without what was deleted."""
        with self._store.writer() as writer:
            writer.compact()

    def close(self) -> None:
        """Let go of the files; `mm.open` opens the collection again."""
        self._store.close()
        self._closed = True

    def remove(self) -> None:
        """Delete the collection's files. Other files in its folder stay."""
        self._store.remove()

    def info(self) -> display.Facts:
        """Tell what is in the collection: items, parts, models, sources, columns, problems."""
        self.warm()
        return overview.page(
            self.name, self._store, self._spaces.remembered(), self._take_notices()
        )

    def panel(self, text: str = "", *, loads: Loads | None = None) -> Panel:
        """Return a search panel over the collection, to be shown in a notebook.

        `panel.hits` and `panel.selection` follow what is found and selected in it.

        Parameters
        ----------
        text
            What to look for first.
        loads
            The session's loads, whose progress the panel then shows.
        """
        from mmrag_jupyter.widgets.panel import Panel

        self.warm()
        return Panel(self, text=text, loads=loads, options=self._options(None))

    def summary(self) -> dict[str, object]:
        """Return the collection in a line: its name, items, parts, models and folder."""
        return overview.summary(self.name, self._store, self._spaces.remembered())

    @property
    def store(self) -> Store:
        """What is kept of the collection on disk."""
        return self._store

    def serving(self) -> Serving:
        """Return the space and the embedder of each modality; models are loaded if need be."""
        return self._spaces.serving()

    def signals(self) -> list[str]:
        """Return the signals that a query can have, by the names that its weights take."""
        counts = self._store.part_counts()
        models = self._spaces.remembered()
        written = bool(counts.keys() & WRITTEN)
        dense = [kind for kind in counts if models.get(kind) is not None]
        return [LEXICAL] * written + dense + [LEARNT] * has_learnt(self._store)

    def warm(self) -> None:
        """Begin to load the collection's models in the background, for what may come."""
        if not self.closed:
            self._spaces.warm()

    def check_models(self) -> None:
        """Load the collection's models, and raise `ModelError` where they are not its own."""
        self._spaces.serving()

    def models(self) -> list[SpaceSpec]:
        """Return what the collection keeps about its models."""
        return self._spaces.specs()

    @cached_property
    def vector_store(self) -> CollectionVectorStore:
        """The LlamaIndex vector store over this collection."""
        from mmrag_jupyter.store.llama import CollectionVectorStore

        return CollectionVectorStore(self._store)

    @property
    def index(self) -> CollectionIndex:
        """A LlamaIndex `MultiModalVectorStoreIndex` over this collection.

        It retrieves with the collection's own search and embeds with its own models.
        """
        from mmrag_jupyter.search.llama_search import index_of

        return index_of(self.vector_store, self._spaces.serving)

    def __repr__(self) -> str:
        if self.closed:
            return f"<Collection {self.name!r}: closed>"
        return f"<Collection {self.name!r}: {len(self):,} items in {self._store.place}>"

    def _repr_mimebundle_(self, **wanted: object) -> dict[str, object]:
        return self.info()._repr_mimebundle_(**wanted)

    def _options(self, view: str | None) -> display.Options:
        config = self._config
        return display.Options(as_view(view or config.view), config.output_bytes, config.thumbnail)

    def _take_notices(self) -> tuple[str, ...]:
        taken = (*self.notices, *self._store.notices)
        self.notices.clear()
        self._store.notices.clear()
        return taken
