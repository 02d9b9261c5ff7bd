"""Where a collection is: in a folder, or elsewhere with a folder that remembers its address.

What a store is made of is imported at its first use, as in `session`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from mmrag_jupyter.errors import StoreError, a_kind
from mmrag_jupyter.naming import checked_name

if TYPE_CHECKING:
    from typing import TypeAlias

    from llama_index.core.vector_stores.types import BasePydanticVectorStore

    from mmrag_jupyter.served import Address, Given
    from mmrag_jupyter.store import Store

    Place: TypeAlias = Address | Given


def is_same(one: Path, other: Path) -> bool:
    """Tell whether two paths are of one folder."""
    return one.resolve() == other.resolve()


def is_there(folder: Path) -> bool:
    """Tell whether a collection is in `folder`; none can be where the path itself is impossible.

    Where nobody may look, there is one: opening it will tell what is wrong.
    """
    from mmrag_jupyter.served import is_there as is_here_or_elsewhere

    try:
        return is_here_or_elsewhere(folder)
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False


def is_elsewhere(folder: Path) -> bool:
    """Tell whether a folder only remembers where its collection is."""
    from mmrag_jupyter.served import has_link

    return has_link(folder)


def address(store: object, name: str | None = None) -> Place | None:
    """Return where a collection elsewhere is, if an address or a vector store was given.

    Raises
    ------
    StoreError
        It is one, and wrong.
    """
    if store is None or isinstance(store, Path) or (isinstance(store, str) and "://" not in store):
        return None
    from mmrag_jupyter.served import address_of, given

    if isinstance(store, str):
        return address_of(store, name)
    if not hasattr(store, "get_nodes") or not hasattr(store, "delete_nodes"):
        raise StoreError(
            f"{a_kind(store, capital=True)} is no place for a collection; give a folder, an "
            "address such as lancedb:///shared/folder, or a LlamaIndex vector store."
        )
    return given(cast("BasePydanticVectorStore", store), name)


def link(folder: Path, at: Place) -> Path:
    """Return `folder`, once it is known that it may remember a collection elsewhere.

    Raises
    ------
    StoreError
        It has another collection.
    """
    from mmrag_jupyter.served import check_free

    check_free(folder, at)
    return folder


def check_repairable(folder: Path) -> None:
    """Refuse to repair what is no file of this machine.

    Raises
    ------
    StoreError
        The collection is elsewhere.
    """
    if is_elsewhere(folder):
        from mmrag_jupyter.served import address_in

        raise StoreError(
            f"A repair saves the files of a folder, and this one is at {address_in(folder)}: "
            "load its source again, which writes what is missing."
        )


def names(folder: Path) -> list[str]:
    """Return what the collection in a folder may be called: its own name, then its folder's."""
    from mmrag_jupyter.store import Store

    own = folder.resolve().name
    if is_elsewhere(folder):
        return [own]
    with Store.open(folder) as store:
        return list(dict.fromkeys([store.name, own]))


def opened(folder: Path, name: str, at: Place | None, *, create: bool) -> Store | None:
    """Open the collection of a folder, or at an address; None where there is none.

    Parameters
    ----------
    create
        Make it where there is none.
    """
    from mmrag_jupyter import served
    from mmrag_jupyter.store import Store

    if isinstance(at, served.Given):
        return served.open_given(at, folder, create=create)
    if at is not None:
        found = served.open_at(at, folder, create=create)
        served.remember(folder, at)
        return found
    if served.has_link(folder):
        return served.open_in(folder)
    if is_there(folder):
        return Store.open(folder)
    return Store.create(folder, checked_name(name)) if create else None


def remove(folder: Path) -> None:
    """Delete the files of a collection that is not open."""
    from mmrag_jupyter.store import Store

    Store.remove_from(folder)
