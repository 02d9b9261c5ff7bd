"""Where this machine remembers that a collection is elsewhere: a file in its folder, no more."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import NotFoundError, StoreError
from mmrag_jupyter.items import as_written
from mmrag_jupyter.naming import checked_name, shortened
from mmrag_jupyter.served.address import address_of
from mmrag_jupyter.served.connect import connect
from mmrag_jupyter.served.layout import Layout, collections
from mmrag_jupyter.served.llama import LlamaEngine
from mmrag_jupyter.served.rows import ITEM_FIELDS, PART_FIELDS
from mmrag_jupyter.served.state import State
from mmrag_jupyter.served.store import ServedStore
from mmrag_jupyter.served.told import Told
from mmrag_jupyter.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from llama_index.core.vector_stores.types import BasePydanticVectorStore

    from mmrag_jupyter.served.address import Address

_LINK = "store.json"


def has_link(folder: Path) -> bool:
    """Tell whether a folder says that its collection is elsewhere."""
    return (folder / _LINK).is_file()


def address_in(folder: Path) -> Address:
    """Return where the collection of a folder is.

    Raises
    ------
    StoreError
        The file that says so is damaged.
    """
    path = folder / _LINK
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return address_of(str(told["address"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"{path} cannot be read ({shortened(error)}): open the collection by its address again."
        ) from None


def remember(folder: Path, address: Address) -> None:
    """Keep an address in a folder; where that cannot be written, it is not kept.

    The collection can be opened by its address all the same.
    """
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f"{_LINK}.new"
        draft.write_text(json.dumps({"address": str(address)}, indent=1), encoding="utf-8")
        draft.replace(folder / _LINK)


def forget(folder: Path) -> None:
    """Remove what a folder says of a collection elsewhere, and the folder if that was all."""
    with suppress(OSError):
        (folder / _LINK).unlink()
    with suppress(OSError):
        folder.rmdir()


def is_there(folder: Path) -> bool:
    """Tell whether a folder has a collection, or says that it is elsewhere.

    Raises
    ------
    PermissionError
        Nobody may look.
    """
    return Store.exists(folder) or has_link(folder)


def check_free(folder: Path, address: Address | Given) -> None:
    """Refuse to call a collection elsewhere what another one here is called.

    Raises
    ------
    StoreError
        There is another one.
    """
    if Store.exists(folder):
        raise StoreError(
            f"There is a collection {address.name!r} in {as_written(folder)} already: give the one "
            "elsewhere another name (--as NAME)."
        )
    if has_link(folder) and (known := address_in(folder)) != address:
        raise StoreError(
            f"{address.name!r} is the collection at {known} here: drop {folder / _LINK} to let it "
            f"be the one at {address}."
        )


def open_in(folder: Path) -> ServedStore:
    """Open the collection that a folder says is elsewhere."""
    return open_at(address_in(folder), folder)


def open_at(address: Address, folder: Path, *, create: bool = False) -> ServedStore:
    """Open a collection at an address.

    Parameters
    ----------
    folder
        What this machine remembers of it is to be there.
    create
        Make it where there is none.

    Raises
    ------
    NotFoundError
        There is no such collection; the nearest names are told.
    MissingError
        The library of the store is not installed.
    StoreError
        The store is not there, or refuses.
    """
    return _opened(connect(address), address.name, address.store, str(address), folder, create)


@dataclass(frozen=True, slots=True)
class Given:
    """A LlamaIndex vector store that the user hands over, and the collection meant in it."""

    store: BasePydanticVectorStore
    name: str

    @property
    def told(self) -> str:
        """What messages call it."""
        return f"a {type(self.store).__name__}"


def given(store: BasePydanticVectorStore, name: str | None) -> Given:
    """Return a vector store with the name of the collection that is meant, or the only one there.

    Raises
    ------
    NotFoundError
        No name is given, and there is none, or several.
    """
    if name is not None:
        return Given(store, checked_name(name))
    engine = _engine_of(store)
    names = _names(engine, engine.tables())
    if len(names) != 1:
        raise NotFoundError(
            f"There are {', '.join(names) or 'no collections'} in this {engine.label}; say which "
            "is meant: mm.load(source, NAME, store=...)."
        )
    return Given(store, names[0])


def open_given(at: Given, folder: Path, *, create: bool) -> ServedStore:
    """Open a collection in a vector store that the user hands over; as `open_at`."""
    return _opened(_engine_of(at.store), at.name, at.told, at.told, folder, create)


def _names(engine: Told, tables: Iterable[str]) -> list[str]:
    return [State(engine, Layout(stem)).name() for stem in collections(tables)]


def _engine_of(store: BasePydanticVectorStore) -> Told:
    engine = LlamaEngine(store)
    return Told(engine, f"the object of type {engine.label}", engine.close)


def _opened(  # noqa: PLR0917 - where it is, in several words
    engine: Told,
    name: str,
    store_told: str,
    told: str,
    folder: Path,
    create: bool,  # noqa: FBT001
) -> ServedStore:
    try:
        layout = Layout.of(name)
        is_new = _begin(engine, layout, name, store_told, create=create)
        store = ServedStore(engine, layout, told, folder, is_new=is_new)
        store.state.check()
    except BaseException:
        engine.close()
        raise
    return store


def _begin(engine: Told, layout: Layout, name: str, store_told: str, *, create: bool) -> bool:
    """Make the tables of a collection that is not there; return whether it is new."""
    there = engine.tables()
    state = State(engine, layout)
    # What was killed as it was made is begun anew.
    if layout.kept.name in there and (not create or state.is_begun()):
        return False
    if not create:
        known = ", ".join(_names(engine, there)[:8])
        others = f"there are {known}" if known else "there is none at all"
        raise NotFoundError(f"No collection {name!r} at {store_told}; {others}.")
    # Last the table by which a collection is known.
    engine.create(layout.items, ITEM_FIELDS)
    engine.create(layout.parts(0), PART_FIELDS)
    state.begin(name)
    return True
