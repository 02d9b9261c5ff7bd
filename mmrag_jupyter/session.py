"""The collections of one notebook or script: by name, with a current one.

What a collection is made of is imported at its first use: `%load_ext` needs none of it.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Unpack

from mmrag_jupyter import placing
from mmrag_jupyter.config import Config
from mmrag_jupyter.errors import NotFoundError, StoreError, did_you_mean
from mmrag_jupyter.naming import checked_name, is_name, name_of, shortened
from mmrag_jupyter.placing import is_same, is_there
from mmrag_jupyter.widgets.loads import Loads

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from mmrag_jupyter.collection import Collection
    from mmrag_jupyter.ingest import Reporter
    from mmrag_jupyter.ingest.arguments import LoadArguments
    from mmrag_jupyter.models import ModelLike
    from mmrag_jupyter.placing import Place


class Session:
    """Opens, makes and forgets collections, and remembers which one is current.

    Parameters
    ----------
    config
        The user's settings; read at every use, so that a change counts at once.
    """

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or Config()
        self.current: str | None = None
        self.reporter: Callable[[], Reporter] = _terminal_reporter
        self.loads = Loads()
        self._open: dict[str, Collection] = {}
        self._opening = RLock()

    @property
    def root(self) -> Path:
        """The folder that holds the collections."""
        # Absolute, so that an open collection stays where it is when the user changes folder.
        return Path(self.config.root).absolute()

    def load(
        self,
        source: object,
        name: str | None = None,
        *,
        store: object = None,
        **options: Unpack[LoadArguments],
    ) -> Collection:
        """Load a source into the collection `name`, which is made if there is none.

        Loading the same source again brings the collection up to date with it.

        Parameters
        ----------
        source
            A dataframe (pandas, polars), an Arrow table, a `datasets.Dataset`, a path or a
            list of paths, or LlamaIndex nodes.
        name
            The collection's name; otherwise that of the file or folder.
        store
            The folder that holds the collection, the address of a store elsewhere
            (`lancedb:///shared/folder`), or a LlamaIndex vector store; else `.mmrag/<name>`.
        options
            As `Collection.load` takes them; `into` names the one whose items rows join.

        Raises
        ------
        SourceError
            The source cannot be read as asked, or is empty.
        StoreError
            The folder cannot be used.
        """
        from mmrag_jupyter.ingest.arguments import joining_into

        into = joining_into(options, name, source)
        if into is not None:
            name = self.collection(into).name
        at = placing.address(store, name)
        if at is not None:
            name = at.name
        elif name is None:
            name = Path(str(store)).name if store is not None else name_of(source)
        folder = self._place(name, store) if at is None else placing.link(self._folder(at.name), at)
        if not isinstance(source, str | Path | list | tuple):
            options.setdefault("key", f"table:{name}")
        made = name not in self._open and not is_there(folder)
        collection = self._collection_at(folder, name, create=True, at=at)
        # One that others have made elsewhere is not removed for want of items.
        made = made and getattr(collection.store, "is_new", True)
        try:
            collection.load(source, **options)
        except BaseException:
            # A first load that gave nothing leaves nothing behind, but for hours of speech that
            # were written down before it was interrupted.
            if made and not (len(collection) or collection.store.has_transcripts()):
                self._open.pop(name, None)
                collection.remove()
            raise
        # Where nothing was new, no model was needed; the query that follows needs it.
        collection.warm()
        self.current = name
        return collection

    def open(
        self, name_or_store: object, model: ModelLike = None, *, repair: bool = False
    ) -> Collection:
        """Open a collection by its name, its folder or its address, and make it current.

        Parameters
        ----------
        model
            The embedder, where it was given as an object and cannot be loaded by name.
        repair
            Save what can be saved of a damaged collection first; the damaged files are kept.

        Raises
        ------
        NotFoundError
            There is no such collection.
        StoreDamagedError
            A file is damaged; the message says what `repair` can save.
        """
        from mmrag_jupyter.store import Store

        at = placing.address(name_or_store)
        if at is None:
            folder = self._found(str(name_or_store))
        else:
            folder = placing.link(self._folder(at.name), at)
        if repair:
            placing.check_repairable(folder)
            self.close(folder)
        notices = Store.repair(folder) if repair else []
        before = self._open
        own = next((name for name, one in before.items() if is_same(one.folder, folder)), None)
        # Not closed: hits of it, and other variables that hold it, go on working.
        self._open = {name: one for name, one in before.items() if name != own}
        try:
            called = own or (self._free_name(folder) if at is None else at.name)
            collection = self._collection_at(folder, called, model=model, at=at)
            if model is not None:
                collection.check_models()
        except BaseException:
            self._open = before
            raise
        collection.notices += notices
        collection.warm()
        self.current = collection.name
        return collection

    def collection(self, name: str | None = None) -> Collection:
        """Return the collection `name`, or the current one; opened from disk if need be.

        Raises
        ------
        NotFoundError
            There is no such collection, or none at all yet.
        """
        self._forget_closed()
        if name is None:
            name = self.current or self._only_name()
        if name in self._open:
            return self._open[name]
        if name not in self.names():
            raise NotFoundError(self._no_collection(name))
        return self._collection_at(self._folder(name), name)

    def opened(self, name: str | None = None) -> Collection | None:
        """Return the collection `name`, or the current one, only if it is open already."""
        if name is None and self.current is None and len(self._open) == 1:
            return next(iter(self._open.values()))
        return self._open.get(name or self.current or "")

    def use(self, name: str) -> Collection:
        """Make a collection the current one and return it."""
        collection = self.collection(name)
        collection.warm()
        self.current = collection.name
        return collection

    def drop(self, name: str) -> None:
        """Delete a collection's files; files that are not its own stay."""
        if name not in self.names():
            raise NotFoundError(self._no_collection(name))
        if name in self._open or placing.is_elsewhere(self._folder(name)):
            self.collection(name).remove()
            self._open.pop(name, None)
        else:
            placing.remove(self._folder(name))
        if self.current == name:
            self.current = None

    def close(self, folder: Path) -> None:
        """Close the collection that is open at `folder`, if any."""
        for name, collection in list(self._open.items()):
            if is_same(collection.folder, folder):
                collection.close()
                del self._open[name]

    def names(self) -> list[str]:
        """Return the names of the collections that are open or lie in the root folder."""
        try:
            here = list(self.root.iterdir())
        except OSError:
            here = []
        on_disk = {folder.name for folder in here if is_there(folder)}
        self._forget_closed()
        return sorted(on_disk | set(self._open))

    def list(self) -> pd.DataFrame:
        """Return a dataframe of the collections: name, items, parts, models, folder, current."""
        import pandas as pd

        rows: list[dict[str, object]] = []
        problem: list[str] = []
        for name in self.names():
            try:
                row = self.collection(name).summary()
            except StoreError as error:
                row = {"name": name, "problem": str(error)}
                problem = ["problem"]
            rows.append({**row, "current": name == self.current})
        columns = ["name", "items", "parts", "models", "folder", *problem, "current"]
        return pd.DataFrame(rows, columns=columns).astype({"items": "Int64"})

    def _free_name(self, folder: Path) -> str:
        """Return what to call the collection in a folder: its own name, or else its folder's."""
        names = placing.names(folder)
        for name in names:
            taken = name in self._open or is_there(self._folder(name))
            if not taken or is_same(self._folder(name), folder):
                return name
        raise StoreError(
            f"There is another collection {' and '.join(map(repr, names))}; "
            f"rename the folder {folder} to open it beside."
        )

    def models(self) -> pd.DataFrame:
        """Return a dataframe of models: those in use here, in the local cache, and recommended."""
        from mmrag_jupyter.models import catalogue

        self._forget_closed()
        return catalogue([spec for one in self._open.values() for spec in one.models()])

    def _collection_at(
        self,
        folder: Path,
        name: str,
        *,
        model: ModelLike = None,
        create: bool = False,
        at: Place | None = None,
    ) -> Collection:
        with self._opening:
            return self._opened_at(folder, name, model, create=create, at=at)

    def _opened_at(
        self, folder: Path, name: str, model: ModelLike, *, create: bool, at: Place | None
    ) -> Collection:
        from mmrag_jupyter.collection import Collection

        self._forget_closed()
        if name in self._open:
            opened = self._open[name]
            if not is_same(opened.folder, folder):
                raise StoreError(
                    f"A collection {name!r} is already open from {opened.folder}; "
                    "choose another name for this one."
                )
            return opened
        store = placing.opened(folder, name, at, create=create)
        if store is None:
            raise NotFoundError(self._no_collection(name))
        reporter = partial(self._reporter, name)
        collection = Collection(store, self.config, name, model=model, reporter=reporter)
        self._open[name] = collection
        return collection

    def _forget_closed(self) -> None:
        # One by one: a page may be served by another thread, which opens a collection meanwhile.
        for name, one in list(self._open.items()):
            if one.closed:
                self._open.pop(name, None)

    def _reporter(self, name: str) -> Reporter:
        # Looked up late: the notebook may set its own after a collection was opened.
        return self.loads.watched(name, self.reporter())

    def _folder(self, name: str) -> Path:
        return self.root / name

    def _place(self, name: str, store: object) -> Path:
        """Return the folder of the collection that a load means, there or not."""
        if store is not None:
            return Path(str(store)).expanduser().absolute()
        if name in self.names():
            return self._open[name].folder if name in self._open else self._folder(name)
        return self._folder(checked_name(name))

    def _found(self, name: str) -> Path:
        """Return the folder of the collection that `name`, a name or a path, means."""
        self._forget_closed()
        places = [Path(name).expanduser().absolute()]
        if is_name(name):
            places.insert(0, self._folder(name))
        if name in self._open:
            places.append(self._open[name].folder)
        for folder in places:
            if is_there(folder):
                return folder
        raise NotFoundError(self._no_collection(name))

    def _only_name(self) -> str:
        names = self.names()
        if len(names) == 1:
            return names[0]
        if not names:
            raise NotFoundError("There is no collection yet; make one with %mmrag load SOURCE.")
        raise NotFoundError(
            f"No collection is current; choose one with --in NAME or %mmrag use NAME: "
            f"{', '.join(names)}."
        )

    def _no_collection(self, name: str) -> str:
        names, asked = self.names(), shortened(name)
        if not names:
            return f"No collection {asked!r}; there is none yet, make one with %mmrag load SOURCE."
        return f"No collection {asked!r}; there are {', '.join(names)}.{did_you_mean(name, names)}"


def _terminal_reporter() -> Reporter:
    from mmrag_jupyter.ingest import TerminalReporter

    return TerminalReporter()
